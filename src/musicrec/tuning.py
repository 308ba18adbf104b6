"""Choosing the settings of every system: the same search, the same number of trials, one split kept for it alone."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import json
import math
import operator
import os
import platform
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.files import write_text
from musicrec.names import UnknownNameError
from musicrec.scores import build_dir
from musicrec.splits import TUNING_SEED

if TYPE_CHECKING:
    import pandas as pd

    from musicrec.datasets.dataset import Dataset
    from musicrec.models.base import Recommender
    from musicrec.side_information import SideInformation
    from musicrec.splits import Split

TRIALS = 20
STARTUP = 8  # trials before the search begins to learn: the defaults, then seven drawn at random
KEPT = Path(__file__).parent / "settings"  # what the book reads
KEPT_DATA = "lastfm-2k"  # searches on any other data go to the build folder
EDGE = 0.03  # share of a range that counts as its end


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones when both ends are whole.

    With `log` every doubling is as likely as any other.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + (", log" if self.log else "")

    def tidy(self, value: float) -> float:
        """Round a number to three digits, without leaving the range."""
        return value if self.whole else min(max(float(f"{value:.3g}"), self.low), self.high)

    def end(self, value: float) -> str:
        """Say at which end of the range a number lies: "lower", "upper" or ""."""
        low, high, place = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        share = (place - low) / (high - low)
        return "lower" if share <= EDGE else "upper" if share >= 1 - EDGE else ""


@dataclass(frozen=True)
class Choice:
    """One of several names."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join(self.names)


Space = Mapping[str, "Range | Choice"]


@dataclass(frozen=True)
class System:
    """Where a system is, and which of its settings are searched.

    `where` names a class of `musicrec.models` (or what else builds one), `fixed` what is passed besides the settings
    that are searched; with `side` it is built with the side information of the data set. A system whose `space` is
    empty stands as its class has it; `why` says why.
    """

    where: str
    space: Space = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    side: bool = False
    why: str = ""

    def build(self, settings: Mapping[str, Any], side: SideInformation | None = None) -> Recommender:
        """Return an unfitted model; what is neither in `settings` nor fixed is the default of the class.

        Raises
        ------
        ValueError
            When it needs side information and there is none.
        """
        if self.side and side is None:
            raise ValueError(f"{self.where} is built with the side information of a data set: pass it")
        module, _, name = self.where.partition(".")
        build = operator.attrgetter(name)(importlib.import_module(f"musicrec.models.{module}"))
        return build(*([side] if self.side else []), **{**self.fixed, **settings})

    def defaults(self, side: SideInformation | None = None) -> dict[str, Any]:
        """Return what the settings in the space are by default."""
        model = self.build({}, side)
        return {name: getattr(model, name) for name in self.space}


