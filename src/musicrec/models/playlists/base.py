"""The verbs of systems that continue playlists: fit, candidates, recommend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.playlists import Playlists
from musicrec.splits.challenge import Asked

LENGTH = 500  # tracks of a list in the challenge
BATCH = 256  # playlists at once


class Candidates(NamedTuple):
    """Tracks for playlists, best first, none of their own; -1 and -inf where there are no more."""

    ids: NDArray[np.int64]  # shape (n, k)
    scores: NDArray[np.float32]  # shape (n, k)


class PlaylistSystem(ABC):
    """Base of systems that continue playlists.

    A `Recommender` gives a score to every item, which at two million tracks is 8 MB for each playlist. Such a system
    names the best tracks alone. A subclass implements `_learn` and `candidates`; `recommend` sees to it that every list
    is full: who gives no track is answered by their title, and what is still missing is filled up with popular tracks.

    Attributes
    ----------
    name : str
        Kebab case.
    title : str
        What a reader calls it.
    batch : int
        Playlists that are continued at once.
    train : Playlists
        What it was fitted on; not there before.
    by_title : PlaylistSystem, optional
        Who answers where no track is given.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    batch: ClassVar[int] = BATCH
    train: Playlists
    by_title: PlaylistSystem | None

    def fit(self, train: Playlists, *, rng: np.random.Generator, by_title: PlaylistSystem | None = None) -> Self:
        """Learn from playlists; every random draw comes from `rng`.

        Parameters
        ----------
        train : Playlists
            None of those that will be asked for.
        rng : numpy.random.Generator
        by_title : PlaylistSystem, optional
            A `TitleMatch` that is fitted on the same playlists, see `musicrec.models.playlists.systems.fit`; without it
            who gives no track gets popular ones, unless the system reads titles itself.
        """
        self.train, self.by_title = train, by_title
        self.popularity = train.tracks.popularity()
        self.popular = np.argsort(-self.popularity, kind="stable").astype(np.int64)
        self._learn(rng)
        return self

    @abstractmethod
    def _learn(self, rng: np.random.Generator) -> None:
        """Learn from `train`."""

    @abstractmethod
    def candidates(self, asked: Asked, k: int) -> Candidates:
        """Return up to k tracks for each playlist; none where the system has nothing to go by."""

    def recommend(self, asked: Asked, k: int = LENGTH) -> NDArray[np.int64]:
        """Return k different tracks for each playlist, best first, none that was given, shape (n, k).

        -1 stands at the end only where the catalogue has no more tracks.
        """
        lists = np.full((len(asked.titles), k), -1, np.int64)
        given = np.diff(asked.seeds.indptr) > 0
        for system, rows in ((self, np.flatnonzero(given)), (self._for_titles(), np.flatnonzero(~given))):
            for start in range(0, len(rows), system.batch):
                batch = rows[start : start + system.batch]
                lists[batch] = system.candidates(asked.rows(batch), k).ids
        return fill_up(lists, asked.seeds, self.popular)

    def _for_titles(self) -> PlaylistSystem:
        """Return who answers where no track is given."""
        return self.by_title or self


def fill_up(lists: NDArray[np.int64], seeds: sp.csr_array, popular: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return lists whose empty places, all at the end, hold the most popular tracks that are not there yet."""
    full = lists.copy()
    for row in np.flatnonzero(lists[:, -1] < 0):
        own = seeds.indices[seeds.indptr[row] : seeds.indptr[row + 1]]
        there = lists[row][lists[row] >= 0]
        more = popular[: lists.shape[1] + len(own)]
        more = more[~np.isin(more, np.concatenate([own, there]))][: lists.shape[1] - len(there)]
        full[row, len(there) : len(there) + len(more)] = more
    return full


def best_of(scores: sp.csr_array, seeds: sp.csr_array, k: int) -> Candidates:
    """Return the k highest scores of each row that are above zero and none of its seeds; of equal ones the lower track.

    Examples
    --------
    >>> best_of(sp.csr_array([[0.5, 0.0, 0.9, 0.5]]), sp.csr_array([[0.0, 0.0, 1.0, 0.0]]), k=3).ids
    array([[ 0,  3, -1]])
    """
    n = scores.shape[0]
    ids, best = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    for row in range(n):
        tracks = scores.indices[scores.indptr[row] : scores.indptr[row + 1]].astype(np.int64)
        values = scores.data[scores.indptr[row] : scores.indptr[row + 1]]
        keep = (values > 0) & ~np.isin(tracks, seeds.indices[seeds.indptr[row] : seeds.indptr[row + 1]])
        tracks, values = tracks[keep], values[keep]
        if len(tracks) > k:  # only what reaches the k-th highest is sorted
            reach = values >= np.partition(values, len(values) - k)[len(values) - k]
            tracks, values = tracks[reach], values[reach]
        order = np.lexsort((tracks, -values))[:k]
        ids[row, : len(order)], best[row, : len(order)] = tracks[order], values[order]
    return Candidates(ids, best)
