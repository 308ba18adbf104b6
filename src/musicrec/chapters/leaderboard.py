"""The rows of the leaderboard: which systems it fits, what earlier chapters stored, and who stands where."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from musicrec.chapters.leaderboard_groups import Found
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.side_information import SideInformation
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import bootstrap_mean, paired_difference, summarise, user_means
from musicrec.evaluation.storage import load_evaluations
from musicrec.models import registry
from musicrec.models.registry import System
from musicrec.page.chapter import Chapter
from musicrec.scores.builds import current_build
from musicrec.scores.stamps import stamped

# Published on the same data under the same protocol (random 8:1:1 by user, all artists ranked, no filter): the table
# of the library RecBole-GNN [Zhao et al., 2022]. Quoted, not rerun.
PUBLISHED = pd.DataFrame(
    {
        "NDCG@10": [0.2068, 0.2057, 0.1972, 0.1898, 0.1674, 0.1604],
        "Recall@10": [0.2123, 0.2127, 0.2064, 0.1960, 0.1761, 0.1696],
    },
    pd.Index(["MHCN", "SEPT", "LightGCN", "NGCF", "BPR", "NeuMF"], name="system"),
)
HYBRID = "hybrid"
WITH_VALID = (HYBRID, "ease", "ease-side")  # are fitted on the validation listens too, in a table of their own
AS_SEARCHED = ("als", "nncf-neighbourhood")  # the chapter that stores them takes what the search chose
SLOW = ("networks",)  # families that are not fitted twice
QUICK = {"epochs": 3, "folds": 1, "rounds": 20}  # what shortens the training of these and of the hybrid
METRICS = ["ndcg@10", "sd", "recall@10", "mrr@10", "hit@10", "precision@10", "r-precision@10"]


class Entry(NamedTuple):
    """A row: a system, whose settings it has, and what it is fitted on.

    Attributes
    ----------
    system : str
        As the registry calls it.
    searched : bool
        Whether it has the settings of the search, beside a row with those that its chapter chose.
    with_valid : bool
        Whether it is fitted on training and validation listens, and not on training listens alone.
    """

    system: str
    searched: bool = False
    with_valid: bool = False

    @property
    def name(self) -> str:
        """The name of the row in the score records."""
        marks = {"searched": self.searched, "with validation": self.with_valid}
        return ", ".join([self.system, *(mark for mark, holds in marks.items() if holds)])

    @property
    def protocol(self) -> str:
        """The protocol of the row in the score records."""
        return "listeners+valid" if self.with_valid else "listeners"


def published_line(data: Dataset) -> tuple[float, str] | None:
    """Return the best published NDCG@10 and what to call it; None for simulated listeners, of whom it says nothing."""
    return None if data.simulated else (float(PUBLISHED["NDCG@10"].max()), "best published")


def stored(chapter: Chapter, folder: Path | None = None) -> dict[str, list[Evaluation]]:
    """Return the evaluations that the other chapters of a build stored, by system.

    Only what an execution of the book left, and nobody touched since, is taken. What knows the truth of simulated
    listeners is no competitor and is left out.

    Parameters
    ----------
    chapter : Chapter
        The one that asks; what it stored itself in an earlier execution is not read.
    folder : Path, optional
        Of the build; by default the one of this execution.

    Raises
    ------
    ValueError
        When a system was stored on another number of splits, or by two chapters with different results: neither
        can be compared, and nothing is left out silently.
    """
    outside = registry.systems("simulated listeners")
    found: dict[str, list[Evaluation]] = {}
    sources: dict[str, str] = {}
    others = {name: paths for name, paths in stamped(folder or current_build()).items() if name != chapter.book.chapter}
    for source, path in ((source, path) for source, paths in others.items() for path in paths):
        if path.suffix != ".npz" or path.stem in outside:
            continue
        name, evaluations = path.stem, load_evaluations(path)
        if len(evaluations) != len(chapter.seeds):
            raise ValueError(
                f"{source} stored {name} on {len(evaluations)} splits, which cannot be compared with "
                f"{len(chapter.seeds)}; every chapter takes the splits of `open_chapter`"
            )
        if name in found and not all(map(_same, found[name], evaluations)):
            raise ValueError(f"{sources[name]} and {source} both stored {name}, with different results")
        found[name], sources[name] = evaluations, source
    return found


def _same(one: Evaluation, other: Evaluation) -> bool:
    return np.array_equal(one.users, other.users) and np.array_equal(one.lists, other.lists)


def entries(stored: Collection[str]) -> list[Entry]:
    """Return what the leaderboard fits, what takes longest first.

    That is every system of the registry which no chapter has `stored`; with the settings of the search, what was
    stored with others and is quick to fit; and a few on more data.
    """
    systems = registry.systems()
    rows = [Entry(name) for name in systems if name not in stored]
    again = (systems[name] for name in stored if name in systems and name not in AS_SEARCHED)
    rows += [Entry(system.name, searched=True) for system in again if system.space and system.family not in SLOW]
    rows += [Entry(name, with_valid=True) for name in WITH_VALID]
    return sorted(rows, key=lambda row: _seconds(row.system), reverse=True)


def _seconds(name: str) -> float:
    """Return what a trial of the search for a system took; nothing where none was timed, as those are quick to fit."""
    if name == HYBRID:  # fits ten others
        return np.inf
    try:
        budget = registry.record(name)["budget"]
    except LookupError:
        return 0.0
    return budget["seconds"] / budget["trials"]


def builds(entries: Iterable[Entry], side: SideInformation, *, quick: bool = False) -> dict[str, partial]:
    """Return what builds an unfitted model for each row, by the name of the row."""
    systems = [(entry.name, registry.find(entry.system)) for entry in entries]
    return {name: partial(system.create, _settings(system, quick), side) for name, system in systems}


def _settings(system: System, quick: bool) -> dict[str, Any]:
    """Return what the search chose for a system, or nothing; in a quick run the training is shortened."""
    try:
        settings = registry.tuned(system.name)
    except LookupError:  # not searched yet: it stands as its class has it
        settings = {}
    if quick and (system.family in SLOW or system.name == HYBRID):
        known = inspect.signature(system.load()).parameters
        settings |= {name: value for name, value in QUICK.items() if name in known}
    return settings


def effort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the kept searches for settings cost and chose, best first, and why others were not searched."""
    rows, others = {}, {}
    for name, system in registry.systems().items():
        try:
            kept = registry.record(name)
        except LookupError:
            others[name] = {"why not": "was not searched yet" if system.space else system.unsearched}
            continue
        rows[name] = {
            "NDCG@10": kept["ndcg@10"],
            "trials": kept["budget"]["trials"],
            "minutes": kept["budget"]["seconds"] / 60,
            "settings": ", ".join(f"{setting} {value}" for setting, value in kept["settings"].items()),
            "at an edge": "; ".join(kept["edges"]) or "–",
        }
    searches, rest = (pd.DataFrame.from_dict(each, orient="index").rename_axis("system") for each in (rows, others))
    return searches.sort_values("NDCG@10", ascending=False), rest


