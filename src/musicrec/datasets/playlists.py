"""Playlists as their owners see them: tracks in order, a title, when they were last changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Playlists:
    """Playlists with what is known of them beside their tracks.

    Attributes
    ----------
    tracks : Interactions
        Playlists × tracks; users are labelled by playlist id, items by track.
    places : numpy.ndarray, shape (n_entries,)
        Where in its playlist each entry of the matrix stands, smaller first; only the order counts.
    titles : numpy.ndarray, shape (n_playlists,)
        As their owners wrote them, "" where there is none.
    artists : numpy.ndarray, shape (n_tracks,)
        A number for each artist, the same for all of their tracks.
    modified_at : numpy.ndarray, shape (n_playlists,)
        Seconds since 1970 of the last change, 0 where nobody knows.
    """

    tracks: Interactions
    places: NDArray[np.integer]
    titles: NDArray[np.object_]
    artists: NDArray[np.int64]
    modified_at: NDArray[np.int64]

    def __post_init__(self) -> None:
        sizes = {
            "places": (len(self.places), len(self.tracks)),
            "titles": (len(self.titles), self.tracks.n_users),
            "artists": (len(self.artists), self.tracks.n_items),
            "modified_at": (len(self.modified_at), self.tracks.n_users),
        }
        for name, (given, expected) in sizes.items():
            if given != expected:
                raise ValueError(f"{name} has {given:,} values where {expected:,} are expected")

    def __len__(self) -> int:
        return self.tracks.n_users

    def rows(self, chosen: NDArray[np.integer]) -> Playlists:
        """Return some of the playlists, by row, in that order; the tracks stay what they are."""
        matrix = self.tracks.matrix
        sizes = np.diff(matrix.indptr)[chosen]
        entries = _ranges(matrix.indptr[:-1][chosen], sizes)
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        part = sp.csr_array(
            (matrix.data[entries], matrix.indices[entries], indptr), shape=(len(sizes), self.tracks.n_items)
        )
        return replace(
            self,
            tracks=Interactions(part, self.tracks.users[chosen], self.tracks.items),
            places=self.places[entries],
            titles=self.titles[chosen],
            modified_at=self.modified_at[chosen],
        )


def _ranges(starts: NDArray[np.integer], sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the numbers from each start on, as many as each size says, one after the other."""
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) if len(sizes) else starts
    return (offsets + np.arange(int(sizes.sum()))).astype(np.int64)


def playlists_of(data: Dataset) -> Playlists:
    """Return the playlists of a data set that has some: `mpd`, `spotify-songs`, `simulated-songs`.

    A track that a playlist holds more than once stands where it stands first. In `spotify-songs` the order is that of
    the file, artists are known by their names alone, and nobody knows when a playlist was changed.

    Raises
    ------
    ValueError
        When the data set has no playlists.
    """
    tables = data.tables
    if "entries" in tables:
        entries, key, order = tables["entries"], "pid", tables["entries"]["pos"].to_numpy()
        artists = tables["tracks"]["artist_uri"]
    elif {"rows", "playlists"} <= set(tables):
        entries = tables["rows"].rename(columns={"playlist_id": "pid", "track_id": "track"})
        key, order = "id", np.arange(len(entries))
        artists = data.items["artist"]
    else:
        raise ValueError(f"{data.name} has no playlists: choose spotify-songs, mpd or simulated-songs")
    tracks = data.interactions
    rows = pd.Index(tracks.users).get_indexer(pd.Index(entries["pid"]))
    columns = pd.Index(tracks.items).get_indexer(pd.Index(entries["track"]))
    cells = rows.astype(np.int64) * tracks.n_items + columns
    first = np.lexsort((order, cells))  # the first place of each cell comes first
    _, starts = np.unique(cells[first], return_index=True)
    table = tables["playlists"].set_index(key)
    return Playlists(
        tracks,
        order[first][starts].astype(np.int32),
        _texts(table["name"].reindex(tracks.users)),
        pd.factorize(artists)[0].astype(np.int64),
        _seconds(table.get("modified_at"), tracks.users),
    )


def _texts(values: pd.Series) -> NDArray[np.object_]:
    return values.astype(object).where(values.notna(), "").to_numpy(dtype=object)


def _seconds(values: Any, users: NDArray[Any]) -> NDArray[np.int64]:
    if values is None:
        return np.zeros(len(users), np.int64)
    return values.reindex(users).to_numpy(dtype=np.int64)
