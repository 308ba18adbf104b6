"""Popularity: the same list for everyone, and the bar that every personal system has to clear."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender


class Popularity(Recommender):
    """Items by their number of training listeners."""

    name = "popularity"
    title = "Popularity"
    task = "listeners"
    personal = False

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listeners = train.popularity().astype(np.float32)
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return np.tile(self.listeners, (len(users), 1))

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return np.tile(self.listeners, (histories.shape[0], 1))
