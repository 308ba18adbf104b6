"""Opening and closing a chapter: its data, its score book, the line of provenance, and its rows of the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from musicrec import datasets
from musicrec.datasets.dataset import Dataset
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import summarise
from musicrec.page.prose import prose
from musicrec.page.style import use_style
from musicrec.page.table import table
from musicrec.scores.records import ScoreBook
from musicrec.splits.by_user import SEEDS


@dataclass(frozen=True, eq=False)
class Chapter:
    """What every chapter works with.

    Attributes
    ----------
    data : Dataset
        Its data.
    book : ScoreBook
        Where it writes down what it measures.
    seed : int
        Of everything random that is not a split.
    seeds : tuple of int
        The splits of the `listeners` protocol: five, in a quick run the first.
    quick : bool
        Whether training is shortened for a first look.
    """

    data: Dataset
    book: ScoreBook
    seed: int
    seeds: tuple[int, ...]
    quick: bool

    def load_songs(self) -> Dataset:
        """Return the songs that go with the data: real ones beside real listeners, simulated ones beside simulated."""
        return datasets.load("simulated-songs" if self.data.simulated else "auto-songs", seed=self.seed)


def open_chapter(name: str, dataset: str, *, seed: int, quick: bool, songs: bool = False) -> Chapter:
    """Load the data of a chapter, open its score book, and say on the page which data these are.

    Parameters
    ----------
    name : str
        Of the notebook, `02_baseline`.
    dataset, seed, quick
        The parameters of the notebook.
    songs : bool
        Whether the chapter is about songs instead of listeners.
    """
    use_style()
    if songs:
        dataset = "simulated-songs" if dataset.startswith("simulated") else "auto-songs"
    data = datasets.load(dataset, seed=seed)
    say_source(data)
    return Chapter(data, ScoreBook(name, data, quick=quick), seed, SEEDS[:1] if quick else SEEDS, quick)


def say_source(data: Dataset) -> None:
    """Say on the page which data these are; `open_chapter` does it for the chapter's own."""
    about = data.provenance
    prose(
        "Data of this page: **{source}**, version {version}, fingerprint {fingerprint}.",
        source=about.source,
        version=about.version,
        fingerprint=about.fingerprint,
    )


def close_chapter(
    chapter: Chapter,
    systems: Mapping[str, Sequence[Evaluation]],
    *,
    metrics: Sequence[str] = ("ndcg@10", "recall@10", "coverage@10"),
    without: Sequence[str] = (),
    formats: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Write down the rows of a chapter under the `listeners` protocol, and show them, best first.

    Parameters
    ----------
    chapter : Chapter
        As opened.
    systems : mapping of str to sequence of Evaluation
        By system, one evaluation a split.
    metrics : sequence of str
        What the table shows; the score book gets everything.
    without : sequence of str
        Systems that are shown for comparison only: their row belongs to another chapter.
    formats : mapping of metric to str, optional
        As in `table`.

    Returns
    -------
    pandas.DataFrame
        What `summarise` says of each system: index `system` and `metric`, the systems in the order of the table.
    """
    summaries = {}
    for name, evaluations in systems.items():
        if name not in without:
            chapter.book.add_evaluation(name, evaluations, seeds=chapter.seeds)
        summaries[name] = summarise(evaluations)
    means = pd.DataFrame({name: summary["value"] for name, summary in summaries.items()}).T
    board = (
        means.reindex(columns=list(metrics))
        .sort_values(metrics[0], ascending=False, kind="stable")
        .rename_axis("system")
    )
    caption = "Rows of this chapter under the shared protocol: means over splits."
    table(board, digits=4, caption=caption, formats=formats)
    return pd.concat({name: summaries[name] for name in board.index}, names=["system", "metric"])
