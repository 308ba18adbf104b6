"""Nearest playlists and nearest tracks, by an inverted index."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from musicrec.models.playlists.base import Candidates, PlaylistSystem
from musicrec.splits.challenge import Asked

EVERY = 2**62  # no bound


class Votes(PlaylistSystem):
    """What playlists that share a track with the asked one vote for.

    Attributes
    ----------
    weights, list_scale, track_scale : numpy.ndarray
        As in `vote_kernel.votes`.
    n_neighbours, reach, amplify
        As in `vote_kernel.votes`.
    """

    weights: NDArray[np.float32]
    list_scale: NDArray[np.float32]
    track_scale: NDArray[np.float32]
    n_neighbours: int
    reach: int
    amplify: float

    def _index(self) -> NDArray[np.float64]:
        """Turn the playlists over, and return the number of playlists of each track, at least 1."""
        by_track = self.train.tracks.matrix.T.tocsr()
        self.by_track = by_track.indptr, by_track.indices
        return np.maximum(self.popularity, 1).astype(np.float64)

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        from musicrec.models.playlists import vote_kernel  # loading the compiler takes a moment

        bank = self.train.tracks.matrix
        ids, scores = vote_kernel.votes(
            asked.seeds.indptr, asked.seeds.indices, self.weights, *self.by_track, bank.indptr, bank.indices,
            self.list_scale, self.track_scale, self.reach, self.n_neighbours, np.float32(self.amplify), k,
        )  # fmt: skip
        return Candidates(ids, scores)


class PlaylistKNN(Votes):
    """The tracks of the playlists most like the given one [Kelen et al., 2018].

    Two playlists are as alike as the cosine of their tracks, each weighted by how rare it is: log(N / playlists of the
    track), to the power of `rarity`. Long playlists have something in common with everyone; as such hubs they are
    damped: their side of the cosine, the square root of the sum of squared weights, is raised to the power of `hubs`
    (1 is the cosine). Each of the `n_neighbours` nearest votes for its tracks with its similarity to the power of
    `amplify`; the votes for a track are divided by its number of playlists to the power of `damping`.

    Parameters
    ----------
    n_neighbours : int
        How many playlists vote.
    rarity, hubs, amplify, damping : float
        See above.
    reach : int
        How many playlists of one given track are looked at, at most. It bounds the time; a track that so many hold says
        little.
    """

    name: ClassVar[str] = "playlist-knn"
    title: ClassVar[str] = "Nearest playlists"

    def __init__(
        self,
        n_neighbours: int = 1000,
        rarity: float = 0.75,
        hubs: float = 0.75,
        amplify: float = 1.5,
        damping: float = 0.1,
        reach: int = 20_000,
    ) -> None:
        self.n_neighbours, self.rarity, self.hubs = n_neighbours, rarity, hubs
        self.amplify, self.damping, self.reach = amplify, damping, reach

    def _learn(self, rng: np.random.Generator) -> None:
        playlists, bank = self._index(), self.train.tracks.matrix
        squares = np.log1p(len(self.train) / playlists) ** (2 * self.rarity)
        self.weights = squares.astype(np.float32)  # the product of both sides of the cosine
        sums = np.add.reduceat(np.append(self.weights[bank.indices], 0), bank.indptr[:-1])
        sums[np.diff(bank.indptr) == 0] = 1  # `reduceat` gives an empty playlist what comes next
        self.list_scale = (sums ** (-self.hubs / 2)).astype(np.float32)
        self.track_scale = (playlists**-self.damping).astype(np.float32)


class TrackKNN(Votes):
    """The tracks that share most playlists with the given ones [Sarwar et al., 2001].

    Tracks i and j with n_i and n_j playlists, n_ij of them in common, are as alike as n_ij / (√n_i · n_j^damping); a
    score is the sum over the given tracks. A table of all pairs of tracks would not fit into memory. So the sums are
    made when somebody asks, from `reach` of the playlists of each given track.

    Parameters
    ----------
    damping : float
        What it costs a track to be popular, 0.5 for the cosine.
    length : float
        Exponent of the tracks of a playlist by which what it says is divided: long ones say less of each pair.
    reach : int
        How many playlists of one given track are looked at, at most.
    """

    name: ClassVar[str] = "track-knn"
    title: ClassVar[str] = "Nearest tracks"
    n_neighbours = EVERY
    amplify = 1.0

    def __init__(self, damping: float = 0.3, length: float = 0.25, reach: int = 500) -> None:
        self.damping, self.length, self.reach = damping, length, reach

    def _learn(self, rng: np.random.Generator) -> None:
        playlists = self._index()
        # a seed of which only `reach` playlists are looked at stands for all of them
        self.weights = (np.maximum(1, playlists / self.reach) / np.sqrt(playlists)).astype(np.float32)
        sizes = np.maximum(self.train.tracks.history_sizes(), 1).astype(np.float64)
        self.list_scale = (sizes**-self.length).astype(np.float32)
        self.track_scale = (playlists**-self.damping).astype(np.float32)
