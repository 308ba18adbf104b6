"""One item of each list hidden, as "SPOTIFIER!" (2018) did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions

LISTS = {  # by table: which columns hold list and item
    "listens": {"user": "list", "artist": "item"},
    "rows": {"playlist_id": "list", "track_id": "item"},
    "entries": {"pid": "list", "track": "item"},
}


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


def lists_of(dataset: Dataset) -> pd.DataFrame:
    """Return the lists of a data set as `hide_one` reads them: artists of listeners, or tracks of playlists.

    Parameters
    ----------
    dataset : Dataset
        With a table `listens`, or a table `rows` or `entries` of tracks in playlists.

    Raises
    ------
    ValueError
        When it has neither.
    """
    for table, columns in LISTS.items():
        if table in dataset.tables:
            return dataset.tables[table].rename(columns=columns)[["list", "item"]]
    raise ValueError(f"data set {dataset.name!r} has no table of lists ({' or '.join(LISTS)})")


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
    everything = Interactions.from_frame(lists, user="list", item="item")
    row = pd.Index(everything.users).get_indexer(lists["list"])
    column = pd.Index(everything.items).get_indexer(lists["item"])
    order = np.argsort(row, kind="stable")
    row, column = row[order], column[order]
    sizes = np.bincount(row, minlength=everything.n_users)
    n_queries = round(share * everything.n_users)
    if not 0 < n_queries < everything.n_users or (sizes >= 2).sum() < n_queries:
        raise ValueError(
            f"a share of {share} of {everything.n_users} lists ({(sizes >= 2).sum()} with at least two entries) "
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
        matrices.append(sp.coo_array((counts, (row[keep], column[keep])), shape=everything.matrix.shape).tocsr())
    in_bank = np.setdiff1d(np.arange(everything.n_users), drawn)
    return Task(
        bank=Interactions(matrices[0][in_bank], everything.users[in_bank], everything.items),
        queries=Interactions(matrices[1][drawn], everything.users[drawn], everything.items),
        rows=drawn,
        hidden=column[hidden_entry],
    )