class Effort(NamedTuple):
    """How much was searched: `n` systems with `trials` each, "20" or "20 to 35"."""

    n: int
    trials: str


def search_effort(searches: pd.DataFrame) -> Effort:
    """Return how many systems were searched and with how many trials."""
    fewest, most = searches["trials"].min(), searches["trials"].max()
    return Effort(len(searches), str(fewest) if fewest == most else f"{fewest} to {most}")


def board(systems: Mapping[str, Sequence[Evaluation]]) -> pd.DataFrame:
    """Return the mean of every metric over splits, and the `sd` of NDCG@10; one row per system, best first."""
    summaries = {name: summarise(evaluations) for name, evaluations in systems.items()}
    table = pd.DataFrame({name: summary["value"] for name, summary in summaries.items()}).T
    table["sd"] = pd.Series({name: summary.loc["ndcg@10", "sd"] for name, summary in summaries.items()})
    return table.sort_values("ndcg@10", ascending=False, kind="stable").rename_axis("system")


def reads_more(name: str) -> bool:
    """Say whether a system reads tags, friends or plays beside who listens to whom."""
    return name in (systems := registry.systems()) and bool(systems[name].reads)


def kinds(rows: Iterable[Entry]) -> list[str]:
    """Return for each row what its system knows, as a legend says it."""
    kind = {True: "reads tags, friends or plays", False: "listens alone"}
    return ["this book" if row.system == HYBRID else kind[reads_more(row.system)] for row in rows]


