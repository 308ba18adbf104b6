"""The regression problems: friends of a listener, followers of a playlist."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from musicrec.datasets.dataset import Dataset

MIN_ROWS = 100  # below it a third held out says nothing


class Frame(NamedTuple):
    """A regression problem.

    Attributes
    ----------
    X : pandas.DataFrame, shape (n, n_predictors)
        Numeric predictors, one row per listener or playlist.
    y : pandas.Series, shape (n,)
        The count to predict; its name says what is counted.
    most_common : pandas.Series, shape (n,)
        Name of the artist each listener played most, or that a playlist holds most tracks of.
    """

    X: pd.DataFrame
    y: pd.Series
    most_common: pd.Series

    @property
    def table(self) -> pd.DataFrame:
        """The numeric predictors and the most common artist, as the models read them."""
        return self.X.assign(**{str(self.most_common.name): self.most_common.to_numpy(dtype=object)})


def frame(dataset: Dataset) -> Frame:
    """Make the regression problem of a data set: friends of its listeners, or followers of its playlists.

    Parameters
    ----------
    dataset : Dataset
        With a table `friends` (`lastfm-2k`, `simulated`), or with a table `playlists` that counts followers (`mpd`).

    Returns
    -------
    Frame
        For playlists exactly the predictors of the original. For listeners: number of artists, plays, how the plays
        concentrate (Gini coefficient, effective number of artists = exp of the entropy, share of the most played
        one), mean number of listeners of the artists, and what the listener tagged.

    Raises
    ------
    ValueError
        When the data set counts neither friends nor followers.
    """
    if "friends" in dataset.tables:
        return _listeners(dataset)
    if "num_followers" in dataset.tables.get("playlists", ()):
        return _playlists(dataset)
    raise ValueError(f"data set {dataset.name!r} counts neither friends nor followers; use lastfm-2k, simulated or mpd")


def _playlists(dataset: Dataset) -> Frame:
    lists, entries, tracks = (dataset.tables[name] for name in ("playlists", "entries", "tracks"))
    lists = lists.set_index(lists["pid"].rename("playlist"))
    X = pd.DataFrame(
        {
            "collaborative": lists["collaborative"],
            "mean_track_ms": lists["duration_ms"] / lists["num_tracks"].clip(lower=1),
            "edits": lists["num_edits"],
            "tracks": lists["num_tracks"],
            "albums": lists["num_albums"],
            "artists": lists["num_artists"],
            "minutes": lists["duration_ms"] / 60_000,
        }
    ).astype(np.float64)
    held = pd.DataFrame({"pid": entries["pid"], "artist": entries["track"].map(tracks.set_index("id")["artist"])})
    counts = held.groupby(["pid", "artist"], sort=False).size().reset_index(name="n")
    most = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates("pid").set_index("pid")["artist"]
    return Frame(X, lists["num_followers"].rename("followers"), most.reindex(X.index).rename("most_common_artist"))


def _listeners(dataset: Dataset) -> Frame:
    listens = dataset.interactions
    user, artist = listens.coordinates()
    plays = listens.matrix.data.astype(np.float64)
    n, sizes = listens.n_users, listens.history_sizes()
    total = np.bincount(user, plays, n)
    share = plays / total[user]
    order = np.lexsort((plays, user))  # of each listener, the least played first
    place = np.arange(len(plays)) - np.repeat(listens.matrix.indptr[:-1], sizes) + 1
    top = np.full(n, -1)
    top[user[order]] = artist[order]  # the last one written is the most played
    tagged = dataset.tables["tag_assignments"]
    of = tagged.assign(when=tagged["year"] * 12 + tagged["month"]).groupby("user")
    tagging = of.agg(
        tags=("tag", "nunique"),
        tag_assignments=("tag", "size"),
        tagged_artists=("artist", "nunique"),
        tagging_months=("when", "nunique"),
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a listener without listens has no concentration
        X = pd.DataFrame(
            {
                "artists": sizes,
                "plays": total,
                "plays_gini": np.bincount(user[order], (2 * place - sizes[user] - 1) * plays[order], n)
                / (sizes * total),
                "effective_artists": np.exp(-np.bincount(user, share * np.log(share), n)) * (sizes > 0),
                "top_artist_share": np.bincount(user[order], share[order] * (place == sizes[user]), n),
                "listeners_per_artist": np.bincount(user, listens.popularity()[artist], n) / sizes,
            },
            index=pd.Index(listens.users, name="user"),
        )
    X = X.fillna(0.0).join(tagging.reindex(X.index, fill_value=0)).astype(np.float64)
    friends = dataset.tables["friends"].groupby("user").size().reindex(X.index, fill_value=0)
    names = np.append(dataset.item_names, "none")[top]
    return Frame(X, friends.rename("friends"), pd.Series(names, X.index, name="most_played_artist"))


def sample(problem: Frame, n: int, seed: int) -> Frame:
    """Return n rows drawn at random, or the problem itself when it has no more."""
    if n >= len(problem.y):
        return problem
    rows = np.sort(np.random.default_rng(seed).choice(len(problem.y), n, replace=False))
    return Frame(problem.X.iloc[rows], problem.y.iloc[rows], problem.most_common.iloc[rows])


def checked(problem: Frame) -> Frame:
    """Return the problem if models can be compared on it.

    Raises
    ------
    ValueError
        When it has fewer than `MIN_ROWS` rows, when a value is missing or infinite, or when all targets are equal.
    """
    X, y, most_common = problem
    if len(y) < MIN_ROWS:
        raise ValueError(
            f"{len(y)} rows are too few to split: a third of them would be the test; give at least {MIN_ROWS}"
        )
    for name, values in {**X, y.name: y}.items():
        bad = ~np.isfinite(values.to_numpy(dtype=np.float64))
        if bad.any():
            raise ValueError(
                f"{bad.sum()} values of {name!r} are missing or infinite; the first is that of row "
                f"{values.index[bad.argmax()]!r}: fill in or leave out such rows before fitting"
            )
    if most_common.isna().any():
        raise ValueError(f"{most_common.isna().sum()} rows have no {most_common.name!r}; name it, or leave them out")
    if (y == y.iloc[0]).all():
        raise ValueError(f"all {len(y):,} {y.name} are {y.iloc[0]}: with nothing to explain, R² is undefined")
    return problem
