"""Embeddings cut into clusters and named by tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import HDBSCAN, KMeans
from threadpoolctl import threadpool_limits

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.side_information import item_tags

FITS, MORE = 0.25, 3.0  # a tag names a neighbourhood on the map where it is so frequent, and so many times elsewhere

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
        One row per cluster, by number: `name`, `items`, `words` (columns of the tags in the name), `tag` (the first of
        them, -1 where no item has tags) and `share` (of the cluster's tagged items, how many have that tag).
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
                "words": tuple(chosen),
                "tag": first,
                "share": carriers[place, first] / tagged[place] if first >= 0 else np.nan,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(kinds, name="cluster"), columns=["name", "items", "words", "tag", "share"])


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


class Halves(NamedTuple):
    """Clusters named by a random half of their items, and what the other half says of each tag."""

    named: pd.DataFrame  # by the first half, as from `name_clusters`
    fits: NDArray[np.float64]  # (n_clusters, n_tags): share of the cluster's tagged items in the other half; NaN: none
    elsewhere: NDArray[np.float64]  # and of those outside the cluster


def _halves(
    labels: ArrayLike, tags: sp.csr_array, names: Sequence[str] | NDArray[np.object_], rng: np.random.Generator
) -> Halves:
    given = np.asarray(labels, dtype=np.int64)
    half = rng.random(len(given)) < 0.5
    named = name_clusters(np.where(half, given, -1), tags, names)
    carried = sp.csr_array(tags > 0).astype(np.float64)
    asked = ~half & (np.diff(carried.indptr) > 0)
    member = sp.csr_array((asked & (given == named.index.to_numpy()[:, None])).astype(np.float64))
    inside, everywhere = (member @ carried).toarray(), asked.astype(np.float64) @ carried
    people = np.asarray(member.sum(axis=1)).reshape(-1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Halves(named, inside / people, (everywhere - inside) / (asked.sum() - people))


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
    named, fits, elsewhere = _halves(labels, tags, names, rng)
    tag = named["tag"].to_numpy(dtype=np.int64)
    rows = np.arange(len(tag))
    return named.drop(columns=["items", "words"]).assign(
        fits=np.where(tag >= 0, fits[rows, tag], np.nan), elsewhere=np.where(tag >= 0, elsewhere[rows, tag], np.nan)
    )


def settled_names(
    labels: ArrayLike,
    tags: sp.csr_array,
    names: Sequence[str] | NDArray[np.object_],
    artists: NDArray[np.object_],
    popularity: NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Name clusters for a map: by tags that hold for items that had no say in the name, else by the best known artists.

    A random half of the items proposes two tags for each cluster, as in `name_clusters`; a tag stays where a quarter
    of the cluster's tagged items in the other half have it (`FITS`), three times as many as elsewhere (`MORE`). A
    cluster without such a tag, or with the name of a larger one, is called by its two best known artists.

    Parameters
    ----------
    labels, tags, names
        As in `name_clusters`.
    artists, popularity : numpy.ndarray, shape (n_items,)
        Names of the items, and how many users each has.
    rng : numpy.random.Generator
        Draws the half; in the same state as that of `name_check` it is the same half.

    Returns
    -------
    pandas.DataFrame
        One row per cluster, by number: `name`, `items`, and `by tags`, whether tags name it.
    """
    given = np.asarray(labels, dtype=np.int64)
    named, fits, elsewhere = _halves(given, tags, names, rng)
    best_first = np.argsort(-popularity, kind="stable")
    rows: dict[int, dict[str, Any]] = {}
    for cluster in np.unique(given[given >= 0]).tolist():
        held: list[int] = []
        if cluster in named.index:
            row = int(np.flatnonzero(named.index == cluster)[0])
            there, least = fits[row], np.maximum(FITS, MORE * elsewhere[row])
            held = [tag for tag in named["words"][cluster] if there[tag] >= least[tag]]
        name = ", ".join(str(names[tag]) for tag in held)
        by_tags = bool(held) and name not in {other["name"] for other in rows.values()}
        if not by_tags:
            stars = best_first[given[best_first] == cluster][:2]
            name = " and ".join(str(artists[star]) for star in stars)
        rows[cluster] = {"name": name, "items": int((given == cluster).sum()), "by tags": by_tags}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["name", "items", "by tags"]).rename_axis("cluster")
