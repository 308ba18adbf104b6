"""Tables of genres and artists, from songs or from tags."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import item_tags
from musicrec.datasets.spotify import FEATURES

with warnings.catch_warnings():  # it warns where it was built without threads; one thread is all that is used here
    warnings.filterwarnings("ignore", message="LightFM was compiled without OpenMP")


ORIGINAL_SONGS, ORIGINAL_UPLOADED, ORIGINAL_GENRES, ORIGINAL_MIN_SONGS = 232_725, 100_000, 27, 50
MIN_ASSIGNMENTS, MIN_ARTISTS = 50, 100  # Last.fm: tags of an artist, artists of a tag

Kind = Literal["genre", "subgenre", "tag"]


# ---- The tables


@dataclass(frozen=True, eq=False)
class GenreTable:
    """Genres × artists, and what else is known of the artists.

    Attributes
    ----------
    kind : {"genre", "subgenre", "tag"}
        What a row is.
    interactions : Interactions
        Users are the names of the genres, items those of the artists; weights are the summed popularity (0 to 100) of
        an artist's songs in a genre, or how often the artist was given the tag.
    features : numpy.ndarray, shape (n_artists, n_features)
        How the artists sound, or who listens to them; rows of length 1, float32. Nothing in it comes from the genres.
    popularity : numpy.ndarray, shape (n_artists,)
        Summed popularity of all songs, or number of listeners.
    min_songs : int
        Artists have at least so many songs (tag assignments).
    lost : int
        Pairs that weigh 0 although the artist is listed under the genre: all their songs have a popularity of 0.
    """

    kind: Kind
    interactions: Interactions
    features: NDArray[np.float32]
    popularity: NDArray[np.float64]
    min_songs: int
    lost: int = 0

    @property
    def names(self) -> NDArray[Any]:
        """Names of the genres."""
        return self.interactions.users

    @property
    def artists(self) -> NDArray[Any]:
        """Names of the artists."""
        return self.interactions.items

    @property
    def known(self) -> Mask:
        """Which artist is in which genre, shape (n_genres, n_artists)."""
        return known(self.interactions)


def genre_table(data: Dataset, kind: Kind = "subgenre", *, min_songs: int | None = None) -> GenreTable:
    """Make the table of a data set.

    Parameters
    ----------
    data : Dataset
        With songs for "genre" and "subgenre", with tags for "tag".
    kind : {"genre", "subgenre", "tag"}
        What a row is. Tags are kept from 100 artists on.
    min_songs : int, optional
        Songs (tag assignments) an artist must have. By default the original's 50, reduced as the collection is smaller
        than the original's (6 of 28,356 songs), or 50 tag assignments.

    Raises
    ------
    ValueError
        When the data set has no such table, or too few artists are left.
    """
    needed = "tag_assignments" if kind == "tag" else "songs"
    if kind not in ("genre", "subgenre", "tag") or needed not in data.tables:
        raise ValueError(f"{data.name} has no {kind}s; spotify-songs has genres and subgenres, lastfm-2k has tags")
    return _tag_table(data, min_songs) if kind == "tag" else _song_table(data, kind, min_songs)


def _song_table(data: Dataset, kind: Kind, min_songs: int | None) -> GenreTable:
    songs, rows = data.tables["songs"], data.tables["rows"]
    least = max(2, round(ORIGINAL_MIN_SONGS * len(songs) / ORIGINAL_SONGS)) if min_songs is None else min_songs
    mine = songs[songs.groupby("artist")["id"].transform("size") >= least]  # songs without an artist drop out
    artists = np.sort(mine["artist"].unique()).astype(object)
    _expect_enough(data, rows[f"playlist_{kind}"].nunique(), len(artists), f"{least} songs")
    listed = rows[rows["track_id"].isin(mine["id"])].drop_duplicates(["track_id", f"playlist_{kind}"])
    cells = listed.groupby([f"playlist_{kind}", "track_artist"])["track_popularity"].sum().reset_index()
    cells.columns = pd.Index(["genre", "artist", "popularity"])
    genres = np.sort(cells["genre"].unique()).astype(object)
    heard = cells[cells["popularity"] > 0]
    table = Interactions.from_frame(
        heard, user="genre", item="artist", weight="popularity", users=genres, items=artists
    )
    popularity = mine.groupby("artist")["popularity"].sum().loc[artists].to_numpy(np.float64)
    return GenreTable(kind, table, _sound(mine, artists), popularity, least, len(cells) - len(heard))


def _sound(songs: pd.DataFrame, artists: NDArray[Any]) -> NDArray[np.float32]:
    """Describe artists by means and spreads of their songs' audio features and the mean year of release."""
    # a key is a name, not a quantity; a duration matters by its ratio to others
    numbers = songs[[name for name in FEATURES if name != "key"]].astype(float)
    numbers["duration_ms"] = np.log(numbers["duration_ms"].clip(lower=1))
    by_artist = numbers.groupby(songs["artist"])
    year = songs["release_date"].str[:4].astype(float).groupby(songs["artist"]).mean()
    return _rows_of_length_1(pd.concat([by_artist.mean(), by_artist.std(), year], axis=1).loc[artists].to_numpy())


def _tag_table(data: Dataset, min_assignments: int | None) -> GenreTable:
    least = MIN_ASSIGNMENTS if min_assignments is None else min_assignments
    counts = item_tags(data)
    artists = np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel() >= least)
    of_artists = counts[artists]
    tags = np.flatnonzero(np.bincount(of_artists.indices, minlength=counts.shape[1]) >= MIN_ARTISTS)
    _expect_enough(data, len(tags), len(artists), f"{least} tags")
    names = data.tables["tags"]["name"].to_numpy(dtype=object)
    table = Interactions(of_artists[:, tags].T.tocsr(), names[tags], data.item_names[artists])
    listens = data.interactions.binary()
    fame = data.interactions.popularity()
    # who listens to an artist says little of it when everybody does
    weighted = listens @ sp.diags_array(1 / np.sqrt(np.maximum(fame, 1)).astype(np.float32))
    dim = min(TASTE_DIM, min(weighted.shape) - 1)
    _, sizes, vectors = randomized_svd(sp.csr_matrix(weighted), dim, random_state=0)
    features = (vectors.T * sizes)[artists]
    return GenreTable("tag", table, _rows_of_length_1(features), fame[artists].astype(np.float64), least)


def _expect_enough(data: Dataset, n_rows: int, n_artists: int, least: str) -> None:
    if n_rows < 2 or n_artists < 10:
        raise ValueError(
            f"{data.name}: {n_rows} rows of {n_artists} artists with at least {least} are too few to learn from; lower "
            "min_songs"
        )


def _rows_of_length_1(values: NDArray[Any]) -> NDArray[np.float32]:
    values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9)
    return unit_length(values).astype(np.float32)


def unit_length(values: NDArray[Any]) -> NDArray[Any]:
    """Return the rows scaled to length 1; a row of zeros stays."""
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


def known(interactions: Interactions) -> Mask:
    """Return which cells are there, shape (n_genres, n_artists)."""
    return interactions.matrix.toarray() > 0


TASTE_DIM = 32


Mask = NDArray[np.bool_]
