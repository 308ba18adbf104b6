"""A sample of the tables as a data set: 10,000 playlists, seeded or drawn at random, as the originals took them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from musicrec.datasets.dataset import Dataset, Provenance, fingerprint
from musicrec.datasets.interactions import Interactions
from musicrec.files import build_dir
from musicrec.playlists.export import ABOUT
from musicrec.playlists.ingest import ingest
from musicrec.playlists.load import about, choose, holders, view
from musicrec.playlists.shelf import PARTS
from musicrec.playlists.slices import find

NAME = "playlists"  # of the random sample; the seeded one is called playlists-seeded
SIZE = 10_000  # playlists, as many as the originals took
ORIGINALS = ("spotifier", "playlist-nncf")  # who took such samples of the Million Playlist Dataset
COUNTS = ("playlists", "entries", "tracks", "artists", "albums")  # that tell all of it from a part
PLACE = "MUSICREC_PLAYLISTS"  # the variable that names the folder of tables to a chapter


def place() -> Path:
    """Return the folder of tables that `MUSICREC_PLAYLISTS` names.

    Raises
    ------
    ValueError
        When it names none, or one that holds no finished ingest.
    """
    given = os.environ.get(PLACE)
    if not given:
        raise ValueError(
            f"no playlists are named: set {PLACE} to a folder that `musicrec playlists ingest` or `simulate` made, or "
            "run `musicrec book --dataset playlists --playlists DIR`"
        )
    folder = Path(given).expanduser()
    about(folder)
    return folder


def tables_of(given: Path, told: Callable[[str, float], None] = lambda what, share: None) -> Path:
    """Return a folder of tables: the one that is given, or one below the build folder with the slices that are there.

    Slices that were read before are not read again, and a stopped run goes on where it stopped.

    Parameters
    ----------
    given : Path
        Tables of an ingest or a simulation; or slices: a folder of them, an archive, or one file.
    told : callable
        Is told what is being done and which share of it is done.

    Raises
    ------
    ValueError
        When the tables are not finished.
    HistoryError
        When there is neither a table nor a slice.
    BusyError
        When another process reads the same slices.
    """
    if given.is_dir() and any((given / name).exists() for name in (ABOUT, PARTS)):
        about(given)
        return given
    slices = find([given])
    into = build_dir() / "playlists-tables" / hashlib.sha256(str(given.resolve()).encode()).hexdigest()[:12]
    ingest(slices, into, told=told)
    return into


def sampled(folder: Path, n: int = SIZE, *, sample: str = "random", seed: int = 0) -> Dataset:
    """Draw playlists from the tables of an ingest; only what was drawn is brought into memory.

    Parameters
    ----------
    folder : Path
        See `musicrec.playlists.ingest`.
    n : int
        How many playlists; all where there are no more.
    sample : {"random", "seeded"}
        From all, or from those that hold the best known track.
    seed : int
        Of the draw.

    Returns
    -------
    Dataset
        As `musicrec.datasets.mpd.load` returns it: users are the playlists, items the tracks in the order of their
        addresses' numbers, and the tables are `playlists`, `tracks` and `entries`. Its provenance names the originals
        whose data these are: where the tables are all of the Million Playlist Dataset, and `n` is theirs.

    Raises
    ------
    ValueError
        When the folder holds no finished ingest, `sample` is neither, or fewer than two playlists are left.
    """
    said = about(folder)
    if sample not in ("random", "seeded"):
        raise ValueError(f"sample must be random or seeded, not {sample!r}")
    with duckdb.connect(config={"memory_limit": "600MB"}) as connection:
        view(connection, folder)
        everyone = connection.execute("select playlist_id from playlists order by playlist_id").fetchnumpy()
        known = holders(connection) if sample == "seeded" else np.asarray(everyone["playlist_id"], np.int64)
        if len(known) < 2:
            raise ValueError(f"{folder} has {len(known)} playlists for the {sample} sample: too few to learn from")
        connection.register("chosen", {"pid": choose(known, n, seed)})
        lists = connection.execute(_PLAYLISTS).df()
        entries = connection.execute(_ENTRIES).df()
        tracks = connection.execute(_TRACKS).df()
    uncounted = int(lists.pop("uncounted").sum())
    entries["track"] = entries["track"].map(tracks.set_index("number")["id"])
    tables = {"playlists": lists, "tracks": tracks.drop(columns="number"), "entries": entries}
    return Dataset(
        NAME if sample == "random" else f"{NAME}-seeded",
        Interactions.from_frame(
            entries.drop_duplicates(["pid", "track"]),
            user="pid",
            item="track",
            users=lists["pid"].to_numpy(),
            items=tracks["id"].to_numpy(dtype=object),
        ),
        tables["tracks"][["id", "name", "artist"]],
        _provenance(said, tables, sample, len(known), n, seed, uncounted),
        tables,
    )


_PLAYLISTS = """
    select playlist_id as pid, coalesce(playlist_name, '') as name, coalesce(collaborative, false) as collaborative,
           coalesce(modified_at, 0) as modified_at, coalesce(num_tracks, held) as num_tracks,
           coalesce(num_albums, albums) as num_albums, coalesce(num_artists, artists) as num_artists,
           coalesce(num_followers, 0) as num_followers, coalesce(num_edits, 0) as num_edits,
           coalesce(p.duration_ms, ms, 0)::bigint as duration_ms, num_followers is null as uncounted
    from playlists p join (
        select playlist_id, count(*) as held, count(distinct t.album) as albums, count(distinct t.artist) as artists,
               sum(t.duration_ms) as ms
        from entries e join tracks t on t.id = e.track semi join chosen on e.playlist_id = pid group by playlist_id
    ) using (playlist_id) order by pid
