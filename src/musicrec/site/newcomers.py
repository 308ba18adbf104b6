"""How much the models of the page "Try it" find for new people, by how many artists they name: one figure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from musicrec.scores.records import Score
from musicrec.site.pages import table
from musicrec.site.try_page import MODELS

ROW = re.compile(r"(?P<system>[\w-]+), (?P<given>\d+) given, (?P<people>\w+)")  # as chapter 15 names its scores
COLOURS = ("#1f77b4", "#e0630c", "#15a1bc", "#777777")  # light and dark pages alike, 3:1 at least
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 230, 34, 268, 12, 190
Curves = dict[str, dict[int, float]]


def curves(scores: Iterable[Score]) -> Curves:
    """Return NDCG@10 by model and number of artists given, each kind of people counted alike."""
    found: dict[str, dict[int, list[float]]] = {model: {} for model in MODELS}
    for score in scores:
        row = ROW.fullmatch(score.system) if (score.protocol, score.metric) == ("newcomers", "ndcg@10") else None
        if row and row["system"] in found:
            found[row["system"]].setdefault(int(row["given"]), []).append(score.value)
    means = {
        model: {given: float(np.mean(values[given])) for given in sorted(values)} for model, values in found.items()
    }
    return {model: values for model, values in means.items() if values}


def curve_page(scores: Sequence[Score]) -> str:
    """Return the figure and its numbers as a table, or where they would be measured."""
    found = curves(scores)
    if not found:
        return "The chapter on newcomers measures it; it has not been executed in this build.\n"
    given = sorted({number for values in found.values() for number in values})
    rows = [
        [str(number), *(f"{found[m][number]:.3f}" if number in found[m] else "" for m in found)] for number in given
    ]
    numbers = table(["artists named", *(f"`{model}`" for model in found)], rows, right=range(len(found) + 1))
    figure = f'```{{raw}} html\n<figure class="findings">{drawing(found)}</figure>\n```'
    return f"{figure}\n\n:::{{dropdown}} The same in numbers\n\n{numbers}\n:::\n"


def drawing(found: Curves) -> str:
    """Return the curves as SVG, the number of artists on a logarithmic axis, each named at its end."""
    given = sorted({number for values in found.values() for number in values})
    top = max(max(values.values()) for values in found.values()) or 1.0
    across = np.log(max(given)) or 1.0

    def at(number: int, value: float) -> str:
        return (
            f"{LEFT + (RIGHT - LEFT) * np.log(number) / across:.1f},{BOTTOM - (BOTTOM - TOP) * max(value, 0) / top:.1f}"
        )

    told = "; ".join(
        f"{model}: {', '.join(f'{value:.3f} with {n}' for n, value in values.items())}"
        for model, values in found.items()
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" width="100%" '
        f'style="max-width:560px" font-size="12.5" fill="currentColor" aria-label="NDCG@10 by artists named. '
        f'{escape(told)}">',
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="currentColor" stroke-opacity=".4"/>',
        f'<text x="{LEFT - 5}" y="{BOTTOM + 4}" text-anchor="end">0</text>',
        f'<text x="{LEFT - 5}" y="{TOP + 4}" text-anchor="end">{f"{top:.2f}".lstrip("0")}</text>',
        f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">artists named</text>',
    ]
    for number in given:
        x = at(number, 0).partition(",")[0]
        parts.append(f'<text x="{x}" y="{BOTTOM + 16}" text-anchor="middle">{number}</text>')
    ends = _apart([BOTTOM - (BOTTOM - TOP) * values[max(values)] / top for values in found.values()])
    for (model, values), colour, y in zip(found.items(), COLOURS, ends, strict=False):
        points = " ".join(at(number, value) for number, value in values.items())
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<path d="M{RIGHT + 4} {y:.1f}h10" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<text x="{RIGHT + 18}" y="{y + 4:.1f}">{escape(model)}</text>')
    return "".join(parts) + "</svg>\n"


def _apart(places: Sequence[float], least: float = 15.0) -> list[float]:
    """Return places for labels near the ones asked for, none closer to the next than `least`."""
    order = np.argsort(places, kind="stable")[::-1]  # from the lowest on the page upwards
    made = [0.0] * len(places)
    below = np.inf
    for place in order.tolist():
        made[place] = below = min(places[place], below - least)
    return made
