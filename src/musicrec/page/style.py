"""How every figure is drawn: one style, one palette; axes, labels and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from numpy.typing import ArrayLike, NDArray

from musicrec.page.figure import INK, any_script

# Chosen by search: each colour has a contrast of at least 3 against white and against near-black (#14181e), and any
# two stay apart under the three colour vision deficiencies. tests/test_plots.py measures both.
PALETTE = ("#1f77b4", "#e0630c", "#15a1bc", "#a32ff0", "#b53f0c", "#9981f9")
MAIN, ACCENT = PALETTE[:2]  # the data, and what the text points at
MUTED = "#7d7d7d"  # what the data are compared with
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (3, 3)))  # lines differ without colour
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SEQUENTIAL, DIVERGING = "cividis", "PuOr_r"  # both safe for colour-blind readers
DENSE = 1500  # from this many points on, a scatter is drawn as an image inside the SVG
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.figsize": (7.0, 3.8),
    "figure.titlesize": "medium",
    "figure.titleweight": "bold",
    "font.size": 10.5,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "grid.linewidth": 0.8,
    "image.cmap": SEQUENTIAL,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "patch.linewidth": 0,
    "text.color": INK,
    "text.parse_math": False,  # "Ke$ha and A$AP Rocky" is a list of names, not a formula
    "xtick.color": INK,
    "ytick.color": INK,
}


def use_style() -> None:
    """Make every figure drawn from here on look like the book's."""
    sns.reset_orig()
    mpl.rcParams.update(_STYLE)


def axes_or_new(ax: Axes | None, height: float = 3.8) -> Axes:
    """Return the axes given, or new ones of one figure of a height in inches."""
    return plt.subplots(figsize=(7.0, height))[1] if ax is None else ax


def label_axes(ax: Axes, title: str, xlabel: str, ylabel: str) -> Axes:
    """Set title and axis labels."""
    ax.set_title(title)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax


def finite_numbers(values: ArrayLike, name: str, *, log: bool) -> NDArray[np.float64]:
    """Return values as numbers that can be drawn."""
    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    of = f" of {name!r}" if name else ""
    if len(array) == 0:
        raise ValueError(f"there are no values{of} to draw")
    if log and array.min() <= 0:
        raise ValueError(f"a log axis shows values above zero only; the smallest{of} is {array.min():g}")
    return array


def bin_edges(values: NDArray[np.float64], bins: int, *, log: bool) -> NDArray[np.float64]:
    """Return the edges of the bins of a histogram."""
    low, high = values.min(), values.max()
    whole = bool((values % 1 == 0).all())
    if log:
        edges = np.geomspace(low, high * (1 + 1e-9), bins + 1) if high > low else np.array([low / 2, low * 2])
        # bins narrower than 1 would leave gaps between whole numbers
        return np.append(np.unique(np.floor(edges)), high + 1) if whole else edges
    if whole and high - low < bins:
        return np.arange(low, high + 2) - 0.5
    return np.histogram_bin_edges(values, bins)


def step_points(
    values: NDArray[np.float64], kind: str, log: str, resolution: int = 500
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of a distribution function, leaving out what no screen could show."""
    x, counts = np.unique(values, return_counts=True)
    up_to = np.cumsum(counts) / len(values)
    y = up_to if kind == "ecdf" else 1 - up_to + counts / len(values)
    u, v = (np.log(a) if axis in log else a for a, axis in ((x, "x"), (y, "y")))
    pixels = [np.floor(resolution * (a - a.min()) / (np.ptp(a) or 1)) for a in (u, v)]
    keep = np.append(True, np.any(np.diff(pixels) != 0, axis=0))
    keep[-1] = True
    return x[keep], y[keep]


def name_points(ax: Axes, xs: NDArray[np.float64], ys: NDArray[np.float64], names: Mapping[int, str]) -> None:
    """Write names beside points: of eight places around each, one that no earlier name and the fewest points cover."""
    if not names:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None
    taken: list[Any] = []
    with any_script():
        figure.draw_without_rendering()
    pixels = ax.transData.transform(np.column_stack([xs, ys]))
    around = 3 * figure.dpi / 72  # half of a point's width
    for point, name in names.items():
        free: list[tuple[int, Annotation, Any]] = []
        for dx, dy in ((5, 0), (-5, 0), (0, 6), (0, -6), (4, 5), (4, -5), (-4, 5), (-4, -5)):
            text: Annotation = ax.annotate(
                name, (xs[point], ys[point]), xytext=(dx, dy), textcoords="offset points", fontsize="small",
                ha=("center", "left", "right")[int(np.sign(dx))], va=("center", "bottom", "top")[int(np.sign(dy))],
            )  # fmt: skip
            with any_script():
                box = text.get_window_extent()
            inside = (pixels > np.subtract(box.min, around)) & (pixels < np.add(box.max, around))
            inside[point] = False
            if any(box.overlaps(other) for other in taken):
                text.remove()
            else:
                free.append((int(inside.all(axis=1).sum()), text, box))
                if free[-1][0] == 0:  # no place is better
                    break
        free.sort(key=lambda place: place[0])
        for _, text, _ in free[1:]:
            text.remove()
        taken += [box for _, _, box in free[:1]]
