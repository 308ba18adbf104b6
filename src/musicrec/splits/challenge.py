"""Seeds and held-out tracks as in the RecSys Challenge 2018: ten kinds of playlists that were cut off."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists

EACH = 1000  # playlists of each category in the challenge
LEAST = 5  # tracks held out of a playlist, at least
POOL = 0.1  # share of the playlists, the last changed, that a hold-out by time draws from
HOW = ("random", "temporal")


class Category(NamedTuple):
    """What is given of a playlist."""

    seeds: int
    title: bool
    first: bool  # the seeds are its first tracks, not drawn from all

    @property
    def name(self) -> str:
        """Return it in words.

        Examples
        --------
        >>> Category(25, True, False).name, Category(0, True, True).name, Category(5, False, True).name
        ('title, 25 at random', 'title alone', 'first 5')
        """
        if not self.seeds:
            return "title alone"
        which = f"first {self.seeds}" if self.first else f"{self.seeds} at random"
        return f"title, {which}" if self.title else which


# The ten categories of the challenge [Chen et al., 2018], in its order.
CATEGORIES = (
    Category(0, True, True),
    Category(1, True, True),
    Category(5, True, True),
    Category(5, False, True),
    Category(10, True, True),
    Category(10, False, True),
    Category(25, True, True),
    Category(25, True, False),
    Category(100, True, True),
    Category(100, True, False),
)


class Asked(NamedTuple):
    """Playlists to be continued, as far as they are given.

    Attributes
    ----------
    seeds : scipy.sparse.csr_array, shape (n, n_tracks)
        Ones at the given tracks.
    titles : numpy.ndarray, shape (n,)
        "" where none is given.
    """

    seeds: sp.csr_array
    titles: NDArray[np.object_]

    def rows(self, chosen: NDArray[Any] | slice) -> Asked:
        """Return some of them."""
        return Asked(sp.csr_array(self.seeds[chosen]), self.titles[chosen])


class Challenge(NamedTuple):
    """Playlists to learn from, and others that were cut off.

    Attributes
    ----------
    train : Playlists
        None of those that are asked for.
    asked : Asked
        n playlists of all categories.
    held_out : Interactions
        The right answers, shape (n, n_tracks); users are labelled as in the source.
    category : numpy.ndarray, shape (n,)
        Place in `CATEGORIES`.
    places : numpy.ndarray, shape (n_seeds,)
        Where each entry of the seeds stands in its playlist.
    """

    train: Playlists
    asked: Asked
    held_out: Interactions
    category: NDArray[np.int64]
    places: NDArray[np.integer]


def hold_out(playlists: Playlists, seed: int, *, each: int | None = None, how: str = "random") -> Challenge:
    """Cut playlists off as in the ten categories of the challenge.

    As in the challenge, every seed and every held-out track is in the training data: tracks that no playlist of these
    holds are neither given nor asked for. A playlist is in at most one category; those that need many seeds are filled
    first. A category that no playlist is long enough for stays empty.

    Parameters
    ----------
    playlists : Playlists
        All of them.
    seed : int
        Names the draw.
    each : int, optional
        How many playlists of each category, at most; by default as many as in the challenge, or a hundredth of all
        where that is less, so that a tenth is asked for.
    how : {"random", "temporal"}
        Whether the playlists are drawn from all, or from the tenth that was changed last. By time, only playlists that
        were last changed before all of these are learnt from, so that nothing later speaks of what comes.

    Raises
    ------
    ValueError
        When `how` is neither, when nobody knows when playlists were changed, or when none is long enough.
    """
    if how not in HOW:
        raise ValueError(f"playlists are held out random or temporal, not {how!r}")
    rng = np.random.default_rng(seed)
    n, each = len(playlists), EACH if each is None else each
    each = max(1, min(each, n // (10 * len(CATEGORIES))))
    pool, learn = np.arange(n), np.ones(n, bool)
    if how == "temporal":
        pool, learn = _by_time(playlists)
    # twice as many as are needed, because some turn out too short once tracks that only they hold are left out
    popularity = playlists.tracks.popularity()
    drawn = _draw(_shared_sizes(playlists.tracks, popularity), pool, 2 * each, rng)
    others = learn.copy()
    others[np.concatenate(drawn)] = False
    known = playlists.tracks.matrix[np.flatnonzero(others)].sum(axis=0) > 0
    chosen, categories = list[int](), list[int]()
    seeds, hidden, places = [], [], []
    for place, (category, rows) in enumerate(zip(CATEGORIES, drawn, strict=True)):
        for row in rows:
            tracks, order = _tracks_of(playlists, int(row), known)
            if len(tracks) < category.seeds + LEAST or categories.count(place) == each:
                continue
            given = np.arange(category.seeds) if category.first else rng.permutation(len(tracks))[: category.seeds]
            rest = np.ones(len(tracks), bool)
            rest[given] = False
            chosen.append(int(row))
            categories.append(place)
            seeds.append(tracks[given])
            places.append(order[given])
            hidden.append(tracks[rest])
    if not chosen:
        raise ValueError(
            f"too small to split: no playlist has the {LEAST} tracks, known from other playlists, that are held out"
        )
    learn[chosen] = False
    train = playlists.rows(np.flatnonzero(learn))
    titles = np.where([CATEGORIES[place].title for place in categories], playlists.titles[chosen], "")
    users, items = playlists.tracks.users[chosen], playlists.tracks.items
    matrix, order = _matrix(seeds, len(items))
    asked = Asked(matrix, titles.astype(object))
    held_out = Interactions(_matrix(hidden, len(items))[0], users, items)
    where = np.concatenate(places)[order] if len(order) else np.empty(0, np.int64)
    return Challenge(train, asked, held_out, np.array(categories, np.int64), where)


def _by_time(playlists: Playlists) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rows of the playlists changed last, and which were last changed before all of them."""
    times = playlists.modified_at
    if not (times > 0).all():
        raise ValueError("nobody knows when these playlists were changed: hold out at random")
    cut = np.sort(times)[min(len(times) - 1, int((1 - POOL) * len(times)))]
    if not (times < cut).any():
        raise ValueError("all of these playlists were changed at one time: hold out at random")
    return np.flatnonzero(times >= cut), times < cut


