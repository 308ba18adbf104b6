"""What is known of items and users besides listens, cleaned of what held-out listens would leak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions


def item_tags(dataset: Dataset, hidden: Interactions | None = None) -> sp.csr_array:
    """Count how often each tag was given to each item.

    Parameters
    ----------
    dataset : Dataset
        With the tables `tags` and `tag_assignments`.
    hidden : Interactions, optional
        Held-out listens. A user's own tag on an artist says that the user listened to it, so the assignments of a
        hidden pair are left out.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts, float32; columns in the order of ``dataset.tables["tags"]``. Assignments to items or tags that the
        data set does not list are left out.
    """
    listens = dataset.interactions
    given = dataset.tables["tag_assignments"]
    item = pd.Index(listens.items).get_indexer(given["artist"])
    tag = pd.Index(dataset.tables["tags"]["id"]).get_indexer(given["tag"])
    keep = (item >= 0) & (tag >= 0)
    if hidden is not None:
        user = pd.Index(listens.users).get_indexer(given["user"])
        rows, columns = hidden.coordinates()
        held_out = rows * hidden.n_items + columns
        keep &= ~((user >= 0) & np.isin(user * hidden.n_items + item, held_out))
    counts = (np.ones(keep.sum(), np.float32), (item[keep], tag[keep]))
    return sp.coo_array(counts, shape=(listens.n_items, len(dataset.tables["tags"]))).tocsr()


@dataclass(frozen=True, eq=False)
class Known:
    """Side information as it was before anything outside the training listens happened.

    Attributes
    ----------
    friends : scipy.sparse.csr_array, shape (n_users, n_users)
        1 between friends, both ways.
    item_tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        How often each tag was given to each item by users who listen to it, in training. A user's own tags are
        in no row of an item that is still a candidate for the user.
    tagged : scipy.sparse.csr_array, shape (n_users, n_items)
        1 where a user tagged an item that is not among the user's listens at all: known, though not a favourite.
    user_tags : scipy.sparse.csr_array, shape (n_given, n_tags)
        The tags of each entry of `given`, ones.
    given : numpy.ndarray, shape (n_given, 2)
        User and item of all pairs with tags, those of training and those of `tagged`, ordered by user.
    """

    friends: sp.csr_array
    item_tags: sp.csr_array
    tagged: sp.csr_array
    user_tags: sp.csr_array
    given: NDArray[np.int64]

    def of(self, users: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return, for the pairs with tags of these users, the place of the user in `users` and the row of `given`."""
        first, last = np.searchsorted(self.given[:, 0], users), np.searchsorted(self.given[:, 0], users, side="right")
        sizes = last - first
        places = np.repeat(np.arange(len(users)), sizes)
        return places, np.arange(sizes.sum()) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)


class SideInformation:
    """Tags and friends of a data set; a system that uses them asks for what training allows it to know.

    Two leaks have to be closed. A user's tag on a held-out artist says that the user listens to it: `known` drops
    it. But dropping is a sign as well: of the artists a user tagged, the held-out ones would be the only ones
    without the user's tags. So no system may describe a user's candidates by the tags of that very user.

    Parameters
    ----------
    dataset : Dataset
        With the tables `tags`, `tag_assignments` and `friends`, as of Last.fm.

    Raises
    ------
    KeyError
        When the data set has no such tables.
    """

    def __init__(self, dataset: Dataset) -> None:
        if missing := [name for name in ("tags", "tag_assignments", "friends") if name not in dataset.tables]:
            raise KeyError(f"{dataset.name} has no table {missing[0]!r}; side information needs tags and friends")
        listens = dataset.interactions
        users, items = pd.Index(listens.users), pd.Index(listens.items)
        given = dataset.tables["tag_assignments"]
        tags = pd.Index(dataset.tables["tags"]["id"])
        codes = np.stack([users.get_indexer(given["user"]), items.get_indexer(given["artist"]),
                          tags.get_indexer(given["tag"])])  # fmt: skip
        self.assignments = np.unique(codes[:, (codes >= 0).all(axis=0)], axis=1)  # ordered by user, then item
        self.n_tags = len(tags)
        self.listens = listens
        self._listened = _keys(listens)
        pairs = dataset.tables["friends"]
        ends = users.get_indexer(pairs["user"]), users.get_indexer(pairs["friend"])
        there = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
        one_way = sp.coo_array((np.ones(there.sum(), np.float32), (ends[0][there], ends[1][there])),
                               shape=(len(users), len(users))).tocsr()  # fmt: skip
        self.friends = sp.csr_array((one_way + one_way.T) > 0).astype(np.float32)

    def known(self, train: Interactions) -> Known:
        """Return what may be known beside these training listens, users and items as in the data set.

        Raises
        ------
        ValueError
            When the training listens are of other users or items.
        """
        if not (np.array_equal(train.users, self.listens.users) and np.array_equal(train.items, self.listens.items)):
            raise ValueError("the training listens are of other users or items than the side information")
        user, item, tag = self.assignments
        pair = user * self.listens.n_items + item
        trained = np.isin(pair, _keys(train))
        keep = trained | ~np.isin(pair, self._listened)  # tags of held-out listens are gone
        user, item, tag, pair, trained = user[keep], item[keep], tag[keep], pair[keep], trained[keep]
        n_users, n_items = self.listens.n_users, self.listens.n_items
        item_tags = sp.coo_array((np.ones(trained.sum(), np.float32), (item[trained], tag[trained])),
                                 shape=(n_items, self.n_tags)).tocsr()  # fmt: skip
        distinct, first, row = np.unique(pair, return_index=True, return_inverse=True)
        given = np.stack([distinct // n_items, distinct % n_items], axis=1)
        other = given[~trained[first]]
        tagged = sp.coo_array((np.ones(len(other), np.float32), tuple(other.T)), shape=(n_users, n_items)).tocsr()
        user_tags = sp.coo_array((np.ones(len(tag), np.float32), (row, tag)),
                                 shape=(len(distinct), self.n_tags)).tocsr()  # fmt: skip
        return Known(self.friends, item_tags, tagged, user_tags, given)


def _keys(listens: Interactions) -> NDArray[np.int64]:
    rows, columns = listens.coordinates()
    return rows * listens.n_items + columns
