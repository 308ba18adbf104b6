"""The verbs every recommender shares: fit, scores, recommend; and where they make sense fold_in and explain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.interactions import Interactions

BATCH = 128  # users scored at once: 128 × 17,632 items × 4 bytes = 9 MB, which stay in a cache


class Recommendations(NamedTuple):
    """The best items of each user, best first; where fewer than k are left, id -1 and score -inf."""

    ids: NDArray[np.int64]  # shape (n_users, k): column numbers of the interactions
    scores: NDArray[np.float32]  # shape (n_users, k)


def top_k(scores: NDArray[np.float32], k: int) -> Recommendations:
    """Return the k highest scores of each row; equal scores are ordered by item index.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, n_items)
        An item with score -inf is never returned; NaN is refused.
    k : int
        How many; more than n_items is allowed (the rest is padded).

    Raises
    ------
    ValueError
        When a score is NaN: it has no place in a ranking.

    Examples
    --------
    >>> top_k(np.float32([[1, 3, 3, 2], [0, 0, 0, -np.inf]]), k=2).ids
    array([[1, 2],
           [0, 1]])
    """
    n, n_items = scores.shape
    ids = np.full((n, k), -1, np.int64)
    best = np.full((n, k), -np.inf, np.float32)
    kept = min(k, n_items)
    if n == 0 or kept == 0:
        return Recommendations(ids, best)
    # Items i, i + blocks, i + 2·blocks, … are a block. The k-th highest of the maxima of blocks is a threshold that at
    # least k items reach, and few more: only blocks that reach it are looked into. Unlike argpartition, this keeps
    # every one of the tied items, so that the order of ties does not depend on the library's internals; and it is
    # several times faster. Long lists take blocks of one item.
    blocks = n_items // max(1, min(16, n_items // (8 * kept)))
    inside = n_items // blocks * blocks
    maxima = scores[:, :inside].reshape(n, -1, blocks).max(axis=1)
    np.maximum(maxima[:, : n_items - inside], scores[:, inside:], out=maxima[:, : n_items - inside])
    if np.isnan(maxima.max(axis=1)).any():
        raise ValueError(f"{int(np.isnan(scores).any(axis=1).sum())} users have a score that is not a number")
    threshold = np.partition(maxima, blocks - kept, axis=1)[:, [blocks - kept]]
    threshold = np.maximum(threshold, np.finfo(np.float32).min)  # -inf is no candidate
    rows, block = np.divmod(np.flatnonzero(maxima >= threshold), blocks)
    columns = block[:, None] + np.arange(0, n_items, blocks)
    places = np.minimum(rows[:, None] * n_items + columns, scores.size - 1)  # the last block may be short
    values = scores.ravel()[places]
    reach = (values >= threshold[rows]) & (columns < n_items)
    rows, columns, values = rows[reach.nonzero()[0]], columns[reach], values[reach]
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    keep = place < kept
    ids[rows[keep], place[keep]] = columns[keep]
    best[rows[keep], place[keep]] = values[keep]
    return Recommendations(ids, best)


def mask_seen(scores: NDArray[np.float32], seen: sp.csr_array) -> NDArray[np.float32]:
    """Set the score of every stored entry of `seen` (same shape) to -inf, in place, and return the scores."""
    rows = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf
    return scores


class Recommender(ABC):
    """Base of all systems.

    A subclass sets `name` (kebab case, as in the score records), implements `fit`, which must call
    ``super().fit``, and `scores`; if it can serve people who were not in training, `fold_in`; if a score is a sum
    over the history, `explain`.
    """

    name: ClassVar[str]

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:
        """Learn from training interactions; every random draw comes from `rng`.

        Raises
        ------
        ValueError
            When there is nothing to learn from.
        """
        if len(train) == 0:
            raise ValueError(f"{self.name}: the training data hold no interactions")
        self.train = train
        return self

    @abstractmethod
    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return one score per item, higher is better, float32 of shape (len(users), n_items).

        `users` are row numbers of the training interactions. The array is the caller's to change.
        """

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Score all items for people given by their histories, shape (n, n_items) in and out.

        Raises
        ------
        NotImplementedError
            When the system can serve only the users it was trained on.
        """
        raise NotImplementedError(f"{self.name} can only recommend to users it was trained on")

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:
        """Return what each item of one history, shape (1, n_items), adds to the score of `item`.

        The values are indexed by item and sum to the score (up to rounding), largest first.
        """
        raise NotImplementedError(f"{self.name} cannot say why it recommends something")

    def recommend(self, users: ArrayLike, k: int = 10, exclude: Interactions | None = None) -> Recommendations:
        """Return the k best items of each user.

        Parameters
        ----------
        users : array-like of int, shape (n,)
            Row numbers of the training interactions.
        k : int
            Length of each list.
        exclude : Interactions, optional
            What may not be recommended, by default what the user listened to in training.

        Raises
        ------
        IndexError
            When a user is unknown.
        """
        users = self._known(users)
        seen = (self.train if exclude is None else exclude).matrix
        parts = []
        for start in range(0, len(users), BATCH):
            batch = users[start : start + BATCH]
            parts.append(top_k(mask_seen(self.scores(batch), seen[batch]), k))
        return _joined(parts, k)

    def recommend_new(self, histories: sp.csr_array, k: int = 10) -> Recommendations:
        """Return the k best items, none of their own, for people given by their histories, shape (n, n_items)."""
        parts = []
        for start in range(0, histories.shape[0], BATCH):
            batch = histories[start : start + BATCH]
            parts.append(top_k(mask_seen(self.fold_in(batch), batch), k))
        return _joined(parts, k)

    def _known(self, users: ArrayLike) -> NDArray[np.int64]:
        users = np.atleast_1d(np.asarray(users, dtype=np.int64))
        if users.size and not (users.min() >= 0 and users.max() < self.train.n_users):
            bad = users[(users < 0) | (users >= self.train.n_users)][0]
            raise IndexError(
                f"{self.name}: user {bad} is not one of the {self.train.n_users} users in training; "
                "use fold_in for people who are new"
            )
        return users


def _joined(parts: list[Recommendations], k: int) -> Recommendations:
    if not parts:
        return Recommendations(np.empty((0, k), np.int64), np.empty((0, k), np.float32))
    return Recommendations(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class FactorModel(Recommender):
    """A recommender whose score is a dot product; `fit` of a subclass sets the factors.

    Attributes
    ----------
    user_factors, item_factors : numpy.ndarray, shape (n_users, dim), (n_items, dim)
        float32.
    """

    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return the dot products of users and items, float32 of shape (len(users), n_items)."""
        return self.user_factors[self._known(users)] @ self.item_factors.T
