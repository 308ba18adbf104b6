"""Tables of trials: what a search tried and measured, one CSV a system."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.files import write_text
from musicrec.models import registry
from musicrec.models.space import Choice, Space

if TYPE_CHECKING:
    import pandas as pd


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
        As `registry.record`.
    """
    import pandas as pd

    registry.record(system)
    return pd.DataFrame(read_trials(registry.SETTINGS / f"{system}.csv", registry.find(system).space)).set_index(
        "number"
    )


def edges(system: str) -> list[str]:
    """Return one sentence for each chosen setting that lies at an end of its range; raises what `tuned` raises."""
    return list(registry.record(system)["edges"]) if registry.find(system).space else []


def read_trials(path: Path, space: Space) -> list[dict[str, Any]]:
    """Read a table of trials, every number exactly as it was."""
    import pandas as pd

    types: dict[str, type] = {"number": int, "ndcg@10": float, "recall@10": float, "seconds": float}
    types |= {n: str if isinstance(v, Choice) else int if v.integer else float for n, v in space.items()}
    table = pd.read_csv(path, dtype=str)
    return [{str(n): types.get(str(n), str)(v) for n, v in row.items()} for row in table.to_dict("records")]


def write_trials(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a table of trials, whole or not at all."""
    import pandas as pd

    write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def warn_unequal(folder: Path, result: dict[str, Any]) -> None:
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
    budget = kept["budget"]  # a small space may have fewer settings than trials were asked for
    return [budget.get("asked", budget["trials"]), kept["search"], kept["dataset"]["fingerprint"]]
