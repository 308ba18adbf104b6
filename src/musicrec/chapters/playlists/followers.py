"""Chapter 03 on playlists: the original's regressions on samples of playlists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from musicrec.chapters.regression import REPORTED, SPLIT, checked, frame, original_models, split_r2
from musicrec.datasets.dataset import Dataset
from musicrec.scores.records import ScoreBook

ARTISTS, TOP_FIVE = 2874, 0.0786  # different most common artists, and the share of the five most common


def on_samples(samples: Iterable[tuple[int, Dataset]]) -> pd.DataFrame:
    """Fit the four regressions to samples of playlists, each split as the original split its own.

    Returns
    -------
    pandas.DataFrame
        As from `split_r2`, the seeds those of the samples.

    Raises
    ------
    ValueError
        When a sample lacks a value, or all of its playlists have as many followers.
    """
    parts = [split_r2(original_models(), checked(frame(data)), [SPLIT]).assign(seed=seed) for seed, data in samples]
    return pd.concat(parts, ignore_index=True)


def artists_of(samples: Iterable[tuple[int, Dataset]]) -> pd.DataFrame:
    """Return what the original said of its most common artists, a row a sample: `different`, `share of five`."""
    rows = {}
    for seed, data in samples:
        shares = frame(data).most_common.value_counts(normalize=True)
        rows[seed] = {"different": len(shares), "share of five": shares.iloc[:5].sum()}
    return pd.DataFrame(rows).T.rename_axis("sample")


def write_down(book: ScoreBook, results: pd.DataFrame, artists: pd.DataFrame) -> None:
    """Add the figures of the original beside the means over samples."""
    for (model, part), reported in REPORTED.items():
        found = results[results["model"] == model].set_index("seed")[part]
        _add(book, f"r2 {part}", found, reported, system=model)
    _add(book, "different most common artists", artists["different"], ARTISTS)
    _add(book, "share of the five most common artists", artists["share of five"], TOP_FIVE)


def _add(book: ScoreBook, quantity: str, found: pd.Series, reported: float, **about: str) -> None:
    seeds = tuple(int(seed) for seed in found.index)
    spread = {"low": found.min(), "high": found.max(), "sd": found.std()} if len(seeds) > 1 else {}
    note = f"mean of {len(seeds)} samples; lowest and highest as the interval" if spread else "one sample"
    book.reproduce("spotifier", quantity, found.mean(), reported, seeds=seeds, note=note, **spread, **about)


class Luck(NamedTuple):
    """What the draw of the sample does to the plain linear regression."""

    n: int
    low: float
    high: float
    below: int  # samples on which the one-hot regression is worse than always saying the mean


def luck(results: pd.DataFrame) -> Luck:
    """Summarise what `on_samples` measured."""
    tests = {str(name): rows["test"] for name, rows in results.groupby("model")}
    linear, one_hot = tests["linear"], tests["linear-one-hot"]
    return Luck(len(linear), linear.min(), linear.max(), int((one_hot < 0).sum()))