"""
_ENTRIES = """
    select playlist_id as pid, pos, track from entries semi join chosen on playlist_id = pid order by pid, pos
"""
_TRACKS = """
    select t.id as number, t.track as id, coalesce(t.track_name, '') as name, coalesce(a.artist_name, '') as artist,
           coalesce(b.album_name, '') as album, a.artist as artist_uri, b.album as album_uri,
           t.duration_ms::double as duration_ms
    from tracks t join artists a on a.id = t.artist join albums b on b.id = t.album
    semi join (select distinct track from entries semi join chosen on playlist_id = pid) used on used.track = t.id
    order by t.id
"""


def _provenance(
    said: dict[str, Any], tables: dict[str, pd.DataFrame], sample: str, known: int, n: int, seed: int, uncounted: int
) -> Provenance:
    official = said.get("official", {})
    whole = bool(official) and all(official[name]["found"] == official[name]["published"] for name in COUNTS)
    simulated = bool(said["simulated"])
    if simulated:
        source, url, citation = "simulated playlists in the format of the Million Playlist Dataset", "", ""
    else:
        url, citation = "https://www.aicrowd.com/challenges/spotify-million-playlist-dataset-challenge", "chen2018"
        source = "Spotify Million Playlist Dataset"
        if not whole:
            source, url = "playlists in the format of the Million Playlist Dataset, not all of it", ""
    taken = len(tables["playlists"])
    drawn = f"{taken:,} of {known:,} playlists" + (" that hold the best known track" if sample == "seeded" else "")
    notes = [] if taken == n else [f"asked for {n:,} playlists, there are {known:,} to draw from"]
    if uncounted:
        notes.append(f"{uncounted:,} playlists do not say how many followers they have, and count as having none")
    if wrong := said.get("problems"):
        notes.append(f"{len(wrong):,} slices were not whole, or held playlists of others; `about.json` names them")
    ours = whole and not simulated and taken == SIZE
    if not ours:
        why = "they are simulated" if simulated else "the originals drew 10,000 of all of the Million Playlist Dataset"
        notes.append(f"no reported figure counts as reproduced on them: {why}")
    return Provenance(
        source=source,
        url=url,
        version=f"{drawn}, drawn with seed {seed} ({sample} sample)",
        licence="none: invented" if simulated else "research only; may not be passed on",
        citation=citation,
        found="a folder of tables",
        fingerprint=fingerprint(tables),
        simulated=simulated,
        notes=tuple(notes),
        originals=ORIGINALS if ours else (),
    )
