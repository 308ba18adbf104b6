"""Which artists a map shows, how they are coloured, and what lies around one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.chapters.clustering.clusters import directions

BANDS = {"1": (1, 1), "2 to 4": (2, 4), "5 to 19": (5, 19), "20 to 99": (20, 99), "100 or more": (100, np.inf)}


class Coloured(NamedTuple):
    """Artists with a colour by main tag, in the order of the colours."""

    items: NDArray[np.int64]
    names: pd.Series  # of the main tag, missing where it is none of the frequent ones
    frequent: NDArray[np.int64]  # tags, most frequent first


def colour_by_tag(
    items: NDArray[np.int64], main: NDArray[np.int64], tag_names: NDArray[np.object_], n: int = 6
) -> Coloured:
    """Order some artists by the n most frequent main tags among them; those with another tag come last.

    Parameters
    ----------
    items : numpy.ndarray of int, shape (n_shown,)
        Artists with a main tag.
    main : numpy.ndarray of int, shape (n_items,)
        The main tag of every artist.
    tag_names : numpy.ndarray of str, shape (n_tags,)
        Names of the tags.
    """
    frequent = pd.Series(main[items]).value_counts().index[:n].to_numpy()
    place = pd.Index(frequent).get_indexer(main[items])
    order = np.argsort(np.where(place < 0, n, place), kind="stable")
    items, place = items[order], place[order]
    names = pd.Series(tag_names[frequent[place]], dtype=object).where(place >= 0)
    return Coloured(items, names, frequent)


def leanings(heard: sp.csr_array, main: NDArray[np.int64], tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of some tags each user leans to, as a place in `tags`, shape (n_users,).

    It is the tag most over-represented among the user's artists, compared with all users.

    Parameters
    ----------
    heard : scipy.sparse.csr_array, shape (n_users, n_items)
        Ones for what a user plays.
    main : numpy.ndarray of int, shape (n_items,)
        The main tag of each artist.
    tags : numpy.ndarray of int
        The tags in question.
    """
    counts = heard @ (main[:, None] == tags).astype(np.float64)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return (share - share.mean(axis=0)).argmax(axis=1)


def popularity_bands(popularity: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """Return which artists have how many listeners: by band, shape (n_items,)."""
    return {band: (popularity >= low) & (popularity <= high) for band, (low, high) in BANDS.items()}


def turned_since_start(
    vectors: Mapping[str, NDArray[np.float32]],
    runs: Mapping[str, Mapping[str, Any]],
    n_users: int,
    bands: Mapping[str, NDArray[np.bool_]],
    *,
    seed: int,
) -> pd.DataFrame:
    """Return the mean cosine between an artist's vector at the start of a run and at its end, by band of listeners.

    The start is drawn again from the same seed: the users' vectors first, as `MatrixFactorization` does. `runs` has
    the settings of each run.
    """
    cosines = {}
    for name, settings in runs.items():
        start = _start(settings, (n_users, len(vectors[name])), np.random.default_rng(seed))
        cosine = np.sum(directions(start) * directions(vectors[name]), axis=1)
        cosines[name] = {band: cosine[inside].mean() for band, inside in bands.items() if inside.any()}
    counts = {band: int(inside.sum()) for band, inside in bands.items() if inside.any()}
    return pd.DataFrame(cosines).assign(artists=pd.Series(counts)).rename_axis("listeners of the artist")


def _start(settings: Mapping[str, Any], sizes: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    _, items = (rng.normal(0, settings["init_sd"], (n, settings["dim"])) for n in sizes)
    return items.astype(np.float32)


def around(layout: NDArray[np.float32], items: NDArray[np.int64], centre: int, n: int = 30) -> NDArray[np.int64]:
    """Return the rows of a layout that lie nearest to an artist, its own first.

    Parameters
    ----------
    layout : numpy.ndarray, shape (n_items, dim)
        Positions.
    items : numpy.ndarray of int, shape (n_items,)
        Which artist each row is, in ascending order.
    centre : int
        One of the artists.
    n : int
        How many besides.

    Examples
    --------
    >>> around(np.array([[0.0], [9], [1]]), np.array([3, 5, 8]), 8, n=1).tolist()
    [2, 0]
    """
    away = np.linalg.norm(layout - layout[np.searchsorted(items, centre)], axis=1)
    return np.argsort(away, kind="stable")[: n + 1]
