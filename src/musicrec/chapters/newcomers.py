"""Chapter 15: what a reader gets, who is in no training data and names a few artists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.joined import PLAYLIST_COUNTS, joined, times_of
from musicrec.datasets.side_information import item_tags
from musicrec.evaluation.newcomers import FIRST, METRICS, measure
from musicrec.models.base import Recommender
from musicrec.names.fold import exact
from musicrec.scores.records import ScoreBook
from musicrec.serving.cache import MODELS
from musicrec.serving.quantisation import full_model
from musicrec.serving.spellings import one_entry_each

SYSTEMS = ("blend", "item-knn", "ease", "als", "ials", "popularity")
TAGS = ("jazz", "classical", "country")  # far from what most people play
NAMED, PEOPLE, ENOUGH = 3, 50, 5  # artists named, people who name them, listeners an artist must have to be named
CHOICE = (5, 6, 7, 8, 9)  # draws of people on which it was chosen who answers; those that are reported are others
AT = 5  # artists a reader is expected to name
WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of a playlist, in listeners
WEIGHED = (MODELS[0], "item-knn", "ials", "popularity")
TOLD = 0.01  # of the best: what is closer to it is no reason to serve otherwise


class World(NamedTuple):
    """Listeners and playlists with one entry for each artist."""

    data: Dataset
    listens: Interactions
    groups: dict[str, NDArray[np.int64]]  # rows by kind of people
    names: list[str]  # of the columns of `listens`
    times: NDArray[np.int64] | None = None  # how often each row counts in a fit


def world(data: Dataset, songs: Dataset) -> World:
    """Join listeners and playlists as they are served."""
    both = joined(data, songs)
    merged = one_entry_each(both.interactions, both.item_names.tolist())
    part = both.tables["people"]["part"].to_numpy()
    return World(both, merged.listens, {"listeners": np.flatnonzero(part == 0), "playlists": np.flatnonzero(part == 1)},
                 merged.names, times_of(both))  # fmt: skip


def builds(*, quick: bool = False) -> dict[str, Callable[[], Recommender]]:
    """Return what builds each system as it is served before rounding; in a quick run not what takes longest."""
    names = [name for name in SYSTEMS if not (quick and name == "als")]
    found: dict[str, Callable[[], Recommender]] = {name: partial(full_model, name) for name in names}
    return {**found, FIRST: partial(full_model, "item-knn")}


def row_weights(found: World, *, seeds: Sequence[int], jobs: int = 1) -> pd.DataFrame:
    """Return NDCG@10 at five artists by how much a playlist counts beside a listener, on the draws for choosing.

    A row that counts twice stands there twice.

    Returns
    -------
    pandas.DataFrame
        A row for each of `WEIGHTS`, columns `WEIGHED`, each kind of people counted alike; and one column for each kind
        of people, of what is served.
    """
    rows = {}
    builds = {name: partial(full_model, name) for name in WEIGHED}
    for weight in WEIGHTS:
        times = np.full(found.listens.n_users, 1 if weight >= 1 else round(1 / weight))
        times[found.groups["playlists"]] = round(weight) if weight >= 1 else 1
        part = measure(builds, found.listens, found.groups, seeds=seeds, sizes=(AT,), times=times, jobs=jobs)
        own: Any = means(part).xs(AT, level="given")
        rows[weight] = {**own.mean(), **{f"{MODELS[0]}, {people}": own.loc[people, MODELS[0]] for people in own.index}}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("a playlist counts, listeners")


class Weighed(NamedTuple):
    """What the draws for choosing say of the weight of a playlist."""

    best: float  # the weight with which what is served finds most
    value: float
    served: int  # the weight that is served
    own: float  # what it finds
    right: bool  # whether it is the best, or behind by less than a hundredth of it


def weighed(table: pd.DataFrame) -> Weighed:
    """Sum up `row_weights`."""
    own: Any = table[MODELS[0]]
    best, served = float(own.max()), float(own.loc[PLAYLIST_COUNTS])
    return Weighed(float(own.idxmax()), best, PLAYLIST_COUNTS, served, best - served < TOLD * best)


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
    """Which system serves readers, and whether the draws for choosing say so.

    Attributes
    ----------
    served : str
        The model that answers readers.
    right : bool
        Whether it is the best of all for every number of artists given, on the draws for choosing.
    wrong : str
        For which numbers it is not.
    value, first, popularity : float
        NDCG@10 at five artists on other people: of what is served, of more like the first one, of popularity.
    """

    served: str
    right: bool
    wrong: str
    value: float
    first: float
    popularity: float


def served(choice: pd.DataFrame, measured: pd.DataFrame) -> Served:
    """Compare what is served with what the draws for choosing say, and measure it on people without part in that."""
    found = overall(measured).loc[AT].to_dict()
    best = overall(choice).idxmax(axis=1)
    wrong = [str(given) for given, name in best.items() if name != MODELS[0]]
    values = (float(found[name]) for name in (MODELS[0], FIRST, "popularity"))
    return Served(MODELS[0], not wrong, ", ".join(wrong), *values)


class Takeaways(NamedTuple):
    """What the chapter comes to."""

    gain: float  # five artists, times popularity
    alone: float  # the first one alone
    few: str  # the best of all where one artist is given, on the reported people
    many: str  # the best of all where most are given


def takeaways(served: Served, measured: pd.DataFrame) -> Takeaways:
    """Sum up the chapter."""
    base, best = served.popularity, overall(measured).idxmax(axis=1)
    return Takeaways(served.value / base, served.first / base, str(best.iloc[0]), str(best.iloc[-1]))


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


def tag_lists(data: Dataset, found: World, *, seed: int) -> pd.DataFrame:
    """Ask each system as people who name three artists of one tag, and see how much of the answers has that tag.

    Parameters
    ----------
    data : Dataset
        Listeners with tags.
    found : World
        The same listeners beside playlists.
    seed : int
        Of the draws of artists.

    Returns
    -------
    pandas.DataFrame
        Among the first ten recommendations that anybody tagged, the share that has the tag among its three most given:
        a row for each tag (those of `TAGS`, or where nobody gives them, the three given most), a column for each
        system.
    """
    counts, tags = item_tags(data), data.tables["tags"]["name"].tolist()
    place = {exact(name): column for column, name in enumerate(found.names)}
    columns = np.array([place.get(exact(str(name)), -1) for name in data.item_names])
    most = [tags[tag] for tag in np.argsort(-counts.sum(axis=0), kind="stable")[: len(TAGS)]]
    asked = TAGS if set(TAGS) <= set(tags) else most
    top = _given_most(counts, columns, len(found.names))
    rng, known = np.random.default_rng(seed), found.listens.popularity() >= ENOUGH
    histories = {}
    for tag in asked:
        pool = np.flatnonzero((top[:, 0] == tags.index(tag)) & known)
        if len(pool) > NAMED:
            named = np.concatenate([rng.choice(pool, NAMED, replace=False) for _ in range(PEOPLE)])
            cells = (np.ones(len(named), np.float32), (np.repeat(np.arange(PEOPLE), NAMED), named))
            histories[tag] = sp.csr_array(cells, shape=(PEOPLE, len(found.names)))
    rows: dict[str, dict[str, float]] = {tag: {} for tag in histories}
    for name in ("blend", "item-knn", "ials", "popularity"):
        model = full_model(name).fit(found.listens, rng=np.random.default_rng(seed))
        for tag, history in histories.items():
            ids = model.recommend_new(history, 10).ids
            tagged = (ids >= 0) & (top[ids, 0] >= 0)
            rows[tag][name] = float((top[ids] == tags.index(tag)).any(axis=2)[tagged].mean()) if tagged.any() else 0.0
    return pd.DataFrame(rows).T.rename_axis("tag")


def _given_most(counts: sp.csr_array, columns: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the three tags given most to each artist, shape (n, 3), the first one first; -1 for none."""
    top = np.full((n, 3), -1)
    for row in np.flatnonzero((columns >= 0) & (np.diff(counts.indptr) > 0)):
        span = slice(counts.indptr[row], counts.indptr[row + 1])
        best = counts.indices[span][np.argsort(-counts.data[span], kind="stable")[:3]]
        top[columns[row], : len(best)] = best
    return top
