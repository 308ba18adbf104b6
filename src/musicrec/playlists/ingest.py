"""Slices into tables: read by several processes, written by one, a slice at a time, so that a stop loses nothing."""

from __future__ import annotations

import array
import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from musicrec.files import locked
from musicrec.histories.containers import HistoryError
from musicrec.playlists.export import finish, unfinish
from musicrec.playlists.merge import COLUMNS, Columns, Merger
from musicrec.playlists.parse import Playlist, Track, parse
from musicrec.playlists.slices import Slice

WORTH_A_PROCESS = 50_000_000  # bytes of slices from which on starting processes pays
_TRACK = [field for field in Track.__struct_fields__ if field != "pos"]


def ingest(
    slices: list[Slice],
    folder: Path,
    *,
    strict: bool = False,
    jobs: int | None = None,
    told: Callable[[str, float], None] = lambda what, share: None,
) -> dict[str, Any]:
    """Read slices into a folder of tables; those that are in already are not read again.

    The folder holds a database and, once all slices are in, the Parquet files of `musicrec.playlists.export`.

    Parameters
    ----------
    slices : list of Slice
        See `musicrec.playlists.slices.find`.
    folder : Path
        Made when missing.
    strict : bool
        Whether the first thing wrong with a slice ends it all, before anything of that slice is written.
    jobs : int, optional
        Processes that read; by default as many as there are cores when there is much to read.
    told : callable
        Is told what is being done and which share of it is done.

    Returns
    -------
    dict
        The report, see `musicrec.playlists.export.report`.

    Raises
    ------
    BusyError
        When another process writes there.
    HistoryError
        When a slice that is in has changed since; under `strict` also at the first problem.
    """
    refusal = f"another process is writing to {folder}; wait for it, or name another folder"
    with locked(folder / ".lock", refusal):
        merger = Merger(folder)
        try:
            left = _left(slices, merger, folder)
            if left:
                unfinish(folder, merger.connection)  # what was made of fewer slices is no longer true
            _read_all(left, merger, strict=strict, jobs=jobs, told=told)
            return finish(folder, merger.connection, told)
        finally:
            merger.close()


def _left(slices: list[Slice], merger: Merger, folder: Path) -> list[Slice]:
    """Return the slices that are not in yet."""
    done, left = merger.done(), []
    for each in slices:
        before = done.get((str(each.path.resolve()), each.name))
        if before is None:
            left.append(each)
        elif before != (each.size, each.stamp):
            raise HistoryError(
                f"{each.name} is not what it was when it was read into {folder}; read all slices into a new folder"
            )
    return left


def _read_all(
    slices: list[Slice], merger: Merger, *, strict: bool, jobs: int | None, told: Callable[[str, float], None]
) -> None:
    size, read, began = sum(each.size for each in slices), 0, time.monotonic()
    if jobs is None:
        jobs = (os.cpu_count() or 1) if size > WORTH_A_PROCESS else 1
    for each, packed in _columns(slices, jobs):
        columns = msgspec.msgpack.decode(packed, type=Columns)
        new, problems = merger.problems(each, columns)
        if strict and problems:
            raise HistoryError(f"{each.name}: {problems[0]}")
        merger.add(each, columns, new, problems)
        read += each.size
        rate = read / 1e6 / max(time.monotonic() - began, 1e-3)
        told(f"{each.name}, {rate:,.0f} MB/s", read / max(size, 1))


def _columns(slices: list[Slice], jobs: int) -> Iterator[tuple[Slice, bytes]]:
    """Yield what each slice holds, in order; a few are read ahead and no more, however slowly they are taken."""
    if jobs == 1 or len(slices) < 2:
        yield from ((each, read_slice(each)) for each in slices)
        return
    waiting: deque[tuple[Slice, Future[bytes]]] = deque()
    with _processes(min(jobs, len(slices))) as pool:
        for each in slices:
            waiting.append((each, pool.submit(read_slice, each)))
            if len(waiting) > jobs + 1:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # fresh ones: a copy of this process would hold its open database, too
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def read_slice(each: Slice) -> bytes:
    """Read one slice; return its `Columns`, packed for the way to another process."""
    try:
        playlists, problems, simulated = parse(each.read())
    except HistoryError as error:
        playlists, problems, simulated = [], [str(error).removeprefix(f"{each.name} ")], False
    numbers: dict[str, int] = {}
    distinct: list[Track] = []
    codes, positions = array.array("i"), array.array("i")
    digests, sizes = [], []
    for playlist in playlists:
        tracks = playlist.tracks or []
        uris = [track.track_uri or "" for track in tracks]
        before = len(numbers)
        found = [numbers.setdefault(uri, len(numbers)) for uri in uris]
        if len(numbers) > before:
            new = dict(zip(found, tracks, strict=True))
            distinct += [new[number] for number in range(before, len(numbers))]
        codes.extend(found)
        positions.extend(
            place if (pos := track.pos) is None or not 0 <= pos < 1 << 31 else pos for place, track in enumerate(tracks)
        )
        digest = hashlib.blake2b("\n".join([playlist.name or "", *uris]).encode("utf-8", "replace"), digest_size=8)
        digests.append(int.from_bytes(digest.digest(), "big"))
        sizes.append(len(tracks))
    columns = Columns(
        {name: [_value(playlist, field) for playlist in playlists] for name, field in COLUMNS.items()},
        digests,
        sizes,
        positions.tobytes(),
        codes.tobytes(),
        {name: [getattr(track, name) for track in distinct] for name in _TRACK},
        problems,
        simulated,
    )
    return msgspec.msgpack.encode(columns)


def _value(playlist: Playlist, field: str) -> Any:
    value = getattr(playlist, field)
    if field == "collaborative" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value
