"""Matrix factorization of playlists and the tracks that several of them hold."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.ials import IALS
from musicrec.models.playlists.base import Candidates, PlaylistSystem
from musicrec.models.top_k import Recommendations
from musicrec.splits.challenge import Asked


class PlaylistFactors(PlaylistSystem):
    """Least squares in turn on playlists and tracks, by `IALS` [Rendle et al., 2022].

    Parameters
    ----------
    dim, iterations : int
        Number of factors, and how often both sides are solved for.
    unobserved, regularization : float
        As in `IALS`.
    least : int
        Tracks that fewer playlists hold have no factors and are never proposed.
    """

    name: ClassVar[str] = "factors"
    title: ClassVar[str] = "Matrix factorization"

    def __init__(
        self,
        dim: int = 64,
        iterations: int = 8,
        unobserved: float = 0.1,
        regularization: float = 0.003,
        least: int = 2,
    ) -> None:
        self.settings = {
            "dim": dim, "iterations": iterations, "unobserved": unobserved, "regularization": regularization,
        }  # fmt: skip
        self.least = least

    def _learn(self, rng: np.random.Generator) -> None:
        tracks = self.train.tracks
        self.head = np.flatnonzero(self.popularity >= min(self.least, int(self.popularity.max())))
        self.place = np.full(tracks.n_items, -1, np.int64)
        self.place[self.head] = np.arange(len(self.head))
        self._factorize(self._in_head(tracks.matrix), rng)

    def _factorize(self, matrix: sp.csr_array, rng: np.random.Generator) -> None:
        """Learn from playlists, shape (n_playlists, n_head)."""
        filled = np.flatnonzero(np.diff(matrix.indptr))
        self.model = IALS(**self.settings)  # type: ignore[arg-type]
        self.model.fit(Interactions(matrix[filled], filled, self.head), rng=rng)

    def _best(self, seeds: sp.csr_array, k: int) -> Recommendations:
        """Return the best of the head for playlists that are given in its columns."""
        return self.model.recommend_new(seeds, k)

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        seeds = self._in_head(asked.seeds)
        found = self._best(seeds, k)
        there = (found.ids >= 0) & (np.diff(seeds.indptr)[:, None] > 0)  # nothing is known of the others
        return Candidates(
            np.where(there, self.head[found.ids], -1), np.where(there, found.scores, -np.inf).astype(np.float32)
        )

    def _in_head(self, lists: sp.csr_array) -> sp.csr_array:
        """Return the columns of the head."""
        places = self.place[lists.indices]
        keep = places >= 0
        indptr = np.concatenate([[0], np.cumsum(keep)])[lists.indptr]
        columns = places[keep]
        return sp.csr_array(
            (np.ones(len(columns), np.float32), columns, indptr), shape=(lists.shape[0], len(self.head))
        )
