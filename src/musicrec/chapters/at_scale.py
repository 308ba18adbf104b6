"""Chapter 14: what continuing playlists costs, by how many there are."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.optimize import nnls

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.playlists import playlists_of
from musicrec.evaluation import challenge_comparison
from musicrec.evaluation.challenge import METRICS
from musicrec.files import book_folder
from musicrec.models.playlists.factors import PlaylistFactors
from musicrec.models.playlists.systems import SYSTEMS as ALL_SYSTEMS
from musicrec.page.charts import curves
from musicrec.page.style import MUTED
from musicrec.playlists.cost import DRAW, INDEX, measure_sizes
from musicrec.scores.records import ScoreBook

RECORD = "results/playlists_cost.csv"  # of a longer run of `musicrec playlists cost`
COLUMNS = ("stage", "playlists", "seconds", "answer", "peak", "bytes", "ndcg@500", "machine")
PROTOCOL = "challenge"  # of the score records
FULL = 1_000_000  # playlists of the Million Playlist Dataset
AHEAD = (100_000, 300_000, FULL)  # sizes that are extrapolated to
ASKED = 10_000  # playlists that are asked for in the challenge
MACHINES = 10
# What of each stage can be done on several machines at once.
SPREADS = {
    DRAW: "every slice by itself",
    INDEX: "no, but it is nothing",
    "popularity": "counts are added up",
    "title-match": "every title by itself",
    "track-knn": "every track by itself",
    "playlist-knn": "every track by itself",
    "factors": "every row by itself, with all factors of the other side sent in each round",
    "ease-head": "the products; not the inversion",
}
WHOLE = (INDEX, "ease-head")  # stages that several machines make no faster


def sizes(*, quick: bool = False) -> tuple[int, ...]:
    """Return how many playlists are measured here: as many as a minute or so allows."""
    return (1000, 2000, 4000) if quick else (1000, 2000, 5000, 15_000)


def measured(seed: int, *, quick: bool = False) -> pd.DataFrame:
    """Measure every stage at every size on simulated playlists, with the columns of `measure_size`."""
    return pd.concat(measure_sizes(sizes(quick=quick), seed), ignore_index=True)


def recorded(record: str = RECORD, columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Return what a run that is kept with the book measured on another day, on the machine it names.

    An empty table with these columns where there is none.
    """
    path = (root / record) if (root := book_folder()) else None
    if path is None or not path.is_file():
        return pd.DataFrame(columns=list(columns))
    return pd.read_csv(io.StringIO(path.read_text(encoding="utf-8")))


