"""Playlist similarity: the baseline of "SPOTIFIER!" (2018), as it was and repaired."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.neighbours.item_to_item import ones
from musicrec.models.neighbours.nearest_lists import nearest_lists
from musicrec.models.space import ORIGINAL, Range


class PlaylistSimilarity(Recommender):
    """Candidates are the items of the most similar lists.

    Similarity of lists a and b is 2·|overlap| / (|a| + |b|), the Dice coefficient (the original calls it Jaccard).

    Parameters
    ----------
    n_similar : int
        How many lists make up the pool of candidates: 5 in the original.
    order : {"random", "votes"}
        How candidates are ranked. The original draws from the pool at random; `votes` adds up the similarities of
        the lists that hold the candidate.
    multiplicity : bool
        Whether weights count how often an item is on a list, so that the overlap of 2 and 3 copies is 2; otherwise
        every item counts once.
    """

    name = "playlist-similarity"
    title = "Similar lists, at random"
    task = "listeners"
    unsearched = ORIGINAL
    variants = {
        "playlist-similarity-votes": {
            "title": "Similar lists, by votes",
            "fixed": {"order": "votes"},
            "space": {"n_similar": Range(5, 1000, log=True)},
        },
    }

    def __init__(self, n_similar: int = 5, order: str = "random", *, multiplicity: bool = False) -> None:
        if order not in ("random", "votes"):
            raise ValueError(f"order must be 'random' or 'votes', not {order!r}")
        self.n_similar, self.order, self.multiplicity = n_similar, order, multiplicity
        if order == "votes":
            self.name = "playlist-similarity-votes"  # type: ignore[misc]

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listens = train.binary()
        self.bank = self._copies(train.matrix)
        self.seed = int(rng.integers(2**63))
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self._score(self.train.matrix[users], keys=users, itself=users)

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return self._score(histories, keys=self.train.n_users + np.arange(histories.shape[0]))

    def similar(self, histories: sp.csr_array, itself: NDArray[np.int64] | None = None) -> sp.csr_array:
        """Return the Dice similarity to the `n_similar` most similar lists of the bank, shape (n, n_users).

        `itself` gives the row of the bank that each history is, which is never its own neighbour.
        """
        return nearest_lists(self._copies(histories), self.bank, self.n_similar, itself=itself, dice=True)

    def _score(
        self, histories: sp.csr_array, keys: NDArray[np.int64], itself: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        votes = sp.csr_array(self.similar(histories, itself) @ self.listens)
        scores = np.full(votes.shape, -np.inf, np.float32)  # what is not in the pool can't be recommended
        rows = np.repeat(np.arange(votes.shape[0]), np.diff(votes.indptr))
        if self.order == "votes":
            scores[rows, votes.indices] = votes.data
            return scores
        for row, key in enumerate(keys):  # a generator per user, so that batches don't matter
            pool = votes.indices[votes.indptr[row] : votes.indptr[row + 1]]
            scores[row, pool] = np.random.default_rng([self.seed, key]).random(len(pool), np.float32)
        return scores

    def _copies(self, matrix: sp.csr_array) -> sp.csr_array:
        return sp.csr_array(matrix, dtype=np.float32) if self.multiplicity else ones(matrix)
