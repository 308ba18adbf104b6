"""From per-user arrays to means, intervals and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musicrec.evaluation.ranking import Evaluation

RESAMPLES = 2000


def compare(systems: Mapping[str, Sequence[Evaluation]], best: str, metric: str = "ndcg@10") -> pd.DataFrame:
    """Test every system against one of them, with Holm's correction for testing several at once.

    Returns
    -------
    pandas.DataFrame
        One row per other system: `difference` (it minus `best`), `low`, `high`, `p` and the corrected `p (Holm)`.

    Raises
    ------
    ValueError
        When `best` is not among the systems.
    """
    if best not in systems:
        raise ValueError(f"{best!r} is not among the systems: {', '.join(systems)}")
    others = [name for name in systems if name != best]
    tests = [paired_difference(systems[name], systems[best], metric) for name in others]
    table = pd.DataFrame(tests, index=others).rename(columns={"mean": "difference"})
    table["p (Holm)"] = holm([test.p for test in tests])
    return table


class Interval(NamedTuple):
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """A mean paired difference with its 95 % bootstrap interval and two-sided p value."""

    mean: float
    low: float
    high: float
    p: float


def bootstrap_mean(values: NDArray[np.float64], *, seed: int = 0) -> Interval:
    """Return the mean and its 95 % percentile bootstrap interval [Efron & Tibshirani, 1993]; NaN is left out.

    Of fewer than two values nothing is known about how they vary: the ends of the interval are NaN.

    Examples
    --------
    >>> interval = bootstrap_mean(np.arange(100.0))
    >>> interval.low < interval.mean < interval.high
    True
    """
    mean, low, high, _ = _bootstrap(values, seed)
    return Interval(mean, low, high)


def interval_table(samples: Mapping[Any, ArrayLike], *, seed: int = 0) -> pd.DataFrame:
    """Return one row per sample: `value` (its mean), `low` and `high` of the bootstrap interval, and `sd`.

    A single value has no standard deviation: NaN.

    Examples
    --------
    >>> interval_table({"a": [1.0, 3.0], "b": [5.0, 5.0]}).round(1)
       value  low  high   sd
    a    2.0  1.0   3.0  1.4
    b    5.0  5.0   5.0  0.0
    """
    rows = {}
    for name, sample in samples.items():
        values = np.asarray(sample, dtype=np.float64)
        rows[name] = [*bootstrap_mean(values, seed=seed), np.std(values, ddof=1) if len(values) > 1 else np.nan]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high", "sd"])


def paired_difference(
    ours: Sequence[Evaluation], theirs: Sequence[Evaluation], metric: str = "ndcg@10", *, seed: int = 0
) -> Difference:
    """Compare two systems user by user on the same splits.

    A user's values are first averaged over the splits, so that a user counts once; then users are drawn with
    replacement. The p value is twice the share of resampled means on the far side of zero; but n users who all differ
    in the same direction do so by chance with a probability of 2 ** (1 - n), and it is never smaller than that (sign
    test). With fewer than two users nothing can be said: interval and p are NaN.

    Raises
    ------
    ValueError
        When the two were not measured on the same users.
    """
    if not len(ours):
        raise ValueError("there are no evaluations to compare")
    if len(ours) != len(theirs) or any(
        not np.array_equal(a.users, b.users) for a, b in zip(ours, theirs, strict=False)
    ):
        raise ValueError("the two systems were not evaluated on the same splits and users")
    difference = user_means(ours, metric) - user_means(theirs, metric)
    mean, low, high, means = _bootstrap(difference, seed)
    n = int((~np.isnan(difference)).sum())
    if n < 2:
        return Difference(mean, low, high, float("nan"))
    beyond = min((means <= 0).sum(), (means >= 0).sum())
    return Difference(mean, low, high, float(min(1.0, max(2 * (beyond + 1) / (len(means) + 1), 2.0 ** (1 - n)))))


def user_means(evaluations: Sequence[Evaluation], metric: str) -> NDArray[np.float64]:
    """Return each user's mean of a metric over the splits, shape (n_users,); NaN where a user has none in any split.

    Raises
    ------
    ValueError
        When there are no evaluations, they are of other users each, or there is no such metric.
    """
    if not len(evaluations):
        raise ValueError("there are no evaluations to take the mean of")
    for e in evaluations:
        if metric not in e.per_user:
            raise ValueError(f"there is no metric {metric!r} per user; there are {', '.join(map(str, e.per_user))}")
        if not np.array_equal(e.users, evaluations[0].users):
            raise ValueError("the evaluations are not of the same users")
    values = np.stack([e.per_user[metric].to_numpy() for e in evaluations])
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, values, 0).sum(axis=0) / np.maximum(n, 1), np.nan)


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Adjust p values of several tests made at once so that no false claim is likely [Holm, 1979].

    A p value that is NaN, of a test that could not be made, stays NaN and does not count.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]  # NaN comes last
    adjusted = np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1))
    result = np.full_like(values, np.nan)
    result[order] = np.minimum(adjusted, 1)
    return result


def summarise(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """Return one row per metric: `value` (mean over splits), `sd` over splits, `low` and `high`.

    The interval is the bootstrap over users of their means over the splits; metrics of all lists together, which
    have no value per user, have none.

    Raises
    ------
    ValueError
        When there are no evaluations.
    """
    if not len(evaluations):
        raise ValueError("there are no evaluations to summarise")
    by_split = pd.DataFrame([e.means() for e in evaluations])
    table = pd.DataFrame({"value": by_split.mean(), "sd": by_split.std(ddof=1)})
    for metric in evaluations[0].per_user:
        interval = bootstrap_mean(user_means(evaluations, str(metric)))
        table.loc[metric, ["low", "high"]] = interval.low, interval.high
    return table


def _bootstrap(values: NDArray[np.float64], seed: int) -> tuple[float, float, float, NDArray[np.float64]]:
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else float("nan")
    if len(values) < 2:
        return mean, float("nan"), float("nan"), np.full(RESAMPLES, mean)
    if np.ptp(values) == 0:
        return mean, mean, mean, np.full(RESAMPLES, mean)
    result = stats.bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, batch=100, method="percentile", rng=np.random.default_rng(seed)
    )
    interval = result.confidence_interval
    return mean, float(interval.low), float(interval.high), result.bootstrap_distribution
