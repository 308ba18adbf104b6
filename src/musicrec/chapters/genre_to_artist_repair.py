"""The repaired model of chapter 09: how popularity counts, new artists, and artists missing from a genre."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from musicrec.chapters.genre_to_artist import means, over_seeds
from musicrec.chapters.genre_to_artist_leak import Agreement, Idle
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.genres import GenreTable
from musicrec.evaluation.statistics import Interval, bootstrap_mean
from musicrec.models.base import Recommender
from musicrec.models.baselines.artist_popularity import ArtistPopularity
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.side import genre_warp
from musicrec.models.side.feature_cosine import FeatureCosine
from musicrec.models.side.genre_warp import GenreWARP
from musicrec.scores.records import ScoreBook

Build = Callable[[], Recommender]
WEIGHTINGS: dict[str, dict[str, Any]] = {
    "not at all": {"weighting": "ones"},
    "as factors of the loss": {"weighting": "loss"},
    "sampling, power 0.5": {"weighting": "sampling", "power": 0.5},
    "sampling, power 1": {"weighting": "sampling", "power": 1.0},
}
KINDS = ("subgenre", "tag")
METRICS = ("AUC", "precision@10")
OWN = "warp, features and own"


def warp(table: GenreTable, **settings: Any) -> partial[GenreWARP]:
    """Return what builds WARP with the features of a table, of the size chosen for its kind."""
    size = {name: genre_warp.CHOSEN[table.kind][name] for name in ("dim", "epochs")}
    return partial(GenreWARP, **size, features=table.features, **settings)


def built_in(table: GenreTable) -> partial[GenreWARP]:
    """Return what builds WARP with the settings that are kept for a table of this kind."""
    return partial(GenreWARP, features=table.features, **genre_warp.CHOSEN[table.kind])


def validate(tables: Mapping[str, GenreTable], seeds: Mapping[str, Sequence[int]]) -> pd.DataFrame:
    """Measure every way in which popularity can count, on artists held out for choosing; means over genres.

    Returns
    -------
    pandas.DataFrame
        Index: what a row of the table is, and how popularity counts.
    """
    rows = {
        (kind, label): over_seeds(warp(tables[kind], **how), tables[kind], draws).mean()
        for kind, draws in seeds.items()
        for label, how in WEIGHTINGS.items()
    }
    return pd.DataFrame(rows).T.rename_axis(["row is a", "popularity counts"])


def choices(validated: pd.DataFrame) -> dict[str, str]:
    """Return for each kind of table how popularity counts with the highest precision@10."""
    precision = validated["precision@10"]
    return {kind: str(precision.xs(kind).idxmax()) for kind in KINDS}


def validation_table(validated: pd.DataFrame, chosen: Mapping[str, str]) -> pd.DataFrame:
    """Return the table of `validate` as a page shows it, with what was chosen."""
    picked = [label == chosen[kind] for kind, label in validated.index]
    named = validated.rename(columns={"popularity@10": "popularity of the ten"})
    return named.assign(chosen=picked).reset_index()


class Weighting(NamedTuple):
    """What it changes how popularity counts: the AUC on subgenres, the popularity of the ten on tags."""

    moved: float
    before: float
    after: float


def weighting(validated: pd.DataFrame) -> Weighting:
    """Sum up the table of `validate`."""
    auc, popularity = validated["AUC"].xs("subgenre"), validated["popularity@10"].xs("tag").to_dict()
    return Weighting(auc.max() - auc.min(), popularity["not at all"], popularity["sampling, power 1"])


def newcomers(tables: Mapping[str, GenreTable], chosen: Mapping[str, str]) -> dict[tuple[str, str], Build]:
    """Return what builds each system that is asked about new artists, by kind of table and name of the system."""
    builds: dict[tuple[str, str], Build] = {}
    for kind in KINDS:
        table = tables[kind]
        builds[kind, "artist-popularity"] = partial(ArtistPopularity, table.popularity)
        builds[kind, "feature-cosine"] = partial(FeatureCosine, table.features)
        builds[kind, "genre-warp"] = GenreWARP
        builds[kind, "genre-warp-features"] = warp(table, **WEIGHTINGS[chosen[kind]])
    return builds


def spans(results: Mapping[tuple[str, str], pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return for each metric the mean of every system with its interval; index: kind of table, system."""
    return {metric: means(results, metric) for metric in METRICS}


def labelled(span: pd.DataFrame) -> pd.DataFrame:
    """Return one table of `spans` with its rows named as a chart names them."""
    return span.set_axis(pd.Index([f"{kind}s: {name}" for kind, name in span.index], name="system"))


def write_down(
    book: ScoreBook, spans: Mapping[str, pd.DataFrame], seeds: Sequence[int], data: Mapping[str, Dataset]
) -> None:
    """Add the scores on new artists; `data` says what each kind of table was made from."""
    for metric, frame in spans.items():
        for (kind, name), row in zip(frame.index, frame.to_dict("records"), strict=True):
            book.add(
                name,
                f"{metric}, new artists of a {kind}",
                row["value"],
                low=row["low"],
                high=row["high"],
                seeds=tuple(seeds),
                protocol="original/genre-lightfm",
                dataset=data[kind],
            )