def interval_table(systems: Mapping[str, Sequence[Evaluation]], metric: str) -> pd.DataFrame:
    """Return `value`, `low` and `high` of a metric, one row per system, best first."""
    rows = {name: bootstrap_mean(user_means(evaluations, metric)) for name, evaluations in systems.items()}
    table = pd.DataFrame(rows, ["value", "low", "high"]).T
    return table.sort_values("value", ascending=False)


class Standing(NamedTuple):
    """The hybrid, the best single system, and the best of those that read listens alone, with their NDCG@10."""

    hybrid: float
    single: str
    single_value: float
    pure: str
    pure_value: float


def standing(board: pd.DataFrame, rows: Mapping[str, Entry]) -> Standing:
    """Find the best rows of a board; `rows` says which system each of them is."""
    others = board.index.drop(HYBRID)
    single, pure = others[0], next(name for name in others if not reads_more(rows[name].system))
    values = board["ndcg@10"].to_dict()
    return Standing(values[HYBRID], single, values[single], pure, values[pure])


def by_split(systems: Mapping[str, Sequence[Evaluation]], seeds: Sequence[int]) -> pd.DataFrame:
    """Return NDCG@10 on each split after the `mean` over them, one row per system."""
    table = pd.DataFrame({name: [e.means()["ndcg@10"] for e in each] for name, each in systems.items()}).T
    table.columns = pd.Index([f"split {seed}" for seed in seeds])
    table.insert(0, "mean", table.mean(axis=1))
    return table.rename_axis("system")


class Late(NamedTuple):
    """How far the hybrid, fitted on validation listens too, is from the best of the others, with its interval."""

    other: str
    gap: float
    low: float
    high: float
    worst: float  # NDCG@10 of the hybrid on its least favourable split


def late_standing(splits: pd.DataFrame, late: Mapping[str, Sequence[Evaluation]]) -> Late:
    """Sum up a table of `by_split`."""
    other = str(splits["mean"].drop(HYBRID).idxmax())
    gap = paired_difference(late[HYBRID], late[other])
    return Late(other, gap.mean, gap.low, gap.high, float(splits.T[HYBRID].drop("mean").min()))


def beside_published(before: float, after: float) -> pd.DataFrame:
    """Return what the hybrid has `before` and `after` it may use the validation listens, beside the best published."""
    table = pd.DataFrame({"NDCG@10": [before, after]}, ["without validation listens", "with them"])
    table["times the best published"] = table["NDCG@10"] / PUBLISHED["NDCG@10"].max()
    return table.rename_axis("hybrid")


def shown(rows: Mapping[str, Entry], stored: Collection[str]) -> set[str]:
    """Return the rows that the tables of groups show: what is fitted here, and what stands for the other chapters."""
    fitted = {name for name, row in rows.items() if name not in stored and not row.searched}
    return fitted | {"als", "item-knn", "user-knn", "popularity", "nncf"}


class Takeaways(NamedTuple):
    """NDCG@10 of a few systems, what the best ingredient is worth, and the share of cold artists."""

    ease: float
    network: float  # the better of the two
    ease_side: float
    hybrid: float
    late: float
    most: float
    cold: float
    found: float


def takeaways(board: pd.DataFrame, splits: pd.DataFrame, effects: pd.DataFrame, found: Found) -> Takeaways:
    """Sum up the chapter from its board, the table `by_split`, the effects of ingredients, and what is found."""
    values, difference = board["ndcg@10"].to_dict(), effects["difference"].to_dict()
    network = max(values["lightgcn"], values["mult-vae"])
    late = splits["mean"].to_dict()[HYBRID]
    return Takeaways(
        ease=values["ease"],
        network=network,
        ease_side=values["ease-side"],
        hybrid=values[HYBRID],
        late=late,
        most=-min(difference.values()),
        cold=found.cold,
        found=found.hybrid,
    )
