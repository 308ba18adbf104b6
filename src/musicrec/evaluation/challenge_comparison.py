"""Systems that continue playlists, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from musicrec.datasets.playlists import Playlists
from musicrec.evaluation.challenge import METRICS, measure
from musicrec.models.playlists.base import PlaylistSystem
from musicrec.models.playlists.systems import build, fit
from musicrec.models.playlists.titles import TitleMatch
from musicrec.splits.challenge import CATEGORIES, hold_out


def compare(
    playlists: Playlists,
    systems: Sequence[str],
    *,
    seeds: Sequence[int],
    each: int | None = None,
    how: str = "random",
    made_by: Callable[[str], PlaylistSystem] = build,
) -> Iterator[pd.DataFrame]:
    """Fit and measure systems on the same playlists that were cut off, draw after draw.

    Parameters
    ----------
    playlists : Playlists
        All of them.
    systems : sequence of str
        Their names, as in `musicrec.models.playlists.systems`.
    seeds : sequence of int
        Each names a draw.
    each, how
        As in `musicrec.splits.challenge.hold_out`.
    made_by : callable
        As in `musicrec.models.playlists.systems.fit`.

    Yields
    ------
    pandas.DataFrame
        One for each system and draw, a row for each playlist: `system`, `seed`, `given` (the category), the metrics of
        the challenge, and the same in all rows, `fit` in seconds and `answer` in seconds a playlist.

    Raises
    ------
    UnknownNameError, ValueError
        When a system is unknown, or when playlists cannot be held out like that.
    """
    for name in systems:
        made_by(name)  # whatever is wrong with a name is said before the work begins
    for seed in seeds:
        challenge = hold_out(playlists, seed, each=each, how=how)
        by_title = TitleMatch().fit(challenge.train, rng=np.random.default_rng(seed))
        for name in systems:
            start = time.perf_counter()
            system = fit(name, challenge.train, rng=np.random.default_rng(seed), by_title=by_title, made_by=made_by)
            system.recommend(challenge.asked.rows(slice(-1, None)))  # compiling is no part of an answer
            fitted = time.perf_counter()
            lists = system.recommend(challenge.asked)
            answered = time.perf_counter()
            rows = measure(lists, challenge).per_user
            rows.insert(0, "given", [CATEGORIES[place].name for place in challenge.category])
            yield rows.assign(
                system=name, seed=seed, fit=fitted - start, answer=(answered - fitted) / max(1, len(lists))
            )


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each metric over playlists for each system, and of the seconds over draws."""
    draws = rows.groupby(["system", "seed"], sort=False)[["fit", "answer"]].first()
    table = rows.groupby("system", sort=False)[list(METRICS)].mean()
    return table.join(draws.groupby("system", sort=False).mean())


def by_given(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the mean of one metric: a row for each category, in their order, a column for each system."""
    table: Any = rows.pivot_table(metric, index="given", columns="system", sort=False)
    order = [category.name for category in CATEGORIES if category.name in table.index]
    return table.loc[order, list(dict.fromkeys(rows["system"]))]
