"""What continuing playlists costs, by how many there are: seconds, memory, bytes, and how good it is."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from musicrec.datasets.playlists import Playlists
from musicrec.evaluation.challenge import measure
from musicrec.models.playlists.systems import fit
from musicrec.playlists.in_memory import simulated_playlists
from musicrec.splits.challenge import Asked, hold_out

SYSTEMS = ("popularity", "title-match", "track-knn", "playlist-knn", "factors", "ease-head")
EACH = 20  # playlists of each category that are asked for
DRAW, INDEX = "draw the playlists", "cut playlists off"


def measure_size(
    n_playlists: int, seed: int, systems: Sequence[str] = SYSTEMS, each: int = EACH
) -> list[dict[str, Any]]:
    """Draw playlists, fit systems and let them answer, in this process.

    Returns
    -------
    list of dict
        A row for each stage (`draw the playlists`, `cut playlists off`, each system): `playlists`, `entries`, `tracks`,
        `seconds` of the stage, `peak` (the most memory the process had so far, in bytes); of a system also `bytes`
        (what it keeps beside the playlists), `answer` (seconds a playlist), `ndcg@500`, `r-precision`, `clicks`.
    """
    clock = time.perf_counter()
    lists = simulated_playlists(n_playlists, seed)
    size = {"playlists": n_playlists, "entries": len(lists.tracks), "tracks": lists.tracks.n_items}
    rows: list[dict[str, Any]] = [
        {"stage": DRAW, **size, "seconds": time.perf_counter() - clock, "peak": peak_memory(), "bytes": nbytes(lists)}
    ]
    clock = time.perf_counter()
    challenge = hold_out(lists, seed, each=each)
    rows.append({"stage": INDEX, **size, "seconds": time.perf_counter() - clock, "peak": peak_memory()})
    del lists
    by_title = fit("title-match", challenge.train, rng=np.random.default_rng(seed))
    for name in systems:
        clock = time.perf_counter()
        system = fit(name, challenge.train, rng=np.random.default_rng(seed), by_title=by_title)
        seconds = time.perf_counter() - clock
        system.recommend(challenge.asked.rows(slice(-1, None)))  # compiling is no part of an answer
        clock = time.perf_counter()
        found = system.recommend(challenge.asked)
        answer = (time.perf_counter() - clock) / len(found)
        quality: Any = measure(found, challenge).per_user.mean().to_dict()
        own = (
            nbytes(system)
            - nbytes(challenge.train)
            - (nbytes(by_title) - nbytes(challenge.train)) * (name != "title-match")
        )
        rows.append(
            {"stage": name, **size, "seconds": seconds, "peak": peak_memory(), "bytes": own, "answer": answer}
            | {"touched": touched(challenge.train, challenge.asked), **quality}
        )
        del system
    return rows


def measure_sizes(
    sizes: Sequence[int], seed: int, systems: Sequence[str] = SYSTEMS, each: int = EACH
) -> Iterator[pd.DataFrame]:
    """Yield what `measure_size` finds for each size, each in a process of its own, so that its memory is its own."""
    for n_playlists in sizes:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pd.DataFrame(pool.submit(measure_size, n_playlists, seed, tuple(systems), each).result())


def touched(train: Playlists, asked: Asked) -> float:
    """Return how many entries of other playlists the tracks of an asked one lead to, on average."""
    lengths = train.tracks.history_sizes()
    by_track = train.tracks.binary().T @ lengths.astype(np.float64)
    return float((asked.seeds @ by_track).mean())


def peak_memory() -> int:
    """Return the most memory this process had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # what `resource` says begins with the memory of whoever started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def nbytes(value: Any, seen: set[int] | None = None) -> int:
    """Return the bytes of all arrays an object holds, each counted once; of texts, only the references."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        if value.base is not None and isinstance(value.base, np.ndarray):
            return nbytes(value.base, seen)
        return value.nbytes
    if isinstance(value, sp.csr_array):
        return sum(nbytes(part, seen) for part in (value.data, value.indices, value.indptr))
    if isinstance(value, list | tuple):
        return sum(nbytes(each, seen) for each in value)
    if isinstance(value, dict):
        return sum(nbytes(each, seen) for each in value.values())
    return sum(nbytes(each, seen) for each in vars(value).values()) if hasattr(value, "__dict__") else 0
