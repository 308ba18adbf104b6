"""What chapter 02 measures: pools of candidates, and who is found in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.evaluation.guesses import candidates
from musicrec.splits.hidden_item import hide_one


def pool_rates(lists: pd.DataFrame, seeds: Sequence[int], *, hide: str = "first") -> NDArray[np.float64]:
    """Return the share of queries whose hidden item is in the pool at all: the ceiling of any order of guesses."""
    rates = []
    for seed in seeds:
        task = hide_one(lists, seed, hide=hide)
        pool = candidates(task, seed)
        rates.append(np.isfinite(pool[np.arange(len(task.hidden)), task.hidden]).mean())
    return np.array(rates)


def fame_by_place(lists: pd.DataFrame) -> pd.Series:
    """Return on how many lists the first, a random and the last entry of a list are, averaged over lists.

    Parameters
    ----------
    lists : pandas.DataFrame
        As in `hide_one`.
    """
    unique = lists.drop_duplicates(["list", "item"])
    fame = lists["item"].map(unique["item"].value_counts())
    by_list = fame.groupby(lists["list"], sort=False)
    return pd.Series(
        {
            "lists with the first": by_list.first().mean(),
            "lists with a random one": by_list.mean().mean(),
            "lists with the last": by_list.last().mean(),
        }
    )
