"""The map of artists: its data, the figure, and the way to the page where `book/scripts/artist_map.js` draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.sparse as sp
import seaborn as sns
from IPython.display import display
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from musicrec.page.charts import scatter
from musicrec.page.style import MUTED

LONG_SIDE = 10_000  # positions are whole numbers from 0 to this
N_COLOURS = 12
MIME = "application/vnd.musicrec.map+json"  # of the data in an executed notebook
PAGE = "../map.html"  # seen from a chapter's page


def map_data(
    names: Sequence[str] | NDArray[np.object_],
    listeners: ArrayLike,
    layout: NDArray[np.float32],
    levels: Sequence[tuple[NDArray[np.int64], pd.DataFrame]],
    tags: sp.csr_array,
    tag_names: Sequence[str] | NDArray[np.object_],
    near: NDArray[np.int64],
    *,
    label: str,
    top: int = 4,
) -> dict[str, Any]:
    """Collect what the map shows, the best known artist first.

    Parameters
    ----------
    names, listeners : sequence of str and array-like of int, shape (n,)
        The artists.
    layout : numpy.ndarray, shape (n, 2)
        Where they lie; the second coordinate points up.
    levels : two pairs of labels and names
        The large neighbourhoods, then the small ones: the number of each artist's cluster, shape (n,), -1 for none,
        and a table with `name` by number, as from `musicrec.chapters.clustering.settled_names`.
    tags : scipy.sparse.csr_array, shape (n, n_tags)
        How often each artist was given each tag; the `top` most frequent are shown.
    tag_names : sequence of str, shape (n_tags,)
        Names of the tags.
    near : numpy.ndarray of int, shape (n, k)
        For each artist the nearest ones, by their row.
    label : str
        What the map is called for those who cannot see it.

    Raises
    ------
    ValueError
        When the parts do not describe the same number of artists, or a position is not a number.
    """
    n = len(names)
    given = {"listeners": np.asarray(listeners), "layout": layout, "tags": tags, "near": near}
    given |= {f"labels of level {place}": labels for place, (labels, _) in enumerate(levels, start=1)}
    for part, value in given.items():
        if value.shape[0] != n:
            raise ValueError(f"the map has {n} names, but {part} of {value.shape[0]} artists")
    if not np.isfinite(layout).all():
        raise ValueError("a position on the map is not a number")
    order = np.argsort(-given["listeners"], kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)

    low, high = layout.min(axis=0), layout.max(axis=0)
    per_unit = LONG_SIDE / max(float((high - low).max()), 1e-9)
    places = np.rint((layout - low) * per_unit).astype(int)
    width, height = np.rint((high - low) * per_unit).astype(int).tolist()
    places[:, 1] = height - places[:, 1]  # screens count downwards
    places = places[order]

    neighbourhoods = [_level(labels[order], named, places) for labels, named in levels]
    shown = [_most_given(tags, row, top) for row in order]
    used = {tag: place for place, tag in enumerate(dict.fromkeys(tag for row in shown for tag in row))}
    return {
        "label": label,
        "width": width,
        "height": height,
        "palette": sns.husl_palette(N_COLOURS, s=0.85, l=0.58).as_hex(),
        "muted": MUTED,
        "names": [str(names[item]) for item in order],
        "listeners": given["listeners"][order].tolist(),
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "tagNames": [str(tag_names[tag]) for tag in used],
        "tags": [[used[tag] for tag in row] for row in shown],
        "near": rank[near[order]].tolist(),
        "colours": _colours(neighbourhoods, width, height),
        "levels": neighbourhoods,
    }


def _most_given(tags: sp.csr_array, row: int, top: int) -> list[int]:
    start, end = tags.indptr[row], tags.indptr[row + 1]
    best = np.argsort(-tags.data[start:end], kind="stable")[:top]
    return [int(tag) for tag in tags.indices[start:end][best]]


def _level(labels: NDArray[np.int64], named: pd.DataFrame, places: NDArray[np.int_]) -> dict[str, Any]:
    """Describe the neighbourhoods of one level, the largest first: name, a place for it, who lives there."""
    numbers = named.index.to_numpy()
    middles = np.array([np.median(places[labels == number], axis=0) for number in numbers]).reshape(-1, 2)
    place = {int(number): row for row, number in enumerate(numbers)}
    return {
        "names": [str(name) for name in named["name"]],
        "x": np.rint(middles[:, 0]).astype(int).tolist(),
        "y": np.rint(middles[:, 1]).astype(int).tolist(),
        "of": [place.get(int(label), -1) for label in labels],
    }


def _colours(levels: Sequence[Mapping[str, Any]], width: int, height: int) -> list[int]:
    """Return the colour of each artist, or -1: that of its neighbourhood on the first level where it has one."""
    colours = np.full(len(levels[0]["of"]), -1)
    for level in reversed(levels):
        of = np.array(level["of"])
        hues = hues_by_direction(np.column_stack([level["x"], level["y"]]) - (width / 2, height / 2), N_COLOURS)
        colours[of >= 0] = hues[of[of >= 0]]
    return colours.tolist()


def hues_by_direction(places: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the number of a hue for each place, shape (n_places, 2), by its direction from the middle, 0 to n - 1.

    So the same colour means the same direction: a few colours dealt out to many neighbourhoods would make kin of
    those that share one by chance.

    Examples
    --------
    >>> hues_by_direction([(1, 0), (0, 1), (-1, 0), (0, -2)], 4).tolist()
    [0, 1, 2, 3]
    """
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T
    return np.rint(np.arctan2(y, x) / (2 * np.pi) * n).astype(np.int64) % n


def draw_map(data: Mapping[str, Any], *, title: str) -> Axes:
    """Draw the same map as a figure: all artists, and the names of the large neighbourhoods where there is room."""
    tall = data["height"] / max(data["width"], 1)
    ax = plt.subplots(figsize=(8.5, 8.5 * min(max(tall, 0.5), 1.2)))[1]
    palette = np.array([*data["palette"], data["muted"]], dtype=object)  # -1 is the last
    sizes = 1 + 2.5 * np.log2(np.array(data["listeners"]))
    ax.scatter(
        data["x"], -np.array(data["y"]), s=sizes, c=palette[data["colours"]].tolist(), alpha=0.55, linewidths=0,
        rasterized=True,
    )  # fmt: skip
    ax.set_aspect("equal")
    large = data["levels"][0]
    names = dict(enumerate(large["names"]))
    return scatter(large["x"], -np.array(large["y"]), title=title, names=names, sizes=0, ax=ax)


def show_map(data: Mapping[str, Any]) -> None:
    """Lead from a chapter to the page of the map, and keep the data of that page in the executed notebook."""
    words = "The same map to move about in, to search, and to take recommendations from"
    link = f'<p class="map-link"><a href="{PAGE}">{words}</a>.</p>'
    display({MIME: dict(data), "text/html": link, "text/plain": f"{words}: {PAGE}"}, raw=True)
