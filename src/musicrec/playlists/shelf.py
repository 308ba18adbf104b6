"""The parts that were read so far, each with a record that is written last: what has none was never read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from musicrec.files import write_text
from musicrec.playlists.part import Numbers, path_of
from musicrec.playlists.slices import Slice

PARTS = "parts"
NAMED = 20  # playlists of a slice that are named when others have their numbers; the rest is counted


class Record(msgspec.Struct):
    """What is known of a slice that was read.

    Attributes
    ----------
    name, place : str
        What messages call it, and the file or archive.
    size, stamp : int
        See `Slice`.
    content : str
        A digest of its playlists; equal for a copy, whatever its name, layout and time.
    playlists, entries : int
    problems : list of str
        What is wrong with it, without regard to others.
    simulated : bool
    replaced : bool
        Whether the file has changed since and was read again; the tracks it told of may be needed all the same.
    """

    name: str
    place: str
    size: int
    stamp: int
    content: str
    playlists: int
    entries: int
    problems: list[str]
    simulated: bool
    replaced: bool = False


class Shelf:
    """The records of a folder.

    Parameters
    ----------
    folder : Path
        That of the tables.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / PARTS
        self.folder.mkdir(parents=True, exist_ok=True)
        self.records: list[Record] = []
        while (path := path_of(self.folder, len(self.records), "json")).exists():
            self.records.append(msgspec.json.decode(path.read_bytes(), type=Record))

    def add(self, record: Record) -> None:
        """Note that the next part was read."""
        self.records.append(record)
        self._write(len(self.records) - 1)

    def _write(self, number: int) -> None:
        write_text(path_of(self.folder, number, "json"), msgspec.json.encode(self.records[number]).decode())

    def find(self, each: Slice) -> int | None:
        """Return the part of a slice that was read as it is now, None where it must be read.

        A file that was moved is known by its name, size and time, unless there still is one at the old place.
        """
        for number, record in self.active():
            same = (record.name, record.size, record.stamp) == (each.name, each.size, each.stamp)
            if same and (record.place == str(each.path.resolve()) or not Path(record.place).exists()):
                return number
        return None

    def before(self, each: Slice) -> list[int]:
        """Return the parts that were read from the same file, whatever it holds now."""
        return [n for n, r in self.active() if (r.place, r.name) == (str(each.path.resolve()), each.name)]

    def same(self, record: Record) -> list[int]:
        """Return the parts of slices that have the name and the playlists of another: it was moved or touched."""
        return [n for n, r in self.active() if (r.name, r.content) == (record.name, record.content)]

    def update(self, number: int, **values: object) -> None:
        """Change what is known of a slice."""
        self.records[number] = msgspec.structs.replace(self.records[number], **values)
        self._write(number)

    def active(self) -> list[tuple[int, Record]]:
        """Return the records that count, by number."""
        return [(number, record) for number, record in enumerate(self.records) if not record.replaced]


class Sifted(NamedTuple):
    """Which playlists of a slice count, shape (n_playlists,), and what is to be said of the others."""

    kept: NDArray[np.bool_]
    problems: list[str]


class Sieve:
    """Lets every playlist number through once: the first with it counts."""

    def __init__(self) -> None:
        self.pids, self.digests = np.zeros(0, np.int64), np.zeros(0, np.uint64)
        self.parts = np.zeros(0, np.int32)
        self.names: list[str] = []

    def sift(self, numbers: Numbers, name: str) -> Sifted:
        """Return which playlists of the next slice count; they are known from then on."""
        at = np.searchsorted(self.pids, numbers.pids)
        known = np.zeros(len(at), bool)
        inside = at < len(self.pids)
        known[inside] = self.pids[at[inside]] == numbers.pids[inside]
        _, first, place = np.unique(numbers.pids, return_index=True, return_inverse=True)
        again = ~known & (first[place] != np.arange(len(at)))
        kept = ~known & ~again
        before = numbers.digests[first[place]]
        before[known] = self.digests[at[known]]
        copies = int((~kept & (before == numbers.digests)).sum())
        self.names.append(name)
        problems = []
        rivals = np.flatnonzero(~kept & (before != numbers.digests))
        for row in rivals[:NAMED]:
            where = self.names[self.parts[at[row]]] if known[row] else name
            problems.append(
                f"playlist {numbers.pids[row]} was left out: {where} has another one of that number, with another "
                "title or other tracks"
            )
        if len(rivals) > NAMED:
            problems.append(f"{len(rivals) - NAMED:,} more playlists were left out for the same reason")
        if copies:
            problems.append(f"{copies:,} playlists were read before, with the same tracks; each counts once")
        self._add(numbers, np.flatnonzero(kept))
        return Sifted(kept, problems)

    def _add(self, numbers: Numbers, rows: NDArray[np.int64]) -> None:
        rows = rows[np.argsort(numbers.pids[rows])]
        at = np.searchsorted(self.pids, numbers.pids[rows])
        self.pids = np.insert(self.pids, at, numbers.pids[rows])
        self.digests = np.insert(self.digests, at, numbers.digests[rows])
        self.parts = np.insert(self.parts, at, len(self.names) - 1)
