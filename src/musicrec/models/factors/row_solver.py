"""Weighted ridge regressions of many rows on the same factors, compiled: the inner step of `ials`."""

import numpy as np

from musicrec.compiling import compiled


@compiled
def solve_rows(starts, columns, weights, factors, diagonal, penalty):  # type: ignore[no-untyped-def]
    """Return the vectors x that minimise Σ w·(1 − x·f)² + xᵀ·diag(`diagonal` + penalty)·x for each row.

    A row with fewer entries than factors is solved through its own size: by the identity of Woodbury,
    (D + FᵀWF)⁻¹FᵀW·1 = D⁻¹Fᵀ(W⁻¹ + FD⁻¹Fᵀ)⁻¹·1 for a diagonal D.

    Parameters
    ----------
    starts, columns, weights : numpy.ndarray
        `indptr`, `indices` and `data` of the rows, a CSR matrix of shape (n, n_factors_rows); weights above zero.
    factors : numpy.ndarray, shape (n_factors_rows, dim)
        float64, in the basis in which `diagonal` is diagonal.
    diagonal : numpy.ndarray, shape (dim,)
        The part of the quadratic form that all rows share.
    penalty : numpy.ndarray, shape (n,)
        Above zero, added to the diagonal of each row.

    Returns
    -------
    numpy.ndarray, shape (n, dim)
    """
    n, dim = len(starts) - 1, factors.shape[1]
    result = np.zeros((n, dim))
    for row in range(n):
        first, last = starts[row], starts[row + 1]
        size = last - first
        if size == 0:
            continue
        form = diagonal + penalty[row]
        heard = np.empty((size, dim))
        for place in range(size):
            heard[place] = factors[columns[first + place]]
        weight = weights[first:last].astype(np.float64)
        if size < dim:
            scaled = heard / np.sqrt(form)
            kernel = scaled @ scaled.T
            for place in range(size):
                kernel[place, place] += 1 / weight[place]
            result[row] = (np.linalg.solve(kernel, np.ones(size)) @ heard) / form
        else:
            weighted = heard * weight.reshape(-1, 1)
            normal = heard.T @ weighted
            for place in range(dim):
                normal[place, place] += form[place]
            result[row] = np.linalg.solve(normal, weighted.sum(axis=0))
    return result
