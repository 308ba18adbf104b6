"""Nearest neighbours: items liked by the same users, users who like the same items."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.interactions import Interactions
from musicrec.models.base import Recommender


class ItemKNN(Recommender):
    """Sum over the history of each item's similarity to the candidate [Deshpande & Karypis, 2004].

    Similarity of items i and j with n_i and n_j listeners, n_ij of them in common: n_ij / (√(n_i n_j) + shrinkage).
    Each item of the history votes only for its `n_neighbours` most similar items.

    Parameters
    ----------
    n_neighbours : int
        How many items each item votes for.
    shrinkage : float
        Damps similarities that rest on few listeners.
    """

    name = "item-knn"

    def __init__(self, n_neighbours: int = 100, shrinkage: float = 0.0) -> None:
        self.n_neighbours, self.shrinkage = n_neighbours, shrinkage

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        listens = train.binary()
        common = sp.coo_array(listens.T @ listens)
        rows, columns = common.coords
        different = rows != columns
        rows, columns, values = rows[different], columns[different], common.data[different]
        listeners = train.listeners().astype(np.float64)
        values = values / (np.sqrt(listeners[rows] * listeners[columns]) + self.shrinkage)
        similarity = sp.csr_array((values.astype(np.float32), (rows, columns)), shape=common.shape)
        self.similarity = keep_largest(similarity, self.n_neighbours)
        return self

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[self._known(users)])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return (ones(histories) @ self.similarity).toarray()

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        liked = history.indices
        return pd.Series(self.similarity[liked][:, [item]].toarray()[:, 0], index=liked).sort_values(ascending=False)


class UserKNN(Recommender):
    """Items of the most similar users, weighted by similarity [Herlocker et al., 1999].

    Similarity of users u and v with histories of n_u and n_v items, n_uv of them in common:
    n_uv / (√(n_u n_v) + shrinkage).

    Parameters
    ----------
    n_neighbours : int
        How many users vote.
    shrinkage : float
        Damps similarities that rest on few items.
    """

    name = "user-knn"

    def __init__(self, n_neighbours: int = 100, shrinkage: float = 0.0) -> None:
        self.n_neighbours, self.shrinkage = n_neighbours, shrinkage

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        self.listens = train.binary()
        return self

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        users = self._known(users)
        return self._vote(self.train.matrix[users], itself=users)

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return self._vote(histories)

    def _vote(self, histories: sp.csr_array, itself: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        common = sp.coo_array(ones(histories) @ self.listens.T)
        rows, columns = common.coords
        values = common.data
        if itself is not None:  # nobody is a neighbour of their own
            others = itself[rows] != columns
            rows, columns, values = rows[others], columns[others], values[others]
        theirs = self.train.history_sizes().astype(np.float64)
        own = np.diff(histories.indptr).astype(np.float64)
        values = values / (np.sqrt(own[rows] * theirs[columns]) + self.shrinkage)
        similarity = sp.csr_array((values.astype(np.float32), (rows, columns)), shape=common.shape)
        return (keep_largest(similarity, self.n_neighbours) @ self.listens).toarray()


def ones(histories: sp.csr_array) -> sp.csr_array:
    """Return the same entries, all of weight 1."""
    return sp.csr_array(
        (np.ones(histories.nnz, np.float32), histories.indices, histories.indptr), shape=histories.shape
    )


def keep_largest(matrix: sp.csr_array, k: int) -> sp.csr_array:
    """Return the k largest entries of each row; of equal entries those with the smaller column index stay.

    Examples
    --------
    >>> keep_largest(sp.csr_array([[0.5, 0.0, 0.9, 0.5]]), k=2).toarray()
    array([[0.5, 0. , 0.9, 0. ]])
    """
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    kept = order[(np.arange(len(rows)) - matrix.indptr[rows]) < k]
    return sp.csr_array((matrix.data[kept], (rows[kept], matrix.indices[kept])), shape=matrix.shape)
