"""EASE: a linear model between items with a closed form, solved among users when they are fewer."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.neighbours.item_to_item import ones
from musicrec.models.space import STRENGTH, Range

BLOCK = 2048  # items whose listeners are spread out at once


class EASE(Recommender):
    r"""Embarrassingly shallow autoencoder [Steck, 2019].

    The weights B between items minimise :math:`\|X - XB\|^2 + \lambda \|B\|^2` with a zero diagonal. With
    :math:`P = (X^\top X + \lambda I)^{-1}` the solution is :math:`B_{ij} = -P_{ij} / P_{jj}`. The textbook inverts a
    matrix of items × items; through the Woodbury identity

    .. math:: P = \tfrac1\lambda \left(I - X^\top K X\right), \quad K = (X X^\top + \lambda I)^{-1}

    one of users × users does the same, and B is never written down. Both ways give the same scores.

    Two settings go beyond the paper, whose model is the default. X is 1 for a listen; with `strength` "log" it is
    log(1 + plays) in relation to the mean of the same listener. And the column of an item with n listeners is
    divided by :math:`n^{damping}`, which takes scores from what is popular anyway.

    Parameters
    ----------
    l2 : float
        λ, above zero.
    damping : float
        Exponent of the number of listeners, from 0 to 1.
    strength : {"equal", "log"}
        How much a listen counts by its number of plays.
    """

    name = "ease"
    title = "Linear autoencoder (EASE)"
    task = "listeners"
    reference = "steck2019"
    space = {"l2": Range(1.0, 10_000.0, log=True), "damping": Range(0.0, 0.6), "strength": STRENGTH}
    small = {"l2": 1.0}
    precision: ClassVar[type[np.floating]] = np.float64  # of the inverse

    def __init__(self, l2: float = 200.0, damping: float = 0.0, strength: str = "equal") -> None:
        if not l2 > 0:
            raise ValueError(f"the penalty must be above zero, not {l2}")
        if not 0 <= damping <= 1:
            raise ValueError(f"damping must be from 0 to 1, not {damping}")
        if strength not in ("equal", "log"):
            raise ValueError(f"strength must be 'equal' or 'log', not {strength!r}")
        self.l2, self.damping, self.strength = l2, damping, strength

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.scale = (np.maximum(train.popularity(), 1) ** -self.damping).astype(np.float32)
        self._solve(self._weighed(train.matrix))
        return self

    def _solve(self, rows: sp.csr_array) -> None:
        """Invert among the rows, listeners and whoever else speaks for items, shape (n_rows, n_items)."""
        self.rows = rows
        gram = (rows @ rows.T).toarray().astype(self.precision)
        gram.flat[:: len(gram) + 1] += self.l2
        factor, _ = scipy.linalg.cho_factor(gram, lower=True, overwrite_a=True)
        (invert,) = scipy.linalg.lapack.get_lapack_funcs(["potri"], [factor])
        inverse, _ = invert(factor, lower=True, overwrite_c=True)
        kernel = np.tril(inverse.astype(np.float32, copy=False))
        self.kernel = kernel + np.tril(kernel, -1).T
        self.smooth = _quadratic(rows.T.tocsr(), self.kernel)  # x_jᵀ K x_j for the column x_j of every item

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        history = self._weighed(histories)
        scores = self._linear(history) @ self.rows / (1 - self.smooth)  # h XᵀKX
        return self._without_itself(scores, history, self.smooth)

    def _linear(self, history: sp.csr_array) -> NDArray[np.float32]:
        return (history @ self.rows.T).toarray() @ self.kernel

    def _without_itself(
        self, scores: NDArray[np.float32], history: sp.csr_array, smooth: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Take away what each item of a history says for itself: the diagonal of B is zero."""
        rows, own = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr)), history.indices
        share = smooth[own] if smooth.ndim == 1 else smooth[rows, own]
        scores[rows, own] -= history.data * share / (1 - share)
        return scores

    def weights_from(self, items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what some items add to the score of every item, shape (len(items), n_items): rows of B."""
        history = sp.eye_array(self.train.n_items, dtype=np.float32, format="csr")[items]
        return self.fold_in(history)

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        weighed = self._weighed(history)
        column = self.kernel @ self.rows[:, [item]].toarray()[:, 0]  # K x_j
        weights = weighed.data * (self.rows.T.tocsr()[weighed.indices] @ column) / (1 - self.smooth[item])
        weights[weighed.indices == item] = 0
        return pd.Series(weights, index=weighed.indices).sort_values(ascending=False)

    def _weighed(self, histories: sp.csr_array) -> sp.csr_array:
        """Return X of these people."""
        history = ones(histories) if self.strength == "equal" else relative_plays(histories)
        history.data *= self.scale[history.indices]
        return history


def relative_plays(histories: sp.csr_array) -> sp.csr_array:
    """Return log(1 + plays) of each entry, divided by its mean over the row, float32.

    Examples
    --------
    >>> relative_plays(sp.csr_array([[0.0, 3, 15], [7, 0, 7]])).toarray().astype(float).round(3).tolist()
    [[0.0, 0.667, 1.333], [1.0, 0.0, 1.0]]
    """
    sizes = np.diff(histories.indptr)
    plays = np.log1p(histories.data.astype(np.float64))
    rows = np.repeat(np.arange(len(sizes)), sizes)
    means = np.bincount(rows, plays, minlength=len(sizes)) / np.maximum(sizes, 1)
    values = np.divide(plays, means[rows], out=np.ones_like(plays), where=means[rows] > 0)
    return sp.csr_array((values.astype(np.float32), histories.indices, histories.indptr), shape=histories.shape)


def _quadratic(items: sp.csr_array, kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return x K xᵀ for every row x of a matrix, shape (n_items,)."""
    sums = np.empty(items.shape[0], np.float32)
    for start in range(0, len(sums), BLOCK):
        block = items[start : start + BLOCK]
        sums[start : start + BLOCK] = (block @ kernel * block.toarray()).sum(axis=1, dtype=np.float64)
    return sums
