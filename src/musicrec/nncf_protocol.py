"""The protocol of "Spotify Playlists Recommender" (2018): held-out cells, the Jaccard check, a database of names.

A *cell* is a pair of a user and an item: a one where the user listened to the item, a zero everywhere else. The
original holds out cells, ones and zeros alike, and asks of each whether it is a one.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from musicrec.datasets.dataset import Dataset
from musicrec.evaluation import evaluate
from musicrec.interactions import Interactions
from musicrec.splits import Split

if TYPE_CHECKING:
    from musicrec.models.network import Network
    from musicrec.models.nncf import NNCF

PARTS = ("train", "valid", "test")
CELLS_AT_ONCE = 4_000_000  # scored together: 16 MB of scores, and a few times that in passing

Scorer = Callable[[NDArray[np.int64]], NDArray[np.float32]]  # users -> scores, shape (len(users), n_items)


class Cells(NamedTuple):
    """Held-out cells with the scores some system gives them, each of shape (n_cells,)."""

    labels: NDArray[np.bool_]  # whether the cell is a one
    scores: NDArray[np.float32]
    items: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class CellSplit:
    """Every cell belongs to training, validation or test, by a hash of its place.

    The part of a cell is computed from its row, its column and the seed, so that nothing about the zeros is ever
    stored: 5 % of the cells of 10,000 playlists × 74,450 tracks would be 37 million pairs.

    Parameters
    ----------
    interactions : Interactions
        The ones.
    seed : int
        Names the split.
    share : float
        Share of all cells held out, half of them for validation and half for test: 0.05 in the original.

    Raises
    ------
    ValueError
        When the share is not between 0 and 1, or when no one is left to learn from or none is held out.
    """

    interactions: Interactions
    seed: int
    share: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"the share of cells held out must lie between 0 and 1, not be {self.share}")
        for part in PARTS:
            if len(self.ones(part)) == 0:
                raise ValueError(
                    f"too small to hold out cells: of {len(self.interactions)} ones, none falls into the {part} part"
                )

    def part(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the part of each cell, an index into `PARTS`; rows and columns are broadcast."""
        place = _uniform(rows * self.interactions.n_items + columns, self.seed)
        return (place < self.share).astype(np.int8) + (place < self.share / 2)

    def held_out(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each cell whether it is held out, for validation or for test."""
        return self.part(rows, columns) > 0

    def ones(self, part: str) -> Interactions:
        """Return the ones of a part."""
        return self.interactions.select(self.part(*self.interactions.coordinates()) == PARTS.index(part))

    @cached_property
    def train(self) -> Interactions:
        """The ones to learn from."""
        return self.ones("train")

    def cells(self, scores: Scorer, part: str = "test") -> Cells:
        """Score all cells of a part, a batch of users at a time.

        Parameters
        ----------
        scores : callable
            Scores of all items for some users, as `Recommender.scores`.
        part : {"valid", "test"}
            Which cells.
        """
        data, wanted = self.interactions, PARTS.index(part)
        columns = np.arange(data.n_items)
        labels, values, items = [], [], []
        step = max(1, CELLS_AT_ONCE // data.n_items)
        for start in range(0, data.n_users, step):
            users = np.arange(start, min(start + step, data.n_users))
            inside = self.part(users[:, None], columns) == wanted
            labels.append((data.matrix[users].toarray() > 0)[inside])
            values.append(scores(users)[inside])
            items.append(np.nonzero(inside)[1].astype(np.int32))
        return Cells(np.concatenate(labels), np.concatenate(values), np.concatenate(items))


def cell_report(cells: Cells, threshold: float, train: Interactions | None = None) -> pd.Series:
    """Measure yes-or-no answers, and the scores behind them, as the original did and as it should have.

    Parameters
    ----------
    cells : Cells
        What was held out.
    threshold : float
        The answer is yes from this score on.
    train : Interactions, optional
        With it, `matched auc` is added: the area under the curve when the zeros of an item, of which n users hold
        it and m don't, count n/m each, so that ones and zeros name items equally often and popularity alone gets
        about 0.5. Ones of items without a training listener are left out of it.

    Returns
    -------
    pandas.Series
        `accuracy`, `balanced accuracy`, `sensitivity`, `specificity`, `precision`, `label auc` (the area computed
        from the answers instead of the scores; it is the balanced accuracy by another name), `auc`,
        `average precision`.

    Examples
    --------
    >>> cells = Cells(np.array([True, True, False, False]), np.float32([3, 1, 2, 0]), np.arange(4, dtype=np.int32))
    >>> cell_report(cells, threshold=2)[["balanced accuracy", "label auc", "auc"]].tolist()
    [0.5, 0.5, 0.75]
    """
    yes, ones = cells.scores >= threshold, cells.labels
    sensitivity, specificity = yes[ones].mean(), 1 - yes[~ones].mean()
    report = {
        "accuracy": (yes == ones).mean(),
        "balanced accuracy": (sensitivity + specificity) / 2,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "precision": ones[yes].mean() if yes.any() else 0.0,
        "label auc": roc_auc_score(ones, yes),
        "auc": roc_auc_score(ones, cells.scores),
        "average precision": average_precision_score(ones, cells.scores),
    }
    if train is not None:
        held = train.listeners()[cells.items]
        weight = np.where(ones, held > 0, held / np.maximum(train.n_users - held, 1))
        report["matched auc"] = roc_auc_score(ones, cells.scores, sample_weight=weight)
    return pd.Series(report, dtype=float)


def best_threshold(cells: Cells) -> float:
    """Return the score from which on the answer should be yes, for the highest balanced accuracy on these cells."""
    false_yes, true_yes, thresholds = roc_curve(cells.labels, cells.scores)
    return float(thresholds[1:][np.argmax((true_yes - false_yes)[1:])])


def learning_curve(network: NNCF, cells: CellSplit, *, rng: np.random.Generator) -> pd.DataFrame:
    """Train a network on cells; return `cell_report` on the validation cells after each epoch, and the loss there.

    The `loss` is the cross-entropy in nats, with ones and zeros weighing half each, as in training.
    """
    rows = []

    def watch(model: NNCF) -> float:
        held_out = cells.cells(model.scores, "valid")
        odds = held_out.scores.astype(np.float64)
        by_cell = np.logaddexp(0, np.where(held_out.labels, -odds, odds))
        loss = (by_cell[held_out.labels].mean() + by_cell[~held_out.labels].mean()) / 2
        rows.append({"loss": loss, **cell_report(held_out, 0, cells.train)})
        return -loss

    network.fit_cells(cells, rng=rng, watch=watch)
    return pd.DataFrame(rows, index=network.history.index)


def ranking_curve(network: Network, split: Split, *, every: int = 5, rng: np.random.Generator) -> pd.Series:
    """Train a network on a split; return NDCG@10 on its validation part after every few epochs, by epoch."""
    curve: dict[int, float] = {}
    epochs = itertools.count(1)

    def watch(model: Network) -> float:
        epoch = next(epochs)
        if epoch % every == 0 or epoch == model.epochs:
            curve[epoch] = float(evaluate(model, split, part="valid").means()["ndcg@10"])
        return max(curve.values(), default=0.0)

    network.fit(split.train, rng=rng, watch=watch)
    return pd.Series(curve, name="ndcg@10").rename_axis("epoch")


def sample(interactions: Interactions, users: ArrayLike) -> Interactions:
    """Return some users and the items that at least one of them holds."""
    users = np.asarray(users, np.int64)
    rows = interactions.matrix[users]
    columns = np.unique(rows.indices)
    return Interactions(rows[:, columns], interactions.users[users], interactions.items[columns])


def jaccard(listens: Interactions, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return the Jaccard index of items: the users who hold both, as a share of those who hold either.

    Parameters
    ----------
    listens : Interactions
        Who holds what.
    first, second : array-like of int, shape (n,), (m,)
        Columns.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Zero where nobody holds either.

    Examples
    --------
    >>> listens = Interactions(sp.csr_array(np.array([[1, 1], [1, 0], [0, 1]])), np.arange(3), np.arange(2))
    >>> jaccard(listens, [0], [0, 1]).round(3)
    array([[1.   , 0.333]])
    """
    by_item = sp.csc_array(listens.binary())
    a, b = by_item[:, np.asarray(first, np.int64)], by_item[:, np.asarray(second, np.int64)]
    common = (a.T @ b).toarray().astype(np.float64)
    either = a.sum(axis=0)[:, None] + b.sum(axis=0)[None, :] - common
    return common / np.maximum(either, 1)


def jaccard_check(
    listens: Interactions, own: ArrayLike, recommended: ArrayLike, *, rng: np.random.Generator, n_other: int = 500
) -> dict[str, NDArray[np.float64]]:
    """Return the Jaccard indices of the original's four kinds of pairs, for one user.

    Parameters
    ----------
    listens : Interactions
        Who holds what; training listens, so that what is held out stays unknown.
    own, recommended : array-like of int
        Items the user holds, and items recommended; -1 is left out.
    rng : numpy.random.Generator
        Draws the items that are neither, and the random pairs.
    n_other : int
        How many of each are drawn.

    Returns
    -------
    dict of str to numpy.ndarray
        `recommended × own`, `own × own` (each pair of two different items once), `not recommended × own` and
        `random pairs`.
    """
    own, recommended = np.asarray(own), np.asarray(recommended)
    recommended = recommended[recommended >= 0]
    neither = np.setdiff1d(np.arange(listens.n_items), np.concatenate([own, recommended]))
    drawn = rng.choice(neither, size=min(n_other, len(neither)), replace=False)
    a, b = rng.integers(0, listens.n_items, size=(2, n_other))
    by_item = sp.csc_array(listens.binary())
    common = by_item[:, a].multiply(by_item[:, b]).sum(axis=0)
    sizes = listens.listeners()
    random = common / np.maximum(sizes[a] + sizes[b] - common, 1)
    return {
        "recommended × own": jaccard(listens, recommended, own).ravel(),
        "own × own": jaccard(listens, own, own)[np.triu_indices(len(own), k=1)],
        "not recommended × own": jaccard(listens, drawn, own).ravel(),
        "random pairs": random[a != b],
    }


def jaccard_means(
    listens: Interactions, users: ArrayLike, lists: NDArray[np.int64], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the mean of each kind of pairs for several users and their lists; see `jaccard_check`.

    Parameters
    ----------
    users : array-like of int, shape (n,)
        Rows of `listens`; each holds at least two items.
    lists : numpy.ndarray, shape (n, k)
        What was recommended to each.

    Returns
    -------
    pandas.DataFrame, shape (n, 4)
        Columns as the keys of `jaccard_check`.
    """
    rows = []
    for user, recommended in zip(np.asarray(users), lists, strict=True):
        own = listens.matrix[[user]].indices
        groups = jaccard_check(listens, own, recommended, rng=rng)
        rows.append({name: values.mean() for name, values in groups.items()})
    return pd.DataFrame(rows)


def best_connected(dataset: Dataset, users: NDArray[np.object_]) -> int:
    """Return which of some users, given by label, has the most friends; without friends, the first.

    The original's example is the most followed playlist; of a listener's followers Last.fm publishes the friends.
    """
    friends = dataset.tables.get("friends")
    if friends is None:
        return 0
    return int(np.argmax(friends["user"].value_counts().reindex(users, fill_value=0)))


def catalogue(names: Sequence[str]) -> sqlite3.Connection:
    """Return a database in memory with the table `items(item, name)`, in the manner of the original."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE items (item INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    connection.executemany("INSERT INTO items VALUES (?, ?)", enumerate(map(str, names)))
    return connection


def names_as_the_original(database: sqlite3.Connection, ids: ArrayLike) -> list[str]:
    """Look names up as the original did: SQL glued together, and whatever order the database finds them in."""
    wanted = ", ".join(str(int(i)) for i in np.asarray(ids))
    return [name for (name,) in database.execute(f"SELECT name FROM items WHERE item IN ({wanted})")]


def names_in_order(database: sqlite3.Connection, ids: ArrayLike, scores: ArrayLike) -> pd.DataFrame:
    """Look names up with their scores, best first; values reach the database as parameters, never as SQL text.

    Returns
    -------
    pandas.DataFrame
        Columns `name` and `score`.
    """
    wanted = [(int(i), float(s)) for i, s in zip(np.asarray(ids), np.asarray(scores), strict=True)]
    with database:
        database.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (place INTEGER PRIMARY KEY, item INTEGER, score REAL)")
        database.execute("DELETE FROM wanted")
        database.executemany("INSERT INTO wanted (item, score) VALUES (?, ?)", wanted)
        rows = database.execute("SELECT name, score FROM wanted JOIN items USING (item) ORDER BY score DESC, place")
        return pd.DataFrame(rows.fetchall(), columns=["name", "score"])


def _uniform(cells: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return a number between 0 and 1 for each cell, as good as random: the finaliser of SplitMix64 [Steele, 2014]."""
    with np.errstate(over="ignore"):
        x = (np.atleast_1d(cells).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x += np.random.default_rng(seed).integers(2**64, size=1, dtype=np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
