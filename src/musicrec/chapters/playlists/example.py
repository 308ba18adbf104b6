"""Chapter 08 on playlists: the most followed ones, the tracks of the first, and what is recommended to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.scores.records import ScoreBook

REPORTED = {"items of the example": ("tracks", 212), "followers of the example": ("followers", 232)}


def most_followed(data: Dataset, n: int = 10) -> pd.DataFrame:
    """Return the playlists with most followers, of equal ones the first: `row`, `title`, `followers`, `tracks`.

    Parameters
    ----------
    data : Dataset
        With a table `playlists` whose rows are those of the interactions.
    n : int
        How many.

    Raises
    ------
    ValueError
        When nobody counted followers.
    """
    lists = data.tables["playlists"]
    followers = lists["num_followers"].fillna(0).to_numpy()
    if not followers.any():
        raise ValueError(f"no playlist of {data.provenance.source} has followers: the example is the one with most")
    best = np.argsort(-followers, kind="stable")[:n]
    held = data.tables["entries"]["pid"].value_counts().reindex(lists["pid"]).to_numpy()
    columns = {
        "row": best,
        "title": lists["name"].to_numpy(dtype=object)[best],
        "followers": followers[best].astype(np.int64),
        "tracks": held[best].astype(np.int64),
    }
    return pd.DataFrame(columns, index=_places(len(best)))


def write_down(book: ScoreBook, followed: pd.DataFrame, data: Dataset) -> None:
    """Add the two figures of the original's example beside those of the most followed playlist of ours."""
    note = "the most followed playlist of another draw"
    for quantity, (column, figure) in REPORTED.items():
        value = followed[column].iloc[0]
        book.reproduce("playlist-nncf", quantity, value, figure, note=note, dataset=data)


def first_tracks(data: Dataset, hidden: Interactions, row: int, n: int = 20) -> pd.DataFrame:
    """Return the first tracks of a playlist: `track`, `album`, `artist`, and whether it is `hidden`."""
    entries = data.tables["entries"]
    own = entries.loc[entries["pid"] == data.interactions.users[row], "track"].drop_duplicates().iloc[:n]
    ids = pd.Index(data.interactions.items).get_indexer(pd.Index(own))
    table = named(data, ids)
    return table.assign(hidden=np.isin(ids, hidden.matrix[[row]].indices))


def named(data: Dataset, ids: ArrayLike) -> pd.DataFrame:
    """Return `track`, `album` and `artist` of some items, in that order; index `place`, from 1."""
    tracks = data.tables["tracks"].iloc[np.asarray(ids, np.int64)]
    table = tracks[["name", "album", "artist"]].rename(columns={"name": "track"})
    return table.set_axis(_places(len(table)))


def recommended(data: Dataset, ids: ArrayLike, scores: ArrayLike, train: Interactions) -> pd.DataFrame:
    """Return recommended tracks, best first, with their score and how many playlists of the training part hold them."""
    held = train.popularity()[np.asarray(ids, np.int64)]
    return named(data, ids).assign(score=np.asarray(scores, np.float64), playlists=held)


class Found(NamedTuple):
    """How many of the hidden tracks of the example stand among ten, of the network and of popularity."""

    hidden: int
    network: int
    popularity: int
    shared: int  # tracks that both recommend


def found(hidden: Interactions, row: int, network: ArrayLike, popularity: ArrayLike) -> Found:
    """Count the hidden tracks in two lists."""
    own = hidden.matrix[[row]].indices
    first, second = (np.asarray(ids, np.int64) for ids in (network, popularity))
    return Found(
        len(own),
        int(np.isin(first, own).sum()),
        int(np.isin(second, own).sum()),
        len(np.intersect1d(first, second)),
    )


def _places(n: int) -> pd.RangeIndex:
    return pd.RangeIndex(1, n + 1, name="place")
