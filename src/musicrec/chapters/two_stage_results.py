"""What chapter 10 finds: leaks, a ranker without an order, guards against odd songs, and the held-out songs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.two_stage import outlier_report, right_in_first
from musicrec.chapters.two_stage_search import rank_correlations
from musicrec.datasets import songs as songs_module
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.evaluation.continuation import measure, reorder, retrieve
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import Interval, bootstrap_mean, holm, paired_difference
from musicrec.models.rankers.pairs import SongFeatures
from musicrec.models.rankers.two_tower import TwoTower
from musicrec.splits.by_user import Split
from musicrec.splits.playlists import CANDIDATES, SONGS

METRICS = ["ndcg@50", "r-precision", "recall@1000", "ndcg@500", "clicks"]
TITLES = {
    "ndcg@50": "The end: the first fifty",
    "r-precision": "The end: R-precision",
    "recall@1000": "The first stage: a thousand candidates",
}
STAGES = ("two-tower", "two-stage-pairwise", "two-stage-trees")
NAMES = {(stage, "all"): stage for stage in STAGES} | {(stage, "audio"): f"{stage}-audio" for stage in STAGES}
RANKED = [name for (stage, _), name in NAMES.items() if stage != "two-tower"]  # find what their towers have found
COMPARED = [
    ("two-tower-audio", "popularity"),
    ("two-tower-audio", "sound-knn"),
    ("two-stage-original", "two-tower-audio"),
    ("two-stage-pairwise-audio", "two-tower-audio"),
    ("two-stage-trees-audio", "two-tower-audio"),
    ("same-artist", "two-tower-audio"),
    ("two-tower", "same-artist"),
    ("two-stage-pairwise", "two-tower"),
    ("two-stage-trees", "two-tower"),
]
GUARDS = {  # whether features are bounded, whether embeddings have length 1
    "none (original)": (False, False),
    "bounded features": (True, False),
    "length 1": (False, True),
    "both": (True, True),
}


class Task(NamedTuple):
    """What a list of 1,000 drawn at random would hold, and the share of songs that are in a single playlist."""

    chance: float
    once: float


def task(playlists: Interactions) -> Task:
    """Return what is easy and what is hard about the task."""
    return Task(CANDIDATES / playlists.n_items, float((playlists.popularity() == 1).mean()))


def task_table(playlists: Interactions, split: Split, least: int) -> pd.DataFrame:
    """Return how many playlists are asked for how many songs."""
    rows = {
        "songs": playlists.n_items,
        "playlists": playlists.n_users,
        f"of these with at least {least} songs, which are asked": int((split.test.history_sizes() > 0).sum()),
        "held-out songs": len(split.test),
    }
    return pd.Series(rows, name="number").to_frame().rename_axis("what")


class Leaks(NamedTuple):
    """How many times as many songs as chance a list of unlisted songs finds."""

    times: float


def leaks(unlisted: pd.Series, chance: float) -> Leaks:
    """Sum up the metrics of a list of unlisted songs."""
    return Leaks(unlisted["recall@1000"] / chance)


def original_orders(lists: NDArray[np.int64], ratings: Sequence[Floats], seed: int) -> dict[str, NDArray[np.int64]]:
    """Return the candidates of the retrieval in four orders: its own, those of two rankers, and none."""
    return {
        "the retrieval's own order": lists,
        "ranker": reorder(lists, ratings[0]),
        "ranker, other seed": reorder(lists, ratings[1]),
        "shuffled": np.random.default_rng(seed).permuted(lists, axis=1),
    }


class Constant(NamedTuple):
    """A ranker that learns a constant.

    Attributes
    ----------
    loss, mean, deviation : float
        Its final loss; mean of its ratings; mean standard deviation of the ratings within a playlist.
    rho, rho_low, rho_high : float
        Rank correlation of the orders of two seeds.
    better : bool
        Whether its order beats a shuffled list for sure.
    gap, low, high : float
        By how much, in NDCG@50.
    """

    loss: float
    mean: float
    deviation: float
    rho: float
    rho_low: float
    rho_high: float
    better: bool
    gap: float
    low: float
    high: float


def constant(losses: Sequence[float], ratings: Sequence[Floats], tried: Mapping[str, Evaluation]) -> Constant:
    """Sum up two rankers of different seeds; `tried` are evaluations of `original_orders`."""
    gap = paired_difference([tried["ranker"]], [tried["shuffled"]], "ndcg@50")
    rho = bootstrap_mean(rank_correlations(*ratings))
    deviation = float(np.mean([rating.std(axis=1).mean() for rating in ratings]))
    better = gap.low > 0
    return Constant(
        float(np.mean(losses)), float(np.mean(ratings)), deviation, *rho, better, gap.mean, gap.low, gap.high
    )


def try_guards(
    songs: pd.DataFrame, train: Interactions, valid: Interactions, *, epochs: int, seed: int
) -> pd.DataFrame:
    """Plant a hundred tracks of an hour, and count how many are retrieved under each of `GUARDS`."""
    hours = songs_module.hour_long(songs, 100, seed=seed)
    users = np.flatnonzero(valid.history_sizes())
    rows = {}
    for name, (guard, unit) in GUARDS.items():
        about = SongFeatures(songs_module.audio(songs, guard=guard))
        towers = TwoTower(unit=unit, epochs=epochs).fit(train, about, rng=np.random.default_rng(seed))
        planted = towers.songs(SongFeatures(songs_module.audio_like(songs, hours, guard=guard)))
        embeddings = towers.playlists(train, users), towers.songs()
        lists, _ = retrieve(*embeddings, train, users)
        recall = measure(lists, valid).per_user["recall@1000"].mean()
        rows[name] = {**outlier_report(*embeddings, planted), "recall@1000": recall}
    return pd.DataFrame(rows).T.rename_axis("guard")


class Lengths(NamedTuple):
    """How many planted tracks a list of fifty would hold by chance, and from which length on a song is left out."""

    fair: float
    minutes: float
    left_out: int


def lengths(songs: pd.DataFrame, planted: int = 100) -> Lengths:
    """Return what is fair and what is too long."""
    fair = SONGS * planted / (len(songs) + planted)
    return Lengths(fair, songs_module.longest(songs) / 60_000, int(songs_module.too_long(songs).sum()))


class Agreement(NamedTuple):
    """Rank correlation of two rankers that differ by the seed: repaired, with interval, and the original's."""

    rho: float
    low: float
    high: float
    original: float


