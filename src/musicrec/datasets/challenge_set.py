"""The challenge set of the RecSys Challenge 2018: playlists that were cut off, as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from musicrec.datasets.sources import DataError
from musicrec.files import whole

VERSION = "v1"


class Cut(NamedTuple):
    """A playlist that was cut off."""

    pid: int
    title: str  # "" where none is given
    tracks: tuple[str, ...]  # the seeds, in the order of their places
    places: tuple[int, ...]  # where each of them stands in the playlist, from 0
    held_out: int  # how many tracks are to be found


def read_challenge_set(path: Path) -> dict[int, Cut]:
    """Read a challenge set, or the answers to one, which have the same form.

    Returns
    -------
    dict of int to Cut
        By the number of the playlist, in the order of the file.

    Raises
    ------
    DataError
        When it is no challenge set; the message names the place in the file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: expected JSON, found an error ({error.msg})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected text in UTF-8, found {error.reason}") from error
    playlists = content.get("playlists") if isinstance(content, dict) else None
    if not isinstance(playlists, list) or not playlists:
        raise DataError(f"{path}: expected an object with a list called playlists that holds some")
    found: dict[int, Cut] = {}
    for place, playlist in enumerate(playlists):
        cut = _cut(playlist, f"{path}: playlists[{place}]")
        if cut.pid in found:
            raise DataError(f"{path}: playlists[{place}]: expected every pid once, but {cut.pid} came before")
        found[cut.pid] = cut
    return found


def said_of(path: Path) -> dict[str, Any]:
    """Return what a challenge set that can be read says of itself: its date, its version, how it was drawn."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return {name: value for name, value in content.items() if name != "playlists"}


def _cut(playlist: Any, place: str) -> Cut:
    if not isinstance(playlist, dict):
        raise DataError(f"{place}: expected an object, found {json.dumps(playlist)[:60]}")
    pid, tracks, name = playlist.get("pid"), playlist.get("tracks"), playlist.get("name", "")
    if not isinstance(pid, int) or isinstance(pid, bool):
        raise DataError(f"{place}: expected a whole number as pid, found {json.dumps(pid)[:60]}")
    if not isinstance(tracks, list):
        raise DataError(f"{place}: expected a list as tracks, found {json.dumps(tracks)[:60]}")
    if not isinstance(name, str | None):
        raise DataError(f"{place}: expected text as name, found {json.dumps(name)[:60]}")
    uris: dict[str, int] = {}  # a track that is given twice is one seed
    for number, track in enumerate(tracks):
        uri = track.get("track_uri") if isinstance(track, dict) else None
        at = track.get("pos", number) if isinstance(track, dict) else number
        if not isinstance(uri, str) or not isinstance(at, int):
            raise DataError(f"{place}.tracks[{number}]: expected a track_uri and a pos, found {json.dumps(track)[:60]}")
        uris.setdefault(uri, at)
    order = sorted(uris, key=lambda uri: uris[uri])
    held_out = playlist.get("num_holdouts", 0)
    return Cut(
        pid, name or "", tuple(order), tuple(uris[uri] for uri in order), held_out if isinstance(held_out, int) else 0
    )


def write_challenge_set(
    path: Path, cuts: Sequence[Cut], about: Mapping[str, Mapping[str, Any]], **more: object
) -> None:
    """Write a challenge set, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    cuts : sequence of Cut
        The playlists. One without a title gets no name, as in the challenge.
    about : mapping of str to mapping
        What else is known of each track, by its address: `track_name`, `artist_name`, …
    **more
        Said of the whole set, besides its date and version: "simulated", how it was drawn.
    """
    playlists = [
        {
            **({"name": cut.title} if cut.title else {}),
            "num_holdouts": cut.held_out,
            "pid": cut.pid,
            "num_tracks": len(cut.tracks) + cut.held_out,
            "tracks": [
                {"pos": place, "track_uri": uri, **about.get(uri, {})}
                for uri, place in zip(cut.tracks, cut.places, strict=True)
            ],
            "num_samples": len(cut.tracks),
        }
        for cut in cuts
    ]
    content = {"date": date.today().isoformat(), "version": VERSION, **more, "playlists": playlists}
    with whole(path) as file:
        json.dump(content, file, ensure_ascii=False)
