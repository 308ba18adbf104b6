"""What the sound of a song says about its genre."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from musicrec.chapters.eda.measures import explained_variance
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.spotify import FEATURES
from musicrec.evaluation.statistics import Interval, bootstrap_mean

QUANTITIES = [name for name in FEATURES if name not in ("key", "mode")]  # of a category, a mean has no meaning


def songs_by_genre(songs: Dataset) -> pd.DataFrame:
    """Return one row per song and genre of a playlist it stands in; `several` marks songs with more than one genre."""
    rows = songs.tables["rows"].drop_duplicates(["track_id", "playlist_genre"], ignore_index=True)
    return rows.assign(several=rows["track_id"].duplicated(keep=False))


def song_table(songs: Dataset) -> pd.DataFrame:
    """Return the sizes of a data set of songs: index `quantity`, column `count`."""
    rows, by_genre = songs.tables["rows"], songs_by_genre(songs)
    counts = {
        "rows": len(rows),
        "songs": songs.interactions.n_items,
        "playlists": songs.interactions.n_users,
        "rows that repeat a song within its playlist": rows.duplicated(["playlist_id", "track_id"]).sum(),
        "rows without the name of the song": rows["track_name"].isna().sum(),
        "songs in playlists of different genres": by_genre.loc[by_genre["several"], "track_id"].nunique(),
    }
    return pd.Series(counts, name="count").rename_axis("quantity").to_frame()


def between_genres(by_genre: pd.DataFrame) -> pd.Series:
    """Return the share of each feature's variance that lies between genres, the largest first."""
    genre = by_genre["playlist_genre"]
    explained = pd.Series({name: explained_variance(by_genre[name], genre) for name in QUANTITIES})
    return explained.sort_values()[::-1]


def genre_profile(by_genre: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """Return the mean of each feature by genre, in standard deviations from the mean of all."""
    values = by_genre[features].astype(float)
    scaled = (values - values.mean()) / values.std()
    return scaled.groupby(by_genre["playlist_genre"]).mean().rename_axis("genre")


class Hearing(NamedTuple):
    """How well the genre is heard in ten numbers."""

    right: Interval  # share of the songs
    chance: float  # of always naming the most common genre


def hear_genres(by_genre: pd.DataFrame, seed: int) -> Hearing:
    """Guess the genre of songs that have one, by a linear classifier that was trained on songs of other artists."""
    sure = by_genre[~by_genre["several"]]
    label, artist = sure["playlist_genre"], sure["track_artist"].fillna("")
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    guess = cross_val_predict(classifier, sure[QUANTITIES], label, groups=artist, cv=GroupKFold(5))
    right = bootstrap_mean((guess == label).to_numpy(float), seed=seed)
    return Hearing(right, label.value_counts(normalize=True).max())
