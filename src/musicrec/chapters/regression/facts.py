"""What the sentences of chapter 03 say, computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.regression.experiments import AS_THEN, EXPLODED, top_share
from musicrec.chapters.regression.frames import Frame
from musicrec.chapters.regression.measures import growth, split, summary
from musicrec.chapters.regression.regressors import SPLIT
from musicrec.evaluation.statistics import Interval


def count_table(problem: Frame) -> pd.DataFrame:
    """Describe friends and favourite artists: index `quantity`, column `value`, written out."""
    y, favourites = problem.y, problem.most_common.value_counts()
    held = y.nlargest(len(y) // 10).sum() / y.sum()
    quantities = {
        "listeners": f"{len(y):,}",
        "friends, mean": f"{y.mean():.1f}",
        "friends, median": f"{y.median():.0f}",
        "friends, most": f"{y.max():,}",
        "friendships held by the tenth with the most friends": f"{held:.0%}",
        "different most played artists": f"{len(favourites):,}",
        "most played artists of one listener only": f"{(favourites == 1).sum():,}",
    }
    return pd.Series(quantities, name="value").rename_axis("quantity").to_frame()


class Originals(NamedTuple):
    """The four regressions of the original: test R² on its split, and that of the one-hot regression on all."""

    best: str
    linear_test: float
    exploded: bool
    n_splits: int
    low: float
    high: float


def originals(results: pd.DataFrame) -> Originals:
    """Summarise what `split_r2` measured of `original_models`; the original's split is among the seeds."""
    first = results[results["seed"] == SPLIT].set_index("model")
    one_hot = results.loc[results["model"] == "linear-one-hot", "test"]
    return Originals(
        best=str(first["test"].idxmax()),
        linear_test=first["test"]["linear"],
        exploded=bool(one_hot.min() < EXPLODED),
        n_splits=len(one_hot),
        low=one_hot.min(),
        high=one_hot.max(),
    )


class Luck(NamedTuple):
    """What the draw of the split does to R²."""

    low: float
    high: float
    share: float  # of the variance, held by one row in a hundred


def luck(tests: pd.Series, y: pd.Series) -> Luck:
    """Return the range of test R² over splits, and how much of the variance lies in a hundredth of the rows."""
    return Luck(tests.min(), tests.max(), top_share(y))


class Tail(NamedTuple):
    """What the longest tail does to the regressions."""

    power: int
    best: float
    worst: float


def longest_tail(tails: pd.DataFrame) -> Tail:
    """Return what `longer_tails` measured at the highest power: the best median, the worst split."""
    power = int(tails["power"].max())
    last = tails[tails["power"] == power]
    return Tail(power, last["median"].max(), last["low"].min())


class Explosions(NamedTuple):
    """How often, and why, the one-hot regression explodes."""

    mixed: int  # splits on which the order of the rows decides
    n_splits: int
    unseen: float  # share of the original's test rows whose artist has no column
    explained: str  # how well the shift explains R²


def explosions(fits: pd.DataFrame, problem: Frame) -> Explosions:
    """Summarise what `least_squares` measured with `cutoffs`."""
    as_then = fits[fits["cutoff"] == AS_THEN]
    exploded = (as_then["test"] < EXPLODED).groupby(as_then["seed"]).mean()
    burst = fits[(fits["test"] < EXPLODED) & (fits["expected"].abs() < 1e20)]  # beyond it other rounding errors join in
    error = burst["test"].div(burst["expected"]).sub(1).abs().max()
    train, test, *_ = split(problem)
    return Explosions(
        mixed=int(exploded.between(0, 1, inclusive="neither").sum()),
        n_splits=len(exploded),
        unseen=(~test.iloc[:, -1].isin(train.iloc[:, -1])).mean(),
        explained=f"up to a relative error of {error:.0e}" if len(burst) else "(no fit exploded on this machine)",
    )


class Rare(NamedTuple):
    """What columns of rare artists cost: test R² by the rows that a column needs."""

    everyone: float  # of least squares with a column for everyone
    less: bool  # than without artists
    without: float
    single: float  # share of the columns that belong to one training row
    best: float
    n_rows: int  # that a column needs for it


def rare(lines: pd.DataFrame, problem: Frame) -> Rare:
    """Summarise what `rare_artists` measured."""
    squares, without = lines["least squares"], lines["no artists"].iloc[0]
    train, *_ = split(problem)
    single = (train.iloc[:, -1].value_counts() == 1).mean()
    everyone, best = squares.iloc[0], squares.max()
    n_rows = int(np.asarray(squares.index)[squares.argmax()])
    return Rare(everyone, bool(everyone < without), without, single, best, n_rows)


