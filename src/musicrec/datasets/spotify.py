"""Spotify songs (TidyTuesday, 21 January 2020): playlists of six genres, with popularity and audio features."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset, Provenance, fingerprint
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.sources import SPOTIFY, DataError, File, compare_fingerprint, fetch

NAME = "spotify-songs"

FEATURES = (
    "danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness",
    "liveness", "valence", "tempo", "duration_ms",
)  # fmt: skip
SHARES = ("danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence")
WHOLE = ("track_popularity", "key", "mode", "duration_ms")  # the other features have decimals
SONG = {
    "track_id": "id",
    "track_name": "name",
    "track_artist": "artist",
    "track_popularity": "popularity",
    "track_album_id": "album_id",
    "track_album_name": "album",
    "track_album_release_date": "release_date",
}
PLAYLIST = {
    "playlist_id": "id",
    "playlist_name": "name",
    "playlist_genre": "genre",
    "playlist_subgenre": "subgenre",
}
COLUMNS = (*SONG, "playlist_name", "playlist_id", "playlist_genre", "playlist_subgenre", *FEATURES)
MAY_LACK = ("track_name", "track_artist", "track_album_name")  # written NA in the source, or left empty
SIZES = {"rows": 32_833, "songs": 28_356, "playlists": 471}  # as published
FINGERPRINT = "891dc16f3ee8acee"  # of the rows as published
UNNAMED = "(unnamed)"  # in `items`, where every item needs a name

SOURCE = SPOTIFY


def load(*, progress: bool = True) -> Dataset:
    """Load `spotify-songs`, from `MUSICREC_DATA`, the cache or the official download.

    Returns
    -------
    Dataset
        Users are the 471 playlists, items the 28,356 songs, both in the order of the file; every weight is 1, also
        for a song a playlist holds more than once. Items have `id`, `name`, `artist`. Tables: `rows` (the file as it
        is), `songs` (one row per item: id, name, artist, popularity, album_id, album, release_date and the audio
        features), `playlists` (id, name, genre, subgenre, in the order of the users) and `playlist_subgenres`
        (playlist, genre, subgenre, songs): a few playlists are listed under several subgenres, and
        `playlists` gives the one with the most songs.

    Raises
    ------
    DataError
        When a copy is not what was published; the message names file, line and what was expected.
    DataUnavailableError
        When there is no copy to be had.
    """
    (rows, print_, notes), found = fetch(SOURCE, parse, progress=progress)
    notes += compare_fingerprint(SOURCE, print_, FINGERPRINT)
    provenance = Provenance(
        source="TidyTuesday, 21 January 2020: Spotify songs",
        url="https://github.com/rfordatascience/tidytuesday/tree/main/data/2020/2020-01-21",
        version="2020-01-21",
        licence="shared by TidyTuesday for learning; drawn from the Spotify Web API, whose terms apply",
        citation="tidytuesday2020spotify",
        found=found,
        fingerprint=print_,
        notes=notes,
    )
    return assemble(NAME, rows, provenance)


def assemble(name: str, rows: pd.DataFrame, provenance: Provenance) -> Dataset:
    """Make a dataset of rows with the columns of the source, one per song and playlist."""
    songs = rows.drop_duplicates("track_id")[[*SONG, *FEATURES]].rename(columns=SONG).reset_index(drop=True)
    pairs = rows.drop_duplicates(["playlist_id", "track_id"])
    listed = ["playlist_id", "playlist_genre", "playlist_subgenre"]
    subgenres = rows.groupby(listed, sort=False)["track_id"].nunique().rename("songs").reset_index()
    largest = subgenres.sort_values("songs", ascending=False, kind="stable").drop_duplicates("playlist_id")
    playlists = rows.drop_duplicates("playlist_id")[["playlist_id", "playlist_name"]].merge(largest, on="playlist_id")
    playlists = playlists[list(PLAYLIST)].rename(columns=PLAYLIST)
    subgenres = subgenres.rename(
        columns={"playlist_id": "playlist", "playlist_genre": "genre", "playlist_subgenre": "subgenre"}
    )
    items = songs[["id", "name", "artist"]].fillna(UNNAMED)
    interactions = Interactions.from_frame(
        pairs,
        user="playlist_id",
        item="track_id",
        users=playlists["id"].to_numpy(dtype=object),
        items=songs["id"].to_numpy(dtype=object),
    )
    repeats = len(rows) - len(pairs)
    nameless = int(songs["name"].isna().sum())
    notes = []
    if repeats:
        notes.append(f"{repeats} rows repeat a song in a playlist; each song counts once")
    if nameless:
        notes.append(f"{int(rows['track_name'].isna().sum())} rows ({nameless} songs) lack names")
    if several := len(subgenres) - len(playlists):
        notes.append(f"some playlists are listed under several subgenres ({several} beyond the first)")
    provenance = Provenance(**{**vars(provenance), "notes": (*provenance.notes, *notes)})
    tables = {"rows": rows, "songs": songs, "playlists": playlists, "playlist_subgenres": subgenres}
    return Dataset(name, interactions, items, provenance, tables)


def parse(
    files: Mapping[str, File], sizes: Mapping[str, int] = SIZES, known: str = FINGERPRINT
) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """Parse and check the file.

    Tolerated: CRLF or LF, a byte-order mark, columns in another order, further columns, and wholly repeated rows,
    of which one is kept.

    Parameters
    ----------
    files : mapping of str to File
        By file name.
    sizes : mapping of str to int
        How many `rows`, `songs` and `playlists` to expect.
    known : str
        The published fingerprint. Another one is no error here, unless the file also ends in the middle of a line.

    Returns
    -------
    rows, fingerprint, notes
        The rows with the columns of the source, their fingerprint, and what was tolerated, for a reader.

    Raises
    ------
    DataError
        When anything else is not as published.
    """
    file = files["spotify_songs.csv"]
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.data[: error.start].count(b"\n") + 1
        raise DataError(f"{file.label}, line {line}: expected text in UTF-8, found {error.reason}") from error
    records, lines = _records(file.label, text)
    header, body, lines = records[0], records[1:], lines[1:]
    if missing := [column for column in COLUMNS if column not in header]:
        raise DataError(
            f"{file.label}, line 1: expected the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing"
        )
    cells = dict(zip(header, zip(*body, strict=True), strict=True)) if body else dict.fromkeys(COLUMNS, ())
    frame = pd.DataFrame({c: _column(c, cells[c], lines, file.label) for c in COLUMNS})
    notes = []
    numbers = np.array(lines, dtype=np.int64)
    if (repeated := frame.duplicated().to_numpy()).any():
        notes.append(f"spotify_songs.csv: {repeated.sum()} wholly repeated rows dropped")
        frame, numbers = frame[~repeated].reset_index(drop=True), numbers[~repeated]
    for what, column in (("rows", None), ("songs", "track_id"), ("playlists", "playlist_id")):
        count = len(frame) if column is None else frame[column].nunique()
        if count != sizes[what]:
            last = f", line {numbers[-1]} (the last)" if len(numbers) else ""
            raise DataError(
                f"{file.label}{last}: expected {sizes[what]:,} {what}, found {count:,}; is the file cut off, or "
                "another version? Fetch it again"
            )
    for key, columns in (("track_id", [*SONG, *FEATURES]), ("playlist_id", ["playlist_id", "playlist_name"])):
        variants = frame[columns].drop_duplicates()
        if (clash := variants.duplicated(key).to_numpy()).any():
            row = variants.index[clash][0]
            raise DataError(
                f"{file.label}, line {numbers[row]}: expected the same values for {key} {frame[key][row]} as on "
                f"line {numbers[(frame[key] == frame[key][row]).to_numpy()][0]}"
            )
    print_ = fingerprint({"rows": frame})
    if print_ != known:
        file.expect_last_line_end(numbers[-1])
    return frame, print_, tuple(notes)


def _records(label: str, text: str) -> tuple[list[list[str]], list[int]]:
    """Split CSV text into rows of equal length, with the line each one ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    try:
        for record in reader:
            if records and len(record) != len(records[0]):
                raise DataError(
                    f"{label}, line {reader.line_num}: expected {len(records[0])} columns, found {len(record)}: "
                    f"{','.join(record)[:80]!r}"
                )
            records.append(record)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{label}, line {reader.line_num}: expected comma-separated values, found: {error}") from error
    if not records:
        raise DataError(f"{label}, line 1: expected the columns {', '.join(COLUMNS)}, found an empty file")
    return records, lines


