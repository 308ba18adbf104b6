"""What an ingest found, beside what the publisher says of the whole Million Playlist Dataset."""

from __future__ import annotations

import datetime
from typing import Any

import duckdb

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
FULL = 0.99  # of its playlists: from here on it is the whole data set, and what is missing shows


def report(
    connection: duckdb.DuckDBPyConnection, problems: dict[str, list[str]], *, slices: int, simulated: bool
) -> dict[str, Any]:
    """Return counts, the span of dates, titles, followers and what is wrong, of all that is in.

    `official` compares the counts with those of the publisher, where there are about as many playlists. Those of a
    challenge set, which hide tracks, are counted as `cut off`.
    """

    def one(query: str) -> tuple[Any, ...]:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row

    counts = {
        "slices": slices,
        "playlists": one("select count(*) from playlists")[0],
        "entries": one("select count(*) from entries")[0],
        "tracks": one("select count(*) from tracks")[0],
        "artists": one("select count(*) from artists")[0],
        "albums": one("select count(*) from albums")[0],
        "titles": one("select count(distinct playlist_name) from playlists")[0],
        "normalised titles": one(f"select count(distinct {NORMALISED}) from playlists where playlist_name <> ''")[0],
    }
    if cut := one("select count(*) from playlists where num_holdouts > 0")[0]:
        counts["cut off"] = cut
    first, last = one("select min(modified_at), max(modified_at) from playlists where modified_at > 0")
    mean, most = one("select avg(num_followers), max(num_followers) from playlists")
    about: dict[str, Any] = {
        "counts": counts,
        "mean length": counts["entries"] / max(counts["playlists"], 1),
        "first change": _day(first),
        "last change": _day(last),
        "followers": {"mean": mean, "most": most},
        "simulated": simulated,
        "problems": problems,
    }
    if counts["playlists"] >= FULL * OFFICIAL["playlists"]:
        about["official"] = {name: {"found": counts[name], "published": value} for name, value in OFFICIAL.items()}
    return about


def _day(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return None
