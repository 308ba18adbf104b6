"""What chapter 12 asks of all systems: who is helped, which artists are found, what traps are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.evaluation.ranking import Evaluation, evaluate, evaluate_lists
from musicrec.evaluation.statistics import bootstrap_mean, user_means
from musicrec.evaluation.storage import load_evaluations
from musicrec.models import registry
from musicrec.models.base import BATCH
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.models.top_k import mask_seen, top_k
from musicrec.parallel import parallel_map
from musicrec.scores.builds import current_build
from musicrec.scores.stamps import stamped
from musicrec.splits.by_user import Split, is_held_out, split_by_user

# Published on the same data under the same protocol (random 8:1:1 by user, all artists ranked, no filter): the table
# of the library RecBole-GNN [Zhao et al., 2022]. Quoted, not rerun.
PUBLISHED = pd.DataFrame(
    {
        "ndcg@10": [0.2068, 0.2057, 0.1972, 0.1898, 0.1674, 0.1604],
        "recall@10": [0.2123, 0.2127, 0.2064, 0.1960, 0.1761, 0.1696],
    },
    pd.Index(["MHCN", "SEPT", "LightGCN", "NGCF", "BPR", "NeuMF"], name="system"),
)
GROUPS = ("niche", "between", "mainstream")


def effort() -> tuple[pd.DataFrame, dict[str, str]]:
    """Return what the kept searches for settings cost and chose, best first, and why others were not searched."""
    rows, others = {}, {}
    for name, system in registry.systems().items():
        try:
            kept = registry.record(name)
        except LookupError:
            others[name] = "was not searched yet" if system.space else system.unsearched
            continue
        rows[name] = {
            "NDCG@10": kept["ndcg@10"], "trials": kept["budget"]["trials"], "minutes": kept["budget"]["seconds"] / 60,
            "settings": ", ".join(f"{setting} {value}" for setting, value in kept["settings"].items()),
            "at an edge": "; ".join(kept["edges"]) or "–",
        }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("system")
    return table.sort_values("NDCG@10", ascending=False), others


def stored(n_splits: int, folder: Path | None = None) -> dict[str, list[Evaluation]]:
    """Return the evaluations on `n_splits` splits that the chapters of a build stored, by system.

    Only what an execution of the book left, and nobody touched since, is taken.

    Parameters
    ----------
    n_splits : int
        On how many splits this chapter compares systems.
    folder : Path, optional
        Of the build; by default the one of this execution.

    Raises
    ------
    ValueError
        When a system was stored on another number of splits, or by two chapters with different results: neither
        can be compared, and nothing is left out silently.
    """
    found: dict[str, list[Evaluation]] = {}
    sources: dict[str, str] = {}
    for chapter, paths in stamped(folder or current_build()).items():
        for path in (path for path in paths if path.suffix == ".npz"):
            name, evaluations = path.stem, load_evaluations(path)
            if len(evaluations) != n_splits:
                raise ValueError(
                    f"{chapter} stored {name} on {len(evaluations)} splits, which cannot be compared with {n_splits}; "
                    "every chapter takes the splits of `open_chapter`"
                )
            if name in found and not all(map(_same, found[name], evaluations)):
                raise ValueError(f"{sources[name]} and {chapter} both stored {name}, with different results")
            found[name], sources[name] = evaluations, chapter
    return found


def _same(one: Evaluation, other: Evaluation) -> bool:
    return np.array_equal(one.users, other.users) and np.array_equal(one.lists, other.lists)


def user_groups(listens: Interactions) -> pd.Series:
    """Return a group for each user, by the median number of listeners of the user's artists: thirds of all users."""
    listeners = listens.popularity()
    rows, items = listens.coordinates()
    fame = pd.Series(listeners[items]).groupby(rows).median().reindex(range(listens.n_users), fill_value=0)
    return pd.Series(pd.qcut(fame.rank(method="first"), 3, labels=list(GROUPS)), name="group")


def by_group(systems: Mapping[str, Sequence[Evaluation]], groups: pd.Series, metric: str) -> pd.DataFrame:
    """Return the mean of a metric for each group of users, one row per system, one column per group."""
    rows = {}
    for name, evaluations in systems.items():
        values = pd.Series(user_means(evaluations, metric), evaluations[0].users)
        rows[name] = values.groupby(groups.loc[values.index].to_numpy(), observed=True).mean()
    return pd.DataFrame(rows).T.reindex(columns=[g for g in GROUPS if g in set(groups)])


