"""What is known of all slices read so far: one DuckDB database, which grows by one slice at a time or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.playlists.slices import Slice

MEMORY = "600MB"  # of the database; what needs more goes to a folder beside it while it works
DATABASE = "playlists.duckdb"
# The columns of `playlists` in the database, and the field of a slice each is; all whole numbers but the named ones.
COLUMNS = {
    "playlist_id": "pid", "playlist_name": "name", "num_tracks": "num_tracks", "num_followers": "num_followers",
    "description": "description", "collaborative": "collaborative", "modified_at": "modified_at",
    "num_albums": "num_albums", "num_artists": "num_artists", "num_edits": "num_edits", "duration_ms": "duration_ms",
    "num_samples": "num_samples", "num_holdouts": "num_holdouts",
}  # fmt: skip
TEXTS = ("playlist_name", "description")
_TABLES = f"""
create table if not exists slices (name varchar, place varchar, size hugeint, stamp hugeint, playlists bigint,
    entries bigint, problems varchar[], simulated boolean);
create table if not exists playlists ({
    ", ".join(
        f"{name} {'varchar' if name in TEXTS else 'boolean' if name == 'collaborative' else 'bigint'}"
        for name in COLUMNS
    )
}, digest ubigint, slice integer);
create table if not exists entries (playlist_id bigint, pos integer, track integer);
create table if not exists track_facts (id integer, track varchar, track_name varchar, artist integer, album integer,
    duration_ms bigint);
create table if not exists artists (id integer, artist varchar, artist_name varchar);
create table if not exists albums (id integer, album varchar, album_name varchar);
"""


class Columns(msgspec.Struct):
    """The content of a slice as columns; what a worker hands to the one who writes.

    Attributes
    ----------
    playlists : dict of str to list
        By the names of `COLUMNS`.
    digests : list of int
        One number for each playlist, equal for equal titles and tracks.
    sizes : list of int
        Entries of each playlist.
    positions, codes : bytes
        int32 for each entry: its place in the playlist, and its track as a place in `tracks`.
    tracks : dict of str to list
        The distinct tracks: `track_uri` and the other fields of a slice.
    problems : list of str
    simulated : bool
        Whether the slice says so.
    """

    playlists: dict[str, list[Any]]
    digests: list[int]
    sizes: list[int]
    positions: bytes
    codes: bytes
    tracks: dict[str, list[Any]]
    problems: list[str]
    simulated: bool = False


class Added(NamedTuple):
    """What a slice brought: playlists and entries that are new, and what is wrong with the rest."""

    playlists: int
    entries: int
    problems: list[str]


class Numbers:
    """Gives every address a number, in the order of arrival."""

    def __init__(self, addresses: list[str]) -> None:
        self.numbers = {address: number for number, address in enumerate(addresses)}

    def of(self, addresses: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the number of each address, and the places of those that were not seen before, once each."""
        numbers, before = self.numbers, len(self.numbers)
        found = np.fromiter((numbers.setdefault(each, len(numbers)) for each in addresses), np.int32, len(addresses))
        fresh, places = np.unique(found, return_index=True)
        return found, places[fresh >= before]

    def forget(self, n: int) -> None:
        """Take back all numbers from `n` on."""
        while len(self.numbers) > n:
            self.numbers.popitem()


