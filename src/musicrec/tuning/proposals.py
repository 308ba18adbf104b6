"""Which settings to try next: what the search proposes, and never what was tried before."""

from __future__ import annotations

import itertools
import math
from typing import Any

from musicrec.models.space import Choice, Range, Space

STARTUP = 8  # trials before the search begins to learn: the defaults, then seven drawn at random
ATTEMPTS = 20  # draws until a space is taken for a small one
SMALL = 10_000  # settings that are listed to find those not tried


def propose(space: Space, rows: list[dict[str, Any]], seed: int) -> dict[str, Any] | None:
    """Return the next settings to try, given all trials so far; None when all there are were tried.

    Parameters
    ----------
    space : mapping of str to Range or Choice
        What is searched.
    rows : list of dict
        The trials so far, with `ndcg@10` and `state`.
    seed : int
        Of the search; the number of trials so far is part of every random state.
    """
    import numpy as np

    known = [{name: row[name] for name in space} for row in rows]
    for attempt in range(ATTEMPTS):
        state = int(np.random.SeedSequence([seed, len(rows), attempt]).generate_state(1)[0])
        settings = _draw(space, rows, known, state)
        if settings not in known:
            return settings
    # a small space: what the search likes best was tried; any other, at random
    new = [settings for settings in _listed(space) if settings not in known]
    rng = np.random.default_rng([seed, len(rows), ATTEMPTS])
    return new[int(rng.integers(len(new)))] if new else None


def _draw(space: Space, rows: list[dict[str, Any]], known: list[dict[str, Any]], state: int) -> dict[str, Any]:
    """Ask the estimator once."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(values) for name, values in space.items()}
    sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, multivariate=True, seed=state)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for row, params in zip(rows, known, strict=True):
        # to the search, a failed trial is one that ranked nothing right: it stays away from there
        value = row["ndcg@10"] if row["state"] == "complete" else 0.0
        study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=value))
    drawn = study.ask(distributions).params
    return {name: v.tidy(drawn[name]) if isinstance(v, Range) else drawn[name] for name, v in space.items()}


def _distribution(values: Range | Choice) -> Any:
    import optuna

    if isinstance(values, Choice):
        return optuna.distributions.CategoricalDistribution(values.names)
    if values.integer:
        return optuna.distributions.IntDistribution(int(values.low), int(values.high), values.log)
    return optuna.distributions.FloatDistribution(values.low, values.high, values.log)


def _listed(space: Space) -> list[dict[str, Any]]:
    """Return all settings of a space, or as many as are enough to find a new one."""
    axes = [_values(values) for values in space.values()]
    return [dict(zip(space, each, strict=True)) for each in itertools.islice(itertools.product(*axes), SMALL)]


def _values(values: Range | Choice) -> list[Any]:
    """Return what one setting can be: the names, the whole numbers, or the numbers of three digits; `SMALL` at most."""
    if isinstance(values, Choice):
        return list(values.names)
    if values.integer:
        return list(range(int(values.low), int(values.high) + 1))[:SMALL]
    found, value = [values.low], values.low
    while value < values.high and len(found) < SMALL:
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else (values.high - values.low) / SMALL
        value = values.tidy(value + step)
        found.append(value)
    return list(dict.fromkeys(found))
