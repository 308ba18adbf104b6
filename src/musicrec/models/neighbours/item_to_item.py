"""What models of weights between items share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.models.base import Recommender


class ItemToItem(Recommender):
    """A score is a sum over the history; `fit` of a subclass sets the weights.

    Attributes
    ----------
    weights : scipy.sparse.csr_array, shape (n_items, n_items)
        What each item of a history (row) adds to the score of each item (column), float32.
    """

    weights: sp.csr_array

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return (ones(histories) @ self.weights).toarray()

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        liked = history.indices
        return pd.Series(self.weights[liked][:, [item]].toarray()[:, 0], index=liked).sort_values(ascending=False)

    def weights_from(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what some items add to the score of every item, shape (len(items), n_items)."""
        return self.weights[items].toarray()


def ones(histories: sp.csr_array) -> sp.csr_array:
    """Return the same entries, all of weight 1."""
    return sp.csr_array(
        (np.ones(histories.nnz, np.float32), histories.indices, histories.indptr), shape=histories.shape
    )


def keep_largest(matrix: sp.csr_array, k: int) -> sp.csr_array:
    """Return the k largest entries of each row; of equal entries those with the smaller column index stay.

    Examples
    --------
    >>> keep_largest(sp.csr_array([[0.5, 0.0, 0.9, 0.5]]), k=2).toarray()
    array([[0.5, 0. , 0.9, 0. ]])
    """
    sizes = np.diff(matrix.indptr)
    rows = np.repeat(np.arange(matrix.shape[0]), sizes)
    keep = np.repeat(sizes <= k, sizes)
    long = np.flatnonzero(~keep)  # only entries of these rows are sorted
    order = long[np.lexsort((matrix.indices[long], -matrix.data[long], rows[long]))]
    keep[order[np.arange(len(long)) - np.searchsorted(rows[long], rows[long]) < k]] = True
    return sp.csr_array((matrix.data[keep], (rows[keep], matrix.indices[keep])), shape=matrix.shape)
