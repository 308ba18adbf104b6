"""The Jaccard index between items: the check of "Spotify Playlists Recommender" (2018)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions


def jaccard(listens: Interactions, first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return the Jaccard index of items: the users who hold both, as a share of those who hold either.

    Parameters
    ----------
    listens : Interactions
        Who holds what.
    first, second : array-like of int, shape (n,), (m,)
        Columns.

    Returns
    -------
    numpy.ndarray, shape (n, m)
        Zero where nobody holds either.

    Examples
    --------
    >>> listens = Interactions(sp.csr_array(np.array([[1, 1], [1, 0], [0, 1]])), np.arange(3), np.arange(2))
    >>> jaccard(listens, [0], [0, 1]).round(3)
    array([[1.   , 0.333]])
    """
    by_item = sp.csc_array(listens.binary())
    a, b = by_item[:, np.asarray(first, np.int64)], by_item[:, np.asarray(second, np.int64)]
    common = (a.T @ b).toarray().astype(np.float64)
    either = a.sum(axis=0)[:, None] + b.sum(axis=0)[None, :] - common
    return common / np.maximum(either, 1)


def jaccard_check(
    listens: Interactions, own: ArrayLike, recommended: ArrayLike, *, rng: np.random.Generator, n_other: int = 500
) -> dict[str, NDArray[np.float64]]:
    """Return the Jaccard indices of the original's four kinds of pairs, for one user.

    Parameters
    ----------
    listens : Interactions
        Who holds what; training listens, so that what is held out stays unknown.
    own, recommended : array-like of int
        Items the user holds, and items recommended; -1 is left out.
    rng : numpy.random.Generator
        Draws the items that are neither, and the random pairs.
    n_other : int
        How many of each are drawn.

    Returns
    -------
    dict of str to numpy.ndarray
        `recommended × own`, `own × own` (each pair of two different items once), `not recommended × own` and
        `random pairs`.
    """
    own, recommended = np.asarray(own), np.asarray(recommended)
    recommended = recommended[recommended >= 0]
    neither = np.setdiff1d(np.arange(listens.n_items), np.concatenate([own, recommended]))
    drawn = rng.choice(neither, size=min(n_other, len(neither)), replace=False)
    a, b = rng.integers(0, listens.n_items, size=(2, n_other))
    by_item = sp.csc_array(listens.binary())
    common = by_item[:, a].multiply(by_item[:, b]).sum(axis=0)
    sizes = listens.popularity()
    random = common / np.maximum(sizes[a] + sizes[b] - common, 1)
    return {
        "recommended × own": jaccard(listens, recommended, own).ravel(),
        "own × own": jaccard(listens, own, own)[np.triu_indices(len(own), k=1)],
        "not recommended × own": jaccard(listens, drawn, own).ravel(),
        "random pairs": random[a != b],
    }


def jaccard_means(
    listens: Interactions, users: ArrayLike, lists: NDArray[np.int64], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the mean of each kind of pairs for several users and their lists; see `jaccard_check`.

    Parameters
    ----------
    users : array-like of int, shape (n,)
        Rows of `listens`; each holds at least two items.
    lists : numpy.ndarray, shape (n, k)
        What was recommended to each.

    Returns
    -------
    pandas.DataFrame, shape (n, 4)
        Columns as the keys of `jaccard_check`.
    """
    rows = []
    for user, recommended in zip(np.asarray(users), lists, strict=True):
        own = listens.matrix[[user]].indices
        groups = jaccard_check(listens, own, recommended, rng=rng)
        rows.append({name: values.mean() for name, values in groups.items()})
    return pd.DataFrame(rows)
