"""Find one reported figure by its name, and the chapter that holds it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from musicrec.scores.records import Score


def figure_name(score: Score) -> str:
    """Return what a reported figure is called: "mean play count", "mf-plain: test MSE"."""
    return score.metric if score.system == "data" else f"{score.system}: {score.metric}"


def find_figure(name: str, scores: Iterable[Score], only: str | None = None) -> Score:
    """Return the reported figure of a name, or of the only name that contains it; case does not matter.

    Parameters
    ----------
    name : str
        As `figure_name` writes it, or a part of that.
    scores : iterable of Score
        What was measured here before, or released.
    only : str, optional
        Key of the original that reported it.

    Raises
    ------
    LookupError
        When there is none, or more than one; the message names those that may be meant.
    """
    figures = {
        (score.key, figure_name(score)): score
        for score in scores
        if score.reported is not None and score.key and only in (None, score.key)
    }
    folded = name.casefold().strip()
    exact = [score for (_, full), score in figures.items() if full.casefold() == folded]
    found = exact or [score for (_, full), score in figures.items() if folded in full.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{figure_name(score)!r} of {score.key}" for score in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise LookupError(f"{name!r} may be {listed}{more}; write one in full, or choose an original with --only")
    if not figures:
        raise LookupError("no figure was measured here before and none is released: run `musicrec reproduce` once")
    near = difflib.get_close_matches(name, [full for _, full in figures], n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "; `musicrec reproduce` lists them all"
    raise LookupError(f"no original reports a figure called {name!r}{hint}")
