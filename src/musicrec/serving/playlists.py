"""Songs of recommended artists, and a playlist of them that other services import."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from musicrec.files import write_text
from musicrec.names.fold import keys

SONGS = 3  # of each artist
ENDINGS = (".csv", ".txt")
_TRACK = re.compile(r"[0-9A-Za-z]{22}")  # how Spotify numbers songs; invented ones are numbered otherwise


class Song(NamedTuple):
    """A song of a playlist."""

    artist: str
    title: str
    album: str
    uri: str  # of Spotify, "" where it has none


def songs_of(artists: Iterable[str], songs: pd.DataFrame, n: int = SONGS) -> dict[str, list[Song]]:
    """Return the best known songs of each artist, none where the table has none.

    Parameters
    ----------
    artists : iterable of str
        Names, in any spelling.
    songs : pandas.DataFrame
        With `id`, `artist`, `name`, `album` and `popularity`, as the table `songs` of `spotify-songs`.
    n : int
        How many of each at most; of several with one title the best known counts.
    """
    asked = list(dict.fromkeys(artists))
    wanted = {key: artist for artist in asked for key in keys(artist)}
    names = {
        name: next((wanted[key] for key in keys(name) if key in wanted), None) for name in songs["artist"].dropna()
    }
    found = songs.assign(wanted=songs["artist"].map(names)).dropna(subset=["wanted", "name"])
    found = found.sort_values("popularity", ascending=False, kind="stable").drop_duplicates(["wanted", "name"])
    chosen: dict[str, list[Song]] = {artist: [] for artist in asked}
    for artist, rows in found.groupby("wanted", sort=False):
        best = rows.head(n).fillna({"album": ""})
        chosen[str(artist)] = [
            Song(str(artist), str(title), str(album), f"spotify:track:{id_}" if _TRACK.fullmatch(str(id_)) else "")
            for title, album, id_ in zip(best["name"], best["album"], best["id"], strict=True)
        ]
    return chosen


def write_playlist(path: Path, songs: Mapping[str, Sequence[Song]]) -> int:
    """Write the songs of all artists; return how many.

    As `.csv` with a heading that TuneMyMusic, Soundiiz and Exportify's importers read, or as `.txt` with "Artist -
    Title" on each line, which their text boxes take.

    Raises
    ------
    ValueError
        When the file ends otherwise.
    OSError
        When it cannot be written.
    """
    check_ending(path)
    rows = [song for each in songs.values() for song in each]
    if path.suffix.lower() == ".txt":
        write_text(path, "".join(f"{_line(song.artist)} - {_line(song.title)}\n" for song in rows))
        return len(rows)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("Track name", "Artist name", "Album", "Spotify URI"))
    table.writerows((song.title, song.artist, song.album, song.uri) for song in rows)
    write_text(path, out.getvalue())
    return len(rows)


def check_ending(path: Path) -> None:
    """Check that a playlist can be written under this name.

    Raises
    ------
    ValueError
        When it ends otherwise than `ENDINGS`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"a playlist is written as {' or '.join(ENDINGS)}, not as {path.name}")


def _line(text: str) -> str:
    return " ".join(text.split())
