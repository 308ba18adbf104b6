"""What chapter 05 measures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import evaluate
from musicrec.splits.by_user import Split
from musicrec.splits.cells import Cells, CellSplit

if TYPE_CHECKING:
    from musicrec.models.networks.network import Network
    from musicrec.models.networks.nncf import NNCF


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
        held = train.popularity()[cells.items]
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


def best_connected(dataset: Dataset, users: NDArray[np.object_]) -> int:
    """Return which of some users, given by label, has the most friends; without friends, the first.

    The original's example is the most followed playlist; of a listener's followers Last.fm publishes the friends.
    """
    friends = dataset.tables.get("friends")
    if friends is None:
        return 0
    return int(np.argmax(friends["user"].value_counts().reindex(users, fill_value=0)))
