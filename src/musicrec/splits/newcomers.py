"""The `newcomers` protocol: whole people are left out of training, and known by a few of their items only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions

SIZES = (1, 2, 3, 5, 10, 20)  # of their items that are given
SHARE = 0.1  # of the people that are left out


class Newcomers(NamedTuple):
    """People who are in no training data."""

    train: Interactions  # everybody else; the rows of newcomers are empty
    rows: NDArray[np.int64]  # row numbers of the newcomers
    histories: Interactions  # all that the newcomers have; other rows are empty


class Given(NamedTuple):
    """What is given of each newcomer, and what is to be found; users and items as in the whole data."""

    rows: NDArray[np.int64]  # newcomers with at least one item beyond those given
    histories: Interactions
    hidden: Interactions


def leave_out_people(
    interactions: Interactions, seed: int, *, groups: NDArray[np.int64] | None = None, share: float = SHARE
) -> Newcomers:
    """Leave out a share of the people of each group.

    Parameters
    ----------
    interactions : Interactions
        People and items.
    seed : int
        Names the draw.
    groups : numpy.ndarray, shape (n_users,), optional
        Kinds of people (listeners, playlists), each with its share of newcomers; by default all are of one kind.
    share : float
        Of each group, rounded, at least one person.

    Raises
    ------
    ValueError
        When nobody would be left.
    """
    groups = np.zeros(interactions.n_users, np.int64) if groups is None else groups
    rng = np.random.default_rng(seed)
    drawn = []
    for group in np.unique(groups):
        people = np.flatnonzero(groups == group)
        n = max(1, round(share * len(people)))
        if n >= len(people):
            raise ValueError(f"too small to split: {n} of {len(people)} people of group {group} would be left out")
        drawn.append(rng.choice(people, n, replace=False))
    rows = np.sort(np.concatenate(drawn))
    new = np.isin(interactions.coordinates()[0], rows)
    return Newcomers(interactions.select(~new), rows, interactions.select(new))


def give(newcomers: Newcomers, n: int, seed: int) -> Given:
    """Give n items of each newcomer, drawn at random; for larger n, those for smaller ones are among them.

    Items that nobody in training has are no use to anyone and are neither given nor hidden. People with no item
    beyond the n are left out.

    Raises
    ------
    ValueError
        When nobody has more than n items.
    """
    histories = newcomers.histories
    users, items = histories.coordinates()
    there = newcomers.train.popularity()[items] > 0
    order = np.random.default_rng(seed).random(len(users))
    order[~there] = np.inf
    ranked = np.lexsort((order, users))
    place = np.empty(len(users), np.int64)
    starts = np.searchsorted(users[ranked], users[ranked])
    place[ranked] = np.arange(len(users)) - starts
    given, hidden = there & (place < n), there & (place >= n)
    enough = np.zeros(histories.n_users, dtype=bool)
    enough[users[hidden]] = True
    if not enough.any():
        raise ValueError(f"no newcomer has more than {n} items")
    keep = enough[users]
    return Given(np.flatnonzero(enough), histories.select(given & keep), histories.select(hidden & keep))