# Ranges are wide enough for the best to lie inside, and end where a trial takes about a minute of one core. Numbers
# of steps are fixed where more of them only bring a model closer to the minimum of its loss, and searched where
# stopping early is part of how the model works.
NEIGHBOURS = Range(10, 16_000, log=True)
EMBEDDING = Range(8, 128, log=True)
STEPS = {"learning_rate": Range(0.0005, 0.02, log=True), "epochs": Range(3, 30)}
NEGATIVES = {"n_negatives": Range(1, 10)}
DROPOUT = {"dropout": Range(0.0, 0.6)}
STRENGTH = Choice(("equal", "log"))  # of a listen: all alike, or by plays
NOTHING = "has no settings"
ORIGINAL = "stands with the settings of the original it shows"
SYSTEMS: dict[str, System] = {
    "random": System("random.Random", why=NOTHING),
    "popularity": System("popularity.Popularity", why=NOTHING),
    "item-knn": System("knn.ItemKNN", {"n_neighbours": NEIGHBOURS, "shrinkage": Range(0.0, 50.0)}),
    "user-knn": System("knn.UserKNN", {"n_neighbours": Range(5, 1000, log=True), "shrinkage": Range(0.0, 50.0)}),
    "playlist-similarity": System("playlist_similarity.PlaylistSimilarity", why=ORIGINAL),
    "playlist-similarity-votes": System(
        "playlist_similarity.PlaylistSimilarity", {"n_similar": Range(5, 1000, log=True)}, {"order": "votes"}
    ),
    "rp3beta": System(
        "rp3beta.RP3Beta", {"alpha": Range(0.1, 2.0), "beta": Range(0.0, 1.0), "n_neighbours": NEIGHBOURS}
    ),
    "ease": System(
        "ease.EASE", {"l2": Range(1.0, 10_000.0, log=True), "damping": Range(0.0, 0.6), "strength": STRENGTH}
    ),
    "slim": System(
        "slim.SLIM",
        {
            "l1": Range(0.01, 5.0, log=True),
            "l2": Range(0.1, 100.0, log=True),
            "n_candidates": Range(20, 400, log=True),
            "min_listeners": Range(1, 6),
        },
    ),
    "pure-svd": System("pure_svd.PureSVD", {"rank": Range(2, 256, log=True)}),
    "als": System(
        "als.ALS",
        {
            "dim": Range(16, 256, log=True),
            "alpha": Range(0.5, 100.0, log=True),
            "regularization": Range(1.0, 500.0, log=True),
            "strength": STRENGTH,
        },
        {"iterations": 15},
    ),
    "bpr": System(
        "bpr.BPR",
        {
            "dim": Range(16, 256, log=True),
            "learning_rate": Range(0.002, 0.2, log=True),
            "regularization": Range(0.0001, 0.1, log=True),
            "epochs": Range(50, 1000, log=True),
        },
    ),
    "warp": System(
        "warp.WARP",
        {
            "dim": Range(16, 256, log=True),
            "learning_rate": Range(0.005, 0.2, log=True),
            "l2": Range(0.0, 0.0002),
            "max_sampled": Range(5, 100, log=True),
            "epochs": Range(10, 150, log=True),
        },
    ),
    "mult-vae": System(
        "mult_vae.MultVAE",
        {
            "hidden": Range(50, 500, log=True),
            "latent": Range(16, 256, log=True),
            "dropout": Range(0.0, 0.8),
            "beta": Range(0.0, 1.0),
            "learning_rate": Range(0.0005, 0.01, log=True),
            "epochs": Range(5, 60, log=True),
        },
    ),
    "lightgcn": System(
        "lightgcn.LightGCN",
        {
            "dim": Range(16, 64, log=True),
            "n_layers": Range(1, 4),
            "penalty": Range(1e-6, 0.1, log=True),
            "learning_rate": Range(0.001, 0.05, log=True),
            "epochs": Range(50, 300, log=True),
        },
    ),
    "mf-plain": System("matrix_factorization.MatrixFactorization.original", {}, {"name": "mf-plain"}, why=ORIGINAL),
    "mf-low-init": System(
        "matrix_factorization.MatrixFactorization.original", {}, {"name": "mf-low-init"}, why=ORIGINAL
    ),
    "mf-regularized": System(
        "matrix_factorization.MatrixFactorization.original",
        {
            "dim": EMBEDDING,
            "learning_rate": Range(1.0, 50.0, log=True),
            "regularization": Range(0.01, 10.0, log=True),
            "gravity": Range(0.1, 300.0, log=True),
        },
        {"name": "mf-regularized"},
    ),
    "additive-network": System("additive_network.AdditiveNetwork", why=ORIGINAL),
    "dot-network": System(
        "dot_network.DotNetwork", {"dim": EMBEDDING, "penalty": Range(1e-7, 1e-3, log=True), **STEPS, **NEGATIVES}
    ),
    "concat-network": System(
        "concat_network.ConcatNetwork", {"dim": EMBEDDING, "penalty": Range(1e-7, 1e-3, log=True), **STEPS, **NEGATIVES}
    ),
    "combined-popularity": System("combined_network.CombinedPopularity", why=ORIGINAL),
    "combined-network": System("combined_network.CombinedNetwork", why=ORIGINAL),
    "nncf": System("nncf.NNCF", {**DROPOUT, **STEPS}),
    "ease-side": System(
        "ease_side.EASESide",
        {
            "l2": Range(5.0, 500.0, log=True),
            "damping": Range(0.0, 0.6),
            "strength": STRENGTH,
            "tag_weight": Range(0.0, 2.0),
            "tagged_weight": Range(0.0, 2.0),
        },
        side=True,
    ),
    "als-side": System(
        "als_side.ALSSide",
        {
            "dim": Range(16, 256, log=True),
            "alpha": Range(0.5, 100.0, log=True),
            "regularization": Range(1.0, 500.0, log=True),
            "damping": Range(0.0, 0.6),
            "tag_weight": Range(0.0, 2.0),
        },
        {"iterations": 15},
        side=True,
    ),
    "kernel-users": System(
        "kernel_users.KernelUsers",
        {
            "l2": Range(0.1, 100.0, log=True),
            "damping": Range(0.0, 0.6),
            "tag_weight": Range(0.0, 5.0),
            "friend_weight": Range(0.0, 5.0),
        },
        side=True,
    ),
    "friends": System("friends.Friends", {"trust": Range(0.001, 1.0, log=True)}, side=True),
    "tag-content": System("tag_content.TagContent", side=True, why=NOTHING),
    "nncf-neighbourhood": System("nncf_neighbourhood.NNCFNeighbourhood", {**DROPOUT, **STEPS, **NEGATIVES}),
}