def by_size(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return one column of what was measured: sizes as rows, stages as columns, without those that have none."""
    wide: Any = table.pivot_table(column, index="playlists", columns="stage", sort=False)
    return wide.sort_index()


def extended(lines: pd.DataFrame, ahead: tuple[int, ...] = AHEAD) -> pd.DataFrame:
    """Return lines with extrapolated values at larger sizes: a constant and a part that grows with the playlists.

    Neither is below zero; they are fitted by least squares of relative errors.
    """
    own = lines.index.to_numpy(float)
    beyond = np.array([n for n in ahead if n > own.max()], float)
    found = {}
    for name, column in lines.items():
        values = np.maximum(column.to_numpy(float), 1e-9)
        parts, _ = nnls(np.column_stack([np.ones_like(own), own]) / values[:, None], np.ones_like(own))
        found[name] = parts[0] + parts[1] * beyond
    return pd.concat([lines, pd.DataFrame(found, index=pd.Index(beyond.astype(int), name=lines.index.name))])


def powers(lines: pd.DataFrame) -> pd.Series:
    """Return the exponent of each line: 1 when twice the playlists cost twice as much, fitted to all sizes."""
    x = np.log(lines.index.to_numpy(float))
    logs = np.log(np.maximum(lines.to_numpy(float), 1e-9))
    return pd.Series(np.polyfit(x, logs, 1)[0], index=lines.columns)


def extended_by_power(lines: pd.DataFrame, ahead: tuple[int, ...] = AHEAD) -> pd.DataFrame:
    """Return lines with extrapolated values at larger sizes, by a power of the number of playlists."""
    last: Any = lines.index[-1]
    beyond = [n for n in ahead if n > last]
    at_last: Any = lines.iloc[-1]
    grown = {
        name: at_last[name] * (np.array(beyond) / last) ** power for name, power in powers(lines).to_dict().items()
    }
    return pd.concat([lines, pd.DataFrame(grown, index=pd.Index(beyond, name=lines.index.name))])


def draw(lines: pd.DataFrame, last: int, *, title: str, ylabel: str, ax: Axes | None = None) -> Axes:
    """Draw lines over the number of playlists; what is beyond the last measured size has hollow points."""
    ax = curves(lines, title=title, xlabel="playlists", ylabel=ylabel, log="xy", ax=ax)
    measured_points = [int(place) for place in np.flatnonzero(lines.index <= last)]
    for line, name in zip(list(ax.lines), lines.columns, strict=True):
        line.set_markevery(measured_points)
        rest = lines.loc[lines.index > last, name]
        ax.plot(rest.index, rest, "o", markerfacecolor="none", color=line.get_color(), linestyle="none")
    if lines.index.max() > last:
        ax.axvline(last, color=MUTED, linestyle=":", linewidth=1.2)
        ax.annotate(
            "extrapolated", (last, 1), xycoords=("data", "axes fraction"), xytext=(5, -4), textcoords="offset points",
            va="top", fontsize="small",
        )  # fmt: skip
    return ax


class Dominant(NamedTuple):
    """Which stage takes most, here and at full size."""

    last: int  # playlists of the largest size measured
    stage: str
    share: float  # of all seconds there
    at_full: str
    share_at_full: float  # extrapolated
    minutes: float  # of all stages at full size, extrapolated
    slowest: str  # to answer
    answer: float  # milliseconds a playlist at the largest size measured
    gigabytes: float  # peak memory at full size, extrapolated


def dominant(table: pd.DataFrame) -> Dominant:
    """Say what takes most time."""
    seconds, last = extended(by_size(table, "seconds")), int(table["playlists"].max())
    here: Any = seconds.loc[last]
    full: Any = seconds.loc[FULL]
    answers: Any = by_size(table, "answer").loc[last]
    peak: Any = extended(table.groupby("playlists")[["peak"]].max())["peak"].loc[FULL]
    return Dominant(
        last, str(here.idxmax()), here.max() / here.sum(), str(full.idxmax()), full.max() / full.sum(),
        full.sum() / 60, str(answers.idxmax()), 1000 * answers.max(), peak / 1e9,
    )  # fmt: skip


class Density(NamedTuple):
    """How the time of nearest playlists grows."""

    times: float  # as many playlists
    touched: float  # times as many entries that the given tracks lead to
    answer: float  # times as long


def density(table: pd.DataFrame, system: str = "playlist-knn") -> Density:
    """Compare the largest size that was measured with the smallest."""
    own = table[table["stage"] == system].set_index("playlists").sort_index()
    grown: Any = own[["touched", "answer"]].iloc[-1] / own[["touched", "answer"]].iloc[0]
    return Density(int(own.index[-1]) / int(own.index[0]), grown["touched"], grown["answer"])


def predicted(table: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """Return what is extrapolated here beside what the longer run measured, at its largest size."""
    if record.empty:
        return pd.DataFrame()
    n = int(record["playlists"].max())
    rows = pd.DataFrame(
        {
            "extrapolated, s": extended(by_size(table, "seconds"), (n,)).loc[n],
            "measured, s": by_size(record, "seconds").loc[n],
        }
    )
    return rows.loc[[stage for stage in SPREADS if stage in rows.index]].rename_axis("stage")


def of_record(record: pd.DataFrame) -> str:
    """Return what a table beside the longer run is called."""
    if record.empty:
        return "No longer run is kept with this copy of the book."
    machine = str(record["machine"].iloc[0])
    return f"Seconds at {int(record['playlists'].max()):,} simulated playlists, measured on: {machine}"


def cluster(table: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of each stage at full size on one machine, and on ten at best."""
    full = extended(by_size(table, "seconds")).loc[FULL]
    answers = extended_by_power(by_size(table, "answer")).loc[FULL]
    rows = {
        stage: {
            "one machine, s": full[stage],
            "spreads": how,
            f"{MACHINES} machines at best, s": full[stage] / (1 if stage in WHOLE else MACHINES),
        }
        for stage, how in SPREADS.items()
    } | {
        f"answers of {name}": {
            "one machine, s": ASKED * answers[name],
            "spreads": "every playlist by itself",
            f"{MACHINES} machines at best, s": ASKED * answers[name] / MACHINES,
        }
        for name in ("playlist-knn", "factors")
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")


class Exchange(NamedTuple):
    """What factors on several machines send to each other."""

    gigabytes: float  # in all rounds, to each machine
    minutes: float  # at a gigabit a second
    rounds: int


def exchange(table: pd.DataFrame) -> Exchange:
    """Work out what each machine must be sent at full size: all factors of one side, twice a round."""
    tracks: Any = extended_by_power(table.groupby("playlists")[["tracks"]].first())["tracks"].loc[FULL]
    settings = PlaylistFactors().settings
    rounds = int(settings["iterations"])
    gigabytes = rounds * (FULL + tracks) * float(settings["dim"]) * 8 / 1e9
    return Exchange(gigabytes, gigabytes * 8 / 60, rounds)


def on_real_lists(data: Dataset, seeds: tuple[int, ...]) -> pd.DataFrame:
    """Measure all systems on the playlists of a data set of songs; a row for each playlist that was cut off."""
    return pd.concat(challenge_comparison.compare(playlists_of(data), list(ALL_SYSTEMS), seeds=seeds))


def write_down(book: ScoreBook, real: pd.DataFrame, seeds: tuple[int, ...]) -> None:
    """Add every metric of every system to the scores: the mean over playlists, of each draw alike."""
    draws = real.groupby(["system", "seed"], sort=False)[list(METRICS)].mean()
    for system, of_system in draws.groupby("system", sort=False):
        for metric in METRICS:
            spread: dict[str, Any] = {"sd": float(of_system[metric].std())} if len(seeds) > 1 else {}
            book.add(str(system), metric, float(of_system[metric].mean()), protocol=PROTOCOL, seeds=seeds, **spread)


class Takeaways(NamedTuple):
    """What the chapter comes to."""

    at_full: str
    minutes: float
    gigabytes: float
    best: str  # by NDCG@500 on the playlists at hand
    best_large: str  # on simulated playlists of the largest size
    fast: float  # milliseconds of nearest playlists


def takeaways(table: pd.DataFrame, real: pd.DataFrame) -> Takeaways:
    """Sum up the chapter."""
    most, last = dominant(table), {name: by_size(table, name).iloc[-1] for name in ("ndcg@500", "answer")}
    best = challenge_comparison.summary(real)["ndcg@500"].idxmax()
    fast: Any = last["answer"]["playlist-knn"]
    return Takeaways(most.at_full, most.minutes, most.gigabytes, str(best), str(last["ndcg@500"].idxmax()), 1000 * fast)