def gains(results: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Return what training adds to the cosine of the same features, with its interval, by table and metric."""
    rows: dict[tuple[str, str], Interval] = {}
    for kind in KINDS:
        ours, plain = (results[kind, name] for name in ("genre-warp-features", "feature-cosine"))
        rows |= {(kind, metric): bootstrap_mean((ours - plain)[metric].to_numpy()) for metric in METRICS}
    index = pd.MultiIndex.from_tuples(rows, names=["row is a", "metric"])
    return pd.DataFrame(rows.values(), index=index).rename(columns={"mean": "WARP minus cosine"})


class Placed(NamedTuple):
    """AUC on new artists, and where training adds something beyond the cosine for sure."""

    original: float
    repaired: float
    cosine: float
    tags: float
    popularity: float
    sure: list[str]


def placed(spans: Mapping[str, pd.DataFrame], gains: pd.DataFrame) -> Placed:
    """Sum up the tables of `spans` and `gains`."""
    span = spans["AUC"]
    sure = [f"{metric} on {kind}s" for kind, metric in gains.index[gains["low"] > 0]]
    subgenre, tag = (span.xs(kind)["value"].to_dict() for kind in KINDS)
    return Placed(
        original=subgenre["genre-warp"],
        repaired=subgenre["genre-warp-features"],
        cosine=subgenre["feature-cosine"],
        tags=tag["genre-warp-features"],
        popularity=subgenre["artist-popularity"],
        sure=sure or ["nothing"],
    )


def missing(
    tables: Mapping[str, GenreTable],
    builds: Mapping[tuple[str, str], Build],
    chosen: Mapping[str, str],
    seeds: Mapping[str, Sequence[int]],
) -> pd.DataFrame:
    """Measure who is missing in a genre: cells held out, for `test` all systems, for `choosing` the two to choose from.

    Returns
    -------
    pandas.DataFrame
        Means over genres and seeds; index: part, what a row of the table is, system.
    """
    rows = {}
    for kind in KINDS:
        table = tables[kind]
        systems = {name: build for (of_kind, name), build in builds.items() if of_kind == kind}
        systems["item-knn"] = partial(ItemKNN, 1000, 0)
        systems[OWN] = warp(table, own=True, **WEIGHTINGS[chosen[kind]])
        asked = {"choosing": ["genre-warp-features", OWN], "test": list(systems)}
        for part, draws in seeds.items():
            for name in asked[part]:
                rows[part, kind, name] = over_seeds(systems[name], table, draws, hold_out="cells").mean()
    means = pd.DataFrame(rows).T.rename_axis(["part", "row is a", "system"]).sort_index()
    return means.rename(columns={"popularity@10": "popularity of the ten"})


class Picked(NamedTuple):
    """For which tables a vector of one's own is worth having, and whether the read-out is built with these choices."""

    own: list[str]
    built_in: bool


def picked(missing: pd.DataFrame, chosen: Mapping[str, str]) -> Picked:
    """Compare what was chosen on this run with the settings that are kept in the package."""
    held = missing["precision@10"].xs("choosing").to_dict()
    own = {kind: bool(held[kind, OWN] > held[kind, "genre-warp-features"]) for kind in KINDS}
    settings = {kind: {**WEIGHTINGS[label], "own": own[kind]} for kind, label in chosen.items()}
    kept = {kind: {"own": False, **genre_warp.CHOSEN[kind]} for kind in KINDS}
    same = all(kept[kind].get(name) == value for kind in KINDS for name, value in settings[kind].items())
    return Picked([f"{kind}s" for kind in KINDS if own[kind]] or ["neither"], same)


def shown(ten: pd.DataFrame) -> pd.DataFrame:
    """Return a read-out as a page shows it: no scores, names in a row, three genres at most."""
    listed = ten["listed under"].map(lambda names: ", ".join(names[:3]))
    return ten.assign(**{"listed under": listed, "like": ten["like"].map(", ".join)}).drop(columns="score")


def large_genre(table: GenreTable, place: int) -> str:
    """Return the name of the genre with most artists but for `place` - 1 others; of equals the first in the table."""
    return str(table.names[np.argsort(-table.known.sum(axis=1), kind="stable")][place - 1])


class Takeaways(NamedTuple):
    """Test AUC of a fit on all cells and of an honest one, what two settings do, and where new artists are placed."""

    leaky: float
    honest: float
    idle: bool
    ten: float
    repaired: float
    cosine: float
    popularity: float


def takeaways(figures: pd.DataFrame, idle: Idle, agreement: Agreement, placed: Placed) -> Takeaways:
    """Sum up the chapter."""
    auc = figures.T["test AUC"].to_dict()
    three = placed.repaired, placed.cosine, placed.popularity
    return Takeaways(auc["all, subgenres"], auc["honest"], idle.idle, agreement.ten, *three)