def _column(name: str, cells: tuple[str, ...], lines: list[int], label: str) -> pd.Series | NDArray[np.generic]:
    """Convert one column, and refuse what it may not hold."""
    if name not in FEATURES and name not in WHOLE:
        values = pd.Series(cells, dtype="str")
        lacking = values.isin(["NA", ""])
        if name in MAY_LACK:
            return values.mask(lacking, None)
        _refuse(lacking.to_numpy(dtype=bool), name, cells, lines, label, "a value")
        return values
    whole = name in WHOLE
    pattern = re.compile(r"-?\d{1,12}" if whole else r"-?\d{1,12}(\.\d*)?(e[+-]?\d{1,2})?", re.ASCII)
    expected = "a whole number" if whole else "a number"
    _refuse(np.array([not pattern.fullmatch(c) for c in cells], bool), name, cells, lines, label, expected)
    numbers = np.array(cells, dtype=str).astype(np.int64 if whole else np.float64)
    low, high = {"track_popularity": (0, 100), "key": (-1, 11), "mode": (0, 1), "duration_ms": (0, np.inf)}.get(
        name, (0, 1) if name in SHARES else (-np.inf, np.inf)
    )
    _refuse((numbers < low) | (numbers > high), name, cells, lines, label, f"a number between {low} and {high}")
    return numbers


def _refuse(
    bad: NDArray[np.bool_], name: str, cells: tuple[str, ...], lines: list[int], label: str, expected: str
) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(f"{label}, line {lines[row]}: expected {expected} as {name}, found {cells[row]!r}")
