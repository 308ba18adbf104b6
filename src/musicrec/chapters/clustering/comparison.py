"""Embeddings, layouts and clusterings of chapter 07, compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.clustering.clusters import dense_clusters, round_clusters
from musicrec.chapters.clustering.layouts import umap
from musicrec.chapters.clustering.quality import cluster_quality, rand_index, tag_agreement, trustworthiness
from musicrec.evaluation.statistics import bootstrap_mean

Labels = NDArray[np.int64]
DENSE, ROUND = "HDBSCAN on the flat UMAP", "k-means on the embedding"


def layout_quality(
    vectors: NDArray[np.float32], layouts: Mapping[str, NDArray[np.float32]], main: Labels
) -> pd.DataFrame:
    """Return the trustworthiness of layouts with its interval, and the share of neighbours of the same main tag.

    The last row, `not reduced`, is the embedding itself.
    """
    rows = {}
    for name, layout in layouts.items():
        trust = bootstrap_mean(trustworthiness(vectors, layout))
        same = bootstrap_mean(tag_agreement(layout, main, measure="euclidean")).mean
        rows[name] = {"trustworthiness": trust.mean, "low": trust.low, "high": trust.high, "same tag": same}
    rows["not reduced"] = {"trustworthiness": 1.0, "same tag": tag_agreement(vectors, main).mean()}
    return pd.DataFrame(rows).T.rename_axis("layout")


def cut_maps(maps: Mapping[str, NDArray[np.float32]], smallest: int) -> dict[str, Labels]:
    """Find the dense regions of each layout."""
    return {name: dense_clusters(layout, smallest) for name, layout in maps.items()}


def cut_embeddings(vectors: Mapping[str, NDArray[np.float32]], n: int, *, seed: int) -> dict[str, Labels]:
    """Cut each embedding into n clusters by k-means."""
    return {name: round_clusters(embedding, n, seed=seed) for name, embedding in vectors.items()}


def compare_clusters(
    dense: Mapping[str, Labels], rounds: Mapping[str, Labels], main: Labels, *, seed: int
) -> pd.DataFrame:
    """Return the number of dense clusters of each embedding, who is left out, and the agreement of both with main tags.

    The embedding whose dense clusters agree most comes first.
    """
    rng = np.random.default_rng(seed)
    rows = {
        name: {
            "clusters": labels.max() + 1,
            "in none": np.mean(labels < 0),
            "AMI, HDBSCAN": cluster_quality(labels, main, rng=rng)["AMI"],
            "AMI, k-means": cluster_quality(rounds[name], main, rng=rng)["AMI"],
        }
        for name, labels in dense.items()
    }
    return pd.DataFrame(rows).T.rename_axis("embedding").sort_values("AMI, HDBSCAN", ascending=False)


def found_again(
    versions: Sequence[NDArray[np.float32]], seeds: Iterable[int], dense: Labels, rounds: Labels, smallest: int
) -> dict[str, float]:
    """Return how alike clusterings come out of other versions of an embedding, laid out and cut with other seeds.

    Parameters
    ----------
    versions : sequence of numpy.ndarray, shape (n, dim)
        One for each seed.
    seeds : iterable of int
        Of layouts and of k-means.
    dense, rounds : numpy.ndarray of int, shape (n,)
        What both kinds of clusters are compared with.
    smallest : int
        As in `dense_clusters`.

    Returns
    -------
    dict of str to float
        The mean adjusted Rand index, by kind.
    """
    dense_indices, round_indices = [], []
    for seed, vectors in zip(seeds, versions, strict=True):
        layout = umap(vectors, seed=seed, k=30, min_dist=0, epochs=200)
        dense_indices.append(rand_index(dense, dense_clusters(layout, smallest)))
        round_indices.append(rand_index(rounds, round_clusters(vectors, int(rounds.max()) + 1, seed=seed)))
    return {DENSE: float(np.mean(dense_indices)), ROUND: float(np.mean(round_indices))}


def same_clusters(dense: Mapping[str, Labels], rounds: Mapping[str, Labels], name: str) -> pd.DataFrame:
    """Return the adjusted Rand index of the clusters of every other embedding to those of one, one row each."""
    others = [other for other in dense if other != name]
    columns = {
        DENSE: [rand_index(dense[name], dense[other]) for other in others],
        ROUND: [rand_index(rounds[name], rounds[other]) for other in others],
    }
    return pd.DataFrame(columns, index=others)


def region_table(
    regions: pd.DataFrame,
    checked: pd.DataFrame,
    labels: Labels,
    names: NDArray[np.object_],
    popularity: NDArray[np.int64],
) -> pd.DataFrame:
    """Return the neighbourhoods of a map with their best known artists, and whether their names fit.

    Parameters
    ----------
    regions, checked : pandas.DataFrame
        From `name_clusters` and `name_check`.
    labels : numpy.ndarray of int, shape (n,)
        The neighbourhood of each artist.
    names, popularity : numpy.ndarray, shape (n,)
        Of the artists.
    """
    best_first = np.argsort(-popularity, kind="stable")
    best = [", ".join(names[best_first[labels[best_first] == region][:4]]) for region in regions.index]
    table = regions[["name", "items"]].rename(columns={"items": "artists"}).assign(**{"best known": best})
    halves = {
        "name by one half": checked["name"].str.split(", ").str[0],
        "fits the other": checked["fits"],
        "elsewhere": checked["elsewhere"],
    }
    return table.assign(**halves)
