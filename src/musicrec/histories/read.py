"""Reading histories of any kind: files, archives and folders, told apart by what is in them."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, cast

from musicrec.histories.apple import AppleHistory, is_activity, is_daily
from musicrec.histories.containers import DAMAGED, HistoryError, Part, Replay, parts_of
from musicrec.histories.duplicates import without_duplicates
from musicrec.histories.json_formats import json_format
from musicrec.histories.json_stream import BrokenError
from musicrec.histories.plays import STATES, Collector, Plays
from musicrec.histories.tables import fold, heading_of, read_table
from musicrec.histories.text import decode, encoding_of, lines
from musicrec.histories.workbook import read_workbook

HEAD = 1 << 16  # bytes of a file that say what it is
LONGEST_LIST = 100_000  # lines
LOOKED_FOR = (
    "Spotify (extended history, account data, library, playlists), Last.fm as CSV or JSON, ListenBrainz, YouTube Music "
    "(JSON), Deezer (.xlsx), Apple Music, CSV of Exportify, Soundiiz and TuneMyMusic, and a plain list of artists"
)
Say = Callable[[str], None]


class Source(Protocol):
    """A history that lies in no file: an account that is read over the network."""

    name: str  # whose it is
    title: str  # the format

    def read(self, into: Collector, say: Say | None = None) -> None:
        """Add its rows to a collector, and say how many there are as it goes."""


@dataclass
class History:
    """What was read, and what there is to say about it.

    Attributes
    ----------
    plays : Plays
        One row for each play, skip or saved song; each once, however many files have it.
    listed : list of str
        Lines of plain lists of artists, which only a catalogue of artists can read.
    files : list of (str, str, int)
        Name, format and number of rows of each file that was read.
    left_out : Counter
        Rows that say nothing about taste in music, by reason.
    notes : list of str
        Sentences on what is uncertain or could not be read.
    """

    plays: Plays
    listed: list[str] = field(default_factory=list)
    files: list[tuple[str, str, int]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def read_history(
    paths: Iterable[str | Path], *, sources: Iterable[Source] = (), say: Say | None = None, now: float | None = None
) -> History:
    """Read one history out of files, archives and folders, and accounts.

    Nothing is written anywhere, and names in the files are never more than text.

    Parameters
    ----------
    paths : iterable of path-like
        What the reader has; rows that several of them hold count once.
    sources : iterable of Source
        Accounts that are read too.
    say : callable, optional
        Told the name of each file before it is read.
    now : float, optional
        Seconds since 1970; plays later than this have no time. By default the clock's.

    Raises
    ------
    HistoryError
        When nothing in them is a history, or an archive is damaged or dangerous.
    """
    into, apple = Collector(int(time.time() if now is None else now)), AppleHistory()
    history = History(into.plays())
    others: list[str] = []
    for path in dict.fromkeys(map(Path, paths)):
        for part in parts_of(path, history.notes):
            before = len(into) + len(apple)
            if say:
                say(part.name)
            try:
                title = _read_part(part, into, apple, history.listed)
                if title is None:
                    _drain(part.stream)
            except (BrokenError, *DAMAGED) as error:
                title = "damaged"
                rows = len(into) + len(apple) - before
                history.notes.append(f"{part.name} is damaged ({error}); {rows:,} rows could be read")
            if title is None:
                others.append(part.name)
                continue
            history.files.append((part.name, title, len(into) + len(apple) - before))
    for source in sources:
        before = len(into)
        source.read(into, say)
        history.files.append((source.name, source.title, len(into) - before))
    if apple:
        into.begin("Apple Music")
        if note := apple.join(into):
            history.notes.append(note)
    history.plays = into.plays()
    history.left_out = into.left_out
    _finish(history, into, others)
    return history


def _finish(history: History, into: Collector, others: list[str]) -> None:
    """Drop rows that are there twice, count what does not speak for taste, and refuse what holds nothing."""
    if not history.files:
        found = f"; found {_some(others)}" if others else ""
        more = f" ({history.notes[0]})" if history.notes else ""
        raise HistoryError(f"nothing here is a listening history{more}. Looked for: {LOOKED_FOR}{found}")
    history.plays, twice = without_duplicates(history.plays)
    if twice:
        history.left_out["rows that another file has too"] += twice
    for state, name in enumerate(STATES):
        rows = int((history.plays.state == state).sum())
        if name in ("skips", "private sessions") and rows:
            history.left_out[name] += rows
    if into.odd_times:
        history.notes.append(f"{into.odd_times:,} rows have a time before 2000 or in the future; they count without it")
    if into.no_zone:
        history.notes.append(f"{into.no_zone:,} times do not say their zone and are taken as UTC")
    if others:
        history.notes.append(f"no listening history in {_some(others)}")
    if not history.plays.liked.any() and not history.listed:
        reasons = ", ".join(f"{count:,} × {reason}" for reason, count in history.left_out.most_common())
        more = f"; left out: {reasons}" if reasons else ""
        notes = f"; {'; '.join(history.notes)}" if history.notes else ""
        raise HistoryError(f"this history holds no play of music{more}{notes}")


def _some(names: list[str], n: int = 3) -> str:
    return ", ".join(names[:n]) + (f" and {len(names) - n:,} more" if len(names) > n else "")


def _read_part(part: Part, into: Collector, apple: AppleHistory, listed: list[str]) -> str | None:
    """Read one file; return what it is, None where it is no history."""
    head = _filled(part.stream, HEAD)
    stream = cast(IO[bytes], io.BufferedReader(Replay(head, part.stream), 1 << 20))
    if head[:2] == b"PK":
        into.begin("Deezer")
        part.stream.seek(0)
        return "Deezer" if read_workbook(part.stream, into) else None
    encoding, mark = encoding_of(head)
    text = decode(head[mark:]) if encoding == "utf-8" else head[mark:].decode(encoding, "ignore")
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        found = json_format(text)
        if found is None:
            return None
        into.begin(found.title)
        found.read(stream, into)
        return found.title
    if start in ("", "<", "%", "\0") or "\0" in text[:1000]:
        return None
    return _read_text(text, stream, part, into, apple, listed)


def _read_text(
    text: str, stream: IO[bytes], part: Part, into: Collector, apple: AppleHistory, listed: list[str]
) -> str | None:
    cells = {fold(cell) for cell in next(csv.reader(text.splitlines()[:1]), [])}
    if is_activity(cells):
        apple.read_activity(stream, into)
        return "Apple Music"
    if is_daily(cells):
        apple.read_daily(stream, into)
        return "Apple Music"
    if heading := heading_of(text):
        into.begin(heading.title)
        read_table(stream, heading, into)
        return heading.title
    if not part.chosen:  # a text that merely lies beside a history is no list of artists
        return None
    for number, line in enumerate(lines(stream)):
        if number >= LONGEST_LIST:
            raise HistoryError(f"{part.name} is read as a list of artists, but has over {LONGEST_LIST:,} lines")
        listed.append(line)
    return "a list of artists"


def _drain(stream: IO[bytes], most: int = 1 << 26) -> None:
    """Read on to the end of a file nobody understood: a checksum there tells the damaged from the other ones."""
    while most > 0 and (piece := stream.read(1 << 20)):
        most -= len(piece)


def _filled(stream: IO[bytes], size: int) -> bytes:
    """Read as many bytes as there are, up to a number; a stream may give fewer at a time."""
    pieces, got = [], 0
    while got < size and (piece := stream.read(size - got)):
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)
