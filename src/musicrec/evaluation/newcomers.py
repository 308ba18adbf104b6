"""The `newcomers` protocol: what a system finds for people it has never seen, by how many of their items it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.joined import repeated
from musicrec.evaluation.ranking import evaluate_lists
from musicrec.models.base import Recommender
from musicrec.parallel import parallel_map
from musicrec.splits.newcomers import SIZES, give, leave_out_people

METRICS = ("ndcg@10", "hit@10", "coverage@10")
FIRST = "like the first one"  # the system of this name is told of one item, however many are given


def measure(
    builds: Mapping[str, Callable[[], Recommender]],
    interactions: Interactions,
    groups: Mapping[str, NDArray[np.int64]],
    *,
    seeds: Sequence[int],
    sizes: Sequence[int] = SIZES,
    times: NDArray[np.int64] | None = None,
    jobs: int = 1,
) -> pd.DataFrame:
    """Leave whole people out of training, give each system some of their items, and see what it finds of the rest.

    Parameters
    ----------
    builds : mapping of str to callable
        What returns an unfitted model that can `fold_in`, by name; one called `FIRST` is told of one item only.
    interactions : Interactions
        People and items.
    groups : mapping of str to numpy.ndarray
        The rows of each kind of people: a tenth of each is left out, and measured by itself.
    seeds : sequence of int
        Each names a draw of people, and of which of their items are given.
    sizes : sequence of int
        How many items are given.
    times : numpy.ndarray of int, shape (n_users,), optional
        How often each row counts in a fit; by default once.
    jobs : int
        How many fits run at a time, each in a process of its own.

    Returns
    -------
    pandas.DataFrame
        Means over people: columns of `METRICS`, one row for each `system`, `people`, `given` and `seed` (the index).
    """
    kind = np.zeros(interactions.n_users, np.int64)
    for number, members in enumerate(groups.values()):
        kind[members] = number

    def one(task: tuple[str, int]) -> list[dict[str, float | str | int]]:
        name, seed = task
        new = leave_out_people(interactions, seed, groups=kind)
        model = builds[name]().fit(repeated(new.train, times), rng=np.random.default_rng(seed))
        found: list[dict[str, float | str | int]] = []
        for size in sizes:
            given = give(new, size, seed)
            told = give(new, 1, seed) if name == FIRST else given
            lists = model.recommend_new(told.histories.matrix[given.rows], 10).ids
            if name == FIRST:  # what was given besides the first is no recommendation, but takes no other's place
                lists = np.where(_held(lists, given.rows, given.histories), -1, lists)
            for number, people in enumerate(groups):
                mine = kind[given.rows] == number
                result = evaluate_lists(lists[mine], given.rows[mine], given.hidden, new.train)
                values = {**result.per_user.mean(), **result.overall}
                row: dict[str, float | str | int] = {metric: float(values[metric]) for metric in METRICS}
                found.append({"system": name, "people": people, "given": size, "seed": seed, **row})
        return found

    tasks = [(name, seed) for name in builds for seed in seeds]
    rows = [row for part in parallel_map(one, tasks, jobs) for row in part]
    return pd.DataFrame(rows).set_index(["system", "people", "given", "seed"])


def _held(lists: NDArray[np.int64], users: NDArray[np.int64], of: Interactions) -> NDArray[np.bool_]:
    rows, items = of.coordinates()
    return np.isin(users[:, None] * of.n_items + lists, rows * of.n_items + items)
