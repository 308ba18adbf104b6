"""Who is helped by a system, with which artists, and what accuracy does not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import user_means
from musicrec.splits.by_user import is_held_out, split_by_user

GROUPS = ("niche", "between", "mainstream")
BANDS = ("cold", "1 to 4 listeners", "5 to 29", "30 and more")
SHARE = "share of held-out listens"


def user_groups(listens: Interactions) -> pd.Series:
    """Return a group for each user, by the median number of listeners of the user's artists: thirds of all users."""
    listeners = listens.popularity()
    rows, items = listens.coordinates()
    fame = pd.Series(listeners[items]).groupby(rows).median().reindex(range(listens.n_users), fill_value=0)
    return pd.Series(pd.qcut(fame.rank(method="first"), 3, labels=list(GROUPS)), name="group")


def by_group(systems: Mapping[str, Sequence[Evaluation]], groups: pd.Series, metric: str) -> pd.DataFrame:
    """Return the mean of a metric for each group of users, one row per system, one column per group."""
    rows = {}
    for name, evaluations in systems.items():
        values = pd.Series(user_means(evaluations, metric), evaluations[0].users)
        rows[name] = values.groupby(groups.loc[values.index].to_numpy(), observed=True).mean()
    return pd.DataFrame(rows).T.reindex(columns=[g for g in GROUPS if g in set(groups)])


def bands(listens: Interactions, seeds: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return for each split the band of each item: 0 cold, 1 for 1 to 4 training listeners, 2 for 5 to 29, 3 above."""
    return [np.digitize(split_by_user(listens, seed).train.popularity(), [1, 5, 30]) for seed in seeds]


def by_band(systems: Mapping[str, Sequence[Evaluation]], listens: Interactions, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the share of held-out listens that a list holds, for each band of artists by training listeners.

    Returns
    -------
    pandas.DataFrame
        One row per system, one column per band; the row `SHARE` says how many there are.
    """
    splits = [split_by_user(listens, seed) for seed in seeds]
    band = bands(listens, seeds)
    held_out = np.zeros(4)
    hits = {name: np.zeros(4) for name in systems}
    for n, split in enumerate(splits):
        held_out += np.bincount(band[n][split.test.matrix.indices], minlength=4)
        for name, evaluations in systems.items():
            e = evaluations[n]
            found = e.lists[is_held_out(e.lists, e.users, split.test)]
            hits[name] += np.bincount(band[n][found], minlength=4)
    table = pd.DataFrame({name: values / np.maximum(held_out, 1) for name, values in hits.items()}, BANDS).T
    table.loc[SHARE] = held_out / held_out.sum()
    return table


class Found(NamedTuple):
    """Which held-out listens are found: those of artists without training listeners (cold).

    Attributes
    ----------
    cold : float
        Share of the held-out listens that are of cold artists.
    best, best_found : str, float
        The system that finds most of these, and what share.
    hybrid : float
        What the hybrid finds of these.
    niche : bool
        Whether it serves listeners of niche artists better than those of the mainstream.
    """

    cold: float
    best: str
    best_found: float
    hybrid: float
    niche: bool


def found(bands: pd.DataFrame, groups: pd.DataFrame) -> Found:
    """Sum up the tables of `by_band` and `by_group`."""
    cold, band, group = bands["cold"].drop(SHARE), bands.T.to_dict(), groups.T.to_dict()["hybrid"]
    best = str(cold.idxmax())
    niche = group["niche"] > group["mainstream"]
    return Found(band[SHARE]["cold"], best, band[best]["cold"], band["hybrid"]["cold"], bool(niche))


def beyond_accuracy(systems: Mapping[str, Sequence[Evaluation]]) -> pd.DataFrame:
    """Return one row per system: NDCG@10 beside coverage, Gini, novelty, tag diversity and seconds of training."""
    rows = {}
    for name, evaluations in systems.items():
        means = pd.DataFrame([e.means() for e in evaluations]).mean()
        rows[name] = {**means, "training seconds": np.mean([e.fit_seconds for e in evaluations])}
    table = pd.DataFrame(rows).T
    columns = ["ndcg@10", "coverage@10", "gini@10", "novelty@10", "tag-diversity@10", "training seconds"]
    return table.reindex(columns=[name for name in columns if name in table]).sort_values("ndcg@10", ascending=False)


def pareto(table: pd.DataFrame, better: str, cheaper: str) -> list[str]:
    """Return the rows that no other row beats in both columns (more of `better`, less of `cheaper`), best first.

    Examples
    --------
    >>> table = pd.DataFrame({"good": [3, 2, 1], "cost": [9, 1, 5]}, ["a", "b", "c"])
    >>> pareto(table, "good", "cost")
    ['a', 'b']
    """
    front, least = [], np.inf
    for name, row in table.sort_values([better, cheaper], ascending=[False, True]).iterrows():
        if row[cheaper] < least:
            front.append(str(name))
            least = row[cheaper]
    return front


class Price(NamedTuple):
    """The systems that none is both better and quicker than, and the share of artists two systems ever recommend."""

    front: list[str]
    hybrid: float
    popularity: float


def price(beyond: pd.DataFrame) -> Price:
    """Sum up the table of `beyond_accuracy`."""
    coverage = beyond["coverage@10"]
    return Price(pareto(beyond, "ndcg@10", "training seconds"), coverage["hybrid"], coverage["popularity"])


def price_points(
    beyond: pd.DataFrame, front: Sequence[str], also: Sequence[str] = ()
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Return what a chart of accuracy and training time shows of the systems that were timed.

    Returns
    -------
    points : pandas.DataFrame
        `seconds` (at least a thousandth, for a logarithmic axis), `ndcg@10`, and `group` for the legend.
    names : dict of int to str
        By row, what to write beside a point: those on the front that take more than a tenth of a second, and `also`.
    """
    timed = beyond[beyond["training seconds"] > 0]
    seconds, on_front = timed["training seconds"], timed.index.isin(front)
    points = pd.DataFrame({"seconds": seconds.clip(lower=1e-3), "ndcg@10": timed["ndcg@10"]})
    points["group"] = np.where(on_front, "nothing is both better and quicker", "something is")
    named = np.flatnonzero((on_front & (seconds > 0.1)) | timed.index.isin(also))
    return points, {row: str(timed.index[row]) for row in named.tolist()}