def bands(listens: Interactions, seeds: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return for each split the band of each item: 0 cold, 1 for 1 to 4 training listeners, 2 for 5 to 29, 3 above."""
    return [np.digitize(split_by_user(listens, seed).train.popularity(), [1, 5, 30]) for seed in seeds]


BANDS = ("cold", "1 to 4 listeners", "5 to 29", "30 and more")


def by_band(systems: Mapping[str, Sequence[Evaluation]], listens: Interactions, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the share of held-out listens that a list holds, for each band of artists by training listeners.

    Returns
    -------
    pandas.DataFrame
        One row per system, one column per band; the row "share of held-out listens" says how many there are.
    """
    splits = [split_by_user(listens, seed) for seed in seeds]
    band = bands(listens, seeds)
    wanted = np.zeros(4)
    hits = {name: np.zeros(4) for name in systems}
    for n, split in enumerate(splits):
        wanted += np.bincount(band[n][split.test.matrix.indices], minlength=4)
        for name, evaluations in systems.items():
            e = evaluations[n]
            found = e.lists[is_held_out(e.lists, e.users, split.test)]
            hits[name] += np.bincount(band[n][found], minlength=4)
    table = pd.DataFrame({name: values / np.maximum(wanted, 1) for name, values in hits.items()}, BANDS).T
    table.loc["share of held-out listens"] = wanted / wanted.sum()
    return table


def beyond_accuracy(systems: Mapping[str, Sequence[Evaluation]]) -> pd.DataFrame:
    """Return one row per system: NDCG@10 beside coverage, Gini, novelty, tag diversity and seconds of training."""
    rows = {}
    for name, evaluations in systems.items():
        means = pd.DataFrame([e.means() for e in evaluations]).mean()
        rows[name] = {**means, "training seconds": np.mean([e.fit_seconds for e in evaluations])}
    table = pd.DataFrame(rows).T
    wanted = ["ndcg@10", "coverage@10", "gini@10", "novelty@10", "tag-diversity@10", "training seconds"]
    return table.reindex(columns=[name for name in wanted if name in table]).sort_values("ndcg@10", ascending=False)


def pareto(table: pd.DataFrame, better: str, cheaper: str) -> list[str]:
    """Return the rows that no other row beats in both columns (more of `better`, less of `cheaper`), best first.

    Examples
    --------
    >>> table = pd.DataFrame({"good": [3, 2, 1], "cost": [9, 1, 5]}, ["a", "b", "c"])
    >>> pareto(table, "good", "cost")
    ['a', 'b']
    """
    front, least = [], np.inf
    for name, row in table.sort_values([better, cheaper], ascending=[False, True]).iterrows():
        if row[cheaper] < least:
            front.append(str(name))
            least = row[cheaper]
    return front


def ablate(
    variants: Mapping[str, Mapping[str, Any]], side: SideInformation, split: Split, *, seed: int = 0, jobs: int = 1
) -> dict[str, tuple[Evaluation, pd.DataFrame]]:
    """Evaluate forms of the hybrid, by their settings, on the validation part of a split, `jobs` at a time.

    Returns
    -------
    dict of str to tuple of Evaluation and pandas.DataFrame
        The evaluation of each form, and the importance of its features.
    """

    def one(settings: Mapping[str, Any]) -> tuple[Evaluation, pd.DataFrame]:
        model = Hybrid(side, **settings).fit(split.train, rng=np.random.default_rng(seed))
        return evaluate(model, split, part="valid"), model.importance

    return dict(zip(variants, parallel_map(one, variants.values(), jobs), strict=True))


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


def interval_table(systems: Mapping[str, Sequence[Evaluation]], metric: str) -> pd.DataFrame:
    """Return `value`, `low` and `high` of a metric, one row per system, best first."""
    rows = {name: bootstrap_mean(user_means(evaluations, metric)) for name, evaluations in systems.items()}
    table = pd.DataFrame(rows, ["value", "low", "high"]).T
    return table.sort_values("value", ascending=False)


def id_neighbours(split: Split, width: float, k: int = 10) -> Evaluation:
    """Evaluate a "model" that only looks at how close an artist's number is to those of the user's artists.

    It listens to nothing and nobody: a score is the sum of exp(-distance / width) over the training artists. What it
    reaches is what the order of a file gives away.
    """
    seen, test = split.train + split.valid, split.test
    users = np.flatnonzero(test.history_sizes())
    numbers = np.arange(test.n_items)
    lists = []
    for start in range(0, len(users), BATCH):
        batch = users[start : start + BATCH]
        scores = np.zeros((len(batch), test.n_items), np.float32)
        for row, user in enumerate(batch):
            for item in split.train.matrix.indices[slice(*split.train.matrix.indptr[user : user + 2])]:
                low, high = max(0, int(item - 8 * width)), int(item + 8 * width) + 1
                near = numbers[low:high]
                scores[row, near] += np.exp(-np.abs(near - item) / width).astype(np.float32)
        lists.append(top_k(mask_seen(scores, seen.matrix[batch]), k).ids)
    return evaluate_lists(np.concatenate(lists), users, test, split.train)
