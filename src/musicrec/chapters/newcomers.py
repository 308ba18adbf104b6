"""Chapter 15: what a reader gets, who is in no training data and names a few artists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.joined import joined
from musicrec.evaluation.newcomers import FIRST, METRICS
from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.scores.records import ScoreBook
from musicrec.serving.cache import MODELS
from musicrec.serving.spellings import one_entry_each

SYSTEMS = ("item-knn", "ease", "als", "ials", "popularity")
CHOICE = (5, 6, 7, 8, 9)  # draws of people on which the default was chosen; those that are reported are others
AT = 5  # artists a reader is expected to name


class World(NamedTuple):
    """Listeners and playlists with one entry for each artist."""

    data: Dataset
    listens: Interactions
    groups: dict[str, NDArray[np.int64]]  # rows by kind of people


def world(data: Dataset, songs: Dataset) -> World:
    """Join listeners and playlists as they are served."""
    both = joined(data, songs)
    merged = one_entry_each(both.interactions, both.item_names.tolist())
    part = both.tables["people"]["part"].to_numpy()
    return World(both, merged.listens, {"listeners": np.flatnonzero(part == 0), "playlists": np.flatnonzero(part == 1)})


def builds(*, quick: bool = False) -> dict[str, Callable[[], Recommender]]:
    """Return what builds each system; what takes longest first, and not at all in a quick run."""
    names = [name for name in SYSTEMS if not (quick and name in ("als", "ials"))]
    found: dict[str, Callable[[], Recommender]] = {name: partial(registry.build, name) for name in names}
    return {**found, FIRST: partial(registry.build, "item-knn")}


def means(measured: pd.DataFrame, metric: str = "ndcg@10") -> pd.DataFrame:
    """Return the mean over seeds of one metric: a row for each kind of people and number given, systems as columns."""
    rows = measured.reset_index()
    return pd.pivot_table(rows, values=metric, index=["people", "given"], columns="system")


def curve(measured: pd.DataFrame, people: str) -> pd.DataFrame:
    """Return NDCG@10 against the number given, for one kind of people, systems as columns."""
    return pd.DataFrame(means(measured).xs(people, level="people"))


def overall(measured: pd.DataFrame) -> pd.DataFrame:
    """Return NDCG@10 averaged over the kinds of people, each counted alike: a row for each number given."""
    return means(measured).groupby("given").mean()


def write_down(book: ScoreBook, measured: pd.DataFrame, seeds: Sequence[int], data: Dataset) -> None:
    """Add every mean over seeds to the scores, under the protocol `newcomers`."""
    rows = measured.reset_index()
    for metric in METRICS:
        found = rows.groupby(["system", "people", "given"])[metric].agg(["mean", "std"]).reset_index()
        for row in found.to_dict("records"):
            name = f"{row['system']}, {row['given']} given, {row['people']}"
            spread = float(row["std"]) if len(seeds) > 1 else None
            book.add(
                name, metric, float(row["mean"]), protocol="newcomers", dataset=data, sd=spread,
                seeds=tuple(seeds),
            )  # fmt: skip


class Served(NamedTuple):
    """Which system serves readers."""

    chosen: str  # of the models that are served, the best at five artists on the draws for choosing
    ahead: str  # of all systems
    served: str  # what the command and the page take
    same: bool
    value: float  # NDCG@10 at five artists, of the served one, over both kinds of people
    popularity: float
    first: float  # of more like the first one
    few: str  # the best where one artist is given
    many: str  # the best where most are given


def served(choice: pd.DataFrame, measured: pd.DataFrame) -> Served:
    """Compare what was chosen with what is served, on people who had no part in the choice."""
    found: dict[Any, dict[Any, float]] = overall(measured).to_dict("index")
    best = {given: max(row, key=lambda name: row[name]) for given, row in found.items()}
    wanted = overall(choice).to_dict("index")[AT]
    ahead, at = max(wanted, key=lambda name: wanted[name]), found[AT]
    chosen = max((name for name in wanted if name in MODELS), key=lambda name: wanted[name])
    return Served(
        str(chosen), str(ahead), MODELS[0], chosen == MODELS[0], at[MODELS[0]], at["popularity"], at[FIRST],
        best[min(best)], best[max(best)],
    )  # fmt: skip


class Takeaways(NamedTuple):
    """What the chapter comes to."""

    gain: float  # five artists, times popularity
    alone: float  # the first one alone
    few: str  # the best where one artist is given
    many: str  # the best where most are given


def takeaways(served: Served) -> Takeaways:
    """Sum up the chapter."""
    base = served.popularity
    return Takeaways(served.value / base, served.first / base, served.few, served.many)


class Reach(NamedTuple):
    """What joining playlists to the listeners adds."""

    alone: int  # artists of the listeners
    both: int
    listeners: int
    playlists: int


def reach(data: Dataset, found: World) -> Reach:
    """Count artists and people."""
    alone = one_entry_each(data.interactions, data.item_names.tolist()).listens.n_items
    return Reach(alone, found.listens.n_items, len(found.groups["listeners"]), len(found.groups["playlists"]))
