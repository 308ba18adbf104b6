"""The protocol of "SPOTIFIER!" (2018): hide one track of a list, draw a hundred guesses, count the hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.interactions import Interactions
from musicrec.models.base import mask_seen, top_k
from musicrec.models.playlist_similarity import PlaylistSimilarity

GUESSES = 100


@dataclass(frozen=True, eq=False)
class Task:
    """Lists to learn from and lists that each hide one item.

    Attributes
    ----------
    bank : Interactions
        The lists that candidates come from; weights count copies.
    queries : Interactions
        The other lists, each without one copy of its hidden item.
    rows : numpy.ndarray, shape (n_queries,)
        Which list of the whole each query is.
    hidden : numpy.ndarray, shape (n_queries,)
        The hidden item, as a column number.
    """

    bank: Interactions
    queries: Interactions
    rows: NDArray[np.int64]
    hidden: NDArray[np.int64]


def hide_one(lists: pd.DataFrame, seed: int, *, hide: str = "first", share: float = 0.1) -> Task:
    """Make a share of the lists queries, hide one item of each, and keep the other lists as the bank.

    Parameters
    ----------
    lists : pandas.DataFrame
        Columns `list` and `item`, one row per entry, in the order of each list; an item may be repeated.
    seed : int
        Draws the queries and, where it is random, the item to hide.
    hide : {"first", "last", "random"}
        Which entry is hidden: the first in the original.
    share : float
        Share of the lists that become queries: 0.1 in the original.

    Raises
    ------
    ValueError
        When `hide` is none of the three, or when there are too few lists of at least two entries to draw from.
    """
    if hide not in ("first", "last", "random"):
        raise ValueError(f"hide must be 'first', 'last' or 'random', not {hide!r}")
    whole = Interactions.from_frame(lists, user="list", item="item")
    row = pd.Index(whole.users).get_indexer(lists["list"])
    column = pd.Index(whole.items).get_indexer(lists["item"])
    order = np.argsort(row, kind="stable")
    row, column = row[order], column[order]
    sizes = np.bincount(row, minlength=whole.n_users)
    n_queries = round(share * whole.n_users)
    if not 0 < n_queries < whole.n_users or (sizes >= 2).sum() < n_queries:
        raise ValueError(
            f"a share of {share} of {whole.n_users} lists ({(sizes >= 2).sum()} with at least two entries) "
            "leaves no queries or no bank"
        )
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(np.flatnonzero(sizes >= 2), size=n_queries, replace=False))
    place = {"first": 0, "last": sizes[drawn] - 1, "random": rng.integers(0, sizes[drawn])}[hide]
    hidden_entry = (np.cumsum(sizes) - sizes)[drawn] + place
    is_query = np.isin(row, drawn)
    left = is_query.copy()
    left[hidden_entry] = False
    matrices = []
    for keep in (~is_query, left):
        counts = np.ones(keep.sum(), np.float32)
        matrices.append(sp.coo_array((counts, (row[keep], column[keep])), shape=whole.matrix.shape).tocsr())
    in_bank = np.setdiff1d(np.arange(whole.n_users), drawn)
    return Task(
        bank=Interactions(matrices[0][in_bank], whole.users[in_bank], whole.items),
        queries=Interactions(matrices[1][drawn], whole.users[drawn], whole.items),
        rows=drawn,
        hidden=column[hidden_entry],
    )


def candidates(task: Task, seed: int = 0, *, n_similar: int = 5, order: str = "random") -> NDArray[np.float32]:
    """Score the items of the most similar lists of the bank, shape (n_queries, n_items).

    What is in none of these lists, or is on the query already, has the score -inf; `order` is that of
    `PlaylistSimilarity`.
    """
    model = PlaylistSimilarity(n_similar, order, multiplicity=True)
    model.fit(task.bank, rng=np.random.default_rng(seed))
    return mask_seen(model.fold_in(task.queries.matrix), task.queries.matrix)


def hits(scores: NDArray[np.float32], task: Task, n_guesses: int = GUESSES) -> NDArray[np.bool_]:
    """Say of each query whether its hidden item is among the `n_guesses` best scores, shape (n_queries,)."""
    return (top_k(scores, n_guesses).ids == task.hidden[:, None]).any(axis=1)


def hit_rates(
    lists: pd.DataFrame,
    seeds: Sequence[int],
    *,
    hide: str = "first",
    rank: Callable[[Task, int], NDArray[np.float32]] = candidates,
) -> NDArray[np.float64]:
    """Return the hit rate of a way to rank under the original's protocol, once per seed, shape (n_seeds,).

    Parameters
    ----------
    lists : pandas.DataFrame
        As in `hide_one`.
    seeds : sequence of int
        Each draws other queries.
    hide : str
        As in `hide_one`.
    rank : callable
        Given a task and a seed, returns scores of shape (n_queries, n_items); by default the original's random
        draw from the five most similar lists.
    """
    rates = []
    for seed in seeds:
        task = hide_one(lists, seed, hide=hide)
        rates.append(hits(rank(task, seed), task).mean())
    return np.array(rates)


def by_popularity(task: Task, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rank the same candidates by how many lists of the bank hold them."""
    return np.where(np.isfinite(scores), task.bank.listeners().astype(np.float32), np.float32(-np.inf))


def pool_rates(lists: pd.DataFrame, seeds: Sequence[int], *, hide: str = "first") -> NDArray[np.float64]:
    """Return the share of queries whose hidden item is in the pool at all: the ceiling of any order of guesses."""
    rates = []
    for seed in seeds:
        task = hide_one(lists, seed, hide=hide)
        pool = candidates(task, seed)
        rates.append(np.isfinite(pool[np.arange(len(task.hidden)), task.hidden]).mean())
    return np.array(rates)


def fame_by_place(lists: pd.DataFrame) -> pd.Series:
    """Return on how many lists the first, a random and the last entry of a list are, averaged over lists.

    Parameters
    ----------
    lists : pandas.DataFrame
        As in `hide_one`.
    """
    unique = lists.drop_duplicates(["list", "item"])
    fame = lists["item"].map(unique["item"].value_counts())
    by_list = fame.groupby(lists["list"], sort=False)
    return pd.Series(
        {
            "lists with the first": by_list.first().mean(),
            "lists with a random one": by_list.mean().mean(),
            "lists with the last": by_list.last().mean(),
        }
    )
