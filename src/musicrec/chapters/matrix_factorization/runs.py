"""The three runs of chapter 06 by their errors: in the score book, without factors, and stopped in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from musicrec.chapters import original_factors as original
from musicrec.datasets.interactions import Interactions
from musicrec.models.baselines.mean_rating import MeanRating
from musicrec.models.factors.matrix_factorization import MatrixFactorization
from musicrec.scores.records import ScoreBook
from musicrec.splits.entries import hold_out

Runs = Mapping[str, Sequence[MatrixFactorization]]  # by name, one trained model per seed
Figures = Mapping[str, pd.DataFrame]  # by name, one row per seed, columns as in `original_factors.read_off`
Stopped = Mapping[str, Sequence[tuple[MatrixFactorization, float]]]  # by name, model and test error per seed

MEANS = {
    "mean rating": "",
    "artist's mean": "item",
    "listener's mean": "user",
    "artist's and listener's": "item+user",
}


def read_figures(runs: Runs, seeds: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Return the figures the original reported of each run, one row per seed."""
    return {
        name: pd.DataFrame([original.read_off(m.history) for m in models], list(seeds)) for name, models in runs.items()
    }


def record_runs(book: ScoreBook, figures: Figures) -> None:
    """Write down the means over seeds beside the reported figures, with intervals where there are several seeds."""
    for name, reported in original.REPORTED.items():
        for quantity, value in reported.items():
            by_seed = figures[name][quantity]
            mean, low, high = original.mean_over_seeds(by_seed)
            more: dict[str, Any] = {} if len(by_seed) == 1 else {"low": low, "high": high, "sd": by_seed.std()}
            more |= {"system": name, "seeds": tuple(by_seed.index.tolist())}
            book.reproduce("lastfm-mf", quantity, mean, value, **more)


def mean_history(models: Sequence[MatrixFactorization]) -> pd.DataFrame:
    """Return the mean of the histories of several models."""
    total = models[0].history
    for model in models[1:]:
        total = total + model.history
    return total / len(models)


def mean_rating_errors(ratings: Interactions, seeds: Sequence[int], shrinkage: float) -> dict[str, list[float]]:
    """Return the test errors of mean ratings, which know no factors: by kind, one per seed."""
    errors: dict[str, list[float]] = {kind: [] for kind in MEANS}
    for seed in seeds:
        train, test = hold_out(ratings, seed)
        for kind, parts in MEANS.items():
            model = MeanRating(shrinkage, parts).fit(train, rng=np.random.default_rng(seed))
            errors[kind].append(original.squared_error(model, test))
    return errors


def error_table(without: Mapping[str, ArrayLike], figures: Figures) -> pd.DataFrame:
    """Return test errors with intervals over seeds: `value`, `low`, `high` and the `kind` of the predictor."""
    rows = {label: (values, "no factorization") for label, values in without.items()}
    for name, table in figures.items():
        rows[f"{name}, at the end"] = table["test MSE"], "at the end"
        rows[f"{name}, best iteration"] = table[original.LOWEST], "at its lowest"
    intervals = {label: original.mean_over_seeds(values) for label, (values, _) in rows.items()}
    return original.interval_rows(intervals).assign(kind=[kind for _, kind in rows.values()])


def stopping_table(figures: Figures, stopped: Stopped) -> pd.DataFrame:
    """Return the test error of each run by when it stops, means over seeds."""
    rows = {
        name: {
            "at the end": figures[name]["test MSE"].mean(),
            "lowest (peeking)": figures[name][original.LOWEST].mean(),
            "stopped on validation": np.mean([error for _, error in results]),
            "stopped at iteration": np.mean([model.best_iteration for model, _ in results]),
        }
        for name, results in stopped.items()
    }
    return pd.DataFrame(rows).T.rename_axis("run")


def run_differences(figures: Figures, stopped: Stopped, run: str, other: str) -> pd.DataFrame:
    """Return how much larger the test error of one run is than that of another, paired by seed: `value`, `low`, `high`.

    The index says when the runs stop.
    """
    when = {"at the end": "test MSE", "lowest (peeking)": original.LOWEST}
    paired = {label: figures[run][column] - figures[other][column] for label, column in when.items()}
    ours, theirs = (np.array([error for _, error in stopped[name]]) for name in (run, other))
    paired["stopped on validation"] = ours - theirs
    rows = original.interval_rows({label: original.mean_over_seeds(values) for label, values in paired.items()})
    return rows.rename_axis("test error")


class Reproduced(NamedTuple):
    """How many figures are reproduced or close."""

    real: bool  # whether the listeners are the original's
    n: int
    met: int
    close: int
    differ: int
    several: bool  # seeds
    varies: float  # standard deviation of a test error over seeds, as a share of its mean; at most


def reproduced(book: ScoreBook, figures: Figures) -> Reproduced:
    """Count the figures in the score book by what comes of them."""
    by_seed = [table["test MSE"] for table in figures.values()]
    counts = Counter(score.status for score in book.scores)
    return Reproduced(
        not book.dataset.simulated,
        len(book.scores),
        counts["reproduced"],
        counts["close"],
        counts["differs"],
        len(by_seed[0]) > 1,
        max(float(errors.std() / errors.mean()) for errors in by_seed),
    )


class Parts(NamedTuple):
    """Parts of the loss at the end of a run."""

    regularization: float
    gravity: float
    error: float
    penalties: float
    times: float  # penalties by error


def last_parts(history: pd.DataFrame) -> Parts:
    """Return the parts of the loss in the last row."""
    regularization, gravity, error = history.iloc[-1][["regularization", "gravity", "error"]]
    penalties = regularization + gravity
    return Parts(regularization, gravity, error, penalties, penalties / error)


class Without(NamedTuple):
    """Test errors without factors beside those of the runs."""

    mean: float  # of everybody's mean rating
    own: float  # of the listener's own mean
    best: float  # of any run at any iteration
    worse: int  # finished runs with a larger error than the mean rating


def without_factors(errors: pd.DataFrame) -> Without:
    """Sum up `error_table`."""
    value = errors["value"]
    mean, factored = value["mean rating"], value[errors["kind"] != "no factorization"]
    ends = value[errors["kind"] == "at the end"]
    return Without(mean, value["listener's mean"], factored.min(), int((ends > mean).sum()))


class Gap(NamedTuple):
    """How far one run is from another, in test error."""

    end: float
    worse_end: bool
    stopped: float
    worse_stopped: bool


def run_gap(differences: pd.DataFrame) -> Gap:
    """Sum up `run_differences`."""
    end, stopped = differences.loc[["at the end", "stopped on validation"], "value"]
    return Gap(abs(end), bool(end > 0), abs(stopped), bool(stopped > 0))
