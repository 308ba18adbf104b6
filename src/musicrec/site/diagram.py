"""Drawing a graph in rows, as an SVG that a phone shows at full size and that follows the page into the dark."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

WIDTH = 340  # of the drawing: what a phone of 360 shows without making it smaller
BOX, BOX_HEIGHT, GAP = 88, 32, 34
BEND = 16  # room for an arrow that passes by a row
SWEEPS = 4


@dataclass(frozen=True)
class Arrow:
    """From one box down to another; `label` stands beside it."""

    start: str
    end: str
    label: str = ""


class Stop(NamedTuple):
    """A place in a row: a box by its name, or where an arrow passes by (`arrow` is its number then)."""

    name: str
    arrow: int = -1

    @property
    def width(self) -> int:
        """Room it takes."""
        return BOX if self.arrow < 0 else BEND


def layered(rows: Sequence[Sequence[str]], arrows: Sequence[Arrow], label: str, *, name: str) -> str:
    """Return a drawing as SVG.

    Parameters
    ----------
    rows : sequence of sequence of str
        The boxes from top to bottom.
    arrows : sequence of Arrow
        All of them lead down.
    label : str
        What it shows, for those who cannot see it.
    name : str
        Tells this drawing from others on the same page.

    Raises
    ------
    ValueError
        When an arrow leads up or to its own row.
    """
    places, paths = _place(rows, arrows)
    x, parts = _across(places), []
    for arrow, path in zip(arrows, paths, strict=True):
        points = [(x[row, stop], _top(row), stop.arrow < 0) for row, stop in path]
        parts.append(f'<path d="{_curve(points)}" fill="none" stroke="currentColor" marker-end="url(#{name}-tip)"/>')
        if arrow.label:
            parts.append(_beside(arrow.label, points[0][0], points[-1][0], points[-1][1] - GAP / 2 + 4))
    for row, boxes in enumerate(rows):
        for box in boxes:
            left, top = x[row, Stop(box)] - BOX / 2, _top(row)
            parts.append(
                f'<rect x="{left:g}" y="{top:g}" width="{BOX}" height="{BOX_HEIGHT}" rx="5" fill="currentColor" '
                f'fill-opacity="0.07" stroke="currentColor"/><text x="{left + BOX / 2:g}" y="{top + 21:g}" '
                f'text-anchor="middle">{escape(box)}</text>'
            )
    tip = (
        f'<defs><marker id="{name}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor"/></marker></defs>'
    )
    height = _top(len(rows)) - GAP + 2
    head = f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {height:g}" font-size="13" '
    return f'{head}fill="currentColor">{tip}{"".join(parts)}</svg>'


def figure(svg: str, caption: str) -> str:
    """Return a drawing with its caption as one block of HTML in Markdown; the caption may be emphasised with stars."""
    words = escape(caption).split("*")
    text = "".join(f"<em>{word}</em>" if place % 2 else word for place, word in enumerate(words))
    return f'<figure class="musicrec-figure narrow">{svg}<figcaption>{text}</figcaption></figure>\n'


def _beside(label: str, start: float, end: float, y: float) -> str:
    """Return a label at the outer side of the middle of an arrow."""
    middle = (start + end) / 2
    left = middle < WIDTH / 2
    x = middle + (10 if start == end else -26 if left else 26)
    anchor = ' text-anchor="end"' if left else ""
    return f'<text x="{x:g}" y="{y:g}"{anchor} font-style="italic">{escape(label)}</text>'


def _place(
    rows: Sequence[Sequence[str]], arrows: Sequence[Arrow]
) -> tuple[list[list[Stop]], list[list[tuple[int, Stop]]]]:
    """Return the order of the stops within each row, and the stops of each arrow with their rows.

    Stops come near the mean place of those they are joined to, row by row, down and up again [Sugiyama et al., 1981].
    """
    row_of = {box: row for row, boxes in enumerate(rows) for box in boxes}
    places = [[Stop(box) for box in boxes] for boxes in rows]
    paths = []
    for number, arrow in enumerate(arrows):
        start, end = row_of[arrow.start], row_of[arrow.end]
        if start >= end:
            raise ValueError(f"the arrow from {arrow.start} to {arrow.end} does not lead down")
        between = [(row, Stop("", number)) for row in range(start + 1, end)]
        for row, stop in between:
            places[row].append(stop)
        paths.append([(start, Stop(arrow.start)), *between, (end, Stop(arrow.end))])
    for sweep in range(SWEEPS):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for row in order:
            other = row - 1 if sweep % 2 == 0 else row + 1
            mean = {stop: _mean_place(stop, row, other, places, paths) for stop in places[row]}
            places[row] = sorted(places[row], key=mean.__getitem__)
    return places, paths


def _mean_place(
    stop: Stop, row: int, other: int, places: list[list[Stop]], paths: list[list[tuple[int, Stop]]]
) -> float:
    """Return the mean place, from 0 to 1 across, of what a stop is joined to in a neighbouring row, or its own."""
    share = {(r, s): (place + 0.5) / len(places[r]) for r in (row, other) for place, s in enumerate(places[r])}
    joined = [
        share[end if start == (row, stop) else start]
        for path in paths
        for start, end in itertools.pairwise(path)
        if (row, stop) in (start, end) and other in (start[0], end[0])
    ]
    return sum(joined) / len(joined) if joined else share[row, stop]


def _across(places: list[list[Stop]]) -> dict[tuple[int, Stop], float]:
    """Return the middle of each stop by its row, what is left of the width shared out evenly."""
    found: dict[tuple[int, Stop], float] = {}
    for row, stops in enumerate(places):
        room = (WIDTH - sum(stop.width for stop in stops)) / (len(stops) + 1)
        left = room
        for stop in stops:
            found[row, stop] = round(left + stop.width / 2, 1)
            left += stop.width + room
    return found


def _top(row: int) -> float:
    return 1 + row * (BOX_HEIGHT + GAP)


def _curve(points: list[tuple[float, float, bool]]) -> str:
    """Return the path from the lower edge of the first box to the upper edge of the last."""
    x, y, _ = points[0]
    parts = [f"M{x:g} {y + BOX_HEIGHT:g}"]
    bottom = y + BOX_HEIGHT
    for x_next, top, box in points[1:]:
        middle = (bottom + top) / 2
        parts.append(f"C{x:g} {middle:g} {x_next:g} {middle:g} {x_next:g} {top:g}")
        if not box:
            parts.append(f"V{top + BOX_HEIGHT:g}")
        x, bottom = x_next, top + BOX_HEIGHT
    return "".join(parts)
