"""Neighbours of artists in chapter 06: by the wrong names, by the right ones, and what they have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.chapters import original_factors as original
from musicrec.evaluation.statistics import bootstrap_mean
from musicrec.models.factors.als import ALS
from musicrec.models.factors.similar_items import nearest
from musicrec.names import Names, UnknownNameError

HEARD = 10  # listeners from which on an artist's vector is trusted


class NeighbourList(NamedTuple):
    """Neighbours of some artists."""

    measure: str
    how: str
    ids: NDArray[np.int64]  # shape (n, k)

    @property
    def label(self) -> str:
        """How a chart calls it."""
        return f"{self.measure}, {self.how}" if self.measure else self.how


def neighbour_lists(
    factors: NDArray[np.float32], ids: ArrayLike, items: NDArray[np.int64], popularity: NDArray[np.int64], *, seed: int
) -> list[NeighbourList]:
    """Return six neighbours of some artists: at random, as the original printed them, corrected, among heard ones.

    Parameters
    ----------
    factors : numpy.ndarray, shape (n_items, dim)
        One vector per artist.
    ids : array-like, shape (n_items,)
        In the order of the file.
    items : numpy.ndarray of int, shape (n,)
        The artists asked for.
    popularity : numpy.ndarray of int, shape (n_items,)
        Listeners of each artist.
    seed : int
        Draws those at random.
    """
    random = np.random.default_rng(seed).integers(0, len(factors), (len(items), 6))
    found = [NeighbourList("", "six at random", random)]
    for measure in ("cosine", "dot"):
        printed = original.neighbours_as_the_original_printed_them(factors, ids, items, measure=measure)
        heard = nearest(factors, items, measure=measure, among=popularity >= HEARD).ids
        found += [
            NeighbourList(measure, "as printed", printed),
            NeighbourList(measure, "corrected", nearest(factors, items, measure=measure).ids),
            NeighbourList(measure, f"corrected, ≥ {HEARD} listeners", heard),
        ]
    return found


def likeness_table(
    tags: sp.csr_array, items: NDArray[np.int64], popularity: NDArray[np.int64], lists: list[NeighbourList]
) -> pd.DataFrame:
    """Return the likeness of tags of each list (`value`, `low`, `high`), its median `listeners`, and `how` it came."""
    alike = {one.label: bootstrap_mean(original.tag_likeness(tags, items, one.ids)) for one in lists}
    medians = [float(np.median(popularity[one.ids])) for one in lists]
    return original.interval_rows(alike).assign(listeners=medians, how=[one.how for one in lists])


class Unnoticed(NamedTuple):
    """Why wrong names pass for right ones: the order of text keeps most of the order of the file."""

    artist: str
    line: int  # of the artist in the file, counted from 0
    lines: list[str]  # of the five next nearest
    close: float  # share of all such answers within twenty lines of the artist asked for
    nearby: float  # likeness of tags of artists three lines up and down
    random: float  # and of artists at random


def unnoticed(
    names: NDArray[np.object_],
    artist: str,
    factors: NDArray[np.float32],
    ids: ArrayLike,
    items: NDArray[np.int64],
    tags: sp.csr_array,
    random: float,
) -> Unnoticed:
    """Compare the places in the file of artists asked for and of the neighbours the original printed.

    Parameters
    ----------
    names : numpy.ndarray of str, shape (n_items,)
        In the order of the file.
    artist : str
        Whose neighbours are looked at in detail.
    factors, ids
        As in `neighbour_lists`.
    items : numpy.ndarray of int, shape (n,)
        All artists asked for.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts.
    random : float
        Likeness of tags of artists at random.
    """
    line = original.first_match(names, artist)
    answers = original.neighbours_as_the_original_printed_them(factors, ids, [line])[0]
    printed = original.neighbours_as_the_original_printed_them(factors, ids, items)
    close = float(np.mean(np.abs(printed[:, 1:] - items[:, None]) <= 20))
    around = np.clip(items[:, None] + np.array([-3, -2, -1, 1, 2, 3]), 0, len(names) - 1)
    nearby = float(original.tag_likeness(tags, items, around).mean())
    return Unnoticed(artist, line, [str(a) for a in answers if a != line][:5], close, nearby, random)


class Corrected(NamedTuple):
    """What right names alone do."""

    cosine: float  # median listeners of neighbours
    dot: float
    before: float  # likeness of tags
    after: float  # among artists with enough listeners


def corrected(table: pd.DataFrame) -> Corrected:
    """Read `likeness_table`."""
    listeners, value = table["listeners"], table["value"]
    return Corrected(
        listeners["cosine, corrected"],
        listeners["dot, corrected"],
        value["cosine, corrected"],
        value[f"cosine, corrected, ≥ {HEARD} listeners"],
    )


class Matches(NamedTuple):
    """Whom exact names find."""

    table: pd.DataFrame  # the best known artists whose name finds somebody else
    wrong: int
    n: int
    share: float
    unlucky: int  # of the artists the original asked for
    repaired: float  # share found by the repaired search


def first_matches(
    names: NDArray[np.object_], popularity: NDArray[np.int64], asked: list[str], finder: Names
) -> Matches:
    """Type the exact name of every artist with enough listeners, and see whom the original's search finds.

    Parameters
    ----------
    names : numpy.ndarray of str, shape (n_items,)
        In the order of the file.
    popularity : numpy.ndarray of int, shape (n_items,)
        Listeners of each artist.
    asked : list of str
        The artists the original asked for.
    finder : Names
        The repaired search.
    """
    typed = np.flatnonzero(popularity >= HEARD)
    found = np.array([original.first_match(names, names[item]) for item in typed])
    wrong = found != typed
    worst = np.argsort(-np.where(wrong, popularity[typed], -1), kind="stable")[: min(8, wrong.sum())]
    columns = {
        "typed": names[typed[worst]],
        "listeners": popularity[typed[worst]],
        "first match": names[found[worst]],
        "its listeners": popularity[found[worst]],
    }
    unlucky = sum(original.first_match(names, artist) != finder.find(artist) for artist in asked)
    repaired = np.mean([_finds(finder, str(names[item]), int(item)) for item in typed])
    return Matches(pd.DataFrame(columns), int(wrong.sum()), len(typed), float(wrong.mean()), unlucky, float(repaired))


def _finds(finder: Names, name: str, item: int) -> bool:
    """Say whether a search finds an artist; a name that stands for a missing one, as "Soundtrack", finds nobody."""
    try:
        return finder.find(name) == item
    except UnknownNameError:
        return False


def tag_neighbours(
    names: NDArray[np.object_], factors: NDArray[np.float32], popularity: NDArray[np.int64], lookups: pd.DataFrame
) -> pd.DataFrame:
    """Write artists of tags with their four nearest by cosine among artists with enough listeners.

    Parameters
    ----------
    lookups : pandas.DataFrame
        Items, one row per tag and one column per way to look them up; -1 for none, which stays empty.
    """

    def write(item: int) -> str | None:
        if item < 0:
            return None
        return f"{names[item]}: " + ", ".join(names[nearest(factors, [item], 4, among=popularity >= HEARD).ids[0]])

    return lookups.map(write)


class Lookups(NamedTuple):
    """Who stands for the most used tags."""

    changed: int  # tags for which the wrong word names somebody else
    n: int
    star: str  # the most frequent answer when looked up correctly
    times: int
    different: int  # artists by main tag


def tag_lookups(as_looked_up: pd.DataFrame, right: pd.DataFrame, mainly: pd.DataFrame) -> Lookups:
    """Compare three ways to look up artists by tag, each as from `original_factors.most_listened_by_tag`."""
    counts = right["artist"].value_counts()
    changed = int((as_looked_up["item"] != right["item"]).sum())
    return Lookups(changed, len(right), str(counts.index[0]), int(counts.iloc[0]), mainly["artist"].nunique())


class Repaired(NamedTuple):
    """Neighbours in the repaired model."""

    n: int  # artists asked for
    mean: float  # likeness of tags
    low: float
    high: float
    printed: float  # as the original printed them
    before: float  # with only the names corrected
    listeners: float  # median of the neighbours


def repaired_neighbours(
    tags: sp.csr_array,
    items: NDArray[np.int64],
    popularity: NDArray[np.int64],
    ids: NDArray[np.int64],
    table: pd.DataFrame,
) -> Repaired:
    """Compare the neighbours of the repaired model with those in `likeness_table`."""
    alike = bootstrap_mean(original.tag_likeness(tags, items, ids))
    value = table["value"]
    printed, before = value["cosine, as printed"], value["cosine, corrected"]
    return Repaired(len(items), *alike, printed, before, float(np.median(popularity[ids])))


def reasons_table(model: ALS, history: sp.csr_array, names: NDArray[np.object_], k: int = 6) -> pd.DataFrame:
    """Recommend to somebody who is given by a history, and account for each score by the artists named."""
    ids, scores = (found[0] for found in model.recommend_new(history, k))
    reasons = [model.explain(history, item) for item in ids]
    most = [
        ", ".join(f"{names[item]} ({part:+.2f})" for item, part in zip(reason.index[:3], reason, strict=False))
        for reason in reasons
    ]
    sums = [reason.sum() for reason in reasons]
    columns = {"recommended": names[ids], "score": scores, "sum of all reasons": sums, "most of it because of": most}
    return pd.DataFrame(columns)
