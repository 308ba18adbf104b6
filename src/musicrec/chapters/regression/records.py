"""What chapter 03 writes down: its reproductions, and the models it repairs them with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from musicrec import datasets
from musicrec.chapters.regression.facts import describe_followers
from musicrec.chapters.regression.frames import MIN_ROWS, Frame, checked, frame, sample
from musicrec.chapters.regression.measures import split_r2
from musicrec.chapters.regression.regressors import REPORTED, SPLIT, original_models
from musicrec.datasets.dataset import Dataset
from musicrec.scores.records import Score, ScoreBook

WHY = {  # a figure of ours is another
    "linear": "the tail is shorter and the predictors are others",
    "linear-one-hot": "its columns fit rows that have an artist of their own; on test R² is a rounding error",
    "lasso": "the penalty acts on columns in their own units, which are others here",
    "xgboost": "trees this deep memorise, and what there is to memorise differs",
}
SYSTEMS = {  # name of a repaired model -> name in the score records
    "mean": "baseline-mean",
    "median": "baseline-median",
    "linear": "linear-standardised",
    "ridge, artists": "ridge-artists",
    "linear, mean of artist": "linear-mean-of-artist",
    "ridge, artists, log1p target": "ridge-artists-log1p-target",
    "Poisson, artists": "poisson-artists",
    "Tweedie, artists": "tweedie-artists",
    "trees, squared error": "trees-squared-error",
    "trees, Poisson": "trees-poisson",
    "trees, absolute error": "trees-absolute-error",
}


def record_originals(book: ScoreBook, results: pd.DataFrame, problem: Frame) -> None:
    """Write down the original's figures beside ours, and the two it printed of its most common artists.

    Parameters
    ----------
    results : pandas.DataFrame
        What `split_r2` measured of `original_models`; the middle 95 % of the splits is the interval.
    """
    friends = "simulated friends" if book.dataset.simulated else "friends"
    why = f"{friends} of listeners, not followers of playlists"
    for (model, part), reported in REPORTED.items():
        found = results[results["model"] == model].set_index("seed")[part]
        span = {"low": found.quantile(0.025), "high": found.quantile(0.975), "sd": found.std()}
        about = {"system": model, "seeds": tuple(map(int, found.index)), "note": f"{why}: {WHY[model]}"}
        book.reproduce("spotifier", f"r2 {part}", found[SPLIT], reported, **span, **about)
    shares, n = problem.most_common.value_counts(normalize=True), len(problem.y)
    note = f"{why}: {n:,} listeners instead of 10,000 playlists, and plays are counted instead of tracks"
    book.reproduce("spotifier", "different most common artists", len(shares), 2874, note=note)
    top = shares.iloc[:5].sum()
    book.reproduce("spotifier", "share of the five most common artists", top, 0.0786, note=note)


def record_repaired(book: ScoreBook, r2: pd.DataFrame, mae: pd.DataFrame, seed: int) -> None:
    """Write down the summaries of the repaired models under the original's protocol."""
    for model in r2.index:
        for metric, values in (("r2 cross-validated", r2), ("mean absolute error", mae)):
            span = {"low": values["low"][model], "high": values["high"][model], "seeds": (seed,)}
            book.add(SYSTEMS[model], metric, values["value"][model], protocol="original/spotifier", **span)


@dataclass(frozen=True, eq=False)
class Followers:
    """The original's own question, where the playlists are there.

    Attributes
    ----------
    data, problem
        The playlists and the regression problem; None where there are none.
    summary : str
        What was found, for the page.
    refusal : str
        Why models cannot be compared on it, "" when they can.
    """

    data: Dataset | None
    problem: Frame | None
    summary: str
    refusal: str = ""

    @property
    def few(self) -> bool:
        """Whether there are playlists, but too few to learn from."""
        return self.problem is not None and len(self.problem.y) < MIN_ROWS

    @property
    def enough(self) -> bool:
        """Whether there are enough playlists to learn from."""
        return self.problem is not None and len(self.problem.y) >= MIN_ROWS


def load_followers(n: int) -> Followers:
    """Load n playlists of the Million Playlist Dataset drawn at random, if somebody put them there."""
    try:
        data = datasets.load("mpd", progress=False)
    except datasets.DataUnavailableError:
        return Followers(None, None, "This time there was none: no figure in this chapter is about followers.")
    problem = sample(frame(data), n, SPLIT)
    refusal = ""
    if len(problem.y) < MIN_ROWS:
        try:
            checked(problem)
        except ValueError as error:
            refusal = str(error)
    return Followers(data, problem, describe_followers(problem.y), refusal)


def record_followers(book: ScoreBook, followers: Followers, seeds: Sequence[int]) -> list[Score]:
    """Fit the original's models to playlists, write down what they reach, and return these scores."""
    problem, data = followers.problem, followers.data
    if problem is None or data is None:
        raise ValueError("there are no playlists to fit models to")
    again = split_r2(original_models(), problem, seeds)
    note = f"{len(problem.y):,} playlists; which ones of the million the original had is not known"
    for (model, part), reported in REPORTED.items():
        found = again[again["model"] == model].set_index("seed")[part]
        about = {"system": model, "dataset": data, "seeds": tuple(seeds), "note": note}
        book.reproduce("spotifier", f"r2 {part}", found[SPLIT], reported, low=found.min(), high=found.max(), **about)
    return [score for score in book.scores if score.dataset == data.name]
