"""From a model and a split to per-user arrays; from these to means, intervals and tests."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import stats
from tqdm import tqdm

from musicrec import metrics
from musicrec.files import whole
from musicrec.interactions import Interactions
from musicrec.models.base import BATCH, Recommender
from musicrec.splits import SEEDS, TUNING_SEED, Split, split_by_user

RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model did on one split.

    Attributes
    ----------
    users : numpy.ndarray, shape (n,)
        The users with at least one held-out item.
    per_user : pandas.DataFrame, shape (n, n_metrics)
        One row per such user, one column per metric (`ndcg@10`, …).
    lists : numpy.ndarray, shape (n, k)
        What was recommended, best first, -1 where nothing was left.
    whole : dict of str to float
        Metrics of all lists together (`coverage@10`, `gini@10`).
    fit_seconds, recommend_seconds : float
        Wall time of training and of ranking.
    """

    users: NDArray[np.int64]
    per_user: pd.DataFrame
    lists: NDArray[np.int64]
    whole: dict[str, float] = field(default_factory=dict)
    fit_seconds: float = 0.0
    recommend_seconds: float = 0.0

    def means(self) -> pd.Series:
        """Mean over users of each per-user metric, then the metrics of the whole."""
        return pd.concat([self.per_user.mean(), pd.Series(self.whole, dtype=float)])


def evaluate(
    model: Recommender, split: Split, k: int = 10, *, part: str = "test", tags: sp.csr_array | None = None
) -> Evaluation:
    """Rank all items for every user with something held out, and compare with what was held out.

    Whatever the user listened to in the earlier parts is never recommended: training for `part` "valid", training
    and validation for "test".

    Parameters
    ----------
    model : Recommender
        Fitted on ``split.train``.
    split : Split
        Names what is held out.
    k : int
        Length of the lists.
    part : {"test", "valid"}
        Which part is held out. Choose settings on "valid"; read "test" once.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags), optional
        Adds the intra-list tag diversity.

    Raises
    ------
    ValueError
        When `part` is neither, or nobody has anything held out in it.
    """
    held_out, seen = _parts(split, part)
    users = np.flatnonzero(held_out.history_sizes())
    start = time.perf_counter()
    lists = model.recommend(users, k, exclude=seen).ids
    seconds = time.perf_counter() - start
    return evaluate_lists(lists, users, held_out, split.train, tags=tags, recommend_seconds=seconds)


