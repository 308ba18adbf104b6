"""What the sentences of chapter 06 say about lengths, gravity, the search for settings, and ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.matrix_factorization.losses import Bridge
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import validate
from musicrec.models.factors.als import ALS
from musicrec.models.factors.matrix_factorization import SETTINGS

SEARCHED = ["dim", "alpha", "regularization", "strength"]


def lengths_of_rare(norms: Mapping[str, NDArray[np.float32]], popularity: NDArray[np.int64]) -> pd.DataFrame:
    """Return how long the vectors of artists with a single listener are: at the start and, median, at the end."""
    single = popularity == popularity[popularity > 0].min()
    rows = {
        name: {
            "artists": int(single.sum()),
            "at the start": SETTINGS[name]["init_sd"] * SETTINGS[name]["dim"] ** 0.5,
            "at the end (median)": float(np.median(lengths[single])),
        }
        for name, lengths in norms.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("run")


class Sweep(NamedTuple):
    """Error and ranking by the weight of gravity."""

    error: float  # without gravity
    ndcg: float
    best: float  # the gravity with the highest NDCG@10
    best_error: float
    best_ndcg: float
    popularity: float  # NDCG@10
    rank_correlation: float  # of error and NDCG@10
    opposed: bool  # a larger error goes with a better ranking


def sweep_facts(sweep: pd.DataFrame, popularity: float) -> Sweep:
    """Sum up a sweep: index gravity, from 0; columns `error` and `ndcg@10`."""
    place = int(sweep["ndcg@10"].argmax())
    none, at_best = sweep.iloc[0], sweep.iloc[place]
    rho = sweep["error"].corr(sweep["ndcg@10"], method="spearman")
    return Sweep(
        none["error"],
        none["ndcg@10"],
        float(sweep.index[place]),
        at_best["error"],
        at_best["ndcg@10"],
        popularity,
        rho,
        bool(rho > 0),
    )


class Equality(NamedTuple):
    """How nearly the losses agree, and what a gravity means."""

    apart: float  # largest relative difference of the two losses
    library: float  # and of the library's
    gravity: float
    confidence: float  # in a listen that this gravity stands for
    alpha: float
    back: float  # the gravity that stands for a confidence of 1 + alpha


def equality(losses: pd.DataFrame, listens: Interactions, *, gravity: float, confidence: float) -> Equality:
    """Sum up `compare_losses` of several pairs of vectors, one row each."""
    ratios = losses[["gravity, rescaled", "library"]].div(losses["implicit, all pairs"], axis=0)
    apart, library = (ratios - 1).abs().max()
    back = Bridge.weights(listens, alpha=10, penalty=1)["gravity"]
    return Equality(apart, library, gravity, confidence, 10, back)


def try_settings(candidates: Sequence[Mapping[str, Any]], listens: Interactions) -> pd.DataFrame:
    """Return settings of `als` with what they reach on validation data."""

    def builder(settings: Mapping[str, Any]) -> Any:
        return lambda: ALS(**settings)

    measured = validate({str(place): builder(settings) for place, settings in enumerate(candidates)}, listens)
    columns = measured[["ndcg@10", "recall@10", "coverage@10"]].reset_index(drop=True)
    return pd.concat([pd.DataFrame(candidates)[SEARCHED], columns], axis=1)


def best_settings(tried: pd.DataFrame) -> dict[str, Any]:
    """Return the settings with the highest NDCG@10, the first of equals."""
    records = tried[SEARCHED].to_dict("records")
    return {str(name): value for name, value in records[int(tried["ndcg@10"].argmax())].items()}


class Search(NamedTuple):
    """What the search for settings of `als` found."""

    by_dim: pd.Series  # NDCG@10 with the chosen confidence and penalty
    doubling: float  # what the last doubling of the factors changes
    penalty: float  # how much the choice of penalty matters at the chosen confidence


def search_facts(tried: pd.DataFrame, chosen: Mapping[str, Any], dim: int) -> Search:
    """Sum up `try_settings`; the penalties were tried with `dim` factors."""
    rest = SEARCHED[1:]
    alike = (tried[rest] == pd.Series(chosen)[rest]).all(axis=1)
    by_dim = tried[alike].set_index("dim")["ndcg@10"].sort_index()
    penalties = tried[(tried["dim"] == dim) & (tried["alpha"] == chosen["alpha"])]["ndcg@10"]
    return Search(by_dim, by_dim.diff().iloc[-1], float(np.ptp(penalties)))


class Descent(NamedTuple):
    """Two ways down the same loss, per listen."""

    steps: int
    descent: float
    minimum: float  # what alternating least squares reaches
    iterations: int
    overtaken: bool
    after: int  # iterations until alternating least squares is below gradient descent; of all, if it never is
    rare: float  # share of artists with one or two listeners


def descent_facts(paths: pd.DataFrame, popularity: NDArray[np.int64]) -> Descent:
    """Compare the columns `gradient descent` and `alternating least squares`, index iteration."""
    descent, solved = paths["gradient descent"].dropna(), paths["alternating least squares"].dropna()
    below = solved[solved <= descent.iloc[-1]]
    after = int(below.index[0]) if len(below) else len(solved)
    rare = float(np.mean(popularity <= 2))
    return Descent(
        int(descent.index[-1]),
        descent.iloc[-1],
        solved.iloc[-1],
        len(solved),
        len(below) > 0,
        after,
        rare,
    )


class Verdict(NamedTuple):
    """The runs in the order of their errors and in that of their ranking."""

    by_error: list[str]
    by_rank: list[str]
    right: bool  # whether the regularized run ranks first of the three, as the original said
    ndcg: pd.Series  # by system, best first
    best_run: float  # NDCG@10


def verdict(ndcg: pd.Series, figures: Mapping[str, pd.DataFrame]) -> Verdict:
    """Compare rankings, best first, with the test errors of the runs."""
    errors = pd.Series({name: table["test MSE"].mean() for name, table in figures.items()})
    by_rank = [name for name in ndcg.index if name in figures]
    best = by_rank[0]
    return Verdict(list(errors.sort_values().index), by_rank, best == "mf-regularized", ndcg, ndcg[best])
