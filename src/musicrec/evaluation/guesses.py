"""Hit rate of a hundred guesses, the score of "SPOTIFIER!" (2018)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.top_k import mask_seen, top_k
from musicrec.splits.hidden_item import Task, hide_one

GUESSES = 100


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
    return np.where(np.isfinite(scores), task.bank.popularity().astype(np.float32), np.float32(-np.inf))
