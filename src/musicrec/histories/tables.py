"""Histories as tables: the CSV of Last.fm exporters, Exportify, Soundiiz, TuneMyMusic, Apple Music and like ones.

The heading says what a column is, whatever the separator and the order; a table without heading is one of Last.fm
when its last column holds times.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from musicrec.histories.plays import PLAY, SAVED, Collector
from musicrec.histories.text import lines
from musicrec.histories.times import seconds

SEPARATORS = (",", ";", "\t")
LONGEST_CELL = 1 << 20
_COLUMNS = {  # folded headings
    "artist": "artist|artist name|artist names|artist name s|artistname|artists|master metadata album artist name|"
    "creator|interpret|album artist",
    "track": "track|track name|trackname|title|song|song title|name|song name|titel",
    "album": "album|album name|album title|release|release name|albumname",
    "time": "uts|timestamp|date|utc time|time|listened at|played at|scrobble time|scrobbled at|datetime|listen date",
    "seconds": "listening time",
    "ms": "ms played|msplayed|play duration milliseconds",
    "plays": "plays|play count|playcount|scrobbles|times|count",
}
_KINDS = {  # headings that only one program writes
    "Last.fm scrobbles": {"uts"},
    "Exportify": {"track uri", "artist name s"},
    "TuneMyMusic": {"track name", "artist name", "playlist name"},
    "Deezer": {"song title", "listening time"},
    "Soundiiz": {"title", "artist", "album", "isrc"},
}


class Heading(NamedTuple):
    """What a table is."""

    title: str
    separator: str
    columns: dict[str, int]  # role: position
    cells: list[str]  # folded
    first: int  # rows before the data: 1 with a heading, else 0


def fold(cell: str) -> str:
    """Return a heading without case and marks.

    Examples
    --------
    >>> fold("Artist Name(s)"), fold(" Duration (ms)"), fold("Date#someone")
    ('artist name s', 'duration ms', 'date')
    """
    return re.sub(r"[\W_]+", " ", cell.split("#")[0].casefold()).strip()


def heading_of(head: str) -> Heading | None:
    """Return what a table is by its first lines, None where it names no artists."""
    first = [line for line in head.splitlines()[:6] if line.strip()]
    for separator in SEPARATORS:
        rows = list(csv.reader(first, delimiter=separator)) if first else []
        if not rows or len(rows[0]) < 2:
            continue
        cells = [fold(cell) for cell in rows[0]]
        if found := heading_from(cells, separator):
            return found
        if found := _without_heading(rows, separator):
            return found
    return None


def heading_from(cells: Sequence[str], separator: str) -> Heading | None:
    """Return what a table is by its folded headings, None where they name no artist."""
    columns: dict[str, int] = {}
    for role, headings in _COLUMNS.items():  # of several that fit, the one first in the list
        for heading in headings.split("|"):
            if heading in cells:
                columns.setdefault(role, cells.index(heading))
    if "artist" not in columns or len(columns) < 2:
        return None
    title = next((title for title, words in _KINDS.items() if words <= set(cells)), "a table of songs")
    return Heading(title, separator, columns, list(cells), 1)


def _without_heading(rows: list[list[str]], separator: str) -> Heading | None:
    """Recognise artist, album, song, time: scrobbles as an exporter without heading writes them."""
    full = [row for row in rows if len(row) == 4]
    times = [seconds(row[3])[0] for row in full]
    if len(full) < len(rows) - 1 or not any(time is not None and time > 10**8 for time in times):
        return None
    columns = {"artist": 0, "album": 1, "track": 2, "time": 3}
    return Heading("Last.fm scrobbles, by the minute", separator, columns, [], 0)


def read_table(stream: IO[bytes], heading: Heading, into: Collector) -> None:
    """Read a text table, row by row."""
    text = (line.replace("\0", "") for line in lines(stream))
    before = csv.field_size_limit(LONGEST_CELL)  # of the whole process: others have theirs
    try:
        rows = csv.reader(text, delimiter=heading.separator)
        for _ in range(heading.first):
            next(rows, None)
        read_rows(_whole_rows(rows, into), heading, into)
    finally:
        csv.field_size_limit(before)


def _whole_rows(rows: Iterator[list[str]], into: Collector) -> Iterator[list[str]]:
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            into.left_out["rows that are damaged"] += 1


def read_rows(rows: Iterator[Sequence[Any]], heading: Heading, into: Collector) -> None:
    """Add the rows of a table; without a column of times or counts they are saved songs, not plays."""
    at = heading.columns
    timed = "time" in at
    for row in rows:
        cell = {role: row[place] if place < len(row) else "" for role, place in at.items()}
        artist = str(cell["artist"] or "").strip()
        if not any(row):
            continue
        if not artist:
            into.left_out["rows without an artist"] += 1
            continue
        state, when = PLAY if timed or "plays" in at else SAVED, None
        if timed:
            when, zoned = seconds(cell["time"])
            if when is None and not str(cell["time"] or "").strip() and heading.title.startswith("Last.fm"):
                into.left_out["playing at the time of the export"] += 1
                continue
            into.no_zone += not zoned and heading.columns["time"] != _position(heading, "utc time")
        ms = _milliseconds(cell)
        if ms == 0:
            into.left_out["nothing was heard"] += 1
            continue
        names = artist.split(";") if heading.title == "Exportify" else [artist]
        for _ in range(_times(cell.get("plays"))):
            into.add(when, ", ".join(name.strip() for name in names), str(cell.get("track") or "").strip(),
                     str(cell.get("album") or "").strip(), ms, state)  # fmt: skip


def _position(heading: Heading, name: str) -> int:
    return heading.cells.index(name) if name in heading.cells else -1


def _milliseconds(cell: dict[str, Any]) -> int | None:
    for role, factor in (("seconds", 1000), ("ms", 1)):
        try:
            return int(float(cell[role]) * factor)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return None


def _times(value: Any) -> int:
    """Return how often a row counts: what its column of plays says, else once."""
    text = str(value or "").strip()
    return min(max(int(text), 0), 100_000) if re.fullmatch(r"\d{1,9}", text) else 1
