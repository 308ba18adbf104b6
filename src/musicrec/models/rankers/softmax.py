"""A weighted sum of features, fitted so that hits come out on top of their list."""

from __future__ import annotations

import numpy as np
import scipy.optimize
from numpy.typing import NDArray


def softmax_weights(
    features: NDArray[np.float32], hits: NDArray[np.float32], sizes: NDArray[np.int64], penalty: float
) -> NDArray[np.float32]:
    """Fit a sum of features so that the hits of each list get most of a softmax over the list [Cao et al., 2007].

    Parameters
    ----------
    features : numpy.ndarray, shape (n, n_features)
        Standardised, list after list.
    hits : numpy.ndarray, shape (n,)
        1 for a hit, else 0.
    sizes : numpy.ndarray, shape (n_lists,)
        Length of each list, above zero.
    penalty : float
        On the squares of the weights.

    Returns
    -------
    numpy.ndarray, shape (n_features,)

    Examples
    --------
    Hits have the larger first feature; the second says nothing.

    >>> features = np.float32([[1, 0], [-1, 0], [1, 0], [-1, 0]])
    >>> softmax_weights(features, np.float32([1, 0, 1, 0]), np.array([2, 2]), 0.1).round(1)
    array([1.1, 0. ], dtype=float32)
    """
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    lists = np.repeat(np.arange(len(sizes)), sizes)
    n_hits = np.add.reduceat(hits, starts)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        values = features @ weights.astype(np.float32)
        highest = np.maximum.reduceat(values, starts)
        odds = np.exp(values - highest[lists])
        total = np.add.reduceat(odds, starts)
        value = (n_hits * (np.log(total) + highest)).sum(dtype=np.float64) - (values * hits).sum(dtype=np.float64)
        slope = features.T @ (odds * (n_hits / total)[lists] - hits)
        n = n_hits.sum()
        return float(value / n + penalty * weights @ weights), slope / n + 2 * penalty * weights

    start = np.zeros(features.shape[1])
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80})
    return found.x.astype(np.float32)
