"""What chapter 10 measures, and the playlist it writes."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats, too_long
from musicrec.evaluation.ranking import Evaluation
from musicrec.files import whole, write_text
from musicrec.models.top_k import top_k
from musicrec.splits.by_user import is_held_out
from musicrec.splits.playlists import CANDIDATES, SONGS

# ---- A playlist to take along


def right_in_first(evaluation: Evaluation, held_out: Interactions, k: int = SONGS) -> NDArray[np.int64]:
    """Return how many of the first k songs of each list are held-out ones."""
    return is_held_out(evaluation.lists[:, :k], evaluation.users, held_out).sum(axis=1)


def first_songs(
    ranked: NDArray[np.int64], songs: pd.DataFrame, own: NDArray[np.integer[Any]], k: int = SONGS
) -> NDArray[np.int64]:
    """Return the first k songs of one list, without tracks that are too long and without a title twice.

    Parameters
    ----------
    ranked : numpy.ndarray, shape (n,)
        One list, best first; -1 where there is none.
    songs : pandas.DataFrame
        All songs.
    own : numpy.ndarray
        Songs of the playlist; the same title by the same artist is not listed again.
    """
    titles = (songs["name"].fillna(songs["id"]) + "\n" + songs["artist"].fillna("")).str.casefold().to_numpy()
    skip, seen = too_long(songs), set(titles[own])
    first: list[int] = []
    for song in ranked[ranked >= 0].tolist():
        if len(first) < k and not skip[song] and titles[song] not in seen:
            seen.add(titles[song])
            first.append(song)
    return np.array(first, np.int64)


def song_table(songs: pd.DataFrame, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return songs in the order of a list with the columns of a playlist export: URI, names, duration."""
    chosen = songs.iloc[ids[ids >= 0]]
    return pd.DataFrame(
        {
            "Track URI": "spotify:track:" + chosen["id"],
            "Track Name": chosen["name"].fillna(""),
            "Artist Name(s)": chosen["artist"].fillna(""),
            "Album Name": chosen["album"].fillna(""),
            "Track Duration (ms)": chosen["duration_ms"],
        }
    ).reset_index(drop=True)


def write_playlist(table: pd.DataFrame, path: Path) -> tuple[Path, Path]:
    """Write a playlist to take along: a CSV file, and beside it a text file with one `spotify:track:` address per line.

    The columns of the CSV file are those of common playlist exporters, which importers read by the address. The lines
    of the text file can be copied and pasted into a playlist of Spotify's desktop application. A title that a
    spreadsheet would run as a formula gets an apostrophe in front.

    Raises
    ------
    ValueError
        When an address is not of 22 letters and digits; nothing is written.
    """
    uris = table["Track URI"].tolist()
    if bad := [uri for uri in uris if not re.fullmatch(r"spotify:track:[0-9A-Za-z]{22}", uri)]:
        raise ValueError(f"{bad[0]!r} is no address of a song: expected spotify:track: and 22 letters and digits")
    plain = path.with_suffix(".txt")
    with whole(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([[_no_formula(cell) for cell in row] for row in table.itertuples(index=False)])
    write_text(plain, "".join(f"{uri}\n" for uri in uris))
    return path, plain


def _no_formula(cell: Any) -> Any:
    text = " ".join(cell.split()) if isinstance(cell, str) else cell
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@")) else text


def outlier_report(playlists: Floats, songs: Floats, planted: Floats) -> dict[str, float]:
    """Count planted songs among what is retrieved for playlists when they are candidates beside all others.

    Parameters
    ----------
    playlists, songs, planted : numpy.ndarray, shape (n, dim), (n_songs, dim), (n_planted, dim)
        Embeddings.

    Returns
    -------
    dict
        How long planted embeddings are relative to others; how many are in the first 1,000 and in the first 50; the
        share of playlists with more than ten in 50.
    """
    scores = playlists @ np.concatenate([songs, planted]).T
    best = top_k(scores, min(CANDIDATES, scores.shape[1])).ids >= len(songs)
    first = best[:, :SONGS].sum(axis=1)
    return {
        "length, relative": float(np.linalg.norm(planted, axis=1).mean() / np.linalg.norm(songs, axis=1).mean()),
        f"in {CANDIDATES}": float(best.sum(axis=1).mean()),
        f"in {SONGS}": float(first.mean()),
        f"playlists with more than ten in {SONGS}": float((first > 10).mean()),
    }


class Written(NamedTuple):
    """A playlist that was written: whose it is, what was found, where it is.

    Attributes
    ----------
    genre : str
        Where the data list the playlist.
    known, held_out, right : int
        Songs of the playlist that were known and held out; how many of the latter are among the fifty.
    files : list of str
        Names of the files.
    simulated : bool
        Whether the songs are invented.
    """

    genre: str
    known: int
    held_out: int
    right: int
    files: list[str]
    simulated: bool


def average_playlist(result: Evaluation, metric: str = "ndcg@50") -> int:
    """Return the row of the playlist in the middle when all are ordered by a metric."""
    values = result.per_user[metric].to_numpy()
    return int(np.argsort(values, kind="stable")[len(values) // 2])


def shown(table: pd.DataFrame, right: NDArray[np.bool_]) -> pd.DataFrame:
    """Return a table of `song_table` as a page shows it: numbered, with lengths in minutes, and what is right."""
    seconds = table["Track Duration (ms)"] // 1000
    page = table[["Track Name", "Artist Name(s)", "Album Name"]].assign(
        length=[f"{s // 60}:{s % 60:02}" for s in seconds.tolist()]
    )
    page["held out"] = right
    return page.set_index(pd.RangeIndex(1, len(page) + 1, name="place"))
