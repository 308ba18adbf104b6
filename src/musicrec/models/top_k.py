"""The best items of each row, and the rule for ties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.labels import positions


class Recommendations(NamedTuple):
    """The best items of each user, best first; where fewer than k are left, id -1 and score -inf."""

    ids: NDArray[np.int64]  # shape (n_users, k): column numbers of the interactions
    scores: NDArray[np.float32]  # shape (n_users, k)

    def to_frame(
        self, interactions: Interactions, users: ArrayLike | None = None, *, names: ArrayLike | None = None
    ) -> pd.DataFrame:
        """Return the lists with labels, one row per recommended item.

        Parameters
        ----------
        interactions : Interactions
            What the model was fitted on: its labels are used.
        users : array-like of int, shape (n_users,), optional
            Row numbers of the users asked for; without them, users are numbered by their place in the lists.
        names : array-like, shape (n_items,), optional
            What to call the items instead of ``interactions.items``.

        Returns
        -------
        pandas.DataFrame
            Columns `user`, `rank` (from 1), `item` and `score`; empty places are left out.

        Raises
        ------
        ValueError
            When there are not as many users as lists, or not as many names as items.
        """
        labels = interactions.items if names is None else np.asarray(names)
        if len(labels) != interactions.n_items:
            raise ValueError(f"{len(labels)} names for {interactions.n_items} items")
        asked = np.arange(len(self.ids))
        if users is not None:
            numbers = positions(users, interactions.n_users, "user")
            if len(numbers) != len(self.ids):
                raise ValueError(f"{len(numbers)} users for {len(self.ids)} lists")
            asked = interactions.users[numbers]
        rows, places = np.nonzero(self.ids >= 0)
        return pd.DataFrame(
            {"user": asked[rows], "rank": places + 1, "item": labels[self.ids[rows, places]],
             "score": self.scores[rows, places]}
        )  # fmt: skip


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


def join_recommendations(parts: list[Recommendations], k: int) -> Recommendations:
    """Return batches of lists as one."""
    if not parts:
        return Recommendations(np.empty((0, k), np.int64), np.empty((0, k), np.float32))
    return Recommendations(*(np.concatenate(column) for column in zip(*parts, strict=True)))
