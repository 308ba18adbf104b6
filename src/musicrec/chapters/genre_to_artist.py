"""What chapter 09 measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score

from musicrec.datasets.genres import GenreTable, Mask, known
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.statistics import bootstrap_mean
from musicrec.models.base import Recommender
from musicrec.models.side.genre_warp import GenreWARP
from musicrec.models.top_k import top_k
from musicrec.splits.genres import TEST_SHARE, hold_out_artists, hold_out_cells

REPORTED = {"train AUC": 0.9879, "test AUC": 0.99997, "train precision@10": 0.78, "test precision@10": 0.92}


def blocks(
    n_genres: int, n_artists: int, per_artist: int, *, shuffled: bool = False, rng: np.random.Generator
) -> Interactions:
    """Make a table in which every artist is in the same number of genres.

    Genres come in groups of `per_artist` that have all their artists in common; with one genre per artist each genre
    has artists of its own. Shuffled, every artist is in as many genres, drawn at random, so that no structure is left.

    Raises
    ------
    ValueError
        When the genres cannot be grouped so.

    Examples
    --------
    >>> blocks(4, 6, 2, rng=np.random.default_rng(0)).matrix.toarray().astype(int)
    array([[1, 0, 1, 0, 1, 0],
           [1, 0, 1, 0, 1, 0],
           [0, 1, 0, 1, 0, 1],
           [0, 1, 0, 1, 0, 1]])
    """
    if not 0 < per_artist <= n_genres or n_genres % per_artist:
        raise ValueError(f"{n_genres} genres cannot be put into groups of {per_artist}")
    group = np.arange(n_artists) % (n_genres // per_artist)
    cells = np.arange(n_genres)[:, None] // per_artist == group
    if shuffled:
        cells = rng.permuted(cells, axis=0)
    return Interactions(sp.csr_array(cells.astype(np.float32)), np.arange(n_genres), np.arange(n_artists))


def measure(scores: NDArray[np.float32], positives: Mask, candidates: Mask, k: int = 10) -> pd.DataFrame:
    """Measure how well scores rank the right artists of each genre among the candidates.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_genres, n_artists)
        Higher is better.
    positives, candidates : numpy.ndarray of bool, shape (n_genres, n_artists)
        What is right; what is ranked. A candidate that is not right counts as wrong.
    k : int
        Cut-off.

    Returns
    -------
    pandas.DataFrame
        One row per genre: `AUC`, the chance that a right candidate is ranked above a wrong one, and `precision@k`. NaN
        where no candidate is right; `AUC` also where all are.

    Examples
    --------
    The first genre has its right artist in second place of three.

    >>> right = np.array([[False, True, False], [False, False, False]])
    >>> measure(np.float32([[3, 2, 1], [3, 2, 1]]), right, np.ones((2, 3), bool), k=2)
       AUC  precision@2
    0  0.5          0.5
    1  NaN          NaN
    """
    right = positives & candidates
    best = top_k(np.where(candidates, scores, -np.inf).astype(np.float32), k).ids
    hits = np.take_along_axis(right, np.maximum(best, 0), axis=1) & (best >= 0)
    some = right.any(axis=1)
    auc = [
        roc_auc_score(r[c], s[c]) if r.any() and not r[c].all() else np.nan
        for s, r, c in zip(scores, right, candidates, strict=True)
    ]
    return pd.DataFrame({"AUC": auc, f"precision@{k}": np.where(some, hits.sum(axis=1) / k, np.nan)})


def four_scores(scores: NDArray[np.float32], train: Interactions, test: Interactions) -> dict[str, float]:
    """Return the original's four figures, means over genres, as the library's evaluation functions compute them.

    Training cells are ranked among all artists, so that test cells count as wrong. Test cells are ranked among the
    artists that are not in training.
    """
    seen, hidden = known(train), known(test)
    of_train = measure(scores, seen, np.ones_like(seen)).mean()
    of_test = measure(scores, hidden, ~seen).mean()
    parts = {"train": of_train, "test": of_test}
    return {f"{part} {name}": float(row[name]) for name in of_train.index for part, row in parts.items()}


def original_run(table: Interactions, seed: int, *, fit_on: Literal["train", "all"] = "train") -> dict[str, float]:
    """Train as the original did, on the training cells or on all cells, and return its four figures."""
    train, test = hold_out_cells(table, seed)
    model = GenreWARP().fit(train if fit_on == "train" else table, rng=np.random.default_rng(seed))
    return four_scores(model.scores(np.arange(table.n_users)), train, test)


def perfect_memory(train: Interactions, test: Interactions, k: int = 10) -> dict[str, float]:
    r"""Return what the four figures are for one who knows every cell, of training and test, and nothing else.

    All known cells tie, so a training cell is as likely on top as a test cell: no model is run.

    .. math:: P_\mathrm{train} = \frac{\min(k, n + m)}{k}\,\frac{n}{n + m}, \quad
        P_\mathrm{test} = \frac{\min(k, m)}{k}, \quad
        A_\mathrm{train} = 1 - \frac{m}{2(N - n)}, \quad A_\mathrm{test} = 1

    for n training cells and m test cells of a genre and N artists; means over the genres that have such cells.
    """
    n, m = train.history_sizes().astype(float), test.history_sizes().astype(float)
    of_train, of_test = n > 0, m > 0
    precision = np.minimum(k, n + m) / k * n / np.maximum(n + m, 1)
    area = 1 - m / 2 / np.maximum(train.n_items - n, 1)
    return {
        "train AUC": float(area[of_train].mean()),
        "test AUC": 1.0,
        f"train precision@{k}": float(precision[of_train].mean()),
        f"test precision@{k}": float((np.minimum(k, m) / k)[of_test].mean()),
    }


def implied_share(train_auc: float, test_share: float = TEST_SHARE) -> float:
    """Return the share of all artists that a genre must hold for a perfect memory to have this train AUC.

    Of N artists a genre holds a share s; t of its cells are test cells. Then 1 - AUC = t s / (2 (1 - (1 - t) s)).

    Examples
    --------
    >>> round(implied_share(1 - 0.2 * 0.1 / (2 * (1 - 0.8 * 0.1))), 6)
    0.1
    """
    loss = 2 * (1 - train_auc)
    return loss / (test_share + loss * (1 - test_share))


def over_seeds(
    build: Callable[[], Recommender],
    table: GenreTable,
    seeds: Sequence[int],
    *,
    hold_out: Literal["artists", "cells"] = "artists",
) -> pd.DataFrame:
    """Fit and measure a model once per seed; the seed draws what is held out and seeds the model.

    Held-out artists are ranked among each other: which of the new artists belong to the genre? Held-out cells are
    ranked among the artists that are not yet in the genre: who is missing here?

    Returns
    -------
    pandas.DataFrame
        One row per genre, the mean over seeds of `AUC`, `precision@10` and `popularity@10`, the mean share of
        candidates that are less popular than the ten.
    """
    parts = []
    split = hold_out_artists if hold_out == "artists" else hold_out_cells
    for seed in seeds:
        train, test = split(table.interactions, seed)
        model = build().fit(train, rng=np.random.default_rng(seed))
        scores = model.scores(np.arange(train.n_users))
        candidates = ~known(train)
        if hold_out == "artists":
            candidates = np.broadcast_to(~known(train).any(axis=0), candidates.shape)
        result = measure(scores, known(test), candidates)
        parts.append(result.assign(**{"popularity@10": _popularity(scores, candidates, table.popularity)}))
    return pd.concat(parts).groupby(level=0).mean()


def _popularity(
    scores: NDArray[np.float32], candidates: Mask, popularity: NDArray[np.float64], k: int = 10
) -> list[float]:
    best = top_k(np.where(candidates, scores, -np.inf).astype(np.float32), k).ids
    shares = []
    for ids, ranked in zip(best, candidates, strict=True):
        place = np.full(len(ranked), np.nan)
        place[ranked] = (stats.rankdata(popularity[ranked]) - 1) / max(ranked.sum() - 1, 1)
        shares.append(float(place[ids[ids >= 0]].mean()))
    return shares


def means(results: Mapping[tuple[str, str], pd.DataFrame], metric: str) -> pd.DataFrame:
    """Return the mean over genres of each system with its bootstrap interval: `value`, `low`, `high`."""
    rows = {name: bootstrap_mean(frame[metric].to_numpy()) for name, frame in results.items()}
    index = pd.MultiIndex.from_tuples(rows, names=["row is a", "system"])
    return pd.DataFrame(rows.values(), index=index).set_axis(["value", "low", "high"], axis=1)


def agreement(a: NDArray[Any], b: NDArray[Any], candidates: Mask, k: int = 10) -> pd.DataFrame:
    """Compare two score matrices genre by genre among the candidates.

    Returns
    -------
    pandas.DataFrame
        One row per genre: Spearman's `rank correlation`, and the share of the best k they have `in common`.
    """
    first, second = (np.where(candidates, s, -np.inf).astype(np.float32) for s in (a, b))
    ours, theirs = top_k(first, k).ids, top_k(second, k).ids
    rho = [stats.spearmanr(x[c], y[c]).statistic for x, y, c in zip(a, b, candidates, strict=True)]
    common = [len(set(x) & set(y) - {-1}) / k for x, y in zip(ours, theirs, strict=True)]
    return pd.DataFrame({"rank correlation": rho, "in common": common})
