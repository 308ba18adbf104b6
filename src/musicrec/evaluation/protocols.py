"""The `listeners` protocol: fit and evaluate on several seeded splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.models.base import Recommender
from musicrec.models.checks import check_interactions
from musicrec.parallel import parallel_map
from musicrec.splits.by_user import SEEDS, TUNING_SEED, split_by_user


def cross_evaluate(
    build: Callable[[], Recommender],
    interactions: Interactions,
    *,
    seeds: Sequence[int] = SEEDS,
    k: int = 10,
    part: str = "test",
    tags: sp.csr_array | None = None,
    with_valid: bool = False,
    progress: bool = False,
) -> list[Evaluation]:
    """Fit and evaluate a fresh model on each seeded split: the `listeners` protocol.

    Parameters
    ----------
    build : callable
        Returns an unfitted model.
    interactions : Interactions
        All listens.
    seeds : sequence of int
        One split each; the same number seeds the model.
    k, part, tags
        As in `evaluate`.
    with_valid : bool
        Whether the model is fitted on training and validation listens; the protocol fits on training alone.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of Evaluation
        One per seed. Who has something held out does not depend on the seed, so rows are the same users throughout.
    """
    name = _fresh(build).name
    late = [name] if with_valid else []
    return cross_evaluate_all(
        {name: build}, interactions, seeds=seeds, k=k, part=part, tags=tags, with_valid=late, progress=progress
    )[name]


def cross_evaluate_all(
    builds: Mapping[str, Callable[[], Recommender]],
    interactions: Interactions,
    *,
    seeds: Sequence[int] = SEEDS,
    k: int = 10,
    part: str = "test",
    tags: sp.csr_array | None = None,
    with_valid: Collection[str] = (),
    jobs: int = 1,
    progress: bool = False,
) -> dict[str, list[Evaluation]]:
    """Evaluate several systems as `cross_evaluate` does, `jobs` fits at a time.

    Parameters
    ----------
    builds : mapping of str to callable
        What returns an unfitted model, by a name of your choice; put first what takes longest, and no process waits
        for another in the end.
    with_valid : collection of str
        The names that are fitted on training and validation listens.
    jobs : int
        How many fits run at a time, each in a process of its own. The scores are the same, the seconds somewhat longer.

    Returns
    -------
    dict of str to list of Evaluation
        By name, one per seed.

    Raises
    ------
    TypeError
        When `interactions` are none, or `builds` holds something else than functions that return a model.
    ValueError
        When what a system would be fitted on is also what it would be evaluated on; when there are no seeds or no
        systems, or `with_valid` names none of them.
    """
    check_interactions(interactions, "what is split")
    for build in builds.values():
        _check_build(build)
    if not builds or not len(seeds):
        raise ValueError("there is nothing to evaluate: name at least one system and one seed")
    if unknown := [name for name in with_valid if name not in builds]:
        raise ValueError(f"with_valid names {unknown[0]!r}, which is not among the systems: {', '.join(builds)}")
    if with_valid and part == "valid":
        raise ValueError("a model fitted on the validation part cannot be evaluated on it")

    def one(task: tuple[str, int]) -> Evaluation:
        name, seed = task
        split = split_by_user(interactions, seed)
        train = split.train + split.valid if name in with_valid else split.train
        start = time.perf_counter()
        model = _fresh(builds[name]).fit(train, rng=np.random.default_rng(seed))
        seconds = time.perf_counter() - start
        return replace(evaluate(model, split, k, part=part, tags=tags), fit_seconds=seconds)

    tasks = [(name, seed) for name in builds for seed in seeds]
    done = tqdm(
        parallel_map(one, tasks, jobs), total=len(tasks), desc="fits", unit="fit", disable=not progress, leave=False
    )
    found: dict[str, list[Evaluation]] = {name: [] for name in builds}
    for (name, _), evaluation in zip(tasks, done, strict=True):
        found[name].append(evaluation)
    return found


def validate(
    candidates: Mapping[str, Callable[[], Recommender]],
    interactions: Interactions,
    *,
    seed: int = TUNING_SEED,
    k: int = 10,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare settings on the validation part of the split that is kept for choosing them.

    Parameters
    ----------
    candidates : mapping of str to callable
        An unfitted model of each setting, by a name for the table.
    interactions : Interactions
        All listens.
    seed : int
        Names the split and seeds the models.
    k, progress
        As in `cross_evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, one column per metric; ``table["ndcg@10"].idxmax()`` is the choice.

    Raises
    ------
    TypeError
        As `cross_evaluate_all`.
    """
    check_interactions(interactions, "what is split")
    for build in candidates.values():
        _check_build(build)
    split = split_by_user(interactions, seed)
    rows = {}
    for name, build in tqdm(candidates.items(), desc="settings", disable=not progress, leave=False):
        model = _fresh(build).fit(split.train, rng=np.random.default_rng(seed))
        rows[name] = evaluate(model, split, k, part="valid").means()
    return pd.DataFrame(rows).T


def _check_build(build: object) -> None:
    if isinstance(build, Recommender):
        name = type(build).__name__
        raise TypeError(f"pass what builds a model, not a model: {name}, or lambda: {name}(…); each split gets its own")
    if not callable(build):
        raise TypeError(f"expected a function that returns an unfitted model, not {build!r}")


def _fresh(build: Callable[[], Recommender]) -> Recommender:
    _check_build(build)
    if not isinstance(model := build(), Recommender):
        raise TypeError(f"expected a function that returns an unfitted model, but it returned {model!r}")
    return model