class Stopping(NamedTuple):
    """R² of deep and shallow trees on one split, and of deep ones over several, by when they stop growing."""

    n_trees: int
    train: float
    test: float
    shallow: float
    n_splits: int
    never: float
    peeking: float  # where the test rows are predicted best
    watching: float  # a fifth of the training rows


def stopping(curves: pd.DataFrame, results: pd.DataFrame, problem: Frame, n_splits: int) -> Stopping:
    """Compare ways to stop.

    Parameters
    ----------
    curves : pandas.DataFrame
        From `growth`, for depths 10 and 2.
    results : pandas.DataFrame
        What `split_r2` measured of `original_models`, whose trees watch; its first splits are compared.
    """
    watched = results[results["model"] == "xgboost"].set_index("seed")["test"].iloc[:n_splits]
    deep = {seed: growth(problem, (10,), len(curves), seed)["depth 10, test"] for seed in watched.index}
    grown, last = pd.DataFrame(deep), curves.iloc[-1]
    return Stopping(
        n_trees=len(curves),
        train=last["depth 10, train"],
        test=last["depth 10, test"],
        shallow=last["depth 2, test"],
        n_splits=grown.shape[1],
        never=grown.iloc[-1].mean(),
        peeking=grown.max().mean(),
        watching=watched.mean(),
    )


def stopping_table(facts: Stopping) -> pd.DataFrame:
    """Return the test R² of deep trees by when they stop growing."""
    rows = {
        "never": facts.never,
        "where the test rows are predicted best": facts.peeking,
        "where a fifth of the training rows is predicted best": facts.watching,
    }
    return pd.Series(rows, name="test R²").rename_axis("stopping").to_frame()


class Repaired(NamedTuple):
    """The best models by R² and by absolute error, and what always saying the median is worth."""

    top: str
    r2: Interval
    gain: Interval  # of R², against the linear regression
    near: str
    saved: Interval  # of the error, against the median
    median_error: float
    linear_error: float
    median_is: str  # what the median is, compared with the linear regression


def repaired(results: pd.DataFrame, folds: int) -> Repaired:
    """Summarise what `cross_validate` measured of `repaired_models`."""
    r2, mae = (summary(results, metric, folds) for metric in ("r2", "mae"))
    top, near = str(r2["value"].drop("linear").idxmax()), str(mae["value"].drop("median").idxmin())
    median, linear = mae["value"]["median"], mae["value"]["linear"]
    return Repaired(
        top=top,
        r2=_row(r2, top),
        gain=_row(summary(results, "r2", folds, minus="linear"), top),
        near=near,
        saved=_row(summary(results, "mae", folds, minus="median"), near),
        median_error=median,
        linear_error=linear,
        median_is=compared(median, linear),
    )


def _row(table: pd.DataFrame, name: str) -> Interval:
    return Interval(*(float(table[column][name]) for column in ("value", "low", "high")))


def compared(error: float, other: float) -> str:
    """Say how an error compares with another: within 5 % they are about the same."""
    if abs(error / other - 1) < 0.05:
        return "about as good as"
    return "better than" if error < other else "worse than"


class Missed(NamedTuple):
    """What the trees would miss most."""

    first: str
    group: str
    loss: float


def missed(weighed: pd.DataFrame, losses: pd.DataFrame) -> Missed:
    """Return the predictor that `importance` puts first, and the group whose loss in `left_out` is largest."""
    value = losses["value"]
    return Missed(str(weighed.index[0]).replace("_", " "), str(value.idxmin()), value.min())


class Residuals(NamedTuple):
    """What is left over: standard deviations, predictions below zero, variance over mean."""

    calm: float  # where few friends are predicted
    lively: float  # where many are
    negative: str  # listeners for whom the linear regression predicts less than zero
    dispersion: float


def residuals(y: pd.Series, linear: NDArray[np.float64], trees: NDArray[np.float64]) -> Residuals:
    """Describe the residuals of out-of-fold predictions of the linear regression and of the trees (Poisson)."""
    few, left = trees <= np.median(trees), y - trees
    negative = str((linear < 0).sum() or "no")
    return Residuals(np.std(left[few]), np.std(left[~few]), negative, np.mean(left**2 / trees))


def describe_followers(y: Sequence[int] | pd.Series) -> str:
    """Say how the followers of playlists are distributed."""
    followers = pd.Series(y)
    counts, spread = followers.value_counts(), (followers - followers.mean()) ** 2
    return (
        f"Found {len(followers):,} playlists. The most common number of followers is {counts.idxmax()}, that of "
        f"{counts.max() / len(followers):.0%} of the playlists; the most followed has {followers.max():,} and holds "
        f"{spread.max() / spread.sum():.0%} of all variance by itself."
    )
