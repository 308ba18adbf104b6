"""What the hybrid's ranker sees of a candidate besides the scores: popularity, plays, friends, taggers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation

# The other features, and what they rest on.
EXTRAS = {
    "listeners": frozenset({"popularity"}),
    "usual listeners": frozenset({"popularity"}),
    "listeners over usual": frozenset({"popularity"}),
    "plays": frozenset({"plays"}),
    "plays over listeners' mean": frozenset({"plays"}),
    "plays of the user": frozenset({"plays"}),
    "history": frozenset({"popularity"}),
    "friends with it tagged": frozenset({"friends", "tags"}),
    "number of friends": frozenset({"friends"}),
    "taggers": frozenset({"tags"}),
}


class Candidates(NamedTuple):
    """The candidates of some users, ordered by user, with what the ranker sees of them."""

    users: NDArray[np.int64]  # shape (n,)
    items: NDArray[np.int64]  # shape (n,)
    features: NDArray[np.float32]  # shape (n, n_features)

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of candidates of each user that has any."""
        return np.unique(self.users, return_counts=True)[1]


class Description:
    """Features that come from no scorer: popularity, plays, friends, taggers."""

    def __init__(self, side: SideInformation, train: Interactions) -> None:
        known = side.known(train)
        self.known = known
        self.listeners = train.popularity()
        self.sizes = train.history_sizes()
        rows, items = train.coordinates()
        plays = np.log1p(train.matrix.data)
        self.user_plays = _mean(rows, plays, train.n_users)
        self.item_plays = _mean(items, plays, train.n_items)
        self.item_relative = _mean(items, plays - self.user_plays[rows], train.n_items)
        self.usual = _mean(rows, np.log1p(self.listeners)[items], train.n_users)
        self.taggers = np.bincount(known.given[:, 1], minlength=train.n_items)
        self.friends_tagged = sp.csr_array(known.friends @ known.tagged)
        self.n_friends = np.diff(known.friends.indptr)

    def __call__(self, users: NDArray[np.int64], items: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """Return the features by name, one value for each pair of a user and an item."""
        n_items = len(self.listeners)
        own = np.isin(users * n_items + items, self.known.given @ [n_items, 1])
        taggers = self.taggers[items] - own  # the user's own tags do not count
        listeners = np.log1p(self.listeners)[items]
        return {
            "listeners": listeners,
            "usual listeners": self.usual[users],
            "listeners over usual": listeners - self.usual[users],
            "plays": self.item_plays[items],
            "plays over listeners' mean": self.item_relative[items],
            "plays of the user": self.user_plays[users],
            "history": np.log1p(self.sizes)[users],
            "friends with it tagged": np.asarray(self.friends_tagged[users, items]).ravel(),
            "number of friends": np.log1p(self.n_friends)[users],
            "taggers": np.log1p(taggers),
        }


class Moments:
    """Mean and standard deviation of the scores of each item over users, collected batch by batch."""

    def __init__(self, n_items: int) -> None:
        self.n = 0
        self.total, self.squares = np.zeros((2, n_items))

    def add(self, scores: NDArray[np.float32]) -> None:
        """Count the scores of some more users, shape (n, n_items)."""
        self.n += len(scores)
        self.total += scores.sum(axis=0)
        self.squares += (scores**2).sum(axis=0)

    def standardise(self, scores: NDArray[np.float32], items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how far scores of some items are from the mean of their item, in standard deviations, -3 to 8."""
        mean = self.total / self.n
        deviation = np.sqrt(np.maximum(self.squares / self.n - mean**2, 1e-12)).astype(np.float32)
        return np.clip((scores - mean.astype(np.float32)[items]) / deviation[items], -3, 8)


def _mean(codes: NDArray[np.int64], values: NDArray[np.floating], n: int) -> NDArray[np.float64]:
    return np.bincount(codes, values, minlength=n) / np.maximum(np.bincount(codes, minlength=n), 1)
