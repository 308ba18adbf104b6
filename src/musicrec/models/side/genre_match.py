"""Items of the genres of a user's items."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.models.base import Recommender


class GenreMatch(Recommender):
    """An item scores by how much of its genres it shares with the items of the user.

    It shows what a description of genres is worth, and a description that leaks.

    Parameters
    ----------
    profiles : numpy.ndarray, shape (n_items, n_genres)
        Shares of each item in genres, float32.
    """

    name = "genre-match"
    title = "Shared genres"
    task = "demonstration"

    def __init__(self, profiles: Floats) -> None:
        self.profiles = profiles

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listens = train.binary()
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return (self.listens[users] @ self.profiles) @ self.profiles.T