def held_out_ranks(model: Recommender, split: Split, *, part: str = "test") -> pd.DataFrame:
    """Rank each held-out item among all items that its user has in no part up to this one.

    Other held-out items of the user are left out of the ranking, as where an item is ranked among sampled candidates.

    Parameters
    ----------
    model, split, part
        As in `evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row per held-out pair: `user` and `item` (row and column numbers), `rank` (1 is best, equal scores are
        ordered by item index) and `others`, the number of items it was ranked against.

    Raises
    ------
    ValueError
        When `part` is neither "valid" nor "test", nobody has anything held out in it, or a score is not a number.
    """
    held_out, seen = _parts(split, part)
    users = np.flatnonzero(held_out.history_sizes())
    rows = []
    for batch in np.array_split(users, -(-len(users) // BATCH)):
        scores = model.scores(batch)
        if np.isnan(scores).any():
            raise ValueError(f"{model.name}: some scores are not numbers")
        for user, mine in zip(batch, scores, strict=True):
            items, known = (m.indices[m.indptr[user] : m.indptr[user + 1]] for m in (held_out.matrix, seen.matrix))
            others = np.ones(len(mine), dtype=bool)
            others[items] = others[known] = False
            candidates, wanted = mine[others], mine[items][:, None]
            ahead = (candidates > wanted) | ((candidates == wanted) & (np.flatnonzero(others) < items[:, None]))
            n = np.full(len(items), len(candidates))
            rows.append(np.stack([np.full(len(items), user), items, ahead.sum(axis=1) + 1, n], axis=1))
    return pd.DataFrame(np.concatenate(rows), columns=["user", "item", "rank", "others"])


def sampled_metrics(
    ranks: pd.DataFrame, n: int | None = None, k: int = 10, *, rng: np.random.Generator | None = None
) -> pd.Series:
    """Measure held-out items one at a time, each among n sampled candidates, as much of the literature does.

    Only so that readers can compare: samples flatter every system, by an amount that differs between systems and
    may change their order [Krichene & Rendle, 2020]. The leaderboard ranks all items.

    How many of n candidates, drawn without replacement, come before the held-out item follows from its rank among
    all: the hypergeometric law. Drawing that number is the same as drawing the candidates, without scoring again.

    Parameters
    ----------
    ranks : pandas.DataFrame
        From `held_out_ranks`.
    n : int, optional
        Candidates beside the held-out item; all when there are fewer, and by default.
    k : int
        Cut-off.
    rng : numpy.random.Generator, optional
        Draws the candidates; needed with `n`.

    Returns
    -------
    pandas.Series
        `ndcg@k`, `hit@k`, `mrr@k` and `auc` (the share of candidates that come after the held-out item; the one of
        the four that sampling leaves alone), each the mean over users of the mean over their held-out items.

    Examples
    --------
    The best of five, and the fourth of five.

    >>> ranks = pd.DataFrame({"user": [0, 1], "item": [7, 8], "rank": [1, 4], "others": [4, 4]})
    >>> sampled_metrics(ranks, k=3).round(3).to_dict()
    {'ndcg@3': 0.5, 'hit@3': 0.5, 'mrr@3': 0.5, 'auc': 0.625}
    """
    ahead, others = ranks["rank"].to_numpy() - 1, ranks["others"].to_numpy()
    if n is not None:
        if rng is None:
            raise ValueError("sampled candidates need a random generator: pass rng")
        size = np.minimum(n, others)
        ahead, others = rng.hypergeometric(ahead, others - ahead, size), size
    inside = ahead < k
    values = {
        f"ndcg@{k}": inside / np.log2(ahead + 2),
        f"hit@{k}": inside.astype(np.float64),
        f"mrr@{k}": inside / (ahead + 1),
        "auc": 1 - ahead / np.maximum(others, 1),
    }
    return pd.DataFrame(values).groupby(ranks["user"].to_numpy()).mean().mean()


def _parts(split: Split, part: str) -> tuple[Interactions, Interactions]:
    """Return what is held out in a part, and what was seen before it."""
    if part not in ("valid", "test"):
        raise ValueError(f"part must be 'valid' or 'test', not {part!r}")
    held_out = split.test if part == "test" else split.valid
    if len(held_out) == 0:
        raise ValueError(f"no user has anything held out in the {part} part")
    return held_out, split.train + split.valid if part == "test" else split.train


def evaluate_lists(
    lists: NDArray[np.int64],
    users: NDArray[np.int64],
    held_out: Interactions,
    train: Interactions,
    *,
    tags: sp.csr_array | None = None,
    recommend_seconds: float = 0.0,
) -> Evaluation:
    """Measure ready-made lists, shape (len(users), k), of users with at least one held-out item."""
    k = lists.shape[1]
    n_relevant = held_out.history_sizes()[users]
    hits = is_held_out(lists, users, held_out)
    columns = {f"{name}@{k}": metric(hits, n_relevant) for name, metric in metrics.ACCURACY.items()}
    listeners = train.listeners()
    columns[f"popularity@{k}"] = metrics.mean_popularity(lists, listeners)
    columns[f"novelty@{k}"] = metrics.novelty(lists, listeners, train.n_users)
    if tags is not None:
        columns[f"tag-diversity@{k}"] = metrics.tag_diversity(lists, tags)
    whole = {
        f"coverage@{k}": metrics.coverage(lists, train.n_items),
        f"gini@{k}": metrics.gini(lists, train.n_items),
    }
    return Evaluation(users, pd.DataFrame(columns), lists, whole, recommend_seconds=recommend_seconds)


def is_held_out(lists: NDArray[np.int64], users: NDArray[np.int64], held_out: Interactions) -> NDArray[np.bool_]:
    """Say of each place of each list, shape (len(users), k), whether its item is held out for that user."""
    rows, columns = held_out.coordinates()
    wanted = rows * held_out.n_items + columns  # ascending, as the matrix is sorted by row, then column
    asked = users[:, None] * held_out.n_items + lists
    place = np.searchsorted(wanted, asked)
    return (lists >= 0) & (wanted[np.minimum(place, len(wanted) - 1)] == asked)


def cross_evaluate(
    build: Callable[[], Recommender],
    interactions: Interactions,
    *,
    seeds: Sequence[int] = SEEDS,
    k: int = 10,
    part: str = "test",
    tags: sp.csr_array | None = None,
    with_valid: bool = False,
    progress: bool = False,
) -> list[Evaluation]:
    """Fit and evaluate a fresh model on each seeded split: the `listeners` protocol.

    Parameters
    ----------
    build : callable
        Returns an unfitted model.
    interactions : Interactions
        All listens.
    seeds : sequence of int
        One split each; the same number seeds the model.
    k, part, tags
        As in `evaluate`.
    with_valid : bool
        Whether the model is fitted on training and validation listens; the protocol fits on training alone.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Evaluation
        One per seed. Who has something held out does not depend on the seed, so rows are the same users throughout.
    """
    name = build().name
    late = [name] if with_valid else []
    return cross_evaluate_all(
        {name: build}, interactions, seeds=seeds, k=k, part=part, tags=tags, with_valid=late, progress=progress
    )[name]


def cross_evaluate_all(
    builds: Mapping[str, Callable[[], Recommender]],
    interactions: Interactions,
    *,
    seeds: Sequence[int] = SEEDS,
    k: int = 10,
    part: str = "test",
    tags: sp.csr_array | None = None,
    with_valid: Collection[str] = (),
    jobs: int = 1,
    progress: bool = False,
) -> dict[str, list[Evaluation]]:
    """Evaluate several systems as `cross_evaluate` does, `jobs` fits at a time.

    Parameters
    ----------
    builds : mapping of str to callable
        What returns an unfitted model, by a name of your choice; put first what takes longest, and no process waits
        for another in the end.
    with_valid : collection of str
        The names that are fitted on training and validation listens.
    jobs : int
        How many fits run at a time, each in a process of its own. The scores are the same, the seconds somewhat longer.

    Returns
    -------
    dict of str to list of Evaluation
        By name, one per seed.

    Raises
    ------
    ValueError
        When what a system would be fitted on is also what it would be evaluated on.
    """
    if with_valid and part == "valid":
        raise ValueError("a model fitted on the validation part cannot be evaluated on it")

    def one(task: tuple[str, int]) -> Evaluation:
        name, seed = task
        split = split_by_user(interactions, seed)
        train = split.train + split.valid if name in with_valid else split.train
        start = time.perf_counter()
        model = builds[name]().fit(train, rng=np.random.default_rng(seed))
        seconds = time.perf_counter() - start
        return replace(evaluate(model, split, k, part=part, tags=tags), fit_seconds=seconds)

    tasks = [(name, seed) for name in builds for seed in seeds]
    done = tqdm(spread(one, tasks, jobs), total=len(tasks), desc="fits", unit="fit", disable=not progress, leave=False)
    found: dict[str, list[Evaluation]] = {name: [] for name in builds}
    for (name, _), evaluation in zip(tasks, done, strict=True):
        found[name].append(evaluation)
    return found


def spread(work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Yield what `work` makes of each item, in order, `jobs` at a time in processes of their own."""
    parallel = Parallel(n_jobs=jobs, return_as="generator", idle_worker_timeout=3600)  # later work needs no new ones
    with warnings.catch_warnings():
        # a process that has grown large is replaced by a fresh one, which is nothing to warn of
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        yield from parallel(delayed(work)(item) for item in items)


def validate(
    candidates: Mapping[str, Callable[[], Recommender]],
    interactions: Interactions,
    *,
    seed: int = TUNING_SEED,
    k: int = 10,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare settings on the validation part of the split that is kept for choosing them.

    Parameters
    ----------
    candidates : mapping of str to callable
        An unfitted model of each setting, by a name for the table.
    interactions : Interactions
        All listens.
    seed : int
        Names the split and seeds the models.
    k, progress
        As in `cross_evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, one column per metric; ``table["ndcg@10"].idxmax()`` is the choice.
    """
    split = split_by_user(interactions, seed)
    rows = {}
    for name, build in tqdm(candidates.items(), desc="settings", disable=not progress, leave=False):
        model = build().fit(split.train, rng=np.random.default_rng(seed))
        rows[name] = evaluate(model, split, k, part="valid").means()
    return pd.DataFrame(rows).T


def compare(systems: Mapping[str, Sequence[Evaluation]], best: str, metric: str = "ndcg@10") -> pd.DataFrame:
    """Test every system against one of them, with Holm's correction for testing several at once.

    Returns
    -------
    pandas.DataFrame
        One row per other system: `difference` (it minus `best`), `low`, `high`, `p` and the corrected `p (Holm)`.

    Raises
    ------
    KeyError
        When `best` is not among the systems.
    """
    others = [name for name in systems if name != best]
    tests = [paired_difference(systems[name], systems[best], metric) for name in others]
    table = pd.DataFrame(tests, index=others).rename(columns={"mean": "difference"})
    table["p (Holm)"] = holm([test.p for test in tests])
    return table


class Interval(NamedTuple):
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """A mean paired difference with its 95 % bootstrap interval and two-sided p value."""

    mean: float
    low: float
    high: float
    p: float


def bootstrap_mean(values: NDArray[np.float64], *, seed: int = 0) -> Interval:
    """Return the mean and its 95 % percentile bootstrap interval [Efron & Tibshirani, 1993]; NaN is left out.

    Examples
    --------
    >>> interval = bootstrap_mean(np.arange(100.0))
    >>> interval.low < interval.mean < interval.high
    True
    """
    mean, low, high, _ = _bootstrap(values, seed)
    return Interval(mean, low, high)


def paired_difference(
    ours: Sequence[Evaluation], theirs: Sequence[Evaluation], metric: str = "ndcg@10", *, seed: int = 0
) -> Difference:
    """Compare two systems user by user on the same splits.

    A user's values are first averaged over the splits, so that a user counts once; then users are drawn with
    replacement. The p value is twice the share of resampled means on the far side of zero.

    Raises
    ------
    ValueError
        When the two were not measured on the same users.
    """
    if len(ours) != len(theirs) or any(
        not np.array_equal(a.users, b.users) for a, b in zip(ours, theirs, strict=False)
    ):
        raise ValueError("the two systems were not evaluated on the same splits and users")
    difference = user_means(ours, metric) - user_means(theirs, metric)
    mean, low, high, means = _bootstrap(difference, seed)
    beyond = min((means <= 0).sum(), (means >= 0).sum())
    return Difference(mean, low, high, min(1.0, 2 * (beyond + 1) / (len(means) + 1)))


def user_means(evaluations: Sequence[Evaluation], metric: str) -> NDArray[np.float64]:
    """Return each user's mean of a metric over the splits, shape (n_users,), without the NaN."""
    values = np.stack([e.per_user[metric].to_numpy() for e in evaluations])
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, values, 0).sum(axis=0) / np.maximum(n, 1), np.nan)


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Adjust p values of several tests made at once so that no false claim is likely [Holm, 1979].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    adjusted = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    result = np.empty_like(values)
    result[order] = np.minimum(adjusted, 1)
    return result


def summarise(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """Return one row per metric: `value` (mean over splits), `sd` over splits, `low` and `high`.

    The interval is the bootstrap over users of their means over the splits; metrics of all lists together, which
    have no value per user, have none.
    """
    by_split = pd.DataFrame([e.means() for e in evaluations])
    table = pd.DataFrame({"value": by_split.mean(), "sd": by_split.std(ddof=1)})
    for metric in evaluations[0].per_user:
        interval = bootstrap_mean(user_means(evaluations, str(metric)))
        table.loc[metric, ["low", "high"]] = interval.low, interval.high
    return table


def save_evaluations(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write the evaluations of one system, one per split, to an npz file, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {}
    for n, e in enumerate(evaluations):
        arrays[f"{n}/users"], arrays[f"{n}/lists"] = e.users, e.lists
        arrays[f"{n}/seconds"] = np.array([e.fit_seconds, e.recommend_seconds])
        arrays |= {f"{n}/user/{name}": e.per_user[name].to_numpy() for name in e.per_user}
        arrays |= {f"{n}/whole/{name}": np.array(value) for name, value in e.whole.items()}
    with whole(path, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_evaluations(path: Path) -> list[Evaluation]:
    """Read what `save_evaluations` wrote.

    Raises
    ------
    FileNotFoundError
        When the system was not evaluated yet.
    """
    with np.load(path, allow_pickle=False) as arrays:
        n_splits = 1 + max(int(name.partition("/")[0]) for name in arrays.files)
        evaluations = []
        for n in range(n_splits):
            names = [name.removeprefix(f"{n}/") for name in arrays.files if name.startswith(f"{n}/")]
            users = {name.removeprefix("user/"): arrays[f"{n}/{name}"] for name in names if name.startswith("user/")}
            whole = {
                name.removeprefix("whole/"): float(arrays[f"{n}/{name}"]) for name in names if name.startswith("whole/")
            }
            fit, recommend = arrays[f"{n}/seconds"].tolist()
            evaluations.append(
                Evaluation(arrays[f"{n}/users"], pd.DataFrame(users), arrays[f"{n}/lists"], whole, fit, recommend)
            )
    return evaluations


def _bootstrap(values: NDArray[np.float64], seed: int) -> tuple[float, float, float, NDArray[np.float64]]:
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else float("nan")
    if len(values) < 2 or np.ptp(values) == 0:
        return mean, mean, mean, np.full(RESAMPLES, mean)
    result = stats.bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, batch=100, method="percentile", rng=np.random.default_rng(seed)
    )
    interval = result.confidence_interval
    return mean, float(interval.low), float(interval.high), result.bootstrap_distribution
