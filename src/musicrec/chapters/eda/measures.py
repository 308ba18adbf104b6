"""Questions to ask of listening data before any model: what a group explains, what friends share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions


def explained_variance(values: ArrayLike, groups: ArrayLike) -> float:
    """Return the share of the variance of `values` that lies between groups (the correlation ratio η²) [Fisher, 1925].

    Parameters
    ----------
    values : array-like, shape (n,)
        What varies.
    groups : array-like, shape (n,)
        The group of each value. Many small groups explain much by chance: n_groups / n is what noise reaches.

    Raises
    ------
    ValueError
        When all values are equal, so that there is nothing to explain.

    Examples
    --------
    >>> explained_variance([1, 1, 3, 3], ["a", "a", "b", "b"])
    1.0
    >>> explained_variance([1, 3, 1, 3], ["a", "a", "b", "b"])
    0.0
    """
    frame = pd.DataFrame({"value": np.asarray(values, dtype=np.float64), "group": np.asarray(groups)})
    mean = frame["value"].mean()
    total = float(((frame["value"] - mean) ** 2).sum())
    if total == 0 or frame.empty:
        raise ValueError(f"the {len(frame)} values do not vary, so there is no variance to explain")
    means = frame.groupby("group")["value"].transform("mean")
    return float(((means - mean) ** 2).sum()) / total


@dataclass(frozen=True, eq=False)
class FriendOverlap:
    """How many items users share with their friends and with everybody else.

    Attributes
    ----------
    friends, others : numpy.ndarray, shape (n_pairs,)
        Items shared by each pair of friends, and by each other pair of users.
    per_user : pandas.DataFrame, shape (n_users_with_friends, 2)
        Mean number of items each user shares `with_friends` and `with_others`, by user label.
    """

    friends: NDArray[np.int64]
    others: NDArray[np.int64]
    per_user: pd.DataFrame


def friend_overlap(interactions: Interactions, friends: pd.DataFrame) -> FriendOverlap:
    """Count the items that friends share, and the items that all other pairs share.

    Compares all pairs of users at once: memory grows with the square of the number of users (14 MB for 1,892).

    Parameters
    ----------
    interactions : Interactions
        Who listened to what.
    friends : pandas.DataFrame
        Columns `user` and `friend`, labels of users; one direction of a friendship is enough.

    Raises
    ------
    ValueError
        When the table names nobody, or somebody who is not among the users.
    """
    index = pd.Index(interactions.users)
    rows, columns = index.get_indexer(friends["user"]), index.get_indexer(friends["friend"])
    if len(rows) == 0:
        raise ValueError("there are no friends to compare")
    if (unknown := (rows < 0) | (columns < 0)).any():
        user, friend = friends.loc[unknown, ["user", "friend"]].iloc[0]
        raise ValueError(f"the friends {user!r} and {friend!r} are not both users with listens")
    n = interactions.n_users
    is_friend = np.zeros((n, n), dtype=bool)
    is_friend[rows, columns] = is_friend[columns, rows] = True
    np.fill_diagonal(is_friend, False)
    items = interactions.binary()
    shared = (items @ items.T).toarray().astype(np.int32)
    np.fill_diagonal(shared, 0)
    some = is_friend.any(axis=1) & (is_friend.sum(axis=1) < n - 1)
    n_friends = is_friend.sum(axis=1)[some]
    with_friends = np.where(is_friend, shared, 0).sum(axis=1)[some]
    with_others = shared.sum(axis=1)[some] - with_friends
    per_user = pd.DataFrame(
        {"with_friends": with_friends / n_friends, "with_others": with_others / (n - 1 - n_friends)},
        index=pd.Index(interactions.users[some], name="user"),
    )
    above = np.triu_indices(n, 1)
    pairs, together = shared[above], is_friend[above]
    return FriendOverlap(pairs[together].astype(np.int64), pairs[~together].astype(np.int64), per_user)
