"""Nearest neighbours of users: who like the same items."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.neighbours.item_to_item import ones
from musicrec.models.neighbours.nearest_lists import nearest_lists
from musicrec.models.space import Range


class UserKNN(Recommender):
    """Items of the most similar users, weighted by similarity [Herlocker et al., 1999].

    Similarity of users u and v with histories of n_u and n_v items, n_uv of them in common:
    n_uv / (√(n_u n_v) + shrinkage).

    Parameters
    ----------
    n_neighbours : int
        How many users vote; the default was chosen on validation data (chapter 02).
    shrinkage : float
        Damps similarities that rest on few items.
    """

    name = "user-knn"
    title = "Similar listeners"
    task = "listeners"
    space = {"n_neighbours": Range(5, 1000, log=True), "shrinkage": Range(0.0, 50.0)}
    small = {"n_neighbours": 8}

    def __init__(self, n_neighbours: int = 50, shrinkage: float = 0.0) -> None:
        self.n_neighbours, self.shrinkage = n_neighbours, shrinkage

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listens = train.binary()
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self._vote(self.train.matrix[users], itself=users)

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return self._vote(histories)

    def _vote(self, histories: sp.csr_array, itself: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        neighbours = nearest_lists(
            ones(histories), self.listens, self.n_neighbours, itself=itself, shrinkage=self.shrinkage
        )
        return (neighbours @ self.listens).toarray()
