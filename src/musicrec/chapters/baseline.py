"""What chapter 02 measures: pools of candidates, and who is found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from musicrec.evaluation.guesses import by_popularity, candidates, hit_rates, hits
from musicrec.evaluation.statistics import interval_table
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.neighbours.user_knn import UserKNN
from musicrec.splits.hidden_item import hide_one

Setting = partial[PlaylistSimilarity] | partial[UserKNN] | partial[ItemKNN]
SIZES = (5, 20, 50, 100)


class Rates(NamedTuple):
    """The original's score on both kinds of lists."""

    artists: float
    songs: float


def rates(summary: pd.DataFrame) -> Rates:
    """Return the mean hit rates of a summary whose rows are the artists of listeners and the songs of playlists."""
    return Rates(*summary["value"])


def guess_orders(lists: Mapping[str, pd.DataFrame], seeds: Sequence[int]) -> pd.DataFrame:
    """Measure how a hundred guesses are taken from the same pools.

    Parameters
    ----------
    lists : mapping of str to pandas.DataFrame
        Each as in `hide_one`.
    seeds : sequence of int
        Each draws other queries.

    Returns
    -------
    pandas.DataFrame
        Index `lists` and `guesses by`, hit rates in the columns `value`, `low`, `high` and `sd`. The last order, the
        whole pool, is the share of queries whose hidden item is in the pool at all: the ceiling of any order.
    """
    orders = {name: pd.DataFrame([_rates_by_order(frame, seed) for seed in seeds]) for name, frame in lists.items()}
    samples = {(name, order): values for name, table in orders.items() for order, values in table.items()}
    table = interval_table(samples)
    return table.set_axis(pd.MultiIndex.from_tuples(samples, names=["lists", "guesses by"]))


def _rates_by_order(lists: pd.DataFrame, seed: int) -> dict[str, float]:
    task = hide_one(lists, seed)
    pool = candidates(task, seed)
    return {
        "random (original)": hits(pool, task).mean(),
        "votes": hits(candidates(task, seed, order="votes"), task).mean(),
        "popularity": hits(by_popularity(task, pool), task).mean(),
        "whole pool (ceiling)": np.isfinite(pool[np.arange(len(task.hidden)), task.hidden]).mean(),
    }


class Lottery(NamedTuple):
    """What happens to the hidden items between the pool and the guesses."""

    random: float
    votes: float
    popularity: float
    ceiling: float
    lost: float  # share of the ceiling that the draw misses


def lottery(means: pd.Series) -> Lottery:
    """Return the hit rates of the four orders, in the order of `guess_orders`, and what the random draw loses."""
    random, votes, popularity, ceiling = means
    return Lottery(random, votes, popularity, ceiling, 1 - random / ceiling)


def popularity_by_place(lists: pd.DataFrame) -> pd.Series:
    """Return on how many lists the first, a random and the last entry of a list are, averaged over lists.

    Parameters
    ----------
    lists : pandas.DataFrame
        As in `hide_one`.
    """
    unique = lists.drop_duplicates(["list", "item"])
    popularity = lists["item"].map(unique["item"].value_counts())
    by_list = popularity.groupby(lists["list"], sort=False)
    return pd.Series(
        {
            "lists with the first": by_list.first().mean(),
            "lists with a random one": by_list.mean().mean(),
            "lists with the last": by_list.last().mean(),
        }
    )


def hidden_places(lists: pd.DataFrame, seeds: Sequence[int]) -> pd.Series:
    """Return the original's hit rate by which entry is hidden, then `popularity_by_place`."""
    places = ("first", "random", "last")
    found = pd.Series({f"hit rate, {hide} hidden": hit_rates(lists, seeds, hide=hide).mean() for hide in places})
    return pd.concat([found, popularity_by_place(lists)])


class Places(NamedTuple):
    """The first and the last entry of a list: hit rate when it is hidden, and the lists that hold it."""

    rate_first: float
    rate_last: float
    lists_first: float
    lists_last: float


def places(row: pd.Series) -> Places:
    """Return the ends of a row of `hidden_places`."""
    rate_first, _, rate_last, lists_first, _, lists_last = row
    return Places(rate_first, rate_last, lists_first, lists_last)


def settings() -> dict[str, dict[str, Setting]]:
    """Return the settings to choose from: by system, an unfitted model by the name of the setting."""
    pairs = product((50, 200, 1000, 5000), (0, 5, 20))
    return {
        "playlist-similarity-votes": {f"{n} lists": partial(PlaylistSimilarity, n, "votes") for n in SIZES},
        "user-knn": {f"{n} users": partial(UserKNN, n) for n in SIZES},
        "item-knn": {f"{n} items, shrinkage {s}": partial(ItemKNN, n, s) for n, s in pairs},
    }


class Bar(NamedTuple):
    """What later chapters have to beat, in NDCG@10."""

    winner: str
    best: float
    popularity: float
    original: float
    repaired: float


def bar(ndcg: pd.Series) -> Bar:
    """Return the bar for later chapters; the oracle of simulated data is no system anybody has.

    Parameters
    ----------
    ndcg : pandas.Series
        By system.
    """
    winner = str(ndcg.drop("oracle", errors="ignore").idxmax())
    original, repaired = ndcg["playlist-similarity"], ndcg["playlist-similarity-votes"]
    return Bar(winner, ndcg[winner], ndcg["popularity"], original, repaired)
