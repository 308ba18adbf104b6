"""How every figure of the book is drawn: one style, one palette, and the charts that several chapters share.

Call `use_style` once at the top of a chapter. Each helper draws on the axes it is given, or on new ones, and returns
them; ``plots.show(axes, alt=…)`` puts them on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from numpy.typing import ArrayLike, NDArray
from seaborn.utils import relative_luminance

from musicrec.display import INK, any_script, prose, reproduced, show, table

__all__ = [
    "ACCENT",
    "INK",
    "MAIN",
    "MUTED",
    "PALETTE",
    "boxes",
    "curves",
    "distribution",
    "heatmap",
    "intervals",
    "prose",
    "ranked_bars",
    "reproduced",
    "scatter",
    "show",
    "table",
    "use_style",
]

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


def ranked_bars(
    values: pd.Series,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    form: str = "{:,.0f}",
    highlight: ArrayLike = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal bar per row, the longest on top, each with its value.

    Parameters
    ----------
    values : pandas.Series
        Lengths of the bars, by name.
    title, xlabel, ylabel : str
        The x label says what is counted and in which unit, the y label what the names are.
    form : str
        Format of the value at the end of each bar.
    highlight : array-like
        Names to draw in the accent colour.
    """
    ranked = values.sort_values(ascending=False, kind="stable")
    ax = _axes(ax, height=0.9 + 0.25 * len(ranked))
    marked = ranked.index.isin(np.atleast_1d(np.asarray(highlight, dtype=object)))
    bars = ax.barh(np.arange(len(ranked)), ranked, height=0.72, color=np.where(marked, ACCENT, MAIN))
    ax.bar_label(bars, labels=[form.format(value) for value in ranked], padding=4, fontsize="small")
    ax.set_yticks(np.arange(len(ranked)), [str(name) for name in ranked.index])
    ax.set_ylim(len(ranked) - 0.4, -0.6)
    ax.margins(x=0.1)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)
    return _label(ax, title, xlabel, ylabel)


def distribution(
    samples: Mapping[str, ArrayLike] | ArrayLike,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    kind: Literal["histogram", "ecdf", "survival"] = "histogram",
    log: Literal["", "x", "y", "xy"] = "",
    bins: int = 40,
    ax: Axes | None = None,
) -> Axes:
    """Draw how one or several samples are distributed.

    Parameters
    ----------
    samples : array-like or mapping of name to array-like
        The values; NaN is left out.
    kind : {"histogram", "ecdf", "survival"}
        Number of values in each bin; share of values up to x; share of values of at least x, the form in which a
        heavy tail is a straight line on two log axes.
    log : {"", "x", "y", "xy"}
        Which axes are logarithmic; with a logarithmic x, bins grow by a constant factor.
    bins : int
        Number of bins of a histogram.

    Raises
    ------
    ValueError
        When a sample is empty, or holds a value below or at zero and x is logarithmic.
    """
    named = samples if isinstance(samples, Mapping) else {"": samples}
    arrays = {name: _numbers(values, name, log="x" in log) for name, values in named.items()}
    ax = _axes(ax)
    edges = _edges(np.concatenate(list(arrays.values())), bins, log="x" in log)
    for place, (name, values) in enumerate(arrays.items()):
        look: dict[str, Any] = {"color": PALETTE[place % len(PALETTE)], "label": name or None}
        if kind == "histogram":
            step: dict[str, Any] = {"histtype": "step", "linewidth": 1.8} if len(arrays) > 1 else {"rwidth": 0.9}
            ax.hist(values, bins=edges.tolist(), **look, **step)
        else:
            steps = "steps-post" if kind == "ecdf" else "steps-pre"
            ax.plot(*_steps(values, kind, log), linestyle=DASHES[place % len(DASHES)], drawstyle=steps, **look)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    if len(arrays) > 1:
        ax.legend()
    return _label(ax, title, xlabel, ylabel)


