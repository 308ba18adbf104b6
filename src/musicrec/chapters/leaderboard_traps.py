"""Traps that would make a system look better, and rulers that make scores of different papers incomparable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.evaluation.ranking import Evaluation, evaluate, evaluate_lists
from musicrec.evaluation.sampled import held_out_ranks, sampled_metrics
from musicrec.models.base import BATCH, Recommender
from musicrec.models.rankers.with_trap import WithTrap
from musicrec.models.top_k import mask_seen, top_k
from musicrec.splits.by_user import Split, is_held_out, split_by_user


def id_neighbours(split: Split, width: float, k: int = 10) -> Evaluation:
    """Evaluate a "model" that only looks at how close an artist's number is to those of the user's artists.

    It listens to nothing and nobody: a score is the sum of exp(-distance / width) over the training artists. What it
    reaches is what the order of a file gives away.
    """
    numbers = np.arange(split.test.n_items)

    def score(users: NDArray[np.int64]) -> NDArray[np.float32]:
        scores = np.zeros((len(users), len(numbers)), np.float32)
        for row, user in enumerate(users):
            for item in split.train.matrix[[user]].indices:
                low, high = max(0, int(item - 8 * width)), int(item + 8 * width) + 1
                near = numbers[low:high]
                scores[row, near] += np.exp(-np.abs(near - item) / width).astype(np.float32)
        return scores

    return _ranked(split, score, k)


def _ranked(split: Split, score: Callable[[NDArray[np.int64]], NDArray[np.float32]], k: int = 10) -> Evaluation:
    """Evaluate lists of `score`, which needs no training, on the test part."""
    seen, users = split.train + split.valid, np.flatnonzero(split.test.history_sizes())
    batches = [users[start : start + BATCH] for start in range(0, len(users), BATCH)]
    lists = [top_k(mask_seen(score(batch), seen.matrix[batch]), k).ids for batch in batches]
    return evaluate_lists(np.concatenate(lists), users, split.test, split.train)


class Leaks(NamedTuple):
    """NDCG@10 of a system as it is, told what its user tagged, and of lists that know nothing but the file.

    `gain` is what being told adds. `cold` and `one` are the mean numbers of test listeners of the artists with no and
    with one training listener.
    """

    honest: float
    told: float
    gain: float
    numbers: float
    popularity: float
    beats_popularity: bool  # the numbers do
    cold: float
    one: float


def leaks(build: Callable[[], Recommender], side: SideInformation, split: Split, popularity: Evaluation) -> Leaks:
    """Measure two leaks on one split, and the test listeners of artists that training hardly knows.

    Parameters
    ----------
    build : callable
        Returns the unfitted system that is told too much.
    side : SideInformation
        Of the data.
    split : Split
        Its seed seeds the system.
    popularity : Evaluation
        Of popularity on the split.
    """
    model = build().fit(split.train, rng=np.random.default_rng(split.seed))
    tagged = side.known(split.train + split.valid).tagged
    honest, told = (evaluate(each, split).means()["ndcg@10"] for each in (model, WithTrap(model, tagged)))
    numbers, popular = id_neighbours(split, width=3.0).means()["ndcg@10"], popularity.means()["ndcg@10"]
    held_out = pd.Series(split.test.popularity()).groupby(split.train.popularity()).mean()
    few = held_out.get(0, np.nan), held_out.get(1, np.nan)
    return Leaks(honest, told, told - honest, numbers, popular, bool(numbers > popular), *few)


class FileOrder(NamedTuple):
    """NDCG@10 where all artists have the same score, so that their order in the file decides, beside a random order.

    `first` and `all` are the mean numbers of listeners of the first hundred artists of the file and of all of them.
    """

    same: float
    random: float
    first: float
    all: float


def file_order(split: Split, listens: Interactions, random: Evaluation) -> FileOrder:
    """Measure what the rule for equal scores gives to a system that tells nothing apart; `random` is of the split."""
    same = _ranked(split, lambda users: np.zeros((len(users), listens.n_items), np.float32)).means()["ndcg@10"]
    popularity = listens.popularity()
    return FileOrder(same, random.means()["ndcg@10"], float(popularity[:100].mean()), float(popularity.mean()))


def leak_table(leaks: Leaks, system: str, order: FileOrder) -> pd.DataFrame:
    """Return the scores, one row a list; `system` is the name of the one that was told too much."""
    rows = {
        f"{system}, honest": leaks.honest,
        f"{system}, told what its listener tagged": leaks.told,
        "closeness of artist numbers": leaks.numbers,
        "popularity": leaks.popularity,
        "the same score for every artist": order.same,
        "random order": order.random,
    }
    return pd.Series(rows, name="NDCG@10").to_frame().rename_axis("list")


class ShortHistories(NamedTuple):
    """What it changes to test listeners with fewer than ten artists too, as the published table does.

    Of `short` such listeners `more` are then tested, beside `tested` others; NDCG@10 of a system under both rules.
    """

    short: int
    more: int
    tested: int
    ours: float
    theirs: float


def short_histories(
    build: Callable[[], Recommender], listens: Interactions, split: Split, ours: float
) -> ShortHistories:
    """Fit a system, which reaches `ours` on a split of our rule, under the other rule; longer histories stay."""
    other = split_by_user(listens, split.seed, short_too=True)
    theirs = evaluate(build().fit(other.train, rng=np.random.default_rng(split.seed)), other)
    short, tested = int((listens.history_sizes() < 10).sum()), int(np.count_nonzero(split.test.history_sizes()))
    return ShortHistories(short, len(theirs.users) - tested, tested, ours, theirs.means()["ndcg@10"])


def tested_table(short: ShortHistories) -> pd.DataFrame:
    """Return the listeners tested and NDCG@10, one row a rule."""
    rules = {
        "ten artists or more": (short.tested, short.ours),
        "as the published table": (short.tested + short.more, short.theirs),
    }
    columns = ["listeners tested", "NDCG@10"]
    return pd.DataFrame.from_dict(rules, orient="index", columns=columns).rename_axis("who is tested")


def sampled(
    builds: Mapping[str, Callable[[], Recommender]], split: Split, *, sizes: Sequence[int] = (1000, 100), seed: int = 0
) -> pd.DataFrame:
    """Return NDCG@10 of held-out artists one at a time, among `all artists` and among samples; one row per system."""
    rows = {}
    for name, build in builds.items():
        ranks = held_out_ranks(build().fit(split.train, rng=np.random.default_rng(split.seed)), split)
        rng = np.random.default_rng(seed)
        rows[name] = {"all artists": sampled_metrics(ranks)["ndcg@10"]}
        rows[name] |= {f"{n} sampled": sampled_metrics(ranks, n, rng=rng)["ndcg@10"] for n in sizes}
    return pd.DataFrame(rows).T.rename_axis("system")


def other_definitions(
    systems: Mapping[str, Sequence[Evaluation]], listens: Interactions, seeds: Sequence[int], k: int = 10
) -> pd.DataFrame:
    """Return the same lists under three definitions of NDCG that all go by that name.

    `ours` divides by the best list that the user's held-out artists allow; `full ideal` by k hits for everyone,
    however few are held out; `hits only` averages over the users with a hit alone, as some code does by dividing by
    the gain that was found.
    """
    weights = 1 / np.log2(np.arange(k) + 2)
    rows: dict[str, dict[str, float]] = {}
    tests = [split_by_user(listens, seed).test for seed in seeds]
    for name, evaluations in systems.items():
        values: dict[str, list[float]] = {"ours": [], "full ideal": [], "hits only": []}
        for e, test in zip(evaluations, tests, strict=True):
            hits = is_held_out(e.lists, e.users, test)
            gain = hits @ weights
            n_hits = hits.sum(axis=1)
            found = np.concatenate([[0.0], np.cumsum(weights)])[n_hits]
            values["ours"].append(float(e.per_user[f"ndcg@{k}"].mean()))
            values["full ideal"].append(float((gain / weights.sum()).mean()))
            values["hits only"].append(float((gain[n_hits > 0] / found[n_hits > 0]).mean()) if n_hits.any() else 0.0)
        rows[name] = {what: float(np.mean(v)) for what, v in values.items()}
    return pd.DataFrame(rows).T


class Rulers(NamedTuple):
    """What two habits do to scores.

    Attributes
    ----------
    popularity, best_times : float
        How many times its score among all artists popularity scores among a hundred sampled ones; the same of `best`.
    best : str
        The system it is compared with.
    order : float
        Rank correlation of our order of systems with the order where only users with a hit count.
    """

    popularity: float
    best: str
    best_times: float
    order: float


def rulers(sampled: pd.DataFrame, definitions: pd.DataFrame) -> Rulers:
    """Sum up the tables of `sampled`, its best system first, and of `other_definitions`."""
    times, best = (sampled["100 sampled"] / sampled["all artists"]).to_dict(), str(sampled.index[0])
    order = definitions["ours"].corr(definitions["hits only"], method="spearman")
    return Rulers(times["popularity"], best, times[best], order)