def find(system: str) -> System:
    """Return a system by its name.

    Raises
    ------
    UnknownNameError
        When there is none; the message names those that come close.
    """
    if system not in SYSTEMS:
        raise UnknownNameError(system, difflib.get_close_matches(system, SYSTEMS, n=3, cutoff=0.5), "system")
    return SYSTEMS[system]


def searched(names: list[str] | None = None) -> list[str]:
    """Return those of the names (by default of all systems) whose settings are searched; `all` stands for all.

    Raises
    ------
    UnknownNameError
        When a system is unknown.
    ValueError
        When one was named that has nothing to search.
    """
    everything = [name for name, system in SYSTEMS.items() if system.space]
    if names is None or "all" in names:
        return everything
    for name in names:
        if not find(name).space:
            raise ValueError(f"{name} {SYSTEMS[name].why}: there is nothing to tune")
    return list(dict.fromkeys(names))


def tuned(system: str) -> dict[str, Any]:
    """Return the chosen settings of a system; nothing for one that stands as its class has it.

    Raises
    ------
    UnknownNameError
        When the system is unknown.
    LookupError
        When it has not been tuned yet; says how.
    """
    return dict(record(system)["settings"]) if find(system).space else {}


def build(system: str, dataset: Dataset | None = None, **changes: Any) -> Recommender:
    """Return an unfitted model with the chosen settings, some of them changed.

    Parameters
    ----------
    system : str
        Its name.
    dataset : Dataset, optional
        For systems that use side information: what they are to be fitted on, with its tags and friends.

    Raises
    ------
    UnknownNameError, LookupError
        As `tuned`.
    ValueError
        When the system uses side information and no data set was given.
    """
    found = find(system)
    return found.build({**tuned(system), **changes}, _side(found, dataset))


def _side(of: System, dataset: Dataset | None) -> SideInformation | None:
    if dataset is None or not of.side:
        return None
    from musicrec.side_information import SideInformation

    return SideInformation(dataset)


def edges(system: str) -> list[str]:
    """Return one sentence for each chosen setting that lies at an end of its range; raises what `tuned` raises."""
    return list(record(system)["edges"]) if find(system).space else []


