"""Listeners and playlists side by side, as sets of the same artists: what serves readers beyond 2011.

The listeners of Last.fm know no artist that came later; public playlists do. Both say which artists go together, so
playlists stand below the listeners as further rows, and an artist that both name is one column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.identity import JOINED
from musicrec.datasets.interactions import Interactions
from musicrec.names import plain

# Chapter 15: on draws for choosing, twice finds more than half, once or four times.
PLAYLIST_COUNTS = 2
NO_ARTISTS = frozenset(map(plain, ("Various Artists", "[unknown]", "Unknown", "Unknown Artist", "VA", "[no artist]")))


def load(*, progress: bool = True) -> Dataset:
    """Load the listeners of Last.fm and the playlists of Spotify songs and join them; see `joined`.

    Raises
    ------
    DataUnavailableError, DataError
        As the two by themselves.
    """
    from musicrec.datasets import lastfm, spotify

    return joined(lastfm.load(progress=progress), spotify.load(progress=progress))


def joined(listeners: Dataset, playlists: Dataset) -> Dataset:
    """Join listeners and playlists, artists matched by their names.

    How often a playlist's owner plays an artist is not known: every entry counts as many plays as the typical listen
    (the mean of their logarithm). Beside a listener a playlist counts `PLAYLIST_COUNTS` times in a fit, as `times` in
    the table `people` says. Spellings of one artist that differ in more than case stay apart here, and are merged by
    who listens to them before a model is served.
    """
    from musicrec.names.fold import exact

    rows = listener_rows(listeners)
    both = join([rows, artist_sets(playlists, plays=typical_plays(rows))], listeners, key=exact)
    one, other = listeners.provenance, playlists.provenance
    about = replace(
        one,
        source=f"{one.source}; {other.source}",
        found=one.found if one.found == other.found else f"{one.found}; {other.found}",
        fingerprint=hashlib.sha256(f"{one.fingerprint} {other.fingerprint}".encode()).hexdigest()[:16],
        simulated=one.simulated or other.simulated,
    )
    people = both.tables["people"]
    people = people.assign(times=np.where(people["part"] == 0, 1, PLAYLIST_COUNTS))
    return replace(numbered(both), name=JOINED, provenance=about, tables={**both.tables, "people": people})


def numbered(both: Dataset) -> Dataset:
    """Return the same data with artists known by numbers from 0, as the served models number theirs."""
    numbers = np.arange(both.interactions.n_items)
    interactions = Interactions(both.interactions.matrix, both.interactions.users, numbers)
    return replace(both, interactions=interactions, items=both.items.assign(id=numbers))


def typical_plays(rows: pd.DataFrame) -> float:
    """Return the plays of a typical listen: the mean of their logarithm, as plays."""
    return float(np.expm1(np.log1p(rows["plays"]).mean()))


def artist_sets(playlists: Dataset, plays: float = 1.0) -> pd.DataFrame:
    """Return one row for each playlist and artist on it: `user`, `artist`, and `plays`, the same for all.

    Parameters
    ----------
    playlists : Dataset
        Playlists × songs, with the table `songs` (`id`, `artist`).
    plays : float
        How often each artist counts as played, above zero.
    """
    rows, columns = playlists.interactions.coordinates()
    artist = playlists.tables["songs"]["artist"].to_numpy(dtype=object)[columns]
    user = np.asarray([f"playlist {label}" for label in playlists.interactions.users], dtype=object)[rows]
    pairs = pd.DataFrame({"user": user, "artist": artist}).dropna().drop_duplicates(ignore_index=True)
    return pairs.assign(plays=float(plays))


def listener_labels(listeners: Dataset) -> NDArray[np.object_]:
    """Return what the rows of a data set are called when it is joined, shape (n_users,)."""
    return np.asarray([f"listener {label}" for label in listeners.interactions.users], dtype=object)


def listener_rows(listeners: Dataset) -> pd.DataFrame:
    """Return one row for each listener and artist: `user`, `artist` and `plays`."""
    rows, columns = listeners.interactions.coordinates()
    return pd.DataFrame(
        {
            "user": listener_labels(listeners)[rows],
            "artist": listeners.item_names[columns],
            "plays": listeners.interactions.matrix.data.astype(np.float64),
        }
    )


def join(parts: Iterable[pd.DataFrame], about: Dataset, *, key: Callable[[str], str] = plain) -> Dataset:
    """Join tables of people and artists into one data set of artists.

    Parameters
    ----------
    parts : iterable of pandas.DataFrame
        With the columns `user`, `artist` and `plays`, as of `listener_rows` and `artist_sets`; people of different
        parts must have different labels. The order of people is kept.
    about : Dataset
        Whose name and provenance the result takes over, as that of the first part.
    key : callable
        What two spellings of one artist have in common. Placeholders such as "Various Artists" are left out.

    Returns
    -------
    Dataset
        People × artists. `items` has a `name` (the spelling most people use, of equals the first) and the `key`;
        the table `people` has the label and the number of the part of each person.

    Raises
    ------
    ValueError
        When a person is in two parts.
    """
    frames = [part.assign(part=number) for number, part in enumerate(parts)]
    rows = pd.concat(frames, ignore_index=True)
    people = rows[["user", "part"]].drop_duplicates(ignore_index=True)
    if twice := people["user"][people["user"].duplicated()].tolist():
        raise ValueError(f"{twice[0]!r} is in two of the tables to join; give people different labels")
    spellings = rows["artist"].value_counts(sort=False)
    keys = {name: key(name) for name in spellings.index}
    rows["key"] = rows["artist"].map(keys)
    rows = rows[~rows["key"].isin(NO_ARTISTS)]
    best = (
        spellings.to_frame("people")
        .assign(key=spellings.index.map(keys))
        .sort_values("people", ascending=False, kind="stable")
    )
    best = best[~best["key"].isin(NO_ARTISTS)].reset_index(names="name").drop_duplicates("key", ignore_index=True)
    summed = rows.groupby(["user", "key"], sort=False)["plays"].sum().reset_index()
    interactions = Interactions.from_frame(
        summed,
        user="user",
        item="key",
        weight="plays",
        users=people["user"].to_numpy(dtype=object),
        items=best["key"].to_numpy(dtype=object),
    )
    return replace(
        about, interactions=interactions, items=best[["name", "key"]], tables={"people": people}, oracle=None
    )


def times_of(data: Dataset) -> NDArray[np.int64] | None:
    """Return how often each row counts in a fit, shape (n_users,), None where all count once."""
    people = data.tables.get("people")
    return people["times"].to_numpy(np.int64) if people is not None and "times" in people else None


def repeated(interactions: Interactions, times: NDArray[np.int64] | None) -> Interactions:
    """Return the same interactions with every row as often as it says, shape (n_users,): so it counts more in a fit.

    Users are then numbered anew.
    """
    if times is None:
        return interactions
    rows = np.repeat(np.arange(interactions.n_users), times)
    return Interactions(interactions.matrix[rows], np.arange(len(rows)), interactions.items)
