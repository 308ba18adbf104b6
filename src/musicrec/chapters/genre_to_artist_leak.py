"""What chapter 09 asks of the original's model: whether its scores come out, what it had seen, whom it recommends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.genre_to_artist import (
    REPORTED,
    agreement,
    blocks,
    implied_share,
    measure,
    original_run,
    perfect_memory,
)
from musicrec.datasets import genres
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.genres import GenreTable, known
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.statistics import bootstrap_mean
from musicrec.models.base import Recommender
from musicrec.models.side.genre_warp import GenreWARP
from musicrec.scores.records import ScoreBook
from musicrec.splits.genres import hold_out_cells

Tables = Mapping[str, GenreTable]
VARIANTS: dict[str, dict[str, Any]] = {
    "as the original": {},
    "every weight 1": {"weighting": "ones"},
    "k = 1": {"k": 1},
    "weights times the loss": {"weighting": "loss"},
    "cells drawn by weight": {"weighting": "sampling"},
}
PER_ARTIST = (1, 2, 3, 4, 6, 8)
BY_HAND = "blocks made by hand, one genre each"


def shapes(tables: Tables) -> pd.DataFrame:
    """Return the size of each table, and in how many of its rows an artist stands."""
    rows = {}
    for kind, table in tables.items():
        per_artist = table.known.sum(axis=0)
        rows[kind] = {
            "rows": len(table.names),
            "artists": len(table.artists),
            "cells": len(table.interactions),
            "share of all cells": table.interactions.density,
            "least songs or tags": table.min_songs,
            "rows per artist": per_artist.mean(),
            "in one row only": (per_artist == 1).mean(),
        }
    return pd.DataFrame(rows).T.rename_axis("row is a")


def cut(songs: Dataset, table: GenreTable) -> pd.DataFrame:
    """Return what a table of songs keeps and what drops out, beside the original."""
    n = len(songs.tables["songs"])
    many = songs.tables["songs"].groupby("artist").size() >= genres.ORIGINAL_MIN_SONGS
    rows = {
        "songs": (genres.ORIGINAL_SONGS, n),
        f"artists with {genres.ORIGINAL_MIN_SONGS} songs": (None, int(many.sum())),
        "songs an artist must have": (genres.ORIGINAL_MIN_SONGS, table.min_songs),
        f"pairs of a {table.kind} and an artist without any popularity": (None, table.lost),
        "artists who must carry a tag": (None, genres.MIN_ARTISTS),
    }
    counted = pd.DataFrame([(name, *row) for name, row in rows.items()], columns=["what", "original", "here"])
    return counted.astype({"original": "Int64"})


def runs(tables: Tables, seeds: Sequence[int], *, fit_on: Literal["train", "all"] = "train") -> dict[str, pd.DataFrame]:
    """Return the original's four figures on each table, one row per seed."""
    return {
        kind: pd.DataFrame([original_run(table.interactions, seed, fit_on=fit_on) for seed in seeds])
        for kind, table in tables.items()
    }


def write_down(book: ScoreBook, system: str, run: pd.DataFrame, seeds: Sequence[int], songs: Dataset) -> None:
    """Add the four figures of a system, one row of `run` per seed, to the scores beside those reported."""
    note = "other songs, other artists: the original's file is not public; here the subgenres of " + songs.name
    for quantity, reported in REPORTED.items():
        values = run[quantity].to_numpy()
        mean, low, high = bootstrap_mean(values)
        several = {"low": low, "high": high, "sd": float(values.std(ddof=1))} if len(values) > 1 else {}
        more = {"system": system, "dataset": songs, "seeds": tuple(seeds), "note": note, **several}
        book.reproduce("genre-lightfm", quantity, mean, reported, **more)


def beside_reported(columns: Mapping[str, pd.DataFrame | pd.Series]) -> pd.DataFrame:
    """Return the four figures as reported and by column, means where a column has one row per seed."""
    means = {name: each.mean() if isinstance(each, pd.DataFrame) else each for name, each in columns.items()}
    return pd.DataFrame({"reported": pd.Series(REPORTED), **means}).rename_axis("figure")


