"""Experiments on the network of "SPOTIFIER!" (2018): its rows, its sweeps, and what its ranking really is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation import guesses
from musicrec.evaluation.ranking import evaluate
from musicrec.models.base import Recommender
from musicrec.models.networks.additive_network import AdditiveNetwork, original_negatives
from musicrec.models.networks.network import Examples, Network, labelled, sample_negatives
from musicrec.splits import hidden_item
from musicrec.splits.by_user import Split

QUERIES_AT_ONCE = 200  # times 200,000 tracks, and a score is 160 MB


class Rows(NamedTuple):
    """Examples of the original's protocol."""

    train: Examples
    valid: Examples  # a random fifth of the rows that are not tested on
    test: Examples  # one positive of each user, then, in the same order, its own negative


def original_rows(interactions: Interactions, seed: int, *, negatives: str = "original") -> Rows:
    """Make examples as the original did: a negative for each positive, once and for all; test on a pair per user.

    Parameters
    ----------
    interactions : Interactions
        All listens; a user with a single one is only trained on.
    seed : int
        Draws the negatives, the pairs to test on and the validation rows.
    negatives : {"original", "uniform", "first-users"}
        As in `AdditiveNetwork`; or all of them from the range that the original used only to draw again.

    Raises
    ------
    ValueError
        When `negatives` is none of these, or nobody has two listens.
    """
    rng = np.random.default_rng(seed)
    users, items = interactions.coordinates()
    if negatives == "original":
        others = original_negatives(interactions.matrix, users, rng)
    elif negatives == "uniform":
        others = sample_negatives(interactions.matrix, users, rng)
    elif negatives == "first-users":
        others = sample_negatives(interactions.matrix[:, : interactions.n_users], users, rng)
    else:
        raise ValueError(f"negatives must be 'original', 'uniform' or 'first-users', not {negatives!r}")
    sizes = interactions.history_sizes()
    testers = np.flatnonzero(sizes >= 2)
    if len(testers) == 0:
        raise ValueError("too small to split: no user has two listens, one to learn from and one to test on")
    test = interactions.matrix.indptr[testers] + rng.integers(sizes[testers])
    rest = np.setdiff1d(np.arange(len(users)), test)
    both = labelled(users[rest], items[rest], users[rest], others[rest])
    shuffled = rng.permutation(len(both.labels))
    n_valid = len(shuffled) // 5
    return Rows(
        train=take(both, shuffled[n_valid:]),
        valid=take(both, shuffled[:n_valid]),
        test=labelled(users[test], items[test], users[test], others[test]),
    )


def take(examples: Examples, rows: NDArray[np.int64]) -> Examples:
    """Return some of the examples."""
    return Examples(examples.users[rows], examples.items[rows], examples.labels[rows])


def some_users(interactions: Interactions, n_users: int, seed: int) -> Interactions:
    """Return the listens of some users drawn at random, and the items they hold."""
    drawn = np.random.default_rng(seed).permutation(interactions.n_users)[:n_users]
    matrix = interactions.matrix[np.sort(drawn)]
    kept = np.unique(matrix.indices)
    return Interactions(matrix[:, kept], interactions.users[np.sort(drawn)], interactions.items[kept])


def sweep(
    interactions: Interactions, rows: Rows, setting: str, values: Iterable[float], seed: int = 0, **fixed: Any
) -> pd.DataFrame:
    """Train the additive network once for each value of a setting; one row per value: how its last epoch ended.

    Examples
    --------
    >>> listens = Interactions(sp.csr_array(np.tri(9, 12)), np.arange(9), np.arange(12))
    >>> rows = original_rows(listens, seed=0, negatives="uniform")
    >>> sweep(listens, rows, "dim", [1, 2], epochs=1).shape
    (2, 4)
    """
    ends = {}
    for value in values:
        model = AdditiveNetwork(**{setting: value, **fixed})
        model.fit_examples(interactions, rows.train, rng=np.random.default_rng(seed), valid=rows.valid)
        ends[value] = model.history.iloc[-1]
    return pd.DataFrame(ends).T.rename_axis(setting)


def item_counts(rows: Rows, n_items: int, label: int = 1) -> NDArray[np.int64]:
    """Return how many training rows with this label each item has, shape (n_items,)."""
    return np.bincount(rows.train.items[rows.train.labels == label], minlength=n_items)


def popularity_limit(rows: Rows, n_items: int) -> int:
    """Return how many training listeners an item needs for the rule "it is popular, so yes".

    The number is the one that is right most often on the validation rows.
    """
    counts = item_counts(rows, n_items)
    limits = np.unique(counts[counts > 0])
    right = [((counts[rows.valid.items] >= limit) == (rows.valid.labels > 0)).mean() for limit in limits]
    return int(limits[int(np.argmax(right))])


def accuracies(model: Network, rows: Rows, tests: Mapping[str, Examples]) -> pd.DataFrame:
    """Return the share of right answers in each test: of the network, of "is it popular?" and of "never"."""
    counts = item_counts(rows, model.train.n_items)
    limit = popularity_limit(rows, model.train.n_items)
    table = {
        name: {
            "network": model.test(test)[1],
            "is it popular?": ((counts[test.items] >= limit) == (test.labels > 0)).mean(),
            "never": (test.labels == 0).mean(),
        }
        for name, test in tests.items()
    }
    return pd.DataFrame(table).T


