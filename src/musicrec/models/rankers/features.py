"""What the hybrid's ranker sees of a candidate besides the scores: popularity, plays, friends, taggers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.base import BATCH, Recommender

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

    def __call__(
        self, users: NDArray[np.int64], rows: NDArray[np.int64], items: NDArray[np.int64]
    ) -> dict[str, NDArray[np.float32]]:
        """Return the features by name, one value for each pair of a place in `users` and an item."""
        taggers = np.tile(self.taggers, (len(users), 1))
        places, given = self.known.of(users)
        taggers[places, self.known.given[given, 1]] -= 1  # the user's own tags do not count
        who = users[rows]
        listeners = np.log1p(self.listeners)[items]
        return {
            "listeners": listeners,
            "usual listeners": self.usual[who],
            "listeners over usual": listeners - self.usual[who],
            "plays": self.item_plays[items],
            "plays over listeners' mean": self.item_relative[items],
            "plays of the user": self.user_plays[who],
            "history": np.log1p(self.sizes)[who],
            "friends with it tagged": self.friends_tagged[users].toarray()[rows, items],
            "number of friends": np.log1p(self.n_friends)[who],
            "taggers": np.log1p(taggers[rows, items]),
        }


def moments_over_users(system: Recommender) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of the scores of each item over all users, shape (n_items,) each."""
    n = system.train.n_users
    total, squares = np.zeros((2, system.train.n_items))
    for start in range(0, n, BATCH):
        scores = system.scores(np.arange(start, min(start + BATCH, n)))
        total += scores.sum(axis=0)
        squares += (scores**2).sum(axis=0)
    mean = total / n
    spread = np.sqrt(np.maximum(squares / n - mean**2, 1e-12))
    return mean.astype(np.float32), spread.astype(np.float32)


def _mean(codes: NDArray[np.int64], values: NDArray[np.floating], n: int) -> NDArray[np.float64]:
    return np.bincount(codes, values, minlength=n) / np.maximum(np.bincount(codes, minlength=n), 1)
