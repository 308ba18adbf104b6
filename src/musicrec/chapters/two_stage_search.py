"""Choosing the settings of the two stages on validation songs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from musicrec.datasets import songs as songs_module
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.evaluation.continuation import best_lists, measure, reorder, retrieve
from musicrec.evaluation.statistics import Interval, bootstrap_mean
from musicrec.models.base import Recommender
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.rankers.lambdamart import LambdaMART
from musicrec.models.rankers.pairs import Pairs, SongFeatures, pair_features, training_pairs
from musicrec.models.rankers.pairwise import PairwiseRanker
from musicrec.models.rankers.two_tower import TwoTower
from musicrec.models.side.sound_knn import SoundKNN

ALONE, RETRIEVED, EVERY = "retrieval alone", "retrieved", "every one"
RUNS = {  # towers by name of the curve: which features they see, and their settings
    "audio": ("audio", {}),
    "audio, not corrected": ("audio", {"correction": False}),
    "all": ("all", {}),
}


def describe(data: Dataset, train: Interactions) -> dict[str, SongFeatures]:
    """Return what the two kinds of towers may know of the songs: `audio` alone, and `all` with artist and genre."""
    songs = data.tables["songs"]
    sound, artist = songs_module.audio(songs), songs_module.artist_codes(songs)
    return {"audio": SongFeatures(sound), "all": SongFeatures(sound, artist, songs_module.genre_profiles(data, train))}


def recall_watcher(
    curve: dict[int, float], train: Interactions, held_out: Interactions, every: int = 1
) -> Callable[[int, TwoTower], None]:
    """Return a function for `TwoTower.fit` that enters recall@1000 of held-out songs into `curve`, by epoch."""
    users = np.flatnonzero(held_out.history_sizes())

    def watch(epoch: int, towers: TwoTower) -> None:
        if epoch % every == 0:
            lists, _ = retrieve(towers.playlists(train, users), towers.songs(), train, users)
            curve[epoch] = float(measure(lists, held_out).per_user[f"recall@{lists.shape[1]}"].mean())

    return watch


def recall_curves(
    about: Mapping[str, SongFeatures], train: Interactions, held_out: Interactions, *, seed: int, quick: bool = False
) -> pd.DataFrame:
    """Train the towers of `RUNS`, and return recall@1000 by epoch, one column per run."""
    curves: dict[str, dict[int, float]] = {name: {} for name in RUNS}
    for name, (features, settings) in RUNS.items():
        watch = recall_watcher(curves[name], train, held_out, every=1 if quick else 2)
        towers = TwoTower(epochs=2 if quick else 16, **settings)
        towers.fit(train, about[features], rng=np.random.default_rng(seed), watch=watch)
    return pd.DataFrame(curves)


def quality(model: Recommender, held_out: Interactions) -> pd.Series:
    """Return the metrics of a fitted recommender of songs, means over the playlists with something held out."""
    users = np.flatnonzero(held_out.history_sizes())
    return measure(best_lists(model, users), held_out).per_user.mean()


class Simple(NamedTuple):
    """Settings of the simple systems: of how many songs `sound-knn` takes the mean, the shrinkage of `item-knn`."""

    nearest: int | None
    shrinkage: float


def simple_settings(
    audio: Floats, train: Interactions, held_out: Interactions, *, seed: int, quick: bool = False
) -> Simple:
    """Choose the settings of the simple systems by NDCG@50 of held-out songs."""
    neighbours: tuple[int | None, ...] = (1, None) if quick else (1, 5, None)
    shrinkages = (20.0,) if quick else (0.0, 5.0, 20.0)

    def ndcg(model: Recommender) -> float:
        return float(quality(model.fit(train, rng=np.random.default_rng(seed)), held_out)["ndcg@50"])

    nearest = max(neighbours, key=lambda k: ndcg(SoundKNN(audio, k)))
    return Simple(nearest, max(shrinkages, key=lambda shrinkage: ndcg(ItemKNN(shrinkage=shrinkage))))


def chosen_table(curves: pd.DataFrame, simple: Simple) -> pd.DataFrame:
    """Return what was chosen on the validation part."""
    rows = {
        "epochs of the towers with audio features": curves["audio"].idxmax(),
        "epochs of the towers with artist and genre": curves["all"].idxmax(),
        "nearest songs by sound": simple.nearest or "all",
        "shrinkage of item kNN": f"{simple.shrinkage:g}",
    }
    return pd.Series(rows, name="chosen", dtype=object).to_frame().rename_axis("setting")


class Found(NamedTuple):
    """What towers retrieved for playlists: songs and their scores, best first, and the embeddings behind them."""

    lists: NDArray[np.int64]  # shape (n, k)
    scores: Floats  # shape (n, k)
    embeddings: tuple[Floats, Floats]  # of the playlists, of all songs


def found_by(towers: TwoTower, train: Interactions, users: NDArray[np.int64]) -> Found:
    """Retrieve songs for some playlists."""
    embeddings = towers.playlists(train, users), towers.songs()
    return Found(*retrieve(*embeddings, train, users), embeddings)


def parts(n: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide n playlists at random: three quarters to learn from, one to check on."""
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[n // 4 :]), np.sort(order[: n // 4])


def check_inputs(
    found: Found, train: Interactions, held_out: Interactions, about: SongFeatures, check: NDArray
) -> Floats:
    """Return what rankers see of the candidates of some playlists, by row of `found`."""
    users = np.flatnonzero(held_out.history_sizes())[check]
    return pair_features(found.lists[check], found.scores[check], train, users, about)[0]


def try_rankers(
    found: Found,
    train: Interactions,
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
    found : Found
        What the towers retrieved for the playlists with something held out.
    train, held_out, about
        As in `training_pairs`.
    learn, check : numpy.ndarray
        Rows of `found` to train on and to measure on.
    seed : int
        Of negatives and rankers.
    quick : bool
        Whether to try short trainings only.

    Returns
    -------
    pandas.DataFrame
        One row per ranker: `ranker`, "pairwise" or "trees", and its `size` in epochs or trees; which `right answers`
        it was trained on, those retrieved or every one; and metrics. The first row is the retrieval alone.
    """
    users = np.flatnonzero(held_out.history_sizes())
    checked = held_out.select(np.isin(held_out.coordinates()[0], users[check]))
    inputs = check_inputs(found, train, held_out, about, check)
    lists = found.lists[check]
    rows = [{"ranker": ALONE, **measure(lists, checked).per_user.mean()}]
    for answers in (RETRIEVED, EVERY):
        rng, only = np.random.default_rng(seed), answers == RETRIEVED
        pairs = training_pairs(found.lists, found.embeddings, train, held_out, about, rng, only_retrieved=only)
        for (kind, size), scores in _scores(pairs.some(learn), inputs, seed=seed, quick=quick).items():
            result = measure(reorder(lists, scores), checked).per_user.mean()
            rows.append({"ranker": kind, "size": size, "right answers": answers, **result})
    columns = ["ranker", "size", "right answers"]
    table = pd.DataFrame(rows).astype({"size": "Int64"})
    return table[columns + list(table.columns.difference(columns, sort=False))]


def _scores(pairs: Pairs, inputs: Floats, *, seed: int, quick: bool) -> dict[tuple[str, int], Floats]:
    """Return the scores of both kinds of rankers after trainings of several sizes."""
    epochs, counts = ((2,), (10,)) if quick else ((5, 15, 30), (30, 100))
    scores: dict[tuple[str, int], Floats] = {}

    def watch(epoch: int, ranker: PairwiseRanker) -> None:
        if epoch in epochs:
            scores["pairwise", epoch] = ranker.scores(inputs)

    PairwiseRanker(epochs=max(epochs)).fit(pairs, rng=np.random.default_rng(seed), watch=watch)
    trees = LambdaMART(max(counts)).fit(pairs, rng=np.random.default_rng(seed))
    return scores | {("trees", count): trees.scores(inputs, count) for count in counts}


def best_setting(tried: pd.DataFrame, kind: str, metric: str = "ndcg@50") -> int:
    """Return the number of epochs or trees with the best metric among the rankers of a kind.

    Examples
    --------
    >>> tried = pd.DataFrame({"ranker": "trees", "size": [30, 100], "right answers": "retrieved", "ndcg@50": [1, 2]})
    >>> best_setting(tried, "trees")
    100
    """
    rows = tried[(tried["ranker"] == kind) & (tried["right answers"] == RETRIEVED)]
    return int(rows["size"].to_numpy()[rows[metric].argmax()])


def best_orders(tried: Mapping[str, pd.DataFrame], metric: str = "ndcg@50") -> pd.DataFrame:
    """Return the best metric of the rankers by what they were trained on, beside the retrieval's own order."""
    rows = {}
    for features, table in tried.items():
        best = table.groupby("right answers")[metric].max()
        alone = table.set_index("ranker")[metric][ALONE]
        rows[features] = {"retrieval's own order": alone, "retrieved ones": best[RETRIEVED], EVERY: best[EVERY]}
    return pd.DataFrame(rows).T.rename_axis("features")


def fit_ranker(
    kind: str, size: int, found: Found, train: Interactions, held_out: Interactions, about: SongFeatures, *, seed: int
) -> PairwiseRanker | LambdaMART:
    """Train a ranker, "pairwise" or "trees", with so many epochs or trees on all playlists; see `try_rankers`."""
    pairs = training_pairs(found.lists, found.embeddings, train, held_out, about, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    if kind == "pairwise":
        return PairwiseRanker(epochs=size).fit(pairs, rng=rng)
    return LambdaMART(size).fit(pairs, rng=rng)


def seed_agreement(
    size: int,
    found: Found,
    train: Interactions,
    held_out: Interactions,
    about: SongFeatures,
    *,
    check: NDArray[np.int64],
    seed: int,
) -> Interval:
    """Return the rank correlation of two pairwise rankers that differ by nothing but the seed, with its interval."""
    inputs = check_inputs(found, train, held_out, about, check)
    first, second = (
        fit_ranker("pairwise", size, found, train, held_out, about, seed=draw).scores(inputs)
        for draw in (seed, seed + 1)
    )
    return bootstrap_mean(rank_correlations(first, second))


def rank_correlations(first: Floats, second: Floats) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row of two arrays of scores."""
    return np.array([stats.spearmanr(a, b)[0] for a, b in zip(first, second, strict=True)])