def other_negatives(interactions: Interactions, test: Examples, seed: int, *, popular: bool) -> Examples:
    """Replace the negatives of a test: by items drawn evenly, or in proportion to their listeners.

    None of them is held by the user.
    """
    rng = np.random.default_rng(seed)
    positive = test.labels > 0
    users, items = test.users[positive].astype(np.int64), test.items[positive]
    if not popular:
        return labelled(users, items, users, sample_negatives(interactions.matrix, users, rng))
    rows, columns = interactions.coordinates()
    held = rows * interactions.n_items + columns
    drawn = rng.choice(columns, size=len(users))
    while (again := np.flatnonzero(np.isin(users * interactions.n_items + drawn, held))).size:
        drawn[again] = rng.choice(columns, size=again.size)
    return labelled(users, items, users, drawn)


def any_cells(interactions: Interactions, n: int, seed: int) -> Examples:
    """Draw cells of the whole matrix at random: almost all of them are zeros, as in use."""
    rng = np.random.default_rng(seed)
    users, items = rng.integers(interactions.n_users, size=n), rng.integers(interactions.n_items, size=n)
    labels = interactions.binary()[users, items]
    return Examples(users.astype(np.int32), items.astype(np.int32), np.asarray(labels, np.float32).ravel())


def agreement(model: Recommender, users: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Spearman's rank correlation of all items between each two of some users, shape (n_pairs,)."""
    ranks = stats.rankdata(model.scores(users), axis=1)
    return np.corrcoef(ranks)[np.triu_indices(len(ranks), k=1)]


def shared_items(lists: NDArray[np.int64]) -> float:
    """Return how many items two lists, rows of shape (n, k), have in common, averaged over all pairs of lists.

    Examples
    --------
    >>> shared_items(np.array([[1, 2], [2, 3], [2, 1]]))  # 1, 2 and 1
    1.3333333333333333
    """
    counts = np.bincount(lists[lists >= 0])
    return float((counts * (counts - 1)).sum() / (len(lists) * (len(lists) - 1)))


def same_pool_hit_rates(lists: pd.DataFrame, seeds: Sequence[int], network: Callable[[], Network]) -> pd.DataFrame:
    """Measure the combined model, and other orders of the same candidates, under the original's protocol.

    The network learns from all lists, of which the queries lack the hidden item.

    Parameters
    ----------
    lists : pandas.DataFrame
        As in `spotifier.hide_one`.
    seeds : sequence of int
        Each draws other queries and trains another network.
    network : callable
        Returns an unfitted network.

    Returns
    -------
    pandas.DataFrame
        One row per seed; hit rates of the candidates in random order (the baseline), by popularity and by the network
        (the combined model), then of the whole catalogue by popularity and by the network.
    """
    rates = {}
    for seed in seeds:
        task = hidden_item.hide_one(lists, seed)
        matrix = sp.csr_array(sp.vstack([task.bank.matrix, task.queries.matrix]))
        known = Interactions(matrix, np.concatenate([task.bank.users, task.queries.users]), task.bank.items)
        model = network().fit(known, rng=np.random.default_rng(seed))
        pool = guesses.candidates(task, seed)
        blocks = [
            _by_order(model, task, pool, np.arange(start, min(start + QUERIES_AT_ONCE, len(pool))))
            for start in range(0, len(pool), QUERIES_AT_ONCE)
        ]
        rates[seed] = pd.concat(blocks).mean()
    return pd.DataFrame(rates).T.rename_axis("seed")


def _by_order(
    model: Network, task: hidden_item.Task, pool: NDArray[np.float32], rows: NDArray[np.int64]
) -> pd.DataFrame:
    """Say of some queries, given by row, whether each order of the guesses, a column, finds the hidden item."""
    queries = Interactions(task.queries.matrix[rows], task.queries.users[rows], task.queries.items)
    part = hidden_item.Task(task.bank, queries, task.rows[rows], task.hidden[rows])
    pool, odds = pool[rows], model.scores(task.bank.n_users + rows)
    unheld = np.where(queries.matrix.toarray() > 0, np.float32(-np.inf), np.float32(0))
    orders = {
        "candidates at random": pool,
        "candidates by popularity": guesses.by_popularity(part, pool),
        "candidates by network": np.where(np.isfinite(pool), odds, np.float32(-np.inf)),
        "all items by popularity": guesses.by_popularity(part, unheld),
        "all items by network": odds + unheld,
    }
    return pd.DataFrame({name: guesses.hits(scores, part) for name, scores in orders.items()})


def validation_curves(
    settings: Mapping[Any, Callable[[], Network]], split: Split, *, every: int = 1, metric: str = "ndcg@10"
) -> pd.DataFrame:
    """Return the metric on validation data over epochs: one row per measured epoch, one column per value.

    Parameters
    ----------
    settings : mapping of value to callable
        An unfitted network for each value of a setting.
    split : Split
        The one kept for choosing settings; its seed is the networks'.
    every : int
        Measure after every so many epochs.
    """
    curves = {}
    for name, build in settings.items():
        model = build()
        model.fit(split.train, rng=np.random.default_rng(split.seed), watch=_every(every, split, metric))
        curves[name] = model.history["watched"].dropna()
    return pd.DataFrame(curves)


def _every(every: int, split: Split, metric: str) -> Callable[[Network], float]:
    """Return a measurement for `Network.fit` that is made after every so many epochs, else NaN."""
    epochs = itertools.count(1)

    def watch(model: Network) -> float:
        if next(epochs) % every:
            return float("nan")
        return float(evaluate(model, split, part="valid").per_user[metric].mean())

    return watch
