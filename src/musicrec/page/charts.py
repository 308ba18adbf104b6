"""Charts of two variables: curves, scatter plots, heat maps, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from seaborn.utils import relative_luminance

from musicrec.page.style import (
    DASHES,
    DENSE,
    DIVERGING,
    MAIN,
    MARKERS,
    MUTED,
    PALETTE,
    SEQUENTIAL,
    axes_or_new,
    label_axes,
    name_points,
)


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
    ax = axes_or_new(ax)
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
    return label_axes(ax, title, xlabel, ylabel)


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
    ax = axes_or_new(ax, height=5.0)
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
    label_axes(ax, title, xlabel, ylabel)
    if not xlabel and not ylabel:
        ax.set_axis_off()
    name_points(ax, xs, ys, names or {})
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
    ax = axes_or_new(ax, height=1.6 + 0.32 * min(rows, 24))
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
    return label_axes(ax, title, xlabel, ylabel)


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
    ax = axes_or_new(ax, height=1.2 + 0.32 * len(frame))
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
    return label_axes(ax, title, xlabel, ylabel)
