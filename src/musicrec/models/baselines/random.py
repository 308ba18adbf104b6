"""Random order: what chance alone reaches."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender


class Random(Recommender):
    """Every user gets an order of their own, drawn at random once."""

    name = "random"
    title = "Random order"
    task = "listeners"
    personal = False

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.seed = int(rng.integers(2**63))
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        # one generator per user: the order must not depend on who else is in the batch
        rows = [np.random.default_rng([self.seed, user]).random(self.train.n_items, np.float32) for user in users]
        return np.stack(rows) if rows else np.empty((0, self.train.n_items), np.float32)
