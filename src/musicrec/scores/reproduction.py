"""Reported and reproduced figures side by side, and the leaderboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd

from musicrec.scores.figures import figure_name
from musicrec.scores.records import ORIGINAL_DATA, ORIGINALS, Score


def reproduction(scores: Iterable[Score], only: str | None = None) -> list[dict[str, Any]]:
    """Return one row per reported figure: key, quantity, chapter, reported, reproduced, low, high, tolerance, note.

    `tolerance_from` says why the tolerance is what it is, `status` what comes of it.

    Raises
    ------
    ValueError
        When `only` is not the key of an original.
    """
    if only is not None and only not in ORIGINALS:
        raise ValueError(f"no original is called {only!r}; choose from {', '.join(ORIGINALS)}")
    rows = []
    for score in scores:
        if score.reported is None or not score.key or (only and score.key != only):
            continue
        note = score.note
        if score.status == "not-applicable" and score.comparable:
            note = "training was shortened for a quick look"
        elif score.status == "close" and not note:
            note = "outside the interval of our mean, but as near as one further run of ours would come"
        elif score.status == "not-applicable" and not note:
            wanted = ORIGINAL_DATA.get(score.key)
            note = f"measured on {score.dataset}" + (
                f"; reported on {wanted}" if wanted else ", not the original's data"
            )
        rows.append(
            {
                "key": score.key,
                "quantity": figure_name(score),
                "chapter": score.chapter,
                "reported": score.reported,
                "reproduced": score.value,
                "low": score.low,
                "high": score.high,
                "tolerance": score.tolerance,
                "tolerance_from": score.tolerance_from,
                "status": score.status,
                "note": note,
            }
        )
    return sorted(rows, key=lambda row: ORIGINALS.index(row["key"]))


def leaderboard(scores: Iterable[Score], metric: str = "ndcg@10", protocol: str = "listeners") -> pd.DataFrame:
    """Return one row per system and one column per metric under a shared protocol, best system first."""
    rows = [s for s in scores if s.protocol == protocol]
    if not rows:
        return pd.DataFrame(columns=[metric])
    frame = pd.DataFrame([asdict(s) for s in rows])
    table = frame.pivot_table(index="system", columns="metric", values="value", aggfunc="last", sort=False)
    return table.sort_values(metric, ascending=False, kind="stable")
