"""Per-user arrays on disk, so that systems can be compared without fitting them again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.evaluation.ranking import Evaluation
from musicrec.files import whole


def save_evaluations(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Write the evaluations of one system, one per split, to an npz file, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {}
    for n, e in enumerate(evaluations):
        arrays[f"{n}/users"], arrays[f"{n}/lists"] = e.users, e.lists
        arrays[f"{n}/seconds"] = np.array([e.fit_seconds, e.recommend_seconds])
        arrays |= {f"{n}/user/{name}": e.per_user[name].to_numpy() for name in e.per_user}
        arrays |= {f"{n}/overall/{name}": np.array(value) for name, value in e.overall.items()}
    with whole(path, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_evaluations(path: Path) -> list[Evaluation]:
    """Read what `save_evaluations` wrote.

    Raises
    ------
    FileNotFoundError
        When the system was not evaluated yet.
    """
    with np.load(path, allow_pickle=False) as arrays:
        n_splits = 1 + max(int(name.partition("/")[0]) for name in arrays.files)
        evaluations = []
        for n in range(n_splits):
            names = [name.removeprefix(f"{n}/") for name in arrays.files if name.startswith(f"{n}/")]
            users = {name.removeprefix("user/"): arrays[f"{n}/{name}"] for name in names if name.startswith("user/")}
            overall = {
                name.removeprefix("overall/"): float(arrays[f"{n}/{name}"])
                for name in names
                if name.startswith("overall/")
            }
            fit, recommend = arrays[f"{n}/seconds"].tolist()
            evaluations.append(
                Evaluation(arrays[f"{n}/users"], pd.DataFrame(users), arrays[f"{n}/lists"], overall, fit, recommend)
            )
    return evaluations