class Merger:
    """The database of an ingest, opened for writing by the only process that writes.

    Parameters
    ----------
    folder : Path
        Where the database lies.
    database : str
        Its name.
    """

    def __init__(self, folder: Path, database: str = DATABASE) -> None:
        self.connection = duckdb.connect(
            folder / database,
            config={"memory_limit": MEMORY, "threads": 1, "temp_directory": str(folder / ".spill")},
        )
        self.connection.execute(_TABLES)
        self.connection.execute("set wal_autocheckpoint = '256MB'")
        ask = self.connection.execute
        self.tracks = Numbers(_column(ask("select track from track_facts order by id")))
        self.artists = Numbers(_column(ask("select artist from artists order by id")))
        self.albums = Numbers(_column(ask("select album from albums order by id")))
        self.seen: dict[int, tuple[int, int]] = {
            pid: (digest, place)
            for pid, digest, place in ask("select playlist_id, digest, slice from playlists").fetchall()
        }
        self.names = _column(ask("select name from slices order by rowid"))

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def done(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return the slices that are in already, by place and name, with the size and stamp they had."""
        rows = self.connection.execute("select place, name, size, stamp from slices").fetchall()
        return {(place, name): (size, stamp) for place, name, size, stamp in rows}

    def problems(self, each: Slice, columns: Columns) -> tuple[NDArray[np.bool_], list[str]]:
        """Say which playlists of a slice are new, shape (n,), and what is wrong with the slice."""
        new, problems, copies = np.ones(len(columns.sizes), bool), list(columns.problems), 0
        within: dict[int, tuple[int, int]] = {}
        for row, (pid, digest) in enumerate(zip(columns.playlists["playlist_id"], columns.digests, strict=True)):
            before = self.seen.get(pid) or within.get(pid)
            if before is None:
                within[pid] = (digest, len(self.names))
                continue
            new[row] = False
            where = self.names[before[1]] if before[1] < len(self.names) else each.name
            if before[0] == digest:
                copies += 1
            else:
                problems.append(
                    f"playlist {pid} was left out: {where} has another one of that number, with other tracks"
                )
        if copies:
            problems.append(f"{copies:,} playlists were read before, with the same tracks; each counts once")
        return new, problems

    def add(self, each: Slice, columns: Columns, new: NDArray[np.bool_], problems: list[str]) -> Added:
        """Write what is new of a slice, all of it or nothing."""
        sizes = np.array(columns.sizes, np.int64)
        kept = np.repeat(new, sizes)
        codes = np.frombuffer(columns.codes, np.int32)[kept]
        used, entries = np.unique(codes, return_inverse=True)
        before = len(self.tracks.numbers), len(self.artists.numbers), len(self.albums.numbers)
        self.connection.begin()
        try:
            numbers = self._add_tracks({name: [column[i] for i in used] for name, column in columns.tracks.items()})
            pids = np.array(columns.playlists["playlist_id"], np.int64)
            self.insert(
                "entries",
                {
                    "playlist_id": np.repeat(pids, sizes)[kept],
                    "pos": np.frombuffer(columns.positions, np.int32)[kept],
                    "track": numbers[entries],
                },
            )
            rows = np.flatnonzero(new)
            playlists = {name: _picked(name, column, rows) for name, column in columns.playlists.items()}
            digests = np.array(columns.digests, np.uint64)[rows]
            self.insert("playlists", {**playlists, "digest": digests, "slice": np.full(len(rows), len(self.names))})
            added = Added(len(rows), int(kept.sum()), problems)
            self.connection.execute(
                "insert into slices values (?, ?, ?, ?, ?, ?, ?, ?)",
                [each.name, str(each.path.resolve()), each.size, each.stamp, *added, columns.simulated],
            )
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            for known, n in zip((self.tracks, self.artists, self.albums), before, strict=True):
                known.forget(n)
            raise
        self.seen |= {int(pids[row]): (columns.digests[row], len(self.names)) for row in rows}
        self.names.append(each.name)
        return added

    def _add_tracks(self, tracks: dict[str, list[Any]]) -> NDArray[np.int32]:
        """Return the numbers of distinct tracks, and write those that are new."""
        numbers, new = self.tracks.of(tracks["track_uri"])
        facts = {name: [column[i] for i in new] for name, column in tracks.items()}
        # an address that is missing is as good as a name, and a name that is missing is one, too
        artists = [
            uri or f"name:{name or ''}" for uri, name in zip(facts["artist_uri"], facts["artist_name"], strict=True)
        ]
        albums = [
            uri or f"name:{name or ''}:{artist}"
            for uri, name, artist in zip(facts["album_uri"], facts["album_name"], artists, strict=True)
        ]
        columns: dict[str, Any] = {"id": numbers[new], "track": facts["track_uri"], "track_name": facts["track_name"]}
        for kind, known, addresses in (("artist", self.artists, artists), ("album", self.albums, albums)):
            before = len(known.numbers)
            columns[kind], fresh = known.of(addresses)
            named = [facts[f"{kind}_name"][i] for i in fresh]
            ids = np.arange(before, len(known.numbers), dtype=np.int32)
            self.insert(f"{kind}s", {"id": ids, kind: [addresses[i] for i in fresh], f"{kind}_name": named})
        columns["duration_ms"] = pd.array(facts["duration_ms"], dtype="Int64")
        self.insert("track_facts", columns)
        return numbers

    def insert(self, table: str, columns: dict[str, Any]) -> None:
        """Append rows, given as columns of one length, to a table of the database."""
        frame = pd.DataFrame(columns)
        if len(frame):
            self.connection.register("frame", frame)
            self.connection.execute(f"insert into {table} by name select * from frame")
            self.connection.unregister("frame")


def _picked(name: str, column: list[Any], rows: NDArray[np.int64]) -> Any:
    values = [column[row] for row in rows]
    if name in TEXTS:
        return pd.Series(values, dtype=object)
    return pd.array(values, dtype="boolean" if name == "collaborative" else "Int64")


def _column(result: Any) -> list[Any]:
    return [value for (value,) in result.fetchall()]
