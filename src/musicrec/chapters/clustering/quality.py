"""How good maps and clusters are."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn import metrics

from musicrec.chapters.clustering.clusters import directions
from musicrec.chapters.clustering.layouts import BATCH, neighbours

# ---- Measure


def tag_agreement(
    vectors: NDArray[np.float32],
    main: NDArray[np.int64],
    k: int = 10,
    *,
    measure: Literal["cosine", "euclidean"] = "cosine",
) -> NDArray[np.float64]:
    """Return the share of each row's k nearest rows whose main tag is the same, shape (n,).

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, dim)
        One row per item.
    main : numpy.ndarray of int, shape (n,)
        The main tag of each, all at or above zero: leave out items without tags first.
    k : int
        How many neighbours.
    measure : {"cosine", "euclidean"}
        As in `neighbours`.
    """
    found = neighbours(vectors, k, measure=measure).ids
    return np.asarray((main[found] == main[:, None]).mean(axis=1), dtype=np.float64)


def cluster_quality(labels: ArrayLike, main: ArrayLike, *, rng: np.random.Generator) -> dict[str, float]:
    """Return how well clusters agree with main tags.

    Parameters
    ----------
    labels, main : array-like of int, shape (n,)
        Cluster and main tag of each item; -1 for none. All but the first two figures are about items with both.
    rng : numpy.random.Generator
        Shuffles the tags for the purity one gets by chance, which grows with the number of clusters.

    Returns
    -------
    dict
        `clusters`; `in none`, the share of items outside every cluster; `purity`, the share of items with the most
        frequent main tag of their cluster; `purity by chance`; `NMI`, normalized mutual information, which also
        grows with the number of clusters; `AMI`, adjusted for that: 0 by chance, 1 for the same partition.
        NaN where no item has both.
    """
    clusters, tags = np.asarray(labels, dtype=np.int64), np.asarray(main, dtype=np.int64)
    both = (clusters >= 0) & (tags >= 0)
    found, expected = clusters[both], tags[both]
    nothing = len(found) == 0
    return {
        "clusters": float(len(np.unique(clusters[clusters >= 0]))),
        "in none": float(np.mean(clusters < 0)),
        "purity": purity(found, expected),
        "purity by chance": purity(found, rng.permutation(expected)),
        "NMI": float("nan") if nothing else float(metrics.normalized_mutual_info_score(expected, found)),
        "AMI": float("nan") if nothing else float(metrics.adjusted_mutual_info_score(expected, found)),
    }


def purity(labels: NDArray[np.int64], main: NDArray[np.int64]) -> float:
    """Return the share of items that have the most frequent main tag of their cluster; NaN for no items.

    Examples
    --------
    >>> purity(np.array([0, 0, 0, 1]), np.array([5, 5, 6, 6]))
    0.75
    """
    if len(labels) == 0:
        return float("nan")
    return float(metrics.cluster.contingency_matrix(labels, main).max(axis=1).sum() / len(labels))


def rand_index(labels: ArrayLike, others: ArrayLike) -> float:
    """Return the adjusted Rand index of two clusterings over the points that lie in a cluster of both.

    0 is what chance gives, 1 the same partition; NaN when no point lies in both.
    """
    one, two = np.asarray(labels), np.asarray(others)
    both = (one >= 0) & (two >= 0)
    return float(metrics.adjusted_rand_score(one[both], two[both])) if both.any() else float("nan")


def trustworthiness(
    vectors: NDArray[np.float32], layout: NDArray[np.float32], k: int = 10, *, sample: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return how far the neighbours of points in a layout are neighbours in the embedding [Venna & Kaski, 2001].

    A point that is among the k nearest of another in the layout, but only the r-th nearest in the embedding, costs
    r − k. The costs are scaled so that 1 is none at all and 0 the worst possible.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, d)
        The embedding, compared by cosine.
    layout : numpy.ndarray, shape (n, dim)
        Compared by Euclidean distance.
    k : int
        How many neighbours; fewer than half of the points.
    sample : array-like of int, optional
        Points to look at, by default all. Their neighbours may be any points.

    Returns
    -------
    numpy.ndarray, shape (n_sample,)
        One value per point, whose mean over all points is the trustworthiness of the layout.

    Raises
    ------
    ValueError
        When there are too few points for so many neighbours.
    """
    n = len(vectors)
    if not 0 < k < n / 2:
        raise ValueError(f"trustworthiness with {k} neighbours needs more than {2 * k} points, not {n}")
    asked = np.arange(n) if sample is None else np.asarray(sample, dtype=np.int64)
    unit, values = directions(vectors).astype(np.float64), []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        mine = np.arange(len(batch))
        apart, distances = cdist(unit[batch], unit, "sqeuclidean"), cdist(layout[batch], layout, "sqeuclidean")
        apart[mine, batch] = distances[mine, batch] = -1  # itself comes first
        ranks = np.empty(apart.shape, np.int64)
        np.put_along_axis(ranks, np.argsort(apart, axis=1, kind="stable"), np.arange(n)[None, :], axis=1)
        near = np.argsort(distances, axis=1, kind="stable")[:, 1 : k + 1]
        values.append(np.maximum(np.take_along_axis(ranks, near, axis=1) - k, 0).sum(axis=1))
    return 1 - 2 / (k * (2 * n - 3 * k - 1)) * np.concatenate(values)
