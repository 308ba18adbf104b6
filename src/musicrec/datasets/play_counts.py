"""Preparation of play counts as in "Recommender Systems Assignment" (2021): cut the largest, scale to ratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def outlier_cut(plays: ArrayLike) -> float:
    """Return the median of the values above the third quartile.

    The original calls every value above the third quartile an outlier: by definition, a quarter of them.

    Raises
    ------
    ValueError
        When no value is above the third quartile, as when all are equal.

    Examples
    --------
    >>> outlier_cut([1, 2, 3, 4, 5, 6, 7, 100])
    53.5
    """
    values = np.asarray(plays, dtype=np.float64)
    above = values[values > np.quantile(values, 0.75)] if len(values) else values
    if len(above) == 0:
        raise ValueError("no play count is above the third quartile; there is nothing to cut")
    return float(np.median(above))


def clip_and_scale(
    plays: ArrayLike, *, cut: float | None = None, low: float = 1.0, high: float = 10.0
) -> NDArray[np.float64]:
    """Set play counts above `cut` to `cut`, then map the smallest to `low` and the largest to `high`, linearly.

    Parameters
    ----------
    plays : array-like, shape (n,)
        Play counts.
    cut : float, optional
        Largest count kept, by default `outlier_cut`.
    low, high : float
        The scale of the result.

    Raises
    ------
    ValueError
        When all counts are equal after the cut, so that there is no scale.

    Examples
    --------
    >>> clip_and_scale([1, 4, 10, 500], cut=10)
    array([ 1.,  4., 10., 10.])
    """
    values = np.asarray(plays, dtype=np.float64)
    cut = outlier_cut(values) if cut is None else cut
    clipped = np.minimum(values, cut)
    if len(values) == 0 or clipped.min() == clipped.max():
        raise ValueError(f"play counts cut at {cut:g} do not differ; there is no scale to put them on")
    return low + (high - low) * (clipped - clipped.min()) / (clipped.max() - clipped.min())
