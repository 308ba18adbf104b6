"""Choosing the settings of every system: the same search, the same number of trials, one split kept for it alone."""

from __future__ import annotations

import json
import math
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.code_digest import code_closure, digest
from musicrec.files import build_dir, write_text
from musicrec.hardware import hardware
from musicrec.models import registry
from musicrec.models.registry import System
from musicrec.models.space import Choice, Range, Space
from musicrec.splits.by_user import TUNING_SEED
from musicrec.tuning.trials import read_trials, warn_unequal, write_trials

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset
    from musicrec.models.base import Recommender
    from musicrec.splits.by_user import Split

TRIALS = 20
STARTUP = 8  # trials before the search begins to learn: the defaults, then seven drawn at random
KEPT_DATA = "lastfm-2k"  # searches on any other data go to the build folder


def tune(system: str, dataset: Dataset, *, trials: int = TRIALS, seed: int = 0) -> tuple[dict[str, Any], Path]:
    """Search for the settings with the highest NDCG@10 on validation data, and keep them with every trial.

    The split is the sixth, kept for choosing settings; its test part is never read. The first trial is the model's
    defaults. The others are proposed by a tree-structured Parzen estimator [Bergstra et al., 2011] of the library
    Optuna. Its random state is derived anew for each trial from `seed` and the trial's number, and its knowledge is
    the table of the trials before: a search that was interrupted goes on to the same table as one that was not, and
    the first n trials of a longer search are those of a shorter one. A trial that fails (diverges) counts.

    Parameters
    ----------
    system : str
        One of `registry.searched()`.
    dataset : Dataset
        Whose listens to fit. Results on `lastfm-2k` are kept with the package, where the book reads them; those on
        other data in the build folder.
    trials : int
        How many; the same for every system, or they cannot be compared.
    seed : int
        Of the search. The models are seeded by the split.

    Returns
    -------
    record : dict
        As `registry.record` returns it.
    path : Path
        Its file; the trials stand beside it as `.csv`.

    Raises
    ------
    UnknownNameError, ValueError
        When the system is unknown, has nothing to search, or no trial succeeded.
    """
    from musicrec.splits.by_user import split_by_user

    registry.searched([system])
    of, split = registry.find(system), split_by_user(dataset.interactions, TUNING_SEED)
    side = registry.side_of(of, dataset)
    log = build_dir() / "settings" / "unfinished" / f"{system}-{_key(of, dataset, seed)}.csv"
    rows = read_trials(log, of.space)[:trials] if log.exists() else []
    with _Progress(system, trials, rows) as progress:
        for number in range(len(rows), trials):
            settings = of.defaults(side) if number == 0 else _propose(of.space, rows, seed)
            rows.append({"number": number, **settings, **_attempt(of.create(settings, side), split)})
            write_trials(log, rows)
            progress.done(rows[-1])
    complete = [row for row in rows if row["state"] == "complete"]
    if not complete:
        raise ValueError(f"{system}: none of {trials} trials succeeded; see {log}")
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
            "trials": trials,
            "failed": trials - len(complete),
            "seconds": round(sum(row["seconds"] for row in rows), 1),
            "hardware": hardware(),
        },
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.provenance.fingerprint,
            "simulated": dataset.simulated,
        },
    }
    folder = registry.SETTINGS if dataset.name == KEPT_DATA else build_dir() / "settings" / dataset.name
    write_trials(folder / f"{system}.csv", rows)
    write_text(folder / f"{system}.json", json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    warn_unequal(folder, result)
    return result, folder / f"{system}.json"


def _propose(space: Space, rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Return the next settings to try, given all trials so far; none that were tried already, if there are others."""
    import numpy as np
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions: dict[str, Any] = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            distributions[name] = optuna.distributions.CategoricalDistribution(values.names)
        elif values.integer:
            distributions[name] = optuna.distributions.IntDistribution(int(values.low), int(values.high), values.log)
        else:
            distributions[name] = optuna.distributions.FloatDistribution(values.low, values.high, values.log)
    known = [{name: row[name] for name in space} for row in rows]
    for attempt in range(20):
        state = int(np.random.SeedSequence([seed, len(rows), attempt]).generate_state(1)[0])
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, multivariate=True, seed=state)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for row, params in zip(rows, known, strict=True):
            # to the search, a failed trial is one that ranked nothing right: it stays away from there
            value = row["ndcg@10"] if row["state"] == "complete" else 0.0
            study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=value))
        drawn = study.ask(distributions).params
        settings = {n: v.tidy(drawn[n]) if isinstance(v, Range) else drawn[n] for n, v in space.items()}
        if settings not in known:
            break
    return settings


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


class _Progress:
    """A bar on a terminal, one line per trial elsewhere; both to standard error."""

    def __init__(self, system: str, trials: int, rows: list[dict[str, Any]]) -> None:
        from tqdm import tqdm

        self.system, self.trials = system, trials
        self.best = max((row["ndcg@10"] for row in rows if row["state"] == "complete"), default=math.nan)
        self.bar = tqdm(total=trials, initial=len(rows), desc=system, unit="trial", disable=None)

    def done(self, row: dict[str, Any]) -> None:
        """Show a trial that has ended."""
        value, failed = row["ndcg@10"], row["state"] != "complete"
        self.best = self.best if failed or value <= self.best else value
        text = "failed" if failed else f"{value:.4f}"
        self.bar.set_postfix_str(f"NDCG@10 {text}, best {self.best:.4f}")
        self.bar.update()
        if self.bar.disable:
            place = f"{self.system} {row['number'] + 1}/{self.trials}"
            print(f"{place}: NDCG@10 {text}, best {self.best:.4f}, {row['seconds']:.1f} s", file=sys.stderr, flush=True)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
