"""Weighted ridge regressions of many rows on the same factors: the inner step of `ials`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

CELLS = 500_000  # numbers held at once for a group of rows: 4 MB, which stay in a cache


def solve_rows(
    rows: sp.csr_array,
    factors: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the vectors x that minimise Σ w·(1 − x·f)² + xᵀ·diag(`diagonal` + penalty)·x for each row.

    A row with fewer entries than factors is solved through its own size: by the identity of Woodbury,
    (D + FᵀWF)⁻¹FᵀW·1 = D⁻¹Fᵀ(W⁻¹ + FD⁻¹Fᵀ)⁻¹·1 for a diagonal D. Rows of one length are solved together.

    Parameters
    ----------
    rows : scipy.sparse.csr_array, shape (n, n_others)
        The weights w of what each row has seen, above zero.
    factors : numpy.ndarray, shape (n_others, dim)
        The vectors f, in the basis in which `diagonal` is diagonal.
    diagonal : numpy.ndarray, shape (dim,)
        The part of the quadratic form that all rows share.
    penalty : numpy.ndarray, shape (n,)
        Above zero, added to the diagonal of each row.

    Returns
    -------
    numpy.ndarray, shape (n, dim)

    Examples
    --------
    One entry of weight 1 and a single factor: x = f / (f² + penalty).

    >>> row = sp.csr_array([[1.0]])
    >>> solve_rows(row, np.array([[2.0]]), np.zeros(1), np.ones(1))
    array([[0.4]])
    """
    dim = factors.shape[1]
    result = np.zeros((rows.shape[0], dim))
    for group, size in _same_length(rows, dim):
        entries = rows.indptr[group][:, None] + np.arange(size)
        heard, weights = factors[rows.indices[entries]], rows.data[entries]
        form = diagonal + penalty[group][:, None]
        if size < dim:
            scaled = heard / np.sqrt(form)[:, None]
            kernel = scaled @ scaled.swapaxes(1, 2)
            kernel[:, np.arange(size), np.arange(size)] += 1 / weights
            shares = np.linalg.solve(kernel, np.ones((len(group), size, 1)))
            result[group] = (shares.swapaxes(1, 2) @ heard)[:, 0] / form
        else:
            weighted = heard * weights[:, :, None]
            normal = heard.swapaxes(1, 2) @ weighted
            normal[:, np.arange(dim), np.arange(dim)] += form
            result[group] = np.linalg.solve(normal, weighted.sum(axis=1)[:, :, None])[:, :, 0]
    return result


def _same_length(rows: sp.csr_array, dim: int) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yield groups of rows with the same number of entries, above zero, and that number."""
    sizes = np.diff(rows.indptr)
    order = np.argsort(sizes, kind="stable")
    for start, size in zip(*np.unique(sizes[order], return_index=True)[::-1], strict=True):
        group = order[start : start + np.count_nonzero(sizes == size)]
        step = max(1, CELLS // max(1, int(size) * dim))
        for first in range(0, len(group) if size else 0, step):
            yield group[first : first + step], int(size)