def _shared_sizes(tracks: Interactions, popularity: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many tracks of each playlist another one holds too."""
    shared = (popularity[tracks.matrix.indices] > 1).astype(np.int64)
    return np.diff(np.concatenate([[0], np.cumsum(shared)])[tracks.matrix.indptr])


def _draw(
    sizes: NDArray[np.int64], pool: NDArray[np.int64], each: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Return rows of playlists for each category, the longest seeds first, none twice."""
    order, free = rng.permutation(pool), np.ones(len(sizes), bool)
    drawn: dict[int, NDArray[np.int64]] = {}
    for place in sorted(range(len(CATEGORIES)), key=lambda place: -CATEGORIES[place].seeds):
        fits = order[free[order] & (sizes[order] >= CATEGORIES[place].seeds + LEAST)][:each]
        free[fits] = False
        drawn[place] = fits
    return [drawn[place] for place in range(len(CATEGORIES))]


def _tracks_of(
    playlists: Playlists, row: int, known: NDArray[np.bool_]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the tracks of one playlist that are known, in their order, and where they stand."""
    matrix = playlists.tracks.matrix
    entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
    order = np.argsort(playlists.places[entries], kind="stable")
    tracks, places = matrix.indices[entries][order], playlists.places[entries][order]
    return tracks[known[tracks]], places[known[tracks]]


def _matrix(lists: list[NDArray[np.integer]], n_items: int) -> tuple[sp.csr_array, NDArray[np.int64]]:
    """Return ones at the tracks of each list, and from which place of all lists each entry of the matrix comes."""
    sizes = [len(tracks) for tracks in lists]
    rows, columns = np.repeat(np.arange(len(lists)), sizes), np.concatenate(lists).astype(np.int64)
    order = np.lexsort((columns, rows))
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    ones = np.ones(len(columns), np.float32)
    return sp.csr_array((ones, columns[order], indptr), shape=(len(lists), n_items)), order
