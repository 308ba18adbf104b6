"""Recommendations with their reasons, as rows and as a table on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musicrec.cli.output import print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from musicrec.serving.forms import Recommended, Served


def reasons_for(
    served: Served, liked: NDArray[np.int64], recommended: list[Recommended], *, because: bool
) -> list[dict[str, Any]]:
    """Return each recommendation as a row: the artist, its scores, and which liked artists speak for it."""
    rows = []
    for artist, score, adjusted in recommended:
        adds = served.adds(liked, artist)
        order = (-adds).argsort(kind="stable")
        row: dict[str, Any] = {
            "artist": served.names[artist], "score": score, "adjusted": adjusted,
            "listeners": int(served.listeners[artist]),
            "because": [served.names[liked[place]] for place in order if adds[place] > 0],
        }  # fmt: skip
        if because:
            row["adds"] = [{"artist": served.names[liked[place]], "adds": float(adds[place])} for place in order]
        rows.append(row)
    return rows


def print_recommended(rows: list[dict[str, Any]], avoid_popular: float, *, because: bool) -> None:
    """Print rows as a table."""
    reasons = [_adds(row["adds"]) if because else ", ".join(row["because"][:3]) or "everyone does" for row in rows]
    print_table(
        ("artist", "score", *(["per listener^A"] if avoid_popular else []), "listeners", "because you love"),
        [
            (row["artist"], f"{row['score']:.3f}", *([f"{row['adjusted']:.2g}"] if avoid_popular else []),
             f"{row['listeners']:,}", reason)
            for row, reason in zip(rows, reasons, strict=True)
        ],
        right=(1, 2, 3) if avoid_popular else (1, 2),
    )  # fmt: skip


def _adds(adds: list[dict[str, Any]]) -> str:
    """Write what each artist adds to a score, "Radiohead +0.310, Björk −0.020"; nobody adds to popularity."""
    return ", ".join(f"{each['artist']} {each['adds']:+.3f}" for each in adds if each["adds"]) or "everyone does"
