"""Choosing the settings of the two stages on validation songs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.evaluation.continuation import measure, reorder, retrieve
from musicrec.models.rankers.lambdamart import LambdaMART
from musicrec.models.rankers.pairs import SongFeatures, training_pairs
from musicrec.models.rankers.pairwise import PairwiseRanker
from musicrec.models.rankers.two_tower import TwoTower

# ---- Choosing settings


def recall_watcher(
    curve: dict[int, float], known: Interactions, held_out: Interactions, every: int = 1
) -> Callable[[int, TwoTower], None]:
    """Return a function for `TwoTower.fit` that enters recall@1000 of held-out songs into `curve`, by epoch."""
    users = np.flatnonzero(held_out.history_sizes())

    def watch(epoch: int, towers: TwoTower) -> None:
        if epoch % every == 0:
            lists, _ = retrieve(towers.playlists(known, users), towers.songs(), known, users)
            curve[epoch] = float(measure(lists, held_out).per_user[f"recall@{lists.shape[1]}"].mean())

    return watch


def try_rankers(
    lists: NDArray[np.int64],
    embeddings: tuple[Floats, Floats],
    inputs: Floats,
    known: Interactions,
    held_out: Interactions,
    about: SongFeatures,
    *,
    learn: NDArray[np.int64],
    check: NDArray[np.int64],
    seed: int,
    quick: bool = False,
) -> pd.DataFrame:
    """Train rankers on some playlists and measure them on others.

    Parameters
    ----------
    lists : numpy.ndarray, shape (n, k)
        What the towers retrieved for the playlists with something held out.
    embeddings, known, held_out, about
        As in `two_stage.training_pairs`.
    inputs : numpy.ndarray, shape (len(check), k, n_features)
        The candidates of the playlists to measure on, from `two_stage.pair_features`.
    learn, check : numpy.ndarray
        Rows of `lists` to train on and to measure on.
    seed : int
        Of negatives and rankers.
    quick : bool
        Whether to try short trainings only.

    Returns
    -------
    pandas.DataFrame
        One row per ranker, named "pairwise, 15 epochs" or "trees, 30 trees", with ", every right answer" where right
        answers that were not retrieved were trained on too; columns are metrics. The first row is the retrieval alone.
    """
    users = np.flatnonzero(held_out.history_sizes())
    wanted = held_out.select(np.isin(held_out.coordinates()[0], users[check]))

    def result(scores: Floats) -> pd.Series:
        return measure(reorder(lists[check], scores), wanted).per_user.mean()

    rows = {"retrieval alone": measure(lists[check], wanted).per_user.mean()}
    for only, suffix in ((True, ""), (False, ", every right answer")):
        rng = np.random.default_rng(seed)
        pairs = training_pairs(lists, embeddings, known, held_out, about, rng, only_retrieved=only).some(learn)
        at = (2,) if quick else (5, 15, 30)

        def watch(epoch: int, ranker: PairwiseRanker, at: tuple[int, ...] = at, suffix: str = suffix) -> None:
            if epoch in at:
                rows[f"pairwise, {epoch} epochs{suffix}"] = result(ranker.scores(inputs))

        PairwiseRanker(epochs=max(at)).fit(pairs, rng=np.random.default_rng(seed), watch=watch)
        counts = (10,) if quick else (30, 100)
        trees = LambdaMART(max(counts)).fit(pairs, rng=np.random.default_rng(seed))
        for count in counts:
            rows[f"trees, {count} trees{suffix}"] = result(trees.scores(inputs, count))
    return pd.DataFrame(rows).T.rename_axis("ranker")


def best_setting(tried: pd.DataFrame, kind: str, metric: str = "ndcg@50") -> int:
    """Return the number of epochs or trees with the best metric among the rankers of a kind.

    Examples
    --------
    >>> best_setting(pd.DataFrame({"ndcg@50": [0.1, 0.2]}, index=["trees, 30 trees", "trees, 100 trees"]), "trees")
    100
    """
    mine = tried[[name.startswith(f"{kind}, ") and not name.endswith("answer") for name in tried.index]]
    return int(str(mine[metric].idxmax()).split()[1])


def fit_ranker(
    kind: str,
    size: int,
    lists: NDArray[np.int64],
    embeddings: tuple[Floats, Floats],
    known: Interactions,
    held_out: Interactions,
    about: SongFeatures,
    *,
    seed: int,
) -> PairwiseRanker | LambdaMART:
    """Train a ranker, "pairwise" or "trees", with so many epochs or trees on all playlists; see `try_rankers`."""
    pairs = training_pairs(lists, embeddings, known, held_out, about, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    return (
        PairwiseRanker(epochs=size).fit(pairs, rng=rng) if kind == "pairwise" else LambdaMART(size).fit(pairs, rng=rng)
    )
