"""The tables of an ingest as playlists for the systems."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists
from musicrec.playlists.export import ABOUT, FILES

SAMPLES = ("random", "seeded")
ITEMS = ("tracks", "artists")
AT_ONCE = 20_000  # playlists that are read at a time


def about(folder: Path) -> dict[str, Any]:
    """Return the report of a folder of tables.

    Raises
    ------
    ValueError
        When the folder is none, or its ingest was not finished.
    """
    path = folder / ABOUT
    if not path.exists():
        begun = any((folder / name).exists() for name in ("parts", ".lock"))
        what = (
            "an ingest that was not finished: run it again"
            if begun
            else "no playlists; see `musicrec playlists ingest`"
        )
        raise ValueError(f"{folder} holds {what}")
    return json.loads(path.read_text(encoding="utf-8"))


def view(connection: duckdb.DuckDBPyConnection, folder: Path, names: Iterable[str] = FILES) -> None:
    """Show tables of an ingest to a database, each as a view of its name; nothing is read before it is asked for."""
    for name in names:
        connection.read_parquet(str(folder / f"{name}.parquet")).create_view(name)


def load(
    folder: Path, n: int | None = None, *, sample: str = "random", seed: int = 0, items: str = "tracks"
) -> Playlists:
    """Read playlists from the tables of an ingest.

    Some thousand playlists are read at a time: what is needed beside the result does not grow with their number. All
    of the Million Playlist Dataset takes 12 bytes an entry and the addresses of the tracks, about 1.2 GB.

    Parameters
    ----------
    folder : Path
        See `musicrec.playlists.ingest`.
    n : int, optional
        How many playlists; by default all. Tracks that none of them holds are left out.
    sample : {"random", "seeded"}
        Which, when there are more: drawn at random, or first those that hold the best known track, as the two samples
        of `playlist-nncf` did.
    seed : int
        Of the draw.
    items : {"tracks", "artists"}
        What playlists are made of.

    Returns
    -------
    Playlists
        What a playlist holds more than once stands where it stands first.

    Raises
    ------
    ValueError
        When the folder holds no finished ingest, or fewer playlists hold the best known track than `n`.
    """
    about(folder)
    for name, value, allowed in (("sample", sample, SAMPLES), ("items", items, ITEMS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    with duckdb.connect(config={"memory_limit": "600MB"}) as connection:
        view(connection, folder)
        table = connection.execute(
            "select playlist_id, coalesce(playlist_name, '') as title, coalesce(modified_at, 0) as modified_at "
            "from playlists order by playlist_id"
        ).df()
        if n is not None and n < len(table):
            among = holders(connection) if sample == "seeded" else table["playlist_id"].to_numpy()
            if len(among) < n:
                raise ValueError(f"{len(among):,} playlists hold the best known track, fewer than {n:,}")
            chosen = choose(among, n, seed)
            table = table[table["playlist_id"].isin(chosen)].reset_index(drop=True)
        artists = connection.execute("select artist from tracks order by id").fetchnumpy()["artist"]
        artist_of = np.asarray(artists, np.int32)
        numbers = table["playlist_id"].to_numpy(np.int64)
        indptr, indices, places = _cells(connection, numbers, artist_of if items == "artists" else None)
        used = np.flatnonzero(np.bincount(indices, minlength=len(artist_of)))
        connection.register("used", {"id": used})
        label = items.removesuffix("s")
        labels = connection.execute(f"select {label} from {items} semi join used using (id) order by id").df()[label]
    renamed = np.zeros(len(artist_of), np.int32)
    renamed[used] = np.arange(len(used), dtype=np.int32)
    matrix = sp.csr_array((np.ones(len(indices), np.float32), renamed[indices], indptr), shape=(len(table), len(used)))
    return Playlists(
        Interactions(matrix, numbers, labels.to_numpy(dtype=object)),
        places,
        table["title"].to_numpy(dtype=object),
        (artist_of[used] if items == "tracks" else used).astype(np.int64),
        table["modified_at"].to_numpy(np.int64),
    )


def _cells(
    connection: duckdb.DuckDBPyConnection, numbers: NDArray[np.int64], item_of: NDArray[np.int32] | None
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return where each playlist begins, its items in rising order, and the first place of each.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    numbers : numpy.ndarray, shape (n_playlists,)
        The playlists, rising.
    item_of : numpy.ndarray, shape (n_tracks,), optional
        What stands for each track.
    """
    connection.register("chosen", {"playlist_id": numbers})
    total = connection.execute("select count(*) from entries semi join chosen using (playlist_id)").fetchone()
    indices, places = np.empty((total or (0,))[0], np.int32), np.empty((total or (0,))[0], np.int32)
    sizes, end = np.zeros(len(numbers), np.int64), 0
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        entries = connection.execute(
            "select playlist_id, pos, track from entries semi join chosen using (playlist_id) "
            "where playlist_id between ? and ?",
            [int(some[0]), int(some[-1])],
        ).fetchnumpy()
        rows = np.searchsorted(some, np.asarray(entries["playlist_id"], np.int64))
        found = np.asarray(entries["track"] if item_of is None else item_of[entries["track"]])
        order = np.lexsort((entries["pos"], found, rows))
        rows, found = rows[order], found[order]
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (found[1:] != found[:-1])
        begin, end = end, end + int(first.sum())
        indices[begin:end], places[begin:end] = found[first], entries["pos"][order][first]
        sizes[start : start + AT_ONCE] = np.bincount(rows[first], minlength=len(some))
    return np.concatenate([[0], np.cumsum(sizes)]), indices[:end], places[:end]


def holders(connection: duckdb.DuckDBPyConnection) -> NDArray[np.int64]:
    """Return the playlists that hold the best known track, rising."""
    found = connection.execute(
        "select distinct playlist_id from entries where track = "
        "(select id from tracks order by num_member desc, id limit 1) order by playlist_id"
    ).fetchnumpy()
    return np.asarray(found["playlist_id"], np.int64)


def choose(playlists: NDArray[np.int64], n: int, seed: int) -> NDArray[np.int64]:
    """Draw n of some playlists, rising; all where there are no more."""
    if n >= len(playlists):
        return playlists
    return np.sort(np.random.default_rng(seed).choice(playlists, n, replace=False))
