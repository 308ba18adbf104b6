"""Files, folders and archives as a stream of files, read where they lie: nothing is unpacked to disk.

An archive is somebody else's input. Names that point out of it, members that unpack to a hundred times their size,
locks and damage are noticed before anything is read.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

MOST_TIMES = 100  # as much as its packed size a member may unpack to
SMALL = 1 << 20  # bytes that are let pass however well they are packed
MOST_FILES = 100_000
DEEPEST = 2  # archives within archives, as Apple packs them
DAMAGED = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, NotImplementedError, RuntimeError)


class HistoryError(ValueError):
    """A history that cannot be read: what was wrong, where, and what to do."""


@dataclass(frozen=True)
class Part:
    """One file, on disk or in an archive."""

    name: str  # for messages: "export.zip/listens/2024/1.jsonl"
    chosen: bool  # whether the reader named this very file; then even a plain list is taken for a history
    stream: IO[bytes]


def parts_of(path: Path, notes: list[str]) -> Iterator[Part]:
    """Yield the files of a path one after the other, each open until the next is asked for.

    Parameters
    ----------
    path : Path
        A file, an archive or a folder.
    notes : list of str
        Gets a sentence for each file that cannot be used.

    Raises
    ------
    HistoryError
        When there is nothing there, or an archive is damaged or dangerous.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            hidden = any(part.startswith((".", "__MACOSX")) for part in relative.parts)
            if file.is_file() and not file.is_symlink() and not hidden:
                with file.open("rb") as stream:
                    yield from _within(stream, f"{path.name}/{relative.as_posix()}", notes, chosen=False)
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror).lower()
        raise HistoryError(f"{path} cannot be read: {reason}; name the file or folder of your export") from error
    with stream:
        yield from _within(stream, path.name, notes, chosen=True)


def _within(stream: IO[bytes], name: str, notes: list[str], *, chosen: bool, depth: int = 0) -> Iterator[Part]:
    try:
        head = stream.read(4)
        stream.seek(0)
    except DAMAGED as error:
        notes.append(f"{name} is damaged and was left out ({error})")
        return
    if head[:2] == b"\x1f\x8b":
        packed = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        limited = Limited(gzip.GzipFile(fileobj=stream), SMALL + MOST_TIMES * packed, name)
        yield Part(name, chosen, cast(IO[bytes], limited))
    elif head == b"PK\x03\x04" or head == b"PK\x05\x06":
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError) as error:
            raise HistoryError(f"{name}: the archive is damaged or was not loaded to its end ({error})") from error
        with archive:
            if "xl/workbook.xml" in archive.namelist():
                check_archive(archive, name)
                stream.seek(0)
                yield Part(name, chosen, stream)
            else:
                yield from _members(archive, name, notes, depth)
    else:
        yield Part(name, chosen, stream)


def _members(archive: zipfile.ZipFile, name: str, notes: list[str], depth: int) -> Iterator[Part]:
    check_archive(archive, name)
    for member in sorted(archive.infolist(), key=lambda each: each.filename):
        place = f"{name}/{member.filename}"
        at = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or "__MACOSX" in at.parts or at.name.startswith("."):
            continue
        if at.is_absolute() or ".." in at.parts or ":" in at.parts[0]:
            notes.append(f"{name}: {member.filename!r} points out of the archive and was left out")
        elif member.flag_bits & 1:
            notes.append(f"{place} is locked with a password; unpack it yourself and name the folder")
        elif member.filename.lower().endswith(".zip") and depth >= DEEPEST:
            notes.append(f"{place} is an archive within archives and was left out; unpack it yourself")
        else:
            try:
                stream = archive.open(member)
            except DAMAGED as error:
                notes.append(f"{place} is damaged and was left out ({error})")
                continue
            with stream:
                yield from _within(stream, place, notes, chosen=False, depth=depth + 1)


def check_archive(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an archive that would unpack to far more than there is.

    Raises
    ------
    HistoryError
        When it holds too many files, or one that unpacks to over a hundred times its size.
    """
    members = archive.infolist()
    if len(members) > MOST_FILES:
        raise HistoryError(f"{name} holds {len(members):,} files; no export has so many")
    for member in members:
        if member.file_size > SMALL and member.file_size > MOST_TIMES * max(member.compress_size, 1):
            raise HistoryError(
                f"{name}: {member.filename!r} would unpack to {member.file_size / max(member.compress_size, 1):,.0f} "
                "times its size; no export does, so nothing was read"
            )
    packed = sum(member.compress_size for member in members)
    if len(members) > 1 and sum(member.file_size for member in members) > SMALL + MOST_TIMES * max(packed, 1):
        raise HistoryError(f"{name} would unpack to over {MOST_TIMES} times its size; nothing was read")


class Replay(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self.head, self.rest = head, rest

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; return the number of bytes."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        piece = self.head[: len(view)] if self.head else self.rest.read(len(view))
        self.head = self.head[len(piece) :] if self.head else b""
        view[: len(piece)] = piece
        return len(piece)


class Limited(io.RawIOBase):
    """A stream that refuses to give more than it should: what a gzip file unpacks to is known only at its end."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, most: int, name: str) -> None:
        self.stream, self.left, self.name = stream, most, name

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer; return the number of bytes.

        Raises
        ------
        HistoryError
            When more was given than an honest file holds.
        """
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        piece = self.stream.read(len(view))
        self.left -= len(piece)
        if self.left < 0:
            raise HistoryError(f"{self.name} unpacks to over {MOST_TIMES} times its size; no export does")
        view[: len(piece)] = piece
        return len(piece)
