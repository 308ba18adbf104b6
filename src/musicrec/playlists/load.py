"""The tables of an ingest as playlists for the systems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists
from musicrec.playlists.export import ABOUT, FILES

SAMPLES = ("random", "seeded")


def about(folder: Path) -> dict[str, Any]:
    """Return the report of a folder of tables.

    Raises
    ------
    ValueError
        When the folder is none, or its ingest was not finished.
    """
    path = folder / ABOUT
    if not path.exists():
        begun = any((folder / name).exists() for name in ("playlists.duckdb", ".lock"))
        what = (
            "an ingest that was not finished: run it again"
            if begun
            else "no playlists; see `musicrec playlists ingest`"
        )
        raise ValueError(f"{folder} holds {what}")
    return json.loads(path.read_text(encoding="utf-8"))


def load(folder: Path, n: int | None = None, *, sample: str = "random", seed: int = 0) -> Playlists:
    """Read playlists from the tables of an ingest.

    Needs about 40 bytes an entry while it works; all of the Million Playlist Dataset takes 3 GB.

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

    Returns
    -------
    Playlists
        A track that a playlist holds more than once stands where it stands first.

    Raises
    ------
    ValueError
        When the folder holds no finished ingest, or fewer playlists hold the best known track than `n`.
    """
    about(folder)
    if sample not in SAMPLES:
        raise ValueError(f"sample must be one of {', '.join(SAMPLES)}, not {sample!r}")
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        for name in FILES:
            connection.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        table = connection.execute(
            "select playlist_id, coalesce(playlist_name, '') as title, coalesce(modified_at, 0) as modified_at "
            "from playlists order by playlist_id"
        ).df()
        if n is not None and n < len(table):
            chosen = _choose(connection, table["playlist_id"].to_numpy(), n, sample, seed)
            table = table[table["playlist_id"].isin(chosen)].reset_index(drop=True)
            connection.register("chosen", pd.DataFrame({"playlist_id": chosen}))
            some = "semi join chosen using (playlist_id)"
        else:
            some = ""
        entries = connection.execute(
            f"select playlist_id, pos, track from entries {some} order by playlist_id, pos"
        ).fetchnumpy()
        used, columns = np.unique(entries["track"], return_inverse=True)
        connection.register("used", pd.DataFrame({"id": used}))
        songs = connection.execute("select track, artist from tracks semi join used using (id) order by id").df()
    numbers = table["playlist_id"].to_numpy(np.int64)
    rows: NDArray[np.int64] = np.searchsorted(numbers, np.asarray(entries["playlist_id"], np.int64))
    # entries come in order, so the first of equal cells is the first place
    cells, first = np.unique(rows * len(used) + columns, return_index=True)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(cells // max(len(used), 1), minlength=len(table)))])
    matrix = sp.csr_array(
        (np.ones(len(cells), np.float32), (cells % max(len(used), 1)).astype(np.int32), indptr),
        shape=(len(table), len(used)),
    )
    return Playlists(
        Interactions(matrix, numbers, songs["track"].to_numpy(dtype=object)),
        np.asarray(entries["pos"], np.int32)[first],
        table["title"].to_numpy(dtype=object),
        songs["artist"].to_numpy(np.int64),
        table["modified_at"].to_numpy(np.int64),
    )


def _choose(
    connection: duckdb.DuckDBPyConnection, playlists: NDArray[np.int64], n: int, sample: str, seed: int
) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    if sample == "seeded":
        holders = (
            connection.execute(
                "select distinct playlist_id from entries where track = "
                "(select id from tracks order by num_member desc, id limit 1) order by playlist_id"
            )
            .df()["playlist_id"]
            .to_numpy()
        )
        if len(holders) < n:
            raise ValueError(f"{len(holders):,} playlists hold the best known track, fewer than {n:,}")
        playlists = holders
    return np.sort(rng.choice(playlists, n, replace=False))
