"""The table of plays that every kind of history becomes, and the one who fills it row by row."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLAY, SKIP, PRIVATE, SAVED = range(4)  # what a row is; only plays and what is saved say what somebody likes
STATES = ("plays", "skips", "private sessions", "saved songs")
NO_TIME = np.datetime64("NaT", "s")
EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())  # nothing kept histories before; clocks were wrong
_NONE = -(2**63)  # how numpy stores that there is no time


@dataclass(frozen=True, eq=False)
class Plays:
    """Who was played when, one row for each play.

    Attributes
    ----------
    artists : list of str
        The names of artists as they are written in the files.
    titles : list of (int, str, str)
        The songs: number of the artist, name, album ("" where it is not known).
    sources : list of str
        The formats the rows come from.
    time : numpy.ndarray of datetime64[s], shape (n,)
        When a play began, in UTC; not a time where nobody knows.
    title : numpy.ndarray of int32, shape (n,)
        The song.
    ms : numpy.ndarray of int32, shape (n,)
        How long it was heard, in milliseconds; -1 where nobody knows.
    source : numpy.ndarray of int8, shape (n,)
        The format.
    state : numpy.ndarray of int8, shape (n,)
        `PLAY`, `SKIP`, `PRIVATE` or `SAVED`.
    """

    artists: list[str]
    titles: list[tuple[int, str, str]]
    sources: list[str]
    time: NDArray[np.datetime64]
    title: NDArray[np.int32]
    ms: NDArray[np.int32]
    source: NDArray[np.int8]
    state: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.title)

    @property
    def artist(self) -> NDArray[np.int32]:
        """The artist of each row, shape (n,)."""
        return np.array([artist for artist, _, _ in self.titles], dtype=np.int32)[self.title]

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each artist was played or saved, shape (n_artists,)."""
        return np.bincount(self.artist[self.liked], minlength=len(self.artists))

    @property
    def liked(self) -> NDArray[np.bool_]:
        """Which rows say what somebody likes: plays and saved songs, shape (n,)."""
        return np.asarray((self.state == PLAY) | (self.state == SAVED))

    def select(self, rows: NDArray[Any]) -> Plays:
        """Return some of the rows, by a mask or by their numbers."""
        return Plays(
            self.artists, self.titles, self.sources, self.time[rows], self.title[rows], self.ms[rows],
            self.source[rows], self.state[rows],
        )  # fmt: skip


class Collector:
    """Gathers plays from files of any format; names are kept once, so that a row takes 22 bytes.

    Parameters
    ----------
    now : int
        Seconds since 1970; what was played later than a day after it has a clock that was wrong.
    """

    def __init__(self, now: int) -> None:
        self.latest = now + 86_400
        self.left_out: Counter[str] = Counter()  # rows that are no plays of music, by reason
        self.odd_times = 0
        self.no_zone = 0  # times that carry no zone and are taken as UTC
        self._artists: dict[str, int] = {}
        self._titles: dict[tuple[int, str], int] = {}
        self._albums: list[str] = []
        self._sources: list[str] = []
        self._source = 0
        self._time, self._title, self._ms = array("q"), array("i"), array("i")
        self._sourced, self._state = array("b"), array("b")

    def begin(self, source: str) -> None:
        """Say which format the next rows come from."""
        if source not in self._sources:
            self._sources.append(source)
        self._source = self._sources.index(source)

    def __len__(self) -> int:
        return len(self._title)

    def add(
        self, time: int | None, artist: str, track: str, album: str = "", ms: int | None = None, state: int = PLAY
    ) -> None:
        """Add a row; `time` is when the play began, in seconds since 1970."""
        number = self._artists.setdefault(artist, len(self._artists))
        key = (number, track)
        title = self._titles.get(key)
        if title is None:
            title = self._titles[key] = len(self._titles)
            self._albums.append(album)
        if time is None:
            time = _NONE
        elif not EARLIEST <= time <= self.latest:
            self.odd_times += 1
            time = _NONE
        self._time.append(time)
        self._title.append(title)
        self._ms.append(-1 if ms is None else min(ms, 2**31 - 1))
        self._sourced.append(self._source)
        self._state.append(state)

    def plays(self) -> Plays:
        """Return the table of everything added."""
        titles = [
            (artist, track, album) for (artist, track), album in zip(self._titles, self._albums, strict=True)
        ]  # fmt: skip
        return Plays(
            list(self._artists), titles, list(self._sources),
            np.array(self._time, dtype=np.int64).view("datetime64[s]"), _column(self._title, np.int32),
            _column(self._ms, np.int32), _column(self._sourced, np.int8), _column(self._state, np.int8),
        )  # fmt: skip


def _column(values: Sequence[int], kind: type) -> NDArray[Any]:
    return np.array(values, dtype=kind)
