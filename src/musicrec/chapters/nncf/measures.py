"""Yes-or-no answers to cells, ranking while training, and hit rates among candidates."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import evaluate
from musicrec.evaluation.sampled import sampled_metrics
from musicrec.splits.by_user import Split
from musicrec.splits.cells import Cells, CellSplit

if TYPE_CHECKING:
    from musicrec.models.base import Recommender
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


def learning_curve(network: NNCF, cells: CellSplit, *, rng: np.random.Generator, every: int = 1) -> pd.DataFrame:
    """Train a network on cells; return `cell_report` on the validation cells by epoch, and the loss there.

    They are answered after every so many epochs, and after the last.

    The `loss` is the cross-entropy in nats, with ones and zeros weighing half each, as in training.
    """
    rows: dict[int, dict[str, float]] = {}
    epochs = itertools.count(1)

    def watch(model: NNCF) -> float:
        epoch = next(epochs)
        if epoch % every and epoch != network.epochs:
            return float("nan")
        held_out = cells.cells(model.scores, "valid")
        odds = held_out.scores.astype(np.float64)
        by_cell = np.logaddexp(0, np.where(held_out.labels, -odds, odds))
        loss = (by_cell[held_out.labels].mean() + by_cell[~held_out.labels].mean()) / 2
        rows[epoch] = {"loss": loss, **cell_report(held_out, 0, cells.train)}
        return -loss

    network.fit_cells(cells, rng=rng, watch=watch)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("epoch")


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


def answer_cells(model: Recommender, split: CellSplit) -> pd.Series:
    """Return `cell_report` on the test cells; the answer is yes from the threshold best on the validation cells."""
    threshold = best_threshold(split.cells(model.scores, "valid"))
    return cell_report(split.cells(model.scores), threshold, split.train)


def roc_lines(cells: Cells, threshold: float = 0) -> pd.DataFrame:
    """Return two ROC curves of the same system, from its scores and from its answers, on one grid of false alarms.

    Given answers instead of scores there is one threshold, so that the curve is two straight lines. The columns name
    the curve and the area below it.
    """
    report = cell_report(cells, threshold)
    false_alarms, hits, _ = roc_curve(cells.labels, cells.scores)
    grid = np.linspace(0, 1, 401)
    corners = [0, 1 - report["specificity"], 1], [0, report["sensitivity"], 1]
    lines = {
        f"from scores, area {report['auc']:.3f}": np.interp(grid, false_alarms, hits),
        f"from answers, area {report['label auc']:.3f}": np.interp(grid, *corners),
    }
    return pd.DataFrame(lines, index=grid)


def against_saying_no(reports: pd.DataFrame, density: Mapping[str, float]) -> pd.DataFrame:
    """Compare accuracies with those of a system that always says no.

    Parameters
    ----------
    reports : pandas.DataFrame
        One column per sample, rows as in `cell_report`; `original, seeded` may be among the columns.
    density : mapping of str to float
        The share of ones in each sample.

    Returns
    -------
    pandas.DataFrame
        One row per sample: `density`, `accuracy`, `always no` (its accuracy), and `right when it says yes`, the
        precision that follows from density, sensitivity and specificity.
    """
    ones = pd.Series(density, dtype=float)
    yes, false_yes = ones * reports.loc["sensitivity"], (1 - ones) * (1 - reports.loc["specificity"])
    columns = {
        "density": ones,
        "accuracy": reports.loc["accuracy"],
        "always no": 1 - ones,
        "right when it says yes": yes / (yes + false_yes),
    }
    return pd.DataFrame(columns).loc[list(density)].rename_axis("sample")


def among_candidates(
    ranks: Mapping[str, pd.DataFrame], sizes: Sequence[int], metric: str, *, seed: int
) -> pd.DataFrame:
    """Return a metric of each system when held-out items are ranked among more and more candidates.

    Parameters
    ----------
    ranks : mapping of str to pandas.DataFrame
        By system, from `held_out_ranks`.
    sizes : sequence of int
        Numbers of candidates: the index of the result.
    metric : str
        As `sampled_metrics` names it.
    seed : int
        Draws the candidates, for every system and size anew.
    """
    columns = {
        name: {n: sampled_metrics(table, n, rng=np.random.default_rng(seed))[metric] for n in sizes}
        for name, table in ranks.items()
    }
    return pd.DataFrame(columns).rename_axis("candidates")


def candidate_sizes(everything: int) -> list[int]:
    """Return numbers of candidates from ten up to all there are, in steps that a log scale shows.

    Examples
    --------
    >>> candidate_sizes(250)
    [10, 20, 50, 100, 250]
    """
    return [n for n in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if n < everything / 2] + [everything]


def with_places(hits: pd.DataFrame) -> pd.DataFrame:
    """Write hit rates with each system's place in parentheses, the best among all candidates first.

    Parameters
    ----------
    hits : pandas.DataFrame
        As from `among_candidates`; the last row is about all candidates.
    """
    everything = hits.index[-1]
    labels = {n: "among all" if n == everything else f"among {n:,}" for n in hits.index}
    rates = hits.rename(index=labels).T.sort_values("among all", ascending=False)
    places = rates.rank(ascending=False).astype(int)
    written = rates.map("{:.3f}".format) + places.map(" ({})".format)
    return written.rename_axis(index="system", columns=None)
