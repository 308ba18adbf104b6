"""Slices into tables: read by several processes, each slice a part of its own on disk, so that a stop loses nothing."""

from __future__ import annotations

import gc
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

from musicrec.files import locked
from musicrec.histories.containers import HistoryError
from musicrec.playlists.export import finish, unfinish
from musicrec.playlists.parse import parse_in_batches
from musicrec.playlists.part import (
    Numbers,
    Written,
    facts_of,
    joined,
    lines_of,
    numbers_of,
    read_numbers,
    rows_of,
    write_part,
)
from musicrec.playlists.shelf import Record, Shelf, Sieve
from musicrec.playlists.slices import Slice

WORTH_A_PROCESS = 50_000_000  # bytes of slices from which on starting processes pays


def ingest(
    slices: list[Slice],
    folder: Path,
    *,
    strict: bool = False,
    jobs: int | None = None,
    told: Callable[[str, float], None] = lambda what, share: None,
) -> dict[str, Any]:
    """Read slices into a folder of tables; those that are in already are not read again.

    The folder holds a part for each slice and, once all slices are in, the tables of `musicrec.playlists.export`. A
    slice that has changed since it was read takes the place of what it was.

    Parameters
    ----------
    slices : list of Slice
        See `musicrec.playlists.slices.find`.
    folder : Path
        Made when missing.
    strict : bool
        Whether the first thing wrong with a slice ends it all; the slices before it stay.
    jobs : int, optional
        Processes that read; by default as many as there are cores when there is much to read.
    told : callable
        Is told what is being done and which share of it is done.

    Returns
    -------
    dict
        The report, see `musicrec.playlists.report`.

    Raises
    ------
    BusyError
        When another process writes there.
    HistoryError
        Under `strict`, at the first problem.
    """
    refusal = f"another process is writing to {folder}; wait for it, or name another folder"
    with locked(folder / ".lock", refusal):
        shelf = Shelf(folder)
        left = [each for each in slices if shelf.find(each) is None]
        if left:
            unfinish(folder)  # what was made of other slices is no longer true
            _read_all(left, shelf, strict=strict, jobs=jobs, told=told)
        return finish(folder, shelf, told)


def _read_all(
    slices: list[Slice], shelf: Shelf, *, strict: bool, jobs: int | None, told: Callable[[str, float], None]
) -> None:
    size, read, began = sum(each.size for each in slices), 0, time.monotonic()
    if jobs is None:
        jobs = (os.cpu_count() or 1) if size > WORTH_A_PROCESS else 1
    sieve = _sieve(slices, shelf) if strict else None
    for each, record in _records(slices, shelf, jobs):
        if sieve:
            numbers = read_numbers(shelf.folder, len(shelf.records))
            if problems := record.problems + sieve.sift(numbers, record.name).problems:
                raise HistoryError(f"{each.name}: {problems[0]}")
        old = {*shelf.before(each), *shelf.same(record)}
        shelf.add(record)
        for number in old:
            shelf.update(number, replaced=True)
        read += each.size
        rate = read / 1e6 / max(time.monotonic() - began, 1e-3)
        told(f"{each.name}, {rate:,.0f} MB/s", read / max(size, 1))


def _sieve(slices: list[Slice], shelf: Shelf) -> Sieve:
    """Return a sieve that knows what is in, without what is about to be replaced."""
    sieve, replaced = Sieve(), {number for each in slices for number in shelf.before(each)}
    for number, record in shelf.active():
        if number not in replaced:
            sieve.sift(read_numbers(shelf.folder, number), record.name)
    return sieve


def _records(slices: list[Slice], shelf: Shelf, jobs: int) -> Iterator[tuple[Slice, Record]]:
    """Yield the record of each slice, in order, its part written; a few are read ahead and no more."""
    numbered = list(enumerate(slices, start=len(shelf.records)))
    if jobs == 1 or len(slices) < 2:
        written = Written()
        yield from ((each, read_slice(each, number, shelf.folder, written)) for number, each in numbered)
        return
    waiting: deque[tuple[Slice, Future[Record]]] = deque()
    with _processes(min(jobs, len(slices))) as pool:
        for number, each in numbered:
            waiting.append((each, pool.submit(_read_here, each, number, shelf.folder)))
            if len(waiting) > 2 * jobs:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()


_written: Written | None = None  # of a process that reads


def _begin() -> None:
    global _written
    _written = Written()


def _read_here(each: Slice, number: int, folder: Path) -> Record:
    assert _written is not None
    return read_slice(each, number, folder, _written)


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def read_slice(each: Slice, number: int, folder: Path, written: Written) -> Record:
    """Read one slice and write its part; return the record that makes it count.

    Parameters
    ----------
    each : Slice
    number : int
        Of the part.
    folder : Path
        Of the parts.
    written : Written
        Tracks whose facts stand in a part of a lower number.
    """
    problems: list[str] = []
    found: list[Numbers] = []
    rows, facts, simulated, n = b"", b"", False, 0
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand new objects, none of which hold each other
    try:
        raw, damage = each.read()
        problems += damage
        for playlists, wrong, invented in parse_in_batches(raw):
            numbers, tracks = numbers_of(playlists)
            rows += lines_of(rows_of(playlists, n))
            facts += lines_of(facts_of(tracks, numbers.keys, written.fresh(numbers.keys)))
            found.append(numbers)
            n += len(playlists)
            problems += wrong
            simulated |= invented
    except HistoryError as error:
        problems.append(str(error).removeprefix(f"{each.name} "))
    finally:
        if collecting:
            gc.enable()
    numbers = joined(found or [numbers_of([])[0]])
    write_part(folder, number, numbers, rows, facts)
    content = hashlib.blake2b(rows + numbers.digests.tobytes(), digest_size=16).hexdigest()
    return Record(
        each.name, str(each.path.resolve()), each.size, each.stamp, content, n, len(numbers.codes),
        problems, simulated,
    )  # fmt: skip
