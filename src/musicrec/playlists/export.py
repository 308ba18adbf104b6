"""The end of an ingest: the table of tracks, the Parquet files, and a report beside the official statistics."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from musicrec.files import write_text

ABOUT = "about.json"
PARTS = 16  # of the tracks, one at a time: the lists of all members at once would not fit into the memory allowed
# What the publisher says of the whole data set [Chen et al., 2018].
OFFICIAL = {
    "playlists": 1_000_000,
    "entries": 66_346_428,
    "tracks": 2_262_292,
    "artists": 295_860,
    "albums": 734_684,
    "titles": 92_944,
    "normalised titles": 17_381,
}
# As the statistics of the publisher do: lower case, marks to spaces, spaces joined.
NORMALISED = (
    r"trim(regexp_replace(regexp_replace(lower(playlist_name), '[.,/#!$%^*;:{}=_`~()@]', ' ', 'g'), '\s+', ' ', 'g'))"
)
FILES = {
    "playlists": "select * exclude (digest, slice) from playlists order by playlist_id",
    "entries": "select playlist_id, pos, track from entries order by playlist_id, pos",
    "tracks": "select f.*, t.num_member from track_facts f join tracks t using (track) order by id",
    "artists": "select * from artists order by id",
    "albums": "select * from albums order by id",
}


def unfinish(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Take away what is made at the end of an ingest, so that nobody takes it for the whole."""
    (folder / ABOUT).unlink(missing_ok=True)
    connection.execute("drop table if exists tracks")


def finish(
    folder: Path, connection: duckdb.DuckDBPyConnection, told: Callable[[str, float], None] = lambda what, share: None
) -> dict[str, Any]:
    """Make the table of tracks and the Parquet files, unless they are there; return the report."""
    if (folder / ABOUT).exists():
        return json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    # in one transaction: a database with half of the tracks is never seen
    connection.begin()
    connection.execute("drop table if exists tracks")
    connection.execute(
        "create table tracks (track varchar, track_name varchar, album varchar, album_name varchar, artist varchar, "
        "artist_name varchar, duration_ms bigint, playlist_member bigint[], num_member bigint)"
    )
    for part in range(PARTS):
        told("who holds which track", part / PARTS)
        connection.execute(
            """
            insert into tracks
            select f.track, f.track_name, b.album, b.album_name, a.artist, a.artist_name, f.duration_ms,
                   m.playlist_member, len(m.playlist_member)
            from track_facts f join artists a on a.id = f.artist join albums b on b.id = f.album
            join (select track as id, list(distinct playlist_id order by playlist_id) as playlist_member
                  from entries where track % ? = ? group by track) m on m.id = f.id
            """,
            [PARTS, part],
        )
    connection.commit()
    for place, (name, query) in enumerate(FILES.items()):
        told(f"{name}.parquet", place / len(FILES))
        _write(folder / f"{name}.parquet", query, connection)
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    about = report(connection)
    write_text(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False))
    return about


def _write(path: Path, query: str, connection: duckdb.DuckDBPyConnection) -> None:
    beside = path.with_name(f".{path.name}")
    try:
        connection.execute(f"copy ({query}) to '{str(beside).replace(chr(39), chr(39) * 2)}' (format parquet)")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def report(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return counts, the span of dates, titles, followers and what is wrong, of all that is in.

    `official` compares the counts with those of the publisher, where the number of playlists is that of the whole.
    """

    def one(query: str) -> tuple[Any, ...]:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row

    counts = {
        "slices": one("select count(*) from slices")[0],
        "playlists": one("select count(*) from playlists")[0],
        "entries": one("select count(*) from entries")[0],
        "tracks": one("select count(*) from track_facts")[0],
        "artists": one("select count(*) from artists")[0],
        "albums": one("select count(*) from albums")[0],
        "titles": one("select count(distinct playlist_name) from playlists")[0],
        "normalised titles": one(f"select count(distinct {NORMALISED}) from playlists where playlist_name <> ''")[0],
    }
    first, last = one("select min(modified_at), max(modified_at) from playlists where modified_at > 0")
    mean, most = one("select avg(num_followers), max(num_followers) from playlists")
    by_slice = connection.execute("select name, problems from slices where len(problems) > 0 order by rowid").fetchall()
    about: dict[str, Any] = {
        "counts": counts,
        "mean length": counts["entries"] / max(counts["playlists"], 1),
        "first change": _day(first),
        "last change": _day(last),
        "followers": {"mean": mean, "most": most},
        "simulated": bool(one("select coalesce(bool_or(simulated), false) from slices")[0]),
        "problems": dict(by_slice),
    }
    if counts["playlists"] == OFFICIAL["playlists"]:
        about["official"] = {name: {"found": counts[name], "published": value} for name, value in OFFICIAL.items()}
    return about


def _day(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return None
