"""EASE: a linear model between items with a closed form, solved among users when they are fewer."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.knn import ones


class EASE(Recommender):
    r"""Embarrassingly shallow autoencoder [Steck, 2019].

    The weights B between items minimise :math:`\|X - XB\|^2 + \lambda \|B\|^2` with a zero diagonal. With
    :math:`P = (X^\top X + \lambda I)^{-1}` the solution is :math:`B_{ij} = -P_{ij} / P_{jj}`. The textbook inverts a
    matrix of items × items; through the Woodbury identity

    .. math:: P = \tfrac1\lambda \left(I - X^\top K X\right), \quad K = (X X^\top + \lambda I)^{-1}

    one of users × users does the same, and B is never written down. Both ways give the same scores.

    Parameters
    ----------
    l2 : float
        λ, above zero.
    """

    name = "ease"

    def __init__(self, l2: float = 200.0) -> None:
        if not l2 > 0:
            raise ValueError(f"the penalty must be above zero, not {l2}")
        self.l2 = l2

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        self.listens = train.binary()
        gram = (self.listens @ self.listens.T).toarray().astype(np.float64)
        gram.flat[:: len(gram) + 1] += self.l2
        factor = scipy.linalg.cho_factor(gram, lower=True, overwrite_a=True)
        self.kernel = scipy.linalg.cho_solve(factor, np.eye(len(gram)), overwrite_b=True).astype(np.float32)
        # 1 - x_jᵀ K x_j for the column x_j of every item: only pairs of its own listeners count
        self.diagonal = 1 - _quadratic(self.listens.T.tocsr(), self.kernel)
        return self

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.listens[self._known(users)])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        history = ones(histories)
        smoothed = (history @ self.listens.T).toarray() @ self.kernel @ self.listens  # h XᵀKX
        scores = smoothed / self.diagonal
        # The diagonal of B is zero: an item says nothing for itself.
        rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
        own = history.indices
        scores[rows, own] -= 1 / self.diagonal[own] - 1
        return scores

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        liked = history.indices
        column = self.kernel @ self.listens[:, [item]].toarray()[:, 0]  # K x_j
        weights = self.listens.T.tocsr()[liked] @ column / self.diagonal[item]
        weights[liked == item] = 0
        return pd.Series(weights, index=liked).sort_values(ascending=False)

    def weights_from(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return some rows of B, what these items add to the score of every item, shape (len(items), n_items)."""
        weights = (self.listens.T.tocsr()[items] @ self.kernel) @ self.listens / self.diagonal
        weights[np.arange(len(items)), items] = 0
        return weights


def _quadratic(items: sp.csr_array, kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return x K xᵀ for every row x of a binary matrix, shape (n_items,)."""
    sums = np.empty(items.shape[0], np.float64)
    for item in range(items.shape[0]):
        who = items.indices[items.indptr[item] : items.indptr[item + 1]]
        sums[item] = kernel[np.ix_(who, who)].sum(dtype=np.float64)
    return sums.astype(np.float32)
