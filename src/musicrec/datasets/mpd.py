"""Spotify Million Playlist Dataset: playlists and their tracks, from the slices a reader has registered for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from musicrec.datasets.dataset import Dataset, Provenance, fingerprint
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.sources import DataError, DataUnavailableError, data_dir

NAME = "mpd"
FOLDERS = ("mpd-sample", "mpd", "spotify_million_playlist_dataset/data", ".")
URL = "https://www.aicrowd.com/challenges/spotify-million-playlist-dataset-challenge"
SLICE = re.compile(r"mpd\.slice\.(\d+)-(\d+)\.json")
MAX_SLICES = 10  # 10,000 playlists, as many as the originals took

PLAYLIST = {
    "pid": int,
    "name": str,
    "collaborative": str,  # "true" or "false"
    "modified_at": int,  # seconds since 1970, UTC
    "num_tracks": int,
    "num_albums": int,
    "num_artists": int,
    "num_followers": int,
    "num_edits": int,
    "duration_ms": int,
    "tracks": list,
}
TRACK = {
    "track_uri": str,
    "track_name": str,
    "artist_name": str,
    "artist_uri": str,
    "album_name": str,
    "album_uri": str,
    "duration_ms": int,
    "pos": int,
}
RENAMED = {
    "track_uri": "id",
    "track_name": "name",
    "artist_name": "artist",
    "album_name": "album",
    "artist_uri": "artist_uri",
    "album_uri": "album_uri",
    "duration_ms": "duration_ms",
}


def load(*, progress: bool = True, max_slices: int | None = MAX_SLICES) -> Dataset:
    """Load slices of the Million Playlist Dataset from `MUSICREC_DATA`.

    They are looked for in its folders `mpd-sample`, `mpd` and `spotify_million_playlist_dataset/data`, and are never
    downloaded: the publisher wants readers to register.

    Parameters
    ----------
    progress : bool
        Whether to show a progress bar when there are several slices.
    max_slices : int, optional
        How many to read at most, in order; None for all (the whole set is 66 million entries).

    Returns
    -------
    Dataset
        Users are the playlists (by `pid`), items the tracks (by URI, in the order of their first appearance), every
        weight is 1, also for a track a playlist holds more than once. Items have `id`, `name`, `artist`. Tables:
        `playlists` (pid, name, description, collaborative, modified_at, num_tracks, num_albums, num_artists,
        num_followers, num_edits, duration_ms), `tracks` (one row per item: id, name, artist, album, artist_uri,
        album_uri, duration_ms) and `entries` (pid, pos, track: the playlists as they are, repetitions included).

    Raises
    ------
    DataUnavailableError
        When there is no slice.
    DataError
        When a slice is not what its publisher describes; the message names the file and the place in it.
    """
    paths = find()
    if not paths:
        where = "MUSICREC_DATA is not set" if data_dir() is None else f"{data_dir()} (MUSICREC_DATA) holds none"
        raise DataUnavailableError(
            f"no slice of the Million Playlist Dataset (mpd.slice.0-999.json, …): {where}. Register at {URL}, "
            "and put the slices into the folder mpd of the folder MUSICREC_DATA names"
        )
    used = paths[:max_slices]
    playlists: list[dict[str, Any]] = []
    tracks: dict[str, dict[str, Any]] = {}
    entries: list[tuple[int, int, str]] = []
    for path in tqdm(used, desc="slices", disable=not progress or len(used) == 1):
        _read_slice(path, playlists, tracks, entries)
    return _assemble(playlists, tracks, entries, len(used), len(paths))


def find() -> list[Path]:
    """Return the slices of the first folder that has any, in the order of their playlists.

    Raises
    ------
    DataError
        When two of them hold the same playlists by their names, or a name counts backwards.
    """
    if (root := data_dir()) is None:
        return []
    for folder in FOLDERS:
        found = ((p, m) for p in (root / folder).glob("mpd.slice.*.json") if (m := SLICE.fullmatch(p.name)))
        if slices := sorted((int(m[1]), int(m[2]), p) for p, m in found):
            _check_ranges(slices)
            return [path for _, _, path in slices]
    return []


def _check_ranges(slices: list[tuple[int, int, Path]]) -> None:
    last, before = -1, None
    for first, end, path in slices:
        if end < first:
            raise DataError(f"{path}: expected the first and the last playlist in its name, found {first} after {end}")
        if before is not None and first <= last:
            raise DataError(
                f"{path} and {before.name} both hold playlist {first} by their names: take one of them away"
            )
        last, before = end, path


def _read_slice(
    path: Path,
    playlists: list[dict[str, Any]],
    tracks: dict[str, dict[str, Any]],
    entries: list[tuple[int, int, str]],
) -> None:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {error.lineno}: expected JSON, found an error in column {error.colno} ({error.msg}); "
            "is the file cut off?"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("playlists"), list):
        raise DataError(f"{path}: expected an object with a list called playlists")
    for i, playlist in enumerate(content["playlists"]):
        place = f"{path}: playlists[{i}]"
        _check(playlist, PLAYLIST, place)
        if playlist["collaborative"] not in ("true", "false"):
            raise DataError(
                f'{place}: expected "true" or "false" as collaborative, found {playlist["collaborative"]!r}'
            )
        for j, track in enumerate(playlist["tracks"]):
            _check(track, TRACK, f"{place}.tracks[{j}]")
            tracks.setdefault(track["track_uri"], track)
            entries.append((playlist["pid"], track["pos"], track["track_uri"]))
        held = len(playlist.pop("tracks"))
        playlists.append({**playlist, "held": held, "place": place})


def _check(value: Any, kinds: dict[str, type], place: str) -> None:
    if not isinstance(value, dict):
        raise DataError(f"{place}: expected an object, found {json.dumps(value)[:60]}")
    for name, kind in kinds.items():
        if name not in value:
            raise DataError(f"{place}: expected {name}, which is missing")
        if not isinstance(value[name], kind) or isinstance(value[name], bool):
            expected = {int: "a whole number", str: "text", list: "a list"}[kind]
            raise DataError(f"{place}: expected {expected} as {name}, found {json.dumps(value[name])[:60]}")


def _assemble(
    playlists: list[dict[str, Any]],
    tracks: dict[str, dict[str, Any]],
    entries: list[tuple[int, int, str]],
    used: int,
    available: int,
) -> Dataset:
    frame = pd.DataFrame(playlists)
    if not entries:
        raise DataError(f"{playlists[0]['place'] if playlists else 'the slices'}: expected tracks, found none")
    if (twice := frame.duplicated("pid")).any():
        row = frame[twice].iloc[0]
        raise DataError(f"{row['place']}: expected every pid once, but {row['pid']} came before")
    columns = ["pid", "name", "description", *list(PLAYLIST)[2:-1]]
    table = frame.reindex(columns=columns).astype({"name": "str", "description": "str"})
    table["collaborative"] = table["collaborative"] == "true"
    songs = pd.DataFrame(list(tracks.values()))[list(RENAMED)].rename(columns=RENAMED)
    listing = pd.DataFrame(entries, columns=["pid", "pos", "track"])
    pairs = listing.drop_duplicates(["pid", "track"])
    notes = []
    if used < available:
        notes.append(f"the first {used} of {available} slices")
    if miscounted := int((frame["held"] != frame["num_tracks"]).sum()):
        lists = "playlist holds" if miscounted == 1 else "playlists hold"
        notes.append(f"{miscounted} {lists} another number of tracks than declared")
    if repeats := len(listing) - len(pairs):
        notes.append(f"{repeats} entries repeat a track in a playlist; each track counts once")
    tables = {"playlists": table, "tracks": songs, "entries": listing}
    return Dataset(
        NAME,
        Interactions.from_frame(
            pairs,
            user="pid",
            item="track",
            users=table["pid"].to_numpy(),
            items=songs["id"].to_numpy(dtype=object),
        ),
        songs[["id", "name", "artist"]],
        Provenance(
            source="Spotify Million Playlist Dataset",
            url=URL,
            version=f"v1, {len(table):,} playlists",
            licence="research only, after registration; may not be passed on",
            citation="chen2018",
            found="MUSICREC_DATA",
            fingerprint=fingerprint(tables),
            notes=tuple(notes),
        ),
        tables,
    )
