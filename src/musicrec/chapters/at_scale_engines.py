"""Chapter 14: from which size on Apache Spark pays."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from musicrec.chapters import at_scale

RECORD = "results/playlists_engines.csv"  # of `musicrec playlists cost --engine spark`
WORK = {"ingest": "read slices into tables", "track-knn": "two hundred answers of track-knn", "factors": "fit factors"}
COLUMNS = ("playlists", "engine", "stage", "seconds", "ndcg@500", "machine")


def recorded() -> pd.DataFrame:
    """Return what the run that is kept with the book measured, see `at_scale.recorded`."""
    return at_scale.recorded(RECORD, COLUMNS)


def side_by_side(record: pd.DataFrame, column: str = "seconds") -> pd.DataFrame:
    """Return one column, a row for each kind of work and size, the engines as columns."""
    rows = record[record["stage"].isin(list(WORK))].assign(work=record["stage"].map(WORK))
    wide: Any = rows.pivot_table(column, index=["work", "playlists"], columns="engine", sort=False)
    if wide.empty:
        return pd.DataFrame()
    wide.index = [f"{work}, {n:,} playlists" for work, n in wide.index]
    return wide.rename_axis("work").rename_axis(None, axis="columns")


def break_even(record: pd.DataFrame) -> pd.DataFrame:
    """Return when Spark would be even: at which size on this machine, and with how many such machines at full size.

    Seconds are taken to be a constant and a part that grows with the playlists, through the two largest sizes measured;
    machines are taken to divide the part of Spark that grows, and no more. Both are extrapolations.
    """
    rows = {}
    for stage, work in WORK.items():
        own: Any = record[record["stage"] == stage].pivot_table("seconds", index="playlists", columns="engine")
        if len(own) < 2:
            continue
        (low, high), last = own.index[-2:], own.iloc[-1]
        growth = (own.loc[high] - own.loc[low]) / (high - low)
        constant = (last - growth * high).clip(lower=0)
        gain, more = growth["local"] - growth["spark"], constant["spark"] - constant["local"]
        size = max(more, 0) / gain if gain > 0 else float("inf")
        local = constant["local"] + growth["local"] * at_scale.FULL
        spare = local - constant["spark"]
        rows[work] = {
            "growth, Spark / without": growth["spark"] / growth["local"],
            "even at": f"{size:,.0f} playlists" if size < float("inf") else "no size",
            "a million without, s": local,
            "a million with Spark, s": constant["spark"] + growth["spark"] * at_scale.FULL,
            "machines to be even": growth["spark"] * at_scale.FULL / spare if spare > 0 else float("inf"),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("work")


class Engines(NamedTuple):
    """What the comparison says."""

    there: bool  # whether there is a record
    start: float  # seconds until Spark is ready
    most: int  # playlists of the largest size
    slower: float  # how many times as long Spark takes for the work where it does best, at that size
    work: str  # that work
    machine: str


def facts(record: pd.DataFrame) -> Engines:
    """Sum up a record."""
    if record.empty:
        return Engines(False, 0.0, 0, 0.0, "", "")
    most = int(record["playlists"].max())
    own: Any = record[(record["playlists"] == most) & record["stage"].isin(list(WORK))]
    ratio: Any = own.pivot_table("seconds", index="stage", columns="engine").pipe(lambda w: w["spark"] / w["local"])
    start = float(record.loc[record["stage"] == "start", "seconds"].iloc[0])
    machine = str(record["machine"].iloc[0])
    return Engines(True, start, most, float(ratio.min()), WORK[str(ratio.idxmin())], machine)
