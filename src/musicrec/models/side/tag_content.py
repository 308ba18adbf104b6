"""Content from tags: reaches artists that nobody in training listens to."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.base import Recommender


class TagContent(Recommender):
    """Cosine between the tags of an item and those of a listener's history [Pazzani & Billsus, 2007].

    A tag of an item weighs log(1 + count), times the logarithm of the share of tagged items without it. Counts are
    of everyone but the user who is served: the user's own tags describe the history, never a candidate.

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    """

    name = "tag-content"
    title = "Similar tags"
    task = "listeners"
    reference = "pazzani2007"
    reads = ("tags",)

    def __init__(self, side: SideInformation) -> None:
        self.side = side

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.allowed = self.side.known(train)
        used = self.allowed.item_tags
        tagged = (np.diff(used.indptr) > 0).sum()
        carriers = np.bincount(used.indices, minlength=used.shape[1])
        self.rarity = np.log((1 + tagged) / (1 + carriers)).astype(np.float32)
        item = self.allowed.given[:, 1]
        of_item = sp.coo_array((np.ones(len(item), np.float32), (item, np.arange(len(item)))),
                              shape=(train.n_items, len(item))).tocsr()  # fmt: skip
        self.counts = sp.csr_array(of_item @ self.allowed.user_tags)
        self.items_by_tag = self._vectors(self.counts).T.tocsr()
        plays = train.matrix.copy()
        plays.data = np.log1p(plays.data)
        self.profiles = unit_rows(sp.csr_array(plays @ self._vectors(used)))
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        profiles = self.profiles[users]
        scores = np.asarray(profiles.toarray() @ self.items_by_tag)
        # where the user's own tags are among the counts, without them
        places, rows = self.allowed.of(users)
        items = self.allowed.given[rows, 1]
        others = self._vectors(sp.csr_array(self.counts[items] - self.allowed.user_tags[rows]))
        scores[places, items] = np.asarray(profiles[places].multiply(others).sum(axis=1)).ravel()
        return scores

    def _vectors(self, counts: sp.csr_array) -> sp.csr_array:
        vectors = counts.copy()
        vectors.data = np.log1p(vectors.data) * self.rarity[vectors.indices]
        return unit_rows(vectors)


def unit_rows(matrix: sp.csr_array) -> sp.csr_array:
    """Return the rows scaled to length 1; an empty row stays empty."""
    squares = np.bincount(
        np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.data.astype(np.float64) ** 2,
        minlength=matrix.shape[0],
    )  # fmt: skip
    lengths = np.sqrt(squares)
    scaled = matrix.data / np.where(lengths > 0, lengths, 1)[np.repeat(np.arange(len(lengths)), np.diff(matrix.indptr))]
    return sp.csr_array((scaled.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
