"""Invented playlists straight into tables: what `ingest` makes of simulated slices, without writing the slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.files import locked
from musicrec.playlists.export import ABOUT, finish
from musicrec.playlists.merge import DATABASE, Merger
from musicrec.playlists.simulated import SLICE, Block, block, duration, world

COMMIT = 20  # blocks written at a time


def simulate(
    folder: Path,
    n_playlists: int,
    seed: int,
    *,
    jobs: int = 1,
    told: Callable[[str, float], None] = lambda what, share: None,
) -> dict[str, Any]:
    """Draw playlists into a folder of tables; the same as reading the slices of `write_slices`, only faster.

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
        The report, see `musicrec.playlists.export.report`.

    Raises
    ------
    FileExistsError
        When the folder holds playlists.
    BusyError
        When another process writes there.
    """
    with locked(folder / ".lock", f"another process is writing to {folder}; wait for it, or name another folder"):
        if (folder / ABOUT).exists() or (folder / DATABASE).exists():
            raise FileExistsError(f"{folder} holds playlists; name a new folder for invented ones")
        beside = folder / f".{DATABASE}"
        beside.unlink(missing_ok=True)
        merger = Merger(folder, database=beside.name)
        try:
            _draw(merger, n_playlists, seed, jobs, told)
        except BaseException:
            merger.close()
            beside.unlink(missing_ok=True)
            raise
        merger.close()
        beside.replace(folder / DATABASE)
        merger = Merger(folder)
        try:
            return finish(folder, merger.connection, told)
        finally:
            merger.close()


def _draw(merger: Merger, n_playlists: int, seed: int, jobs: int, told: Callable[[str, float], None]) -> None:
    number = np.full(world().tracks_of[-1], -1, np.int32)  # of each track of the world, in the order of arrival
    arrived: list[NDArray[np.int64]] = []
    n = 0
    for place, part in enumerate(_blocks(n_playlists, seed, jobs)):
        # in the order of arrival, as an ingest of the same slices numbers them
        fresh, first = np.unique(part.tracks, return_index=True)
        fresh = part.tracks[np.sort(first[number[fresh] < 0])]
        number[fresh] = n + np.arange(len(fresh), dtype=np.int32)
        arrived.append(fresh)
        n += len(fresh)
        if place % COMMIT == 0:
            merger.connection.begin()
        _add(merger, part, number[part.tracks])
        if place % COMMIT == COMMIT - 1 or (place + 1) * SLICE >= n_playlists:
            merger.connection.commit()
        told("drawing playlists", min(1.0, (place + 1) * SLICE / n_playlists))
    _add_tracks(merger, np.concatenate(arrived))


def _blocks(n_playlists: int, seed: int, jobs: int) -> Iterator[Block]:
    from musicrec.parallel import parallel_map

    sizes = [min(SLICE, n_playlists - start) for start in range(0, n_playlists, SLICE)]
    if jobs == 1:
        yield from (block(number, n, seed) for number, n in enumerate(sizes))
        return
    for start in range(0, len(sizes), COMMIT):  # so that no more than these wait to be written
        some = list(enumerate(sizes))[start : start + COMMIT]
        yield from parallel_map(partial(_one, seed=seed), some, jobs)


def _one(numbered: tuple[int, int], seed: int) -> Block:
    return block(*numbered, seed)


def _add(merger: Merger, part: Block, tracks: NDArray[np.int32]) -> None:
    pids = part.playlists["pid"]
    starts = np.repeat(np.cumsum(part.sizes) - part.sizes, part.sizes)
    entries = {
        "playlist_id": np.repeat(pids, part.sizes),
        "pos": (np.arange(len(tracks)) - starts).astype(np.int32),
        "track": tracks,
    }
    merger.insert("entries", entries)
    columns = {name: value for name, value in part.playlists.items() if name not in ("pid", "name")}
    named = {"playlist_id": pids, "playlist_name": pd.Series(part.playlists["name"], dtype=object)}
    more = {"num_tracks": part.sizes, "collaborative": False, "digest": np.zeros(len(pids), np.uint64)}
    merger.insert("playlists", {**named, **columns, **more, "slice": np.full(len(pids), int(pids[0]) // SLICE)})
    merger.connection.execute(
        "insert into slices values (?, 'simulated', 0, 0, ?, ?, [], true)",
        [f"block {int(pids[0]) // SLICE}", len(pids), len(tracks)],
    )


def _add_tracks(merger: Merger, tracks: NDArray[np.int64]) -> None:
    """Write the facts of tracks of the world, in the order of their numbers."""
    artists = np.searchsorted(world().tracks_of, tracks, side="right") - 1
    albums = artists * 100 + (tracks - world().tracks_of[artists]) // 10
    numbers = {}
    for kind, values in (("artist", artists), ("album", albums)):
        distinct, first, places = np.unique(values, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order))
        numbers[kind] = rank[places]
        frame = pd.DataFrame({"id": np.arange(len(order)), "world": distinct[order]})
        merger.connection.execute(
            f"insert into {kind}s select id, format('spotify:{kind}:{{:022d}}', world), "
            f"format('{kind.title()} {{}}', world) from frame"
        )
    frame = pd.DataFrame(  # noqa: F841
        {"id": np.arange(len(tracks)), "world": tracks, **numbers, "duration_ms": duration(tracks)}
    )
    merger.connection.execute(
        "insert into track_facts select id, format('spotify:track:{:022d}', world), format('Track {}', world), artist, "
        "album, duration_ms from frame"
    )
