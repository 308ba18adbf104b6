"""Lists of a retriever and of a ranker, and how they are measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.evaluation import metrics
from musicrec.evaluation.ranking import Evaluation
from musicrec.models.base import BATCH, Recommender
from musicrec.models.top_k import mask_seen, top_k
from musicrec.splits.by_user import is_held_out
from musicrec.splits.playlists import CANDIDATES, SONGS

PAGE, LAST = 10, 500  # the challenge: songs on a page, length of a list


def measure(lists: NDArray[np.int64], held_out: Interactions) -> Evaluation:
    """Measure lists of candidates, best first, one per playlist with something held out.

    Parameters
    ----------
    lists : numpy.ndarray, shape (n, k)
        Songs; -1 where nothing is left. The rows are those of ``numpy.flatnonzero(held_out.history_sizes())``.
    held_out : Interactions
        The right answers.

    Returns
    -------
    Evaluation
        With `ndcg@500`, `ndcg@50`, `r-precision`, `clicks` (pages of ten to turn before the first right song, 51 when
        none is among 500 [Chen et al., 2018]) and `recall@k` per playlist.
    """
    users = np.flatnonzero(held_out.history_sizes())
    n = held_out.history_sizes()[users]
    hits = is_held_out(lists, users, held_out)
    first = hits[:, :LAST].argmax(axis=1) // PAGE
    columns = {
        f"ndcg@{LAST}": metrics.ndcg(hits[:, :LAST], n),
        f"ndcg@{SONGS}": metrics.ndcg(hits[:, :SONGS], n),
        "r-precision": metrics.r_precision(hits, n),
        "clicks": np.where(hits[:, :LAST].any(axis=1), first, LAST // PAGE + 1).astype(float),
        f"recall@{lists.shape[1]}": metrics.recall(hits, n),
    }
    return Evaluation(users, pd.DataFrame(columns), lists)


def best_lists(model: Recommender, users: NDArray[np.int64], k: int = CANDIDATES) -> NDArray[np.int64]:
    """Return the k best songs of each playlist, none of its own, shape (n, k); equal scores in random order.

    Songs stand in the file in the order of the playlists they are in, so that ties broken by index would favour the
    first playlists. The random order is the same in every run.

    Parameters
    ----------
    model : Recommender
        Fitted on the playlists as far as they are known.
    users : numpy.ndarray, shape (n,)
        Row numbers of playlists.
    """
    train = model.train
    order = np.random.default_rng(0).permutation(train.n_items)
    lists = []
    for start in range(0, len(users), BATCH):
        batch = users[start : start + BATCH]
        scores = mask_seen(np.array(model.scores(batch), np.float32), train.matrix[batch])
        ids = top_k(scores[:, order], k).ids
        lists.append(np.where(ids >= 0, order[ids], -1))
    return np.concatenate(lists)


def retrieve(
    playlists: Floats, songs: Floats, train: Interactions, users: NDArray[np.int64], k: int = CANDIDATES
) -> tuple[NDArray[np.int64], Floats]:
    """Return the k songs with the highest dot product with each playlist, none of its own, and the products.

    Parameters
    ----------
    playlists, songs : numpy.ndarray, shape (len(users), dim), (n_songs, dim)
        Embeddings.
    train : Interactions
        Which songs are a playlist's own.
    users : numpy.ndarray, shape (n,)
        Row numbers of the playlists.
    k : int
        How many to retrieve.

    Returns
    -------
    lists, scores
        Shape (n, k), best first; -1 and -inf where nothing is left.
    """
    columns, spare = np.ascontiguousarray(songs.T), len(songs) - k
    parts = []
    for start in range(0, len(users), BATCH):
        batch = slice(start, start + BATCH)
        scores = mask_seen(playlists[batch] @ columns, train.matrix[users[batch]])
        if spare <= 0:
            parts.append(tuple(top_k(scores, k)))
            continue
        # for lists as long as these, faster than `top_k`; it leaves open which of equal scores comes last
        ids = np.argpartition(scores, spare, axis=1)[:, spare:]
        ids = np.take_along_axis(ids, np.argsort(-np.take_along_axis(scores, ids, axis=1), axis=1), axis=1)
        best = np.take_along_axis(scores, ids, axis=1)
        parts.append((np.where(np.isfinite(best), ids, -1), best))
    lists, products = zip(*parts, strict=True)
    return np.concatenate(lists), np.concatenate(products)


def reorder(lists: NDArray[np.int64], scores: Floats) -> NDArray[np.int64]:
    """Return each list in the order of its scores, both of shape (n, k), highest first; empty places stay last.

    Examples
    --------
    >>> reorder(np.array([[4, 7, -1]]), np.float32([[0.1, 0.3, 9.0]]))
    array([[ 7,  4, -1]])
    """
    order = np.argsort(np.where(lists >= 0, -scores, np.inf), axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)