def agreement(repaired: Interval, original: Constant) -> Agreement:
    """Put the agreement of the repaired rankers beside that of the original's."""
    return Agreement(*repaired, original.rho)


def board(results: Mapping[str, Evaluation]) -> pd.DataFrame:
    """Return the mean metrics of every system, best NDCG@50 first."""
    means = pd.DataFrame({name: result.per_user.mean() for name, result in results.items()}).T
    return means[METRICS].sort_values("ndcg@50", ascending=False).rename_axis("system")


def spans(results: Mapping[str, Evaluation], metric: str) -> pd.DataFrame:
    """Return the mean of a metric with its interval, best first; for recall without what only orders."""
    names = [name for name in results if metric != "recall@1000" or name not in RANKED]
    rows = {name: bootstrap_mean(results[name].per_user[metric].to_numpy()) for name in names}
    return pd.DataFrame(rows, index=["value", "low", "high"]).T.sort_values("value", ascending=False)


def comparisons(results: Mapping[str, Evaluation]) -> pd.DataFrame:
    """Return paired differences in NDCG@50 over the same playlists, with p values corrected by Holm's method."""
    table = pd.DataFrame([paired_difference([results[a]], [results[b]], "ndcg@50") for a, b in COMPARED])
    table["p (Holm)"] = holm(table["p"].tolist())
    table.index = pd.MultiIndex.from_tuples(COMPARED, names=["system", "minus"])
    return table.rename(columns={"mean": "difference"})


class Sound(NamedTuple):
    """How far sound goes: recall of the towers, the best system by sound, and more by the same artists."""

    recall: float
    times: float  # as many songs as chance
    best: str
    hits: float  # held-out songs among its fifty
    empty: float  # share of playlists without any
    ndcg: float
    artist: float


def sound(board: pd.DataFrame, results: Mapping[str, Evaluation], held_out: Interactions, chance: float) -> Sound:
    """Sum up the systems that know only how songs sound."""
    names = [name for (_, features), name in NAMES.items() if features == "audio"] + ["sound-knn"]
    ndcg, recall = board["ndcg@50"].to_dict(), board["recall@1000"].to_dict()["two-tower-audio"]
    best = max(names, key=lambda name: ndcg[name])
    hits = right_in_first(results[best], held_out)
    return Sound(recall, recall / chance, best, hits.mean(), float((hits == 0).mean()), ndcg[best], ndcg["same-artist"])


class Again(NamedTuple):
    """What ranking again does to the order of the towers that know artist and genre, in words."""

    recall: float  # of these towers
    pairwise: str
    trees: str


def again(board: pd.DataFrame, comparisons: pd.DataFrame) -> Again:
    """Sum up the second stage."""
    rows = comparisons.T.to_dict()
    words = (in_words(**rows[f"two-stage-{kind}", "two-tower"]) for kind in ("pairwise", "trees"))
    return Again(board["recall@1000"].to_dict()["two-tower"], *words)


def in_words(low: float, high: float, **_: float) -> str:
    """Say what the interval of a difference says.

    Examples
    --------
    >>> in_words(low=0.01, high=0.02), in_words(-0.02, -0.01), in_words(-0.01, 0.01)
    ('better', 'worse', 'not different for sure')
    """
    if low > 0:
        return "better"
    return "worse" if high < 0 else "not different for sure"


class Takeaways(NamedTuple):
    """The agreement of two original rankers, and the scores of sound, of same artists, of towers and second stages."""

    rho: float
    recall: float
    chance: float
    sound: float
    artist: float
    towers: float
    ranked: float


def takeaways(board: pd.DataFrame, constant: Constant, sound: Sound, task: Task) -> Takeaways:
    """Sum up the chapter."""
    ndcg = board["ndcg@50"].to_dict()
    ranked = max(ndcg["two-stage-pairwise"], ndcg["two-stage-trees"])
    return Takeaways(constant.rho, sound.recall, task.chance, sound.ndcg, sound.artist, ndcg["two-tower"], ranked)