def boxes(
    groups: Mapping[str, ArrayLike],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    log: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal box per group, the first on top: quartiles, whiskers to 1.5 times their range, outliers.

    Raises
    ------
    ValueError
        When a group is empty, or holds a value below or at zero and the axis is logarithmic.
    """
    arrays = [_numbers(values, name, log=log) for name, values in groups.items()]
    ax = _axes(ax, height=1.2 + 0.45 * len(arrays))
    parts = ax.boxplot(
        arrays,
        orientation="horizontal",
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": MAIN, "linewidth": 0},
        medianprops={"color": ACCENT, "linewidth": 3},
        whiskerprops={"color": MAIN},
        capprops={"color": MAIN},
        flierprops={"marker": ".", "markersize": 2.5, "markerfacecolor": MUTED, "markeredgecolor": "none"},
    )
    for points in parts["fliers"]:
        points.set_rasterized(len(points.get_xdata()) > DENSE)
    if log:
        ax.set_xscale("log")
    ax.set_yticks(np.arange(1, len(arrays) + 1), list(groups))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return _label(ax, title, xlabel, ylabel)


def curves(
    lines: pd.DataFrame,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    mark: Mapping[str, Literal["min", "max"]] | None = None,
    log: Literal["", "x", "y", "xy"] = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one line per column over the index: errors over iterations, a metric over a setting.

    Parameters
    ----------
    lines : pandas.DataFrame
        Index: the x values. Columns: the names in the legend. NaN leaves a gap.
    mark : mapping of column to "min" or "max", optional
        Lines whose lowest or highest point is marked with its position.
    log : {"", "x", "y", "xy"}
        Which axes are logarithmic.

    Raises
    ------
    KeyError
        When `mark` names a column that is not there.
    """
    if unknown := set(mark or {}) - set(lines.columns):
        raise KeyError(f"cannot mark {sorted(unknown)[0]!r}: the columns are {', '.join(map(str, lines.columns))}")
    ax = _axes(ax)
    for place, name in enumerate(lines.columns):
        color = PALETTE[place % len(PALETTE)]
        series = lines[name].astype(float)
        dots = "o" if len(series) <= 20 else None
        ax.plot(lines.index, series, color=color, linestyle=DASHES[place % len(DASHES)], marker=dots, label=str(name))
        if wanted := (mark or {}).get(name):
            x: Any = series.idxmin() if wanted == "min" else series.idxmax()
            y = float(series.loc[x])
            ax.plot([x], [y], "o", color=color, markersize=8)
            ax.annotate(
                f"{y:,.3g} at {x:,}", (x, y), xytext=(0, -10 if wanted == "min" else 10),
                textcoords="offset points", ha="center", va="top" if wanted == "min" else "bottom", fontsize="small",
            )  # fmt: skip
            ax.margins(y=0.15)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    if lines.shape[1] > 1:
        ax.legend()
    return _label(ax, title, xlabel, ylabel)


def scatter(
    x: ArrayLike,
    y: ArrayLike,
    *,
    title: str,
    xlabel: str = "",
    ylabel: str = "",
    groups: ArrayLike | None = None,
    names: Mapping[int, str] | None = None,
    sizes: ArrayLike = 14,
    log: Literal["", "x", "y", "xy"] = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw points, some with names; without axis labels it is a map and has no axes.

    Parameters
    ----------
    x, y : array-like, shape (n,)
        Positions.
    groups : array-like, shape (n,), optional
        A group per point; groups get colours and markers in the order of `pandas.unique`, None or NaN a muted one.
    names : mapping of int to str, optional
        Names to write beside points, by position; one that finds no free place is left out.
    sizes : float or array-like, shape (n,)
        Areas of the points in square points (1/72 inch).
    log : {"", "x", "y", "xy"}
        Which axes are logarithmic.
    """
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    areas = np.broadcast_to(np.asarray(sizes, dtype=float), xs.shape)
    ax = _axes(ax, height=5.0)
    dense = len(xs) > DENSE
    look: dict[str, Any] = {"linewidths": 0, "alpha": 0.45 if dense else 0.85, "zorder": -1 if dense else 2}
    ax.set_rasterization_zorder(0)  # whatever lies below becomes one image
    if groups is None:
        ax.scatter(xs, ys, s=areas, color=MAIN, **look)
    else:
        labels = pd.Series(np.asarray(groups, dtype=object))
        rest = labels.isna().to_numpy()
        ax.scatter(xs[rest], ys[rest], s=areas[rest], color=MUTED, **look)
        for place, name in enumerate(labels[~rest].unique()):
            mine = (labels == name).to_numpy()
            color, marker = PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]
            ax.scatter(xs[mine], ys[mine], s=areas[mine], color=color, marker=marker, label=str(name), **look)
        legend = ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), markerscale=1.5)
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    _label(ax, title, xlabel, ylabel)
    if not xlabel and not ylabel:
        ax.set_axis_off()
    _name_points(ax, xs, ys, names or {})
    return ax


def heatmap(
    frame: pd.DataFrame,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    unit: str,
    form: str = ".2f",
    center: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a matrix as colours, with its numbers where there is room.

    Parameters
    ----------
    frame : pandas.DataFrame
        The values; NaN stays empty.
    unit : str
        What the colours mean, written beside the colour scale.
    form : str
        Format of the numbers in the cells.
    center : float, optional
        A value in the middle with two sides to it, as 0 in a correlation; colours then diverge from it.
    """
    rows, columns = frame.shape
    ax = _axes(ax, height=1.6 + 0.32 * min(rows, 24))
    spread = float(np.nanmax(np.abs(frame.to_numpy(dtype=float) - (center or 0)))) if center is not None else 0.0
    scale = {} if center is None else {"vmin": center - spread, "vmax": center + spread}
    sns.heatmap(
        frame.astype(float), ax=ax, cmap=SEQUENTIAL if center is None else DIVERGING, annot=columns <= 15, fmt=form,
        annot_kws={"fontsize": "small"}, cbar_kws={"label": unit}, rasterized=frame.size > DENSE, **scale,
    )  # fmt: skip
    grounds = np.asarray(ax.collections[0].get_facecolor())[frame.notna().to_numpy().ravel()] if ax.texts else []
    for number, ground in zip(ax.texts, grounds, strict=True):
        # They stand on a coloured ground, the same in both modes: black must not follow the page. Below a luminance of
        # 0.18 white has the higher contrast, above it black; seaborn's own choice leaves mid-tones hard to read.
        number.set_color("#fefefe" if relative_luminance(ground) < 0.18 else "#010101")
    ax.grid(visible=False)
    plt.setp(ax.get_yticklabels(), rotation=0)
    plt.setp(ax.get_xticklabels(), rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    return _label(ax, title, xlabel, ylabel)


def intervals(
    frame: pd.DataFrame,
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    form: str = "{:.3f}",
    groups: ArrayLike | None = None,
    reference: tuple[float, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one point per row with its interval, the first row on top.

    Parameters
    ----------
    frame : pandas.DataFrame
        Index: names; columns `value`, and `low` and `high` where there is an interval.
    form : str
        Format of the value beside the point.
    groups : array-like, shape (n_rows,), optional
        A group per row, for colour and legend.
    reference : (float, str), optional
        A value to compare with (chance, what the original reported) and what it is.

    Raises
    ------
    KeyError
        When the frame has no column `value`.
    """
    if "value" not in frame:
        raise KeyError(f"intervals need a column 'value'; the frame has {', '.join(map(str, frame.columns))}")
    ax = _axes(ax, height=1.2 + 0.32 * len(frame))
    kinds = pd.Series([""] * len(frame) if groups is None else np.asarray(groups, dtype=object))
    spans = frame.reindex(columns=["value", "low", "high"]).astype(float).reset_index(drop=True)
    for place, kind in enumerate(kinds.unique()):
        mine = spans[(kinds == kind).to_numpy()]
        color, marker = PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]
        ax.hlines(mine.index, mine["low"], mine["high"], color=color, linewidth=2.5)
        ax.plot(mine["value"], mine.index, marker, color=color, markersize=6.5, label=str(kind))
    for row, value in enumerate(spans["value"]):
        ax.annotate(
            form.format(value), (float(np.nanmax(spans.loc[row])), row), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize="small",
        )  # fmt: skip
    if reference is not None:
        ax.axvline(reference[0], color=MUTED, linestyle="--", linewidth=1.4, label=reference[1])
    if groups is not None or reference is not None:
        handles, labels = ax.get_legend_handles_labels()
        shown = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
        ax.legend(
            *zip(*shown, strict=True), loc="upper center", bbox_to_anchor=(0.5, -0.55 / len(frame) - 0.12), ncols=3
        )
    ax.set_yticks(np.arange(len(frame)), [str(name) for name in frame.index])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.margins(x=0.12)
    return _label(ax, title, xlabel, ylabel)


def _axes(ax: Axes | None, height: float = 3.8) -> Axes:
    return plt.subplots(figsize=(7.0, height))[1] if ax is None else ax


def _label(ax: Axes, title: str, xlabel: str, ylabel: str) -> Axes:
    ax.set_title(title)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    return ax


def _numbers(values: ArrayLike, name: str, *, log: bool) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    array = array[~np.isnan(array)]
    of = f" of {name!r}" if name else ""
    if len(array) == 0:
        raise ValueError(f"there are no values{of} to draw")
    if log and array.min() <= 0:
        raise ValueError(f"a log axis shows values above zero only; the smallest{of} is {array.min():g}")
    return array


def _edges(values: NDArray[np.float64], bins: int, *, log: bool) -> NDArray[np.float64]:
    low, high = values.min(), values.max()
    whole = bool((values % 1 == 0).all())
    if log:
        edges = np.geomspace(low, high * (1 + 1e-9), bins + 1) if high > low else np.array([low / 2, low * 2])
        # bins narrower than 1 would leave gaps between whole numbers
        return np.append(np.unique(np.floor(edges)), high + 1) if whole else edges
    if whole and high - low < bins:
        return np.arange(low, high + 2) - 0.5
    return np.histogram_bin_edges(values, bins)


def _steps(
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


def _name_points(ax: Axes, xs: NDArray[np.float64], ys: NDArray[np.float64], names: Mapping[int, str]) -> None:
    """Write names beside points, in the first of eight places around each that no earlier name covers."""
    if not names:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None
    taken: list[Any] = []
    with any_script():
        figure.draw_without_rendering()
    for point, name in names.items():
        for dx, dy in ((5, 0), (-5, 0), (0, 6), (0, -6), (4, 5), (4, -5), (-4, 5), (-4, -5)):
            text: Annotation = ax.annotate(
                name, (xs[point], ys[point]), xytext=(dx, dy), textcoords="offset points", fontsize="small",
                ha=("center", "left", "right")[int(np.sign(dx))], va=("center", "bottom", "top")[int(np.sign(dy))],
            )  # fmt: skip
            with any_script():
                box = text.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()
