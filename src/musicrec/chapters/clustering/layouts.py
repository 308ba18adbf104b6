"""Maps of embeddings: the nearest rows, and layouts in two or three dimensions."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from musicrec.chapters.clustering.clusters import directions
from musicrec.compiling import allow_no_cache
from musicrec.models.factors.similar_items import nearest

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
    distances = np.hstack([np.zeros(here.shape, np.float32), found.distances])
    themselves_first = (np.hstack([here, found.ids]), distances)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it uses one thread and cannot place new points: both intended
        method = _library().UMAP(
            n_neighbors=k,
            n_components=dim,
            metric="cosine",
            min_dist=min_dist,
            init=init,
            n_epochs=epochs,
            precomputed_knn=themselves_first,
            random_state=seed,
            n_jobs=1,
        )
        layout = method.fit_transform(vectors)
    return np.asarray(layout, dtype=np.float32)


def _library() -> ModuleType:
    """Import umap-learn without the TensorFlow it would load for a variant that is not used here."""
    allow_no_cache()
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


def pca(vectors: NDArray[np.float32], dim: int = 2, *, seed: int) -> NDArray[np.float32]:
    """Lay vectors out along the principal components of their directions; see `umap`."""
    return PCA(dim, random_state=seed).fit_transform(directions(vectors)).astype(np.float32)


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