class Honest(NamedTuple):
    """On which tables the training AUC is above the test AUC, by how much, and what ten artists for a genre hold."""

    tables: list[str]
    least: float
    most: float
    hits: float


def honest(run: Mapping[str, pd.DataFrame]) -> Honest:
    """Sum up `runs` that were fitted on training cells."""
    gaps = {f"{kind}s": frame["train AUC"].mean() - frame["test AUC"].mean() for kind, frame in run.items()}
    above = [name for name, gap in gaps.items() if gap > 0]
    hits = 10 * run["subgenre"]["test precision@10"].mean()
    return Honest(above or ["none of the tables"], min(gaps.values()), max(gaps.values()), hits)


def variants(cells: Interactions, seed: int) -> pd.DataFrame:
    """Return how far the vectors of artists are from the original's when a setting differs; same seed."""
    fitted = {name: GenreWARP(**how).fit(cells, rng=np.random.default_rng(seed)) for name, how in VARIANTS.items()}
    first = fitted["as the original"].item_factors
    table = pd.DataFrame(
        {"largest difference": {name: np.abs(model.item_factors - first).max() for name, model in fitted.items()}}
    )
    return table.assign(identical=table["largest difference"] == 0).rename_axis("variant")


class Idle(NamedTuple):
    """Whether popularity as weights and k change nothing at all."""

    idle: bool


def idle(variants: pd.DataFrame) -> Idle:
    """Sum up the table of `variants`."""
    return Idle(bool(variants["identical"][["every weight 1", "k = 1"]].all()))


def by_hand(seeds: Sequence[int], seed: int) -> pd.DataFrame:
    """Return the four figures on tables made by hand: rows are genres per artist, and blocks or shuffled."""
    rows = {}
    for per_artist in PER_ARTIST:
        for kind, shuffled in (("blocks", False), ("shuffled", True)):
            made = blocks(24, 960, per_artist, shuffled=shuffled, rng=np.random.default_rng(seed))
            rows[per_artist, kind] = pd.DataFrame([original_run(made, draw) for draw in seeds]).mean()
    return pd.DataFrame(rows).T


def hand_curves(by_hand: pd.DataFrame) -> pd.DataFrame:
    """Return the AUC over the number of genres per artist, one column per curve."""
    blocked, shuffled = (by_hand.xs(kind, level=1) for kind in ("blocks", "shuffled"))
    return pd.DataFrame(
        {
            "test, blocks": blocked["test AUC"],
            "test, shuffled": shuffled["test AUC"],
            "train, blocks": blocked["train AUC"],
        }
    )


class Blocks(NamedTuple):
    """Test AUC on blocks of one genre per artist, and in how many tables it is above the training AUC."""

    one: float
    above: int
    n: int
    never: bool


def block_scores(by_hand: pd.DataFrame) -> Blocks:
    """Sum up the table of `by_hand`."""
    above = int((by_hand["test AUC"] > by_hand["train AUC"]).sum())
    one = by_hand["test AUC"].to_dict()[PER_ARTIST[0], "blocks"]
    return Blocks(one, above, len(by_hand), never=above == 0)


def memory(cells: Interactions, seeds: Sequence[int]) -> pd.Series:
    """Return the four figures of one who knows every cell by heart, means over seeds."""
    return pd.DataFrame([perfect_memory(*hold_out_cells(cells, seed)) for seed in seeds]).mean()


class Seen(NamedTuple):
    """What a fit on all cells explains.

    Attributes
    ----------
    turned : bool
        Whether its test scores are above its training scores in both metrics, as reported.
    nearer : int
        How many of the four figures are nearer to the reported ones than those of an honest fit.
    auc, genre_share, genres : float
        The reported training AUC; the share of all artists a genre must hold for a perfect memory to have it; how many
        such genres there are room for.
    left, of_genres : float, int
        How many of the original's genres its upload left, and how many there were.
    """

    turned: bool
    nearer: int
    auc: float
    genre_share: float
    genres: float
    left: float
    of_genres: int


