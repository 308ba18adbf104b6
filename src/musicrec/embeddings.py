"""Maps of embeddings: reduced to two or three dimensions, cut into clusters, named by tags, and measured.

An embedding's rows are compared by direction (cosine), not by length; points of a layout by Euclidean distance.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn import metrics
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from musicrec.datasets.dataset import Dataset
from musicrec.neighbours import nearest
from musicrec.side_information import item_tags

BATCH = 512  # rows compared with all others at once


class Neighbours(NamedTuple):
    """The nearest rows of every row, nearest first, the row itself left out."""

    ids: NDArray[np.int64]  # shape (n, k)
    distances: NDArray[np.float32]  # shape (n, k): 1 − cosine, or the Euclidean distance


def neighbours(
    vectors: NDArray[np.float32], k: int, *, measure: Literal["cosine", "euclidean"] = "cosine"
) -> Neighbours:
    """Find the k nearest rows of every row of `vectors`, shape (n, dim), exactly.

    Layouts in few dimensions are compared by Euclidean distance, embeddings by cosine.

    Raises
    ------
    ValueError
        When there are not more than k rows.
    """
    if len(vectors) <= k:
        raise ValueError(f"{len(vectors)} vectors have no {k} neighbours each")
    if measure == "euclidean":
        distances, ids = cKDTree(vectors).query(vectors, k + 1)
        other = ids != np.arange(len(ids))[:, None]
        other[other.all(axis=1), -1] = False  # of points in one place the row itself may not be among the nearest
        return Neighbours(ids[other].reshape(-1, k), np.asarray(distances[other].reshape(-1, k), np.float32))
    starts = range(0, len(vectors), BATCH)
    parts = [nearest(vectors, np.arange(s, min(s + BATCH, len(vectors))), k) for s in starts]
    ids, cosines = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Neighbours(ids, np.clip(1 - cosines, 0, 2))


# ---- Reduce


def umap(
    vectors: NDArray[np.float32],
    dim: int = 2,
    *,
    seed: int,
    k: int = 15,
    min_dist: float = 0.1,
    init: Literal["spectral", "random"] = "spectral",
    epochs: int | None = None,
) -> NDArray[np.float32]:
    """Lay vectors out in few dimensions so that neighbours stay neighbours [McInnes et al., 2018].

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, d)
        One row per point, compared by cosine.
    dim : int
        Number of dimensions of the layout.
    seed : int
        Two runs with the same seed agree: the library then works on one thread.
    k : int
        How many neighbours of a point count, itself included; few show detail, many the large shape.
    min_dist : float
        How close points may lie.
    init : {"spectral", "random"}
        Where they start.
    epochs : int, optional
        How often all points move; by default 500, or 200 above 10,000 points.

    Returns
    -------
    numpy.ndarray, shape (n, dim)
        float32.
    """
    found = neighbours(vectors, k - 1)
    here = np.arange(len(vectors))[:, None]  # the library wants every point to be its own first neighbour
    known = (np.hstack([here, found.ids]), np.hstack([np.zeros(here.shape, np.float32), found.distances]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it uses one thread and cannot place new points: both intended
        layout = _library().UMAP(
            n_neighbors=k, n_components=dim, metric="cosine", min_dist=min_dist, init=init, n_epochs=epochs,
            precomputed_knn=known, random_state=seed, n_jobs=1,
        ).fit_transform(vectors)  # fmt: skip
    return np.asarray(layout, dtype=np.float32)


def _library() -> ModuleType:
    """Import umap-learn without the TensorFlow it would load for a variant that is not used here."""
    hidden = "tensorflow" not in sys.modules
    if hidden:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)
            import umap as library
    finally:
        if hidden:
            del sys.modules["tensorflow"]
    return library


def tsne(vectors: NDArray[np.float32], dim: int = 2, *, seed: int, perplexity: float = 30.0) -> NDArray[np.float32]:
    """Lay vectors out by t-SNE [van der Maaten & Hinton, 2008]; see `umap`.

    On one thread: more would sum in another order, and the descent makes large differences of small ones.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n, d)
        One row per point, compared by cosine.
    dim : int
        2, or 3, which takes several times longer.
    seed : int
        Two runs with the same seed agree.
    perplexity : float
        About how many neighbours of a point count.
    """
    with threadpool_limits(1):
        layout = TSNE(dim, metric="cosine", perplexity=perplexity, random_state=seed, n_jobs=1).fit_transform(vectors)
    return np.asarray(layout, dtype=np.float32)


# ---- Cluster


def directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows at length 1, where Euclidean distance orders pairs as the cosine does; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def dense_clusters(points: NDArray[np.float32], smallest: int, *, samples: int = 5) -> NDArray[np.int64]:
    """Find dense regions of any shape and number [Campello et al., 2013].

    Of the tree of regions within regions, the leaves are taken: choosing by how long a region persists can end in one
    region that holds nearly everything.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, dim)
        A layout, or the `directions` of an embedding; compared by Euclidean distance.
    smallest : int
        A region has at least so many points.
    samples : int
        Density at a point goes by the distance to this many points, itself included.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Numbers of the clusters, the largest cluster first, and -1 for points that lie in none.
    """
    method = HDBSCAN(
        min_cluster_size=smallest, min_samples=samples, cluster_selection_method="leaf", n_jobs=1, copy=True
    )
    return by_size(method.fit_predict(points))


def round_clusters(vectors: NDArray[np.float32], n: int, *, seed: int) -> NDArray[np.int64]:
    """Cut vectors, shape (n_points, dim), into n clusters by k-means on their directions; largest cluster first."""
    with threadpool_limits(1):
        return by_size(KMeans(n, n_init=1, random_state=seed).fit_predict(directions(vectors)))


def by_size(labels: ArrayLike) -> NDArray[np.int64]:
    """Renumber clusters, the largest first; what is below zero stays in no cluster (-1).

    Examples
    --------
    >>> by_size([4, 7, 7, -1]).tolist()
    [1, 0, 0, -1]
    """
    given = np.asarray(labels, dtype=np.int64)
    kinds, counts = np.unique(given[given >= 0], return_counts=True)
    place = {kind: rank for rank, kind in enumerate(kinds[np.argsort(-counts, kind="stable")].tolist())}
    return np.array([place.get(label, -1) for label in given.tolist()], dtype=np.int64)


# ---- Name


def common_tags(dataset: Dataset, people: int = 10) -> tuple[sp.csr_array, NDArray[np.object_]]:
    """Return the counts of the tags that at least so many people used, shape (n_items, n_tags), and their names.

    A word only one person uses names nobody's neighbourhood, however often that person writes it.
    """
    assignments, tags = dataset.tables["tag_assignments"], dataset.tables["tags"]
    users = tags["id"].map(assignments.groupby("tag")["user"].nunique()).fillna(0)
    kept = np.flatnonzero(users >= people)
    return item_tags(dataset)[:, kept], tags["name"].to_numpy(dtype=object)[kept]


def main_tags(tags: sp.csr_array) -> NDArray[np.int64]:
    """Return the tag each item was given most often, of equals the one used more overall; -1 for items without tags.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts, as from `musicrec.side_information.item_tags`.

    Examples
    --------
    >>> main_tags(sp.csr_array([[1, 1, 0], [0, 5, 0], [0, 0, 0]])).tolist()
    [1, 1, -1]
    """
    counts = sp.csr_array(tags, dtype=np.float64, copy=True)
    used = np.asarray(counts.sum(axis=0)).ravel()
    counts.data += 0.5 * (used / max(used.max(), 1))[counts.indices]  # below one, so that it only settles ties
    tagged = np.diff(counts.indptr) > 0
    return np.where(tagged, np.asarray(counts.argmax(axis=1)).ravel(), -1)


def name_clusters(
    labels: ArrayLike, tags: sp.csr_array, names: Sequence[str] | NDArray[np.object_], *, words: int = 2
) -> pd.DataFrame:
    """Name clusters by the tags that set them apart: class-based tf-idf [Grootendorst, 2022].

    Every item spreads a weight of one over its tags, so that a cluster is named by its items and not by its star. The
    weight of tag t in cluster c, as a share of all weight in c, is multiplied by log(1 + A/f): f is the weight of t
    in all clusters together and A the mean weight of a cluster. Only tags of at least a tenth of the cluster's
    tagged items are asked, and one spelling of each ("hip hop", "hip-hop"). Where an earlier cluster has the same name,
    the last word is the next best.

    Parameters
    ----------
    labels : array-like of int, shape (n_items,)
        The cluster of each item, -1 for none.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts.
    names : sequence of str, shape (n_tags,)
        Names of the tags.
    words : int
        How many tags make a name.

    Returns
    -------
    pandas.DataFrame
        One row per cluster, by number: `name`, `items`, `tag` (column of the first word, -1 where no item has tags)
        and `share` (of the cluster's tagged items, how many have that tag).
    """
    given = np.asarray(labels, dtype=np.int64)
    kinds = np.unique(given[given >= 0])
    counts = sp.csr_array(tags, dtype=np.float64)
    total = np.asarray(counts.sum(axis=1)).ravel()
    spread = sp.diags_array(1 / np.maximum(total, 1e-12)) @ counts
    member = sp.csr_array((given == kinds[:, None]).astype(np.float64))
    weight = (member @ spread).toarray()
    overall = weight.sum(axis=0)
    carriers, tagged = (member @ (counts > 0).astype(np.float64)).toarray(), member @ (total > 0)
    contrast = np.log1p(weight.sum() / max(len(kinds), 1) / np.maximum(overall, 1e-12))
    score = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12) * contrast
    score[carriers < np.maximum(tagged[:, None] / 10, 1)] = 0
    rows = []
    taken: set[str] = set()
    for place in range(len(kinds)):
        chosen = _words(score[place], names, words, taken)
        first = next(iter(chosen), -1)
        name = ", ".join(str(names[tag]) for tag in chosen) or "without tags"
        taken.add(name)
        rows.append(
            {
                "name": name,
                "items": int((given == kinds[place]).sum()),
                "tag": first,
                "share": carriers[place, first] / tagged[place] if first >= 0 else np.nan,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(kinds, name="cluster"), columns=["name", "items", "tag", "share"])


def _words(
    score: NDArray[np.float64], names: Sequence[str] | NDArray[np.object_], words: int, taken: set[str]
) -> list[int]:
    """Return the tags of the highest scores, one spelling of each; the last gives way where the name is taken."""
    spellings: dict[str, int] = {}
    for tag in np.argsort(-score, kind="stable")[: (score > 0).sum()]:
        spellings.setdefault(re.sub(r"[\W_]", "", str(names[tag]).casefold()), int(tag))
    ranked = list(spellings.values())
    for last in ranked[words - 1 :]:
        chosen = [*ranked[: words - 1], last]
        if ", ".join(str(names[tag]) for tag in chosen) not in taken:
            return chosen
    return ranked[:words]


def name_check(
    labels: ArrayLike, tags: sp.csr_array, names: Sequence[str] | NDArray[np.object_], *, rng: np.random.Generator
) -> pd.DataFrame:
    """Name clusters by a random half of their items and ask the other half whether the name fits.

    Returns
    -------
    pandas.DataFrame
        One row per cluster: `name`, `tag` and `share` as in `name_clusters`, from the first half; `fits`, the share
        of the other half's tagged items that have the tag, and `elsewhere`, that share in the other half outside
        the cluster. NaN where nobody is left to ask.
    """
    given = np.asarray(labels, dtype=np.int64)
    half = rng.random(len(given)) < 0.5
    named = name_clusters(np.where(half, given, -1), tags, names)
    counts = sp.csc_array(tags)
    asked = ~half & (np.asarray(counts.sum(axis=1)).ravel() > 0)

    def share(has: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        return float(has[among].mean()) if among.any() else float("nan")

    fits, elsewhere = [], []
    for cluster, tag in named["tag"].items():
        has = counts[:, [tag]].toarray()[:, 0] > 0 if tag >= 0 else np.zeros(len(given), bool)
        fits.append(share(has, asked & (given == cluster)))
        elsewhere.append(share(has, asked & (given != cluster)))
    return named.drop(columns="items").assign(fits=fits, elsewhere=elsewhere)


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
    """
    clusters, tags = np.asarray(labels, dtype=np.int64), np.asarray(main, dtype=np.int64)
    both = (clusters >= 0) & (tags >= 0)
    found, wanted = clusters[both], tags[both]
    return {
        "clusters": float(len(np.unique(clusters[clusters >= 0]))),
        "in none": float(np.mean(clusters < 0)),
        "purity": purity(found, wanted),
        "purity by chance": purity(found, rng.permutation(wanted)),
        "NMI": float(metrics.normalized_mutual_info_score(wanted, found)),
        "AMI": float(metrics.adjusted_mutual_info_score(wanted, found)),
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
