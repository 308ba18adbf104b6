"""The same work with and without Apache Spark, timed at several sizes on SIMULATED playlists."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from musicrec.evaluation.challenge import measure
from musicrec.models.playlists import on_spark as systems_on_spark
from musicrec.models.playlists.base import PlaylistSystem
from musicrec.models.playlists.systems import build, fit
from musicrec.playlists import on_spark
from musicrec.playlists.in_memory import simulated_playlists
from musicrec.playlists.ingest import ingest
from musicrec.playlists.simulated import write_slices
from musicrec.playlists.slices import find
from musicrec.spark import session
from musicrec.splits.challenge import hold_out

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SYSTEMS = ("track-knn", "factors")
EACH = 20  # playlists of each category that are asked for
START, INGEST = "start", "ingest"
Made = Callable[[str], PlaylistSystem]


def compare_engines(sizes: Sequence[int], seed: int, master: str) -> Iterator[pd.DataFrame]:
    """Yield, size by size, what each engine needs.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of playlists.
    seed : int
        Of the playlists, and of what is cut off.
    master : str
        Of Spark; on one machine it has all cores that the other engine has.

    Yields
    ------
    pandas.DataFrame
        Columns `playlists`, `engine` (`local`, `spark`), `stage` (`start`, `ingest`, a system), `seconds` and, of a
        system, `ndcg@500`. Of `track-knn` the seconds are those of two hundred answers, of `factors` those of the fit.

    Raises
    ------
    SparkError
        When Spark cannot be used.
    """
    clock = time.perf_counter()
    with session(master) as spark:
        starting = time.perf_counter() - clock
        for n in sizes:
            rows = [{"engine": "spark", "stage": START, "seconds": starting}]
            rows += _ingests(n, seed, spark)
            rows += time_systems(n, seed, {"local": build, "spark": systems_on_spark.maker(spark)})
            yield pd.DataFrame(rows).assign(playlists=n)


def _ingests(n: int, seed: int, spark: SparkSession) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_slices(folder / "slices", n, seed)
        slices = find([folder / "slices"])
        clock = time.perf_counter()
        here = ingest(slices, folder / "local")
        yield {"engine": "local", "stage": INGEST, "seconds": time.perf_counter() - clock}
        clock = time.perf_counter()
        there = on_spark.ingest(slices, folder / "spark", spark)
        yield {"engine": "spark", "stage": INGEST, "seconds": time.perf_counter() - clock}
        if here != there:
            raise ValueError(f"the engines disagree about {n:,} playlists of seed {seed}: {here} and {there}")


def time_systems(n: int, seed: int, engines: dict[str, Made]) -> Iterator[dict[str, Any]]:
    """Yield a row for each system and engine, given what makes an unfitted system of a name."""
    challenge = hold_out(simulated_playlists(n, seed), seed, each=EACH)
    by_title = fit("title-match", challenge.train, rng=np.random.default_rng(seed))
    for name in SYSTEMS:
        for engine, made_by in engines.items():
            rng, clock = np.random.default_rng(seed), time.perf_counter()
            system = fit(name, challenge.train, rng=rng, by_title=by_title, made_by=made_by)
            fitted = time.perf_counter() - clock
            system.recommend(challenge.asked.rows(slice(-1, None)))  # compiling, and loading entries, is no answer
            clock = time.perf_counter()
            lists = system.recommend(challenge.asked)
            seconds = time.perf_counter() - clock if name == "track-knn" else fitted
            found: Any = measure(lists, challenge).per_user["ndcg@500"].mean()
            yield {"engine": engine, "stage": name, "seconds": seconds, "ndcg@500": found}