def seen(figures: pd.DataFrame) -> Seen:
    """Sum up a table of figures with columns `reported`, `honest`, `all, subgenres` and `memory`."""
    leaky, off = figures["all, subgenres"].to_dict(), figures.sub(figures["reported"], axis=0).abs()
    turned = all(leaky[f"test {metric}"] > leaky[f"train {metric}"] for metric in ("AUC", "precision@10"))
    share = implied_share(REPORTED["train AUC"])
    return Seen(
        turned=turned,
        nearer=int((off["all, subgenres"] < off["honest"]).sum()),
        auc=REPORTED["train AUC"],
        genre_share=share,
        genres=1 / share,
        left=genres.ORIGINAL_GENRES * genres.ORIGINAL_UPLOADED / genres.ORIGINAL_SONGS,
        of_genres=genres.ORIGINAL_GENRES,
    )


def rankings(cells: Interactions, seed: int) -> pd.DataFrame:
    """Return the scores of two fits by what the cells are ranked among: everybody, or everybody but the other cells."""
    train, test = hold_out_cells(cells, seed)
    seen, hidden = known(train), known(test)
    everyone = np.ones_like(seen)
    ranked = {
        ("train", "all artists"): (seen, everyone),
        ("train", "without test cells"): (seen, ~hidden),
        ("test", "all artists"): (hidden, everyone),
        ("test", "without training cells"): (hidden, ~seen),
    }
    rows: dict[tuple[str, str, str], pd.Series] = {}
    for label, fitted_on in (("training cells", train), ("all cells", cells)):
        model = GenreWARP().fit(fitted_on, rng=np.random.default_rng(seed))
        scores = model.scores(np.arange(cells.n_users))
        rows |= {(label, *row): measure(scores, *masks).mean() for row, masks in ranked.items()}
    return pd.DataFrame(rows).T.rename_axis(["fitted on", "cells", "ranked among"]).reset_index()


def two_orders(
    build: Callable[[], Recommender], table: Interactions, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the scores of two models that differ by nothing but the seed, shape (n_genres, n_artists) each."""
    genres = np.arange(table.n_users)
    first, second = (build().fit(table, rng=np.random.default_rng(draw)).scores(genres) for draw in (seed, seed + 1))
    return first, second


def agreements(
    orders: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]], tables: Mapping[str, Interactions]
) -> pd.DataFrame:
    """Return how far each pair of orders agrees outside the genres: means over genres."""
    rows = {name: agreement(*pair, ~known(tables[name])).mean() for name, pair in orders.items()}
    return pd.DataFrame(rows).T.rename_axis("table")


class Agreement(NamedTuple):
    """How far two seeds agree on the artists outside a subgenre: on the whole order, and in how many of ten."""

    whole: float
    ten: float
    popularity: float  # correlation of the order with the artists' popularity


def agreement_of(
    agreeing: pd.DataFrame, orders: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]], table: GenreTable
) -> Agreement:
    """Sum up the table of `agreements`; `table` is that of the subgenres."""
    row = agreeing.T.to_dict()["subgenres"]
    popularity = np.tile(table.popularity, (len(table.names), 1))
    by_popularity = agreement(orders["subgenres"][0], popularity, ~table.known)["rank correlation"].mean()
    return Agreement(row["rank correlation"], 10 * row["in common"], by_popularity)


def first_ten(table: GenreTable, genre: str, orders: Mapping[str, NDArray[np.float32]]) -> pd.DataFrame:
    """Return the ten artists outside a genre at the top of each order, one column per order."""
    row = list(table.names).index(genre)
    outside = np.where(table.known[row], -np.inf, 0)
    best = {name: np.argsort(-(scores[row] + outside), kind="stable")[:10] for name, scores in orders.items()}
    return pd.DataFrame({name: table.artists[ids] for name, ids in best.items()})


def example_genre(table: GenreTable, name: str = "indie poptimism") -> str:
    """Return the genre to show: the one named, or the one with most artists where there is none of that name."""
    return name if name in table.names else str(table.names[np.argmax(table.known.sum(axis=1))])
