"""Invented playlists straight into tables: what `ingest` makes of simulated slices, without writing the slices."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musicrec.files import locked
from musicrec.playlists.export import ABOUT, DATABASE, finish
from musicrec.playlists.part import Fact, Numbers, Row, Written, digests_of, keys_of, lines_of, write_part
from musicrec.playlists.shelf import Record, Shelf
from musicrec.playlists.simulated import SLICE, Block, block, duration

AT_ONCE = 20  # blocks that are given out at a time
_written: dict[str, Written] = {}  # of a process that draws, by the run; one at a time


def simulate(
    folder: Path,
    n_playlists: int,
    seed: int,
    *,
    jobs: int = 1,
    told: Callable[[str, float], None] = lambda what, share: None,
) -> dict[str, Any]:
    """Draw playlists into a folder of tables; the same as reading the slices of `write_slices`, only faster.

    A run that was stopped goes on where it stopped when it is asked for the same again.

    Parameters
    ----------
    folder : Path
        New or empty: invented playlists do not mix with others.
    n_playlists : int
        Above zero.
    seed : int
    jobs : int
        Processes that draw; the playlists do not depend on it.
    told : callable
        Is told what is being done and which share of it is done.

    Returns
    -------
    dict
        The report, see `musicrec.playlists.report`.

    Raises
    ------
    FileExistsError
        When the folder holds other playlists.
    BusyError
        When another process writes there.
    """
    with locked(folder / ".lock", f"another process is writing to {folder}; wait for it, or name another folder"):
        if (folder / ABOUT).exists() or (folder / DATABASE).exists():
            raise FileExistsError(f"{folder} holds playlists; name a new folder for invented ones")
        shelf, place = Shelf(folder), f"simulated: {n_playlists} of seed {seed}"
        if any(record.place != place for record in shelf.records):
            raise FileExistsError(f"{folder} holds the beginning of other playlists; name a new folder")
        sizes = [(at // SLICE, min(SLICE, n_playlists - at)) for at in range(0, n_playlists, SLICE)]
        part = partial(_part, shelf.folder, place, seed, secrets.token_hex(8))
        for record in _records(sizes[len(shelf.records) :], part, jobs):
            shelf.add(record)
            told("drawing playlists", len(shelf.records) / len(sizes))
        return finish(folder, shelf, told)


def _records(sizes: list[tuple[int, int]], part: Callable[[tuple[int, int]], Record], jobs: int) -> Iterator[Record]:
    from musicrec.parallel import parallel_map

    if jobs == 1 or len(sizes) < 2:
        yield from map(part, sizes)
        return
    for start in range(0, len(sizes), AT_ONCE):  # so that no more than these wait for their records
        yield from parallel_map(part, sizes[start : start + AT_ONCE], jobs)


def _part(folder: Path, place: str, seed: int, run: str, numbered: tuple[int, int]) -> Record:
    """Draw one block and write its part."""
    number, n = numbered
    if run not in _written:  # a run that was stopped may have written what was never recorded
        _written.clear()
        _written[run] = Written()
    drawn = block(number, n, seed)
    distinct, first, codes = np.unique(drawn.tracks, return_index=True, return_inverse=True)
    keys = keys_of([f"spotify:track:{track:022d}" for track in distinct.tolist()])
    sizes = drawn.sizes.astype(np.int32)
    digests = digests_of(keys_of(drawn.playlists["name"].tolist()), sizes, keys[codes])
    numbers = Numbers(drawn.playlists["pid"], digests, sizes, np.zeros(0, np.int32), codes.astype(np.int32), keys)
    facts = _facts(drawn, first, keys, _written[run].fresh(keys))
    write_part(folder, number, numbers, lines_of(_rows(drawn)), lines_of(facts))
    return Record(f"block {number}", place, n, 0, "", n, len(codes), [], True)


def _rows(drawn: Block) -> list[Row]:
    columns = {name: values.tolist() for name, values in drawn.playlists.items()}
    return [
        Row(
            row, columns["pid"][row], columns["name"][row], size, columns["num_followers"][row], None, False,
            columns["modified_at"][row], columns["num_albums"][row], columns["num_artists"][row],
            columns["num_edits"][row], columns["duration_ms"][row], None, None,
        )
        for row, size in enumerate(drawn.sizes.tolist())
    ]  # fmt: skip


def _facts(drawn: Block, first: NDArray[np.int64], keys: NDArray[np.uint64], places: NDArray[np.int64]) -> list[Fact]:
    entries = first[places]
    columns = (drawn.tracks[entries], drawn.artists[entries], drawn.albums[entries], duration(drawn.tracks[entries]))
    return [
        Fact(
            key, f"spotify:track:{track:022d}", f"Track {track}", f"spotify:artist:{artist:022d}", f"Artist {artist}",
            f"spotify:album:{album:022d}", f"Album {album}", ms,
        )
        for key, track, artist, album, ms in zip(
            keys[places].tolist(), *(column.tolist() for column in columns), strict=True
        )
    ]  # fmt: skip
