"""Where slices are: in a folder, in an archive, or named one by one; and what tells one from another."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from musicrec.histories.containers import DAMAGED, MOST_TIMES, SMALL, HistoryError, check_archive

ENDINGS = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
RANGE = re.compile(r"(\d+)-(\d+)")
PIECE = 1 << 26  # bytes that are read at a time
BIGGEST = 1 << 29  # bytes of one slice, which is read at once; the original's have 34 MB


class Slice(NamedTuple):
    """One file of playlists.

    Attributes
    ----------
    path : Path
        The file, or the archive that holds it.
    member : str
        Its name in the archive, "" for a file.
    size : int
        Bytes, as it lies there.
    stamp : int
        The time of its last change in nanoseconds, or its checksum in the archive; with the size it tells whether
        this is what was read before.
    """

    path: Path
    member: str
    size: int
    stamp: int

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    def read(self) -> tuple[bytes, list[str]]:
        """Return its bytes, unpacked, and a sentence when it unpacks only in part.

        Raises
        ------
        HistoryError
            When it cannot be read, is damaged from its start, or unpacks to more than any slice holds.
        """
        try:
            if not self.member:
                with self.path.open("rb") as stream:
                    return self._unpacked(stream)
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                return self._unpacked(stream)
        except DAMAGED as error:
            raise HistoryError(f"{self.name} is damaged and cannot be unpacked: {error}") from error
        except OSError as error:
            raise HistoryError(f"{self.name} cannot be read: {(error.strerror or str(error)).lower()}") from error

    def _unpacked(self, stream: IO[bytes]) -> tuple[bytes, list[str]]:
        zipped = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        packed = cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if zipped else stream
        most = min(BIGGEST, SMALL + MOST_TIMES * self.size) if zipped else BIGGEST
        pieces: list[bytes] = []
        left, damage = most, list[str]()
        while left >= 0:
            try:
                piece = packed.read1(PIECE)  # type: ignore[attr-defined]  # what stands before a damage is given
            except DAMAGED as error:
                if not pieces:
                    raise
                damage = [f"is damaged and unpacks only in part: {error}"]
                break
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        if left < 0 and most < BIGGEST:
            raise HistoryError(f"{self.name} unpacks to over {MOST_TIMES} times its size; no slice does")
        if left < 0:
            raise HistoryError(f"{self.name} holds over {BIGGEST >> 20} MiB; split it into slices of 1,000 playlists")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), damage


def find(places: Iterable[Path]) -> list[Slice]:
    """Return the slices of folders, archives and files, those of low playlists first, each once.

    Raises
    ------
    HistoryError
        When a place does not exist, an archive is damaged or dangerous, or there is no slice at all.
    """
    found: dict[tuple[Path, str], Slice] = {}
    places = list(places)
    for place in places:
        for each in _in_place(place):
            found[each.path.resolve(), each.member] = each
    if not found:
        looked = ", ".join(str(place) for place in places)
        packed = [path.name for place in places if place.is_dir() for path in place.rglob("*") if _is_packed(path)]
        hint = f"; unpack {packed[0]}, or name it instead of the folder if it is a .zip" if packed else ""
        raise HistoryError(f"no slice in {looked}: looked for files that end in {', '.join(ENDINGS)}{hint}")
    return sorted(found.values(), key=_order)


def _in_place(place: Path) -> list[Slice]:
    if place.is_dir():
        files = (path for path in place.rglob("*") if _is_member(path.relative_to(place).as_posix()))
        return [of_file(path) for path in files if path.is_file()]  # a shortcut to a file is as good as the file
    if not place.exists():
        raise HistoryError(f"{place}: there is no such file or folder")
    if not zipfile.is_zipfile(place):
        with place.open("rb") as stream:
            if stream.read(4) == b"PK\x03\x04":
                raise HistoryError(f"{place.name}: the archive was not loaded to its end, load it again")
        return [of_file(place)]
    with zipfile.ZipFile(place) as archive:
        check_archive(archive, place.name)
        members = [each for each in archive.infolist() if not each.is_dir() and _is_member(each.filename)]
        return [Slice(place, each.filename, each.file_size, each.CRC) for each in members]


def of_file(path: Path) -> Slice:
    """Return a file as a slice, whatever its name."""
    facts = path.stat()
    return Slice(path, "", facts.st_size, facts.st_mtime_ns)


def _is_member(name: str) -> bool:
    at = PurePosixPath(name)
    inside = not at.is_absolute() and not any(part.startswith((".", "__MACOSX")) for part in at.parts)
    return inside and at.name.lower().endswith(ENDINGS)


def _is_packed(path: Path) -> bool:
    return path.name.lower().endswith((".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar"))


def _order(each: Slice) -> tuple[int, int, str]:
    """By the range in the name, so that "mpd.slice.2000-2999.json" comes before that of 10000; copies last."""
    name = each.member or each.path.name
    first = RANGE.search(PurePosixPath(name).name)
    return (int(first[1]) if first else 1 << 62, len(name), each.name)
