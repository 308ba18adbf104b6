"""Charts of one variable: ranked bars, distributions, boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from musicrec.page.style import (
    ACCENT,
    DASHES,
    DENSE,
    MAIN,
    MUTED,
    PALETTE,
    axes_or_new,
    bin_edges,
    finite_numbers,
    label_axes,
    step_points,
)


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
    ax = axes_or_new(ax, height=0.9 + 0.25 * len(ranked))
    marked = ranked.index.isin(np.atleast_1d(np.asarray(highlight, dtype=object)))
    bars = ax.barh(np.arange(len(ranked)), ranked, height=0.72, color=np.where(marked, ACCENT, MAIN))
    ax.bar_label(bars, labels=[form.format(value) for value in ranked], padding=4, fontsize="small")
    ax.set_yticks(np.arange(len(ranked)), [str(name) for name in ranked.index])
    ax.set_ylim(len(ranked) - 0.4, -0.6)
    ax.margins(x=0.1)
    ax.grid(axis="y", visible=False)
    ax.tick_params(axis="y", length=0)
    return label_axes(ax, title, xlabel, ylabel)


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
    arrays = {name: finite_numbers(values, name, log="x" in log) for name, values in named.items()}
    ax = axes_or_new(ax)
    edges = bin_edges(np.concatenate(list(arrays.values())), bins, log="x" in log)
    for place, (name, values) in enumerate(arrays.items()):
        look: dict[str, Any] = {"color": PALETTE[place % len(PALETTE)], "label": name or None}
        if kind == "histogram":
            step: dict[str, Any] = {"histtype": "step", "linewidth": 1.8} if len(arrays) > 1 else {"rwidth": 0.9}
            ax.hist(values, bins=edges.tolist(), **look, **step)
        else:
            steps = "steps-post" if kind == "ecdf" else "steps-pre"
            ax.plot(*step_points(values, kind, log), linestyle=DASHES[place % len(DASHES)], drawstyle=steps, **look)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    if len(arrays) > 1:
        ax.legend()
    return label_axes(ax, title, xlabel, ylabel)


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
    arrays = [finite_numbers(values, name, log=log) for name, values in groups.items()]
    ax = axes_or_new(ax, height=1.2 + 0.45 * len(arrays))
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
    return label_axes(ax, title, xlabel, ylabel)
