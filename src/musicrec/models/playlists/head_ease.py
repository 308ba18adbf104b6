"""EASE on the most popular tracks, nearest playlists on all others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.models.playlists.base import Candidates, PlaylistSystem
from musicrec.models.playlists.neighbours import PlaylistKNN
from musicrec.splits.challenge import Asked


class HeadEASE(PlaylistSystem):
    r"""A linear model among the most popular tracks [Steck, 2019], and nearest playlists for the tail.

    Among `head` tracks the weights are :math:`B_{ij} = -P_{ij} / P_{jj}` with :math:`P = (X^\top X + \lambda I)^{-1}`,
    as in `EASE`, inverted among tracks because there are far more playlists. The scores of the other tracks are those
    of `PlaylistKNN`, multiplied for each playlist by the factor that fits both best where both have something to say.

    Parameters
    ----------
    head : int
        How many tracks: time grows with their third power, memory with the second.
    l2 : float
        λ, above zero, in relation to the mean number of playlists of the head's tracks.
    """

    name: ClassVar[str] = "ease-head"
    title: ClassVar[str] = "Linear model on the head"

    def __init__(self, head: int = 3000, l2: float = 10.0, tail: PlaylistKNN | None = None) -> None:
        if not (head >= 1 and l2 > 0):
            raise ValueError(f"ease-head: head must be at least 1 and l2 above zero, not {head} and {l2}")
        self.size, self.l2, self.tail = head, l2, tail or PlaylistKNN()

    def _learn(self, rng: np.random.Generator) -> None:
        if getattr(self.tail, "train", None) is not self.train:  # it may be shared
            self.tail.fit(self.train, rng=rng)
        self.head = np.sort(self.popular[: self.size])
        rows = sp.csr_array(self.train.tracks.binary()[:, self.head])
        gram = (rows.T @ rows).toarray().astype(np.float64)
        gram.flat[:: len(gram) + 1] += self.l2 * self.popularity[self.head].mean()
        inverse = scipy.linalg.inv(gram, overwrite_a=True, check_finite=False)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        self.weights = weights.astype(np.float32)
        self.in_head = np.zeros(self.train.tracks.n_items, bool)
        self.in_head[self.head] = True

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        near = self.tail.candidates(asked, 2 * k)
        scores = sp.csr_array(asked.seeds[:, self.head]) @ self.weights
        ids, best = np.full((len(scores), k), -1, np.int64), np.full((len(scores), k), -np.inf, np.float32)
        for row, linear in enumerate(scores):
            own = asked.seeds.indices[asked.seeds.indptr[row] : asked.seeds.indptr[row + 1]]
            linear[np.searchsorted(self.head, own[self.in_head[own]])] = -np.inf
            there = near.ids[row] >= 0
            tracks, values = near.ids[row][there], near.scores[row][there]
            tail = ~self.in_head[tracks]
            factor = _factor(linear[np.searchsorted(self.head, tracks[~tail])], values[~tail])
            good = linear > 0
            names = np.concatenate([self.head[good], tracks[tail]])
            totals = np.concatenate([linear[good], factor * values[tail]])
            order = np.lexsort((names, -totals))[:k]
            ids[row, : len(order)], best[row, : len(order)] = names[order], totals[order]
        return Candidates(ids, best)


def _factor(linear: NDArray[np.float32], near: NDArray[np.float32]) -> float:
    """Return by what the scores of neighbours are multiplied to come closest to those of the linear model."""
    if not len(near) or not (linear > 0).any():
        return 1.0
    return float(np.maximum(linear, 0) @ near / (near @ near))
