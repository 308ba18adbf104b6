"""Choosing the settings of every system: the same search, the same number of trials, one split kept for it alone."""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.code_digest import code_closure, digest
from musicrec.files import build_dir, locked, write_text
from musicrec.hardware import hardware
from musicrec.models import registry
from musicrec.models.registry import System
from musicrec.models.space import Range, Space
from musicrec.progress import Progress, Silent
from musicrec.splits.by_user import TUNING_SEED
from musicrec.tuning.proposals import STARTUP, propose
from musicrec.tuning.trials import read_trials, warn_unequal, write_trials

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset
    from musicrec.models.base import Recommender
    from musicrec.splits.by_user import Split

TRIALS = 20
KEPT_DATA = "lastfm-2k"  # what the shipped settings were chosen on


def tune(
    system: str,
    dataset: Dataset,
    *,
    trials: int = TRIALS,
    seed: int = 0,
    replace_shipped: bool = False,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], Path]:
    """Search for the settings with the highest NDCG@10 on validation data, and keep them with every trial.

    The split is the sixth, kept for choosing settings; its test part is never read. The first trial is the model's
    defaults. The others are proposed by a tree-structured Parzen estimator [Bergstra et al., 2011] of the library
    Optuna. Its random state is derived anew for each trial from `seed` and the trial's number, and its knowledge is
    the table of the trials before: a search that was interrupted goes on to the same table as one that was not, and
    the first n trials of a longer search are those of a shorter one. A trial that fails (diverges) counts. No trial
    repeats another: when all settings of a small space were tried, the search ends.

    Parameters
    ----------
    system : str
        One of `registry.searched()`.
    dataset : Dataset
        Whose listens to fit.
    trials : int
        How many; the same for every system, or they cannot be compared.
    seed : int
        Of the search. The models are seeded by the split.
    replace_shipped : bool
        Put the result in the place of the settings that come with the package, which the book reads. They are those
        of `lastfm-2k`. Otherwise it goes to the build folder.
    progress : Progress, optional
        Told of every trial.

    Returns
    -------
    record : dict
        As `registry.record` returns it.
    path : Path
        Its file; the trials stand beside it as `.csv`.

    Raises
    ------
    UnknownNameError, ValueError
        When the system is unknown, has nothing to search, or no trial succeeded; when shipped settings are to be
        replaced by those for other data.
    BusyError
        When another process makes the same search.
    """
    if replace_shipped and dataset.name != KEPT_DATA:
        raise ValueError(f"the shipped settings are those chosen on {KEPT_DATA}, not on {dataset.name}")
    registry.searched([system])
    of = registry.find(system)
    log = build_dir() / "settings" / "unfinished" / f"{system}-{_key(of, dataset, seed)}.csv"
    with locked(log.with_suffix(".lock"), f"another process searches for the settings of {system}; let it end"):
        rows = _search_on(of, dataset, log, trials, seed, progress or Silent())
    complete = [row for row in rows if row["state"] == "complete"]
    if not complete:
        raise ValueError(f"{system}: none of {len(rows)} trials succeeded; see {log}")
    best = max(complete, key=lambda row: row["ndcg@10"])  # the first of equals
    settings = {name: best[name] for name in of.space}
    result = {
        "system": system,
        "settings": settings,
        "ndcg@10": best["ndcg@10"],
        "recall@10": best["recall@10"],
        "trial": best["number"],
        "edges": _edges(of.space, settings),
        "space": _plain(of.space),
        "fixed": dict(of.fixed),
        "search": _search(seed),
        "budget": {
            "trials": len(rows),
            "asked": trials,
            "failed": len(rows) - len(complete),
            "seconds": round(sum(row["seconds"] for row in rows), 1),
            "hardware": hardware(),
        },
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.provenance.fingerprint,
            "simulated": dataset.simulated,
        },
    }
    folder = registry.SETTINGS if replace_shipped else build_dir() / "settings" / dataset.name
    write_trials(folder / f"{system}.csv", rows)
    write_text(folder / f"{system}.json", json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    warn_unequal(folder, result)
    return result, folder / f"{system}.json"


def _search_on(
    of: System, dataset: Dataset, log: Path, trials: int, seed: int, progress: Progress
) -> list[dict[str, Any]]:
    """Return so many trials, or as many as there are settings: those in the log and, added to it, the others."""
    from musicrec.splits.by_user import split_by_user

    split, side = split_by_user(dataset.interactions, TUNING_SEED), registry.side_of(of, dataset)
    rows = read_trials(log, of.space)[:trials] if log.exists() else []
    best = max((row["ndcg@10"] for row in rows if row["state"] == "complete"), default=math.nan)
    progress.start(of.name, trials, f"{len(rows)} done before" if rows else "from the beginning")
    for _ in rows:
        progress.step(of.name)
    for number in range(len(rows), trials):
        settings = of.defaults(side) if number == 0 else propose(of.space, rows, seed)
        if settings is None:
            progress.done(of.name, f"all {len(rows)} settings there are were tried; best NDCG@10 {best:.4f}")
            return rows
        row = {"number": number, **settings, **_attempt(of.create(settings, side), split)}
        rows.append(row)
        write_trials(log, rows)
        failed = row["state"] != "complete"
        best = best if failed or row["ndcg@10"] <= best else row["ndcg@10"]
        text = "failed" if failed else f"NDCG@10 {row['ndcg@10']:.4f}"
        progress.step(of.name, f"{text}, best {best:.4f}, {row['seconds']:.1f} s")
    progress.done(of.name, f"best NDCG@10 {best:.4f}")
    return rows


def _attempt(model: Recommender, split: Split) -> dict[str, Any]:
    """Fit and evaluate one model; return the columns of the table that are measured."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from musicrec.evaluation.ranking import evaluate

    start = time.perf_counter()
    measured, state = {"ndcg@10": math.nan, "recall@10": math.nan}, "complete"
    try:
        with threadpool_limits(1):  # seconds that can be compared, and no threads that wait for each other
            model.fit(split.train, rng=np.random.default_rng(split.seed))
            means = evaluate(model, split, part="valid").means()
        measured = {name: float(means[name]) for name in measured}
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        state = "failed"
        warnings.warn(f"a trial failed: {error}", stacklevel=2)
    return {**measured, "seconds": round(time.perf_counter() - start, 2), "state": state}


def _edges(space: Space, settings: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each setting at an end of its range."""
    found = []
    for name, values in space.items():
        if isinstance(values, Range) and (end := values.end(settings[name])):
            natural = "; it cannot be below zero" if values.low == 0 and end == "lower" else ""
            found.append(
                f"{name} = {settings[name]:g} lies at the {end} end of {values.low:g} to {values.high:g}{natural}"
            )
    return found


def _search(seed: int) -> dict[str, Any]:
    """Describe the search, as it is kept."""
    from importlib.metadata import version

    return {
        "method": f"multivariate TPE, Optuna {version('optuna')}",
        "objective": f"NDCG@10 on the validation part of split {TUNING_SEED}",
        "first": "the defaults",
        "at random": STARTUP - 1,
        "seed": seed,
    }


def _plain(space: Space) -> dict[str, dict[str, Any]]:
    return {name: json.loads(json.dumps(asdict(values))) for name, values in space.items()}


def _key(of: System, dataset: Dataset, seed: int) -> str:
    """Return a digest of all that the trials depend on: an unfinished search goes on only where it fits."""
    facts = [_plain(of.space), dict(of.fixed), _search(seed), dataset.provenance.fingerprint]
    return digest(json.dumps(facts, sort_keys=True), *code_closure([f"import {of.module}"]))[:8]
