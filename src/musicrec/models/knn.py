"""Nearest neighbours: items liked by the same users, users who like the same items."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.interactions import Interactions
from musicrec.models.base import Recommender


class ItemToItem(Recommender):
    """A score is a sum over the history; `fit` of a subclass sets the weights.

    Attributes
    ----------
    weights : scipy.sparse.csr_array, shape (n_items, n_items)
        What each item of a history (row) adds to the score of each item (column), float32.
    """

    weights: sp.csr_array

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[self._known(users)])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return (ones(histories) @ self.weights).toarray()

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        liked = history.indices
        return pd.Series(self.weights[liked][:, [item]].toarray()[:, 0], index=liked).sort_values(ascending=False)

    def weights_from(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what some items add to the score of every item, shape (len(items), n_items)."""
        return self.weights[items].toarray()


class ItemKNN(ItemToItem):
    """Sum over the history of each item's similarity to the candidate [Deshpande & Karypis, 2004].

    Similarity of items i and j with n_i and n_j listeners, n_ij of them in common: n_ij / (√(n_i n_j) + shrinkage).
    Each item of the history votes only for its `n_neighbours` most similar items.

    Parameters
    ----------
    n_neighbours : int
        How many items each item votes for; the default was chosen on validation data (chapter 02).
    shrinkage : float
        Damps similarities that rest on few listeners.
    """

    name = "item-knn"

    def __init__(self, n_neighbours: int = 1000, shrinkage: float = 5.0) -> None:
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
        self.weights = keep_largest(similarity, self.n_neighbours)
        return self


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

    def __init__(self, n_neighbours: int = 50, shrinkage: float = 0.0) -> None:
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
        neighbours = nearest_lists(
            ones(histories), self.listens, self.n_neighbours, itself=itself, shrinkage=self.shrinkage
        )
        return (neighbours @ self.listens).toarray()


def nearest_lists(
    lists: sp.csr_array,
    bank: sp.csr_array,
    k: int,
    *,
    itself: NDArray[np.int64] | None = None,
    dice: bool = False,
    shrinkage: float = 0.0,
) -> sp.csr_array:
    """Find the lists of a bank that have most in common with each list.

    Parameters
    ----------
    lists, bank : scipy.sparse.csr_array, shape (n, n_items), (n_bank, n_items)
        How often each list holds each item; the overlap of 2 and 3 copies is 2.
    k : int
        How many similar lists to find.
    itself : numpy.ndarray, shape (n,), optional
        The row of the bank that each list is: nobody is a neighbour of their own.
    dice : bool
        Whether similarity is 2·|overlap| / (|a| + |b|), else |overlap| / (√(|a| |b|) + shrinkage).
    shrinkage : float
        Damps similarities that rest on few items.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n_bank)
        The k largest similarities of each row, as far as they are above zero.
    """
    from musicrec.models import _nearest  # loading the compiler takes a moment, and not everyone needs it

    turned = bank.T.tocsr()
    nobody = np.full(lists.shape[0], -1, np.int64)
    ids, values = _nearest.nearest_lists(
        lists.indptr, lists.indices, lists.data, turned.indptr, turned.indices, turned.data,
        np.asarray(lists.sum(axis=1), np.float32), np.asarray(bank.sum(axis=1), np.float32),
        nobody if itself is None else itself, min(k, bank.shape[0]), dice, np.float32(shrinkage),
    )  # fmt: skip
    rows, places = np.nonzero(ids >= 0)
    return sp.csr_array((values[rows, places], (rows, ids[rows, places])), shape=(lists.shape[0], bank.shape[0]))


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
