"""What a crowd of listeners says that an example cannot: overlap of lists, quality, and who wins how often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from musicrec.chapters.real_example import jaccard as share
from musicrec.chapters.real_example import median_popularity, pairwise, rank_biased_overlap
from musicrec.chapters.real_example_results import Lists, Orders, measured
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.statistics import bootstrap_mean


def mean_overlap(lists: Lists) -> pd.DataFrame:
    """Return the rank-biased overlap of every two systems, mean over users; NaN of a system with itself."""
    n = len(next(iter(lists.values())))
    tables = [pairwise({name: ids[row] for name, ids in lists.items()}, rank_biased_overlap) for row in range(n)]
    return without_diagonal(sum(tables[1:], tables[0]) / n)


def without_diagonal(table: pd.DataFrame) -> pd.DataFrame:
    """Return a square table without what compares a thing with itself."""
    return table.where(~np.eye(len(table), dtype=bool))


class Overlap(NamedTuple):
    """The two systems whose lists overlap most over a crowd, in the crowd and for one user.

    Attributes
    ----------
    first, second : str
        The systems.
    crowd, own : float
        Their rank-biased overlap in the crowd, and for the user.
    jaccard : float
        What the user's two lists have in common.
    popular : float
        Overlap of the network and popularity, in the crowd.
    mean : float
        Overlap over all pairs of systems.
    different : bool
        Whether that is below a half.
    """

    first: str
    second: str
    crowd: float
    own: float
    jaccard: float
    popular: float
    mean: float
    different: bool


def overlap(crowd: pd.DataFrame, own: pd.DataFrame, lists: Lists) -> Overlap:
    """Sum up two tables of overlaps, of a crowd and of one user with these lists."""
    values, mean = crowd.T.to_dict(), float(np.nanmean(crowd.to_numpy()))
    pairs = [(a, b) for a in lists for b in lists if a != b]
    first, second = max(pairs, key=lambda pair: values[pair[0]][pair[1]])
    of_user, common = own.T.to_dict()[first][second], share(lists[first], lists[second])
    popular = values["nncf"]["popularity"]
    return Overlap(first, second, values[first][second], of_user, common, popular, mean, mean < 0.5)


def quality(lists: Lists, users: NDArray[np.int64], hidden: Interactions, train: Interactions) -> pd.DataFrame:
    """Return NDCG@10 of every system for every user."""
    return pd.DataFrame({name: measured(ids, users, hidden, train)["ndcg@10"] for name, ids in lists.items()})


def intervals(quality: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of every system with its interval, best first."""
    rows = {name: bootstrap_mean(values.to_numpy()) for name, values in quality.items()}
    return pd.DataFrame(rows, index=["value", "low", "high"]).T.sort_values("value", ascending=False)


def by_taste(quality: pd.DataFrame, users: NDArray[np.int64], train: Interactions) -> pd.DataFrame:
    """Return the mean of every system in three groups of users, by how well known their median artist is."""
    ranks = stats.rankdata(median_popularity(train)[users], method="ordinal")
    groups = quality.groupby(ranks * 3 // (len(users) + 1)).mean().T
    return groups.set_axis(["niche", "middle", "mainstream"], axis=1).rename_axis("system")


class Winners(NamedTuple):
    """Who wins in an example, and who in the crowd.

    Attributes
    ----------
    winners : list of str
        Systems that found most in the example.
    n : int
        How many hidden artists that was.
    places : list of str
        Places of these systems in the crowd.
    k : int
        How many systems there are.
    lead, last : str
        The best and the worst in the crowd.
    value, worst : float
        Their NDCG@10.
    top, share : float
        For what share of the listeners for whom any system finds something each is best, alone or with others.
    """

    winners: list[str]
    n: int
    places: list[str]
    k: int
    lead: str
    last: str
    value: float
    worst: float
    top: float
    share: float


def winners(card: pd.DataFrame, intervals: pd.DataFrame, quality: pd.DataFrame) -> Winners:
    """Compare an example with the crowd."""
    names, values, found = list(intervals.index), intervals["value"].to_dict(), card["found"].to_dict()
    most = max(found.values())
    best = [name for name in names if found[name] == most]
    highest = quality.max(axis=1)
    wins = quality.eq(highest, axis=0)[highest > 0].mean().to_dict()
    lead, last = names[0], names[-1]
    where = [str(names.index(name) + 1) for name in best]
    ends = values[lead], values[last], wins[lead], wins[last]
    return Winners(best, most, where, len(names), lead, last, *ends)


class Takeaways(NamedTuple):
    """Orders of one list, and who is best in the crowd and how often."""

    orders: int
    lead: str
    value: float
    last: str
    worst: float
    top: float


def takeaways(orders: Orders, winners: Winners) -> Takeaways:
    """Sum up the chapter."""
    return Takeaways(orders.different, winners.lead, winners.value, winners.last, winners.worst, winners.top)