def record(system: str) -> dict[str, Any]:
    """Return what is kept of the search for a system: settings, scores, edges, space, search, budget and data.

    Raises
    ------
    UnknownNameError
        When the system is unknown.
    LookupError
        When it has not been tuned yet; says how.
    """
    if not find(system).space:
        raise LookupError(f"{system} {SYSTEMS[system].why}: it is not tuned")
    try:
        return json.loads((KEPT / f"{system}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LookupError(f"{system} has not been tuned; run `musicrec tune {system}` (or `all`)") from None


def trials(system: str) -> pd.DataFrame:
    """Return every trial of the search for a system, in order.

    Returns
    -------
    pandas.DataFrame
        Indexed by `number`: one column per setting, `ndcg@10` and `recall@10` on validation data (NaN where the
        trial failed), `seconds`, and `state`, "complete" or "failed".

    Raises
    ------
    UnknownNameError, LookupError
        As `record`.
    """
    import pandas as pd

    record(system)
    return pd.DataFrame(_read(KEPT / f"{system}.csv", SYSTEMS[system].space)).set_index("number")


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
        One of `searched()`.
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
        As `record` returns it.
    path : Path
        Its file; the trials stand beside it as `.csv`.

    Raises
    ------
    UnknownNameError, ValueError
        When the system is unknown, has nothing to search, or no trial succeeded.
    """
    from musicrec.splits import split_by_user

    searched([system])
    of, split = SYSTEMS[system], split_by_user(dataset.interactions, TUNING_SEED)
    side = _side(of, dataset)
    log = build_dir() / "settings" / "unfinished" / f"{system}-{_key(of, dataset, seed)}.csv"
    rows = _read(log, of.space)[:trials] if log.exists() else []
    with _Progress(system, trials, rows) as progress:
        for number in range(len(rows), trials):
            settings = of.defaults(side) if number == 0 else _propose(of.space, rows, seed)
            rows.append({"number": number, **settings, **_try(of.build(settings, side), split)})
            _write(log, rows)
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
    folder = KEPT if dataset.name == KEPT_DATA else build_dir() / "settings" / dataset.name
    _write(folder / f"{system}.csv", rows)
    write_text(folder / f"{system}.json", json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _warn_unequal(folder, result)
    return result, folder / f"{system}.json"


def hardware() -> str:
    """Name the processor, as well as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def _propose(space: Space, rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Return the next settings to try, given all trials so far; none that were tried already, if there are others."""
    import numpy as np
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions: dict[str, Any] = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            distributions[name] = optuna.distributions.CategoricalDistribution(values.names)
        elif values.whole:
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


def _try(model: Recommender, split: Split) -> dict[str, Any]:
    """Fit and evaluate one model; return the columns of the table that are measured."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from musicrec.evaluation import evaluate

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
    module = importlib.import_module(f"musicrec.models.{of.where.partition('.')[0]}")
    facts = [_plain(of.space), dict(of.fixed), _search(seed), dataset.provenance.fingerprint, inspect.getsource(module)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def _read(path: Path, space: Space) -> list[dict[str, Any]]:
    """Read a table of trials, every number exactly as it was."""
    import pandas as pd

    types: dict[str, type] = {"number": int, "ndcg@10": float, "recall@10": float, "seconds": float}
    types |= {n: str if isinstance(v, Choice) else int if v.whole else float for n, v in space.items()}
    table = pd.read_csv(path, dtype=str)
    return [{str(n): types.get(str(n), str)(v) for n, v in row.items()} for row in table.to_dict("records")]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import pandas as pd

    write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def _warn_unequal(folder: Path, result: dict[str, Any]) -> None:
    """Warn when systems in a folder were not searched alike."""
    mine = _alike(result)
    others = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if odd := [each["system"] for each in others if _alike(each) != mine]:
        warnings.warn(
            f"{result['system']} was not searched as {', '.join(odd)}: trials, seed, method or data differ, so they "
            "should not be compared; tune all alike",
            stacklevel=3,
        )


def _alike(kept: dict[str, Any]) -> list[Any]:
    """Return what must agree between the searches for different systems."""
    return [kept["budget"]["trials"], kept["search"], kept["dataset"]["fingerprint"]]


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
