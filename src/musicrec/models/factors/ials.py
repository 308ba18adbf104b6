"""iALS: weighted matrix factorization whose penalty grows with how often a row is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel
from musicrec.models.factors.row_solver import solve_rows
from musicrec.models.space import Range, Space
from musicrec.parallel import one_blas_thread


@dataclass(eq=False, kw_only=True)
class IALS(FactorModel):
    """Every pair of a user and an item counts a little, listens more [Rendle, Krichene, Zhang & Koren, 2022].

    The loss is Σ w·(1 − u·v)² over listens, plus unobserved·Σ(u·v)² over *all* pairs, plus the penalties
    regularization·(n + unobserved·N)^exponent on the squared length of each vector, for a row with n of N possible
    entries. w is log(1 + plays) in relation to its mean over the same user's listens.

    Both sides are solved for in turn, exactly. The factors of the other side are first turned into the basis in which
    their Gram matrix is diagonal; a short history is then solved through its own size (see `row_solver`).

    Parameters
    ----------
    dim : int
        Number of factors.
    unobserved : float
        How much a pair counts that was not observed; a listen of average strength counts 1 more.
    regularization, exponent : float
        Of the penalty. With an exponent of 1 a row is penalised in proportion to how much it weighs in the loss.
    iterations : int
        How often both sides are solved for in turn.
    init_sd : float
        Standard deviation of the items' vectors at the start, divided by the root of `dim`.
    """

    name: ClassVar[str] = "ials"
    title: ClassVar[str] = "Least squares, balanced penalty"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "rendle2022"
    reads: ClassVar[tuple[str, ...]] = ("plays",)
    space: ClassVar[Space] = {
        "dim": Range(16, 160, log=True),  # more cost time and bring nothing
        "unobserved": Range(0.01, 1.0, log=True),
        "regularization": Range(0.0005, 0.1, log=True),
        "exponent": Range(0.0, 1.0),
    }
    small: ClassVar[dict[str, Any]] = {"dim": 4, "unobserved": 0.3, "regularization": 0.01}
    dim: int = 128
    unobserved: float = 0.08
    regularization: float = 0.008
    exponent: float = 1.0
    iterations: int = 14
    init_sd: float = 0.1

    def __post_init__(self) -> None:
        for setting in ("dim", "unobserved", "regularization", "iterations", "init_sd"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"ials: {setting} must be above zero, not {getattr(self, setting)}")

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        listens = self._weighted(train.matrix)
        by_item = listens.T.tocsr()
        scale = self.init_sd / np.sqrt(self.dim)
        items = rng.standard_normal((train.n_items, self.dim)) * scale
        for _ in tqdm(range(self.iterations), desc=self.name, unit="iteration", disable=None, leave=False):
            users = self._solve(listens, items)
            items = self._solve(by_item, users)
        users = self._solve(listens, items)  # so that a user's scores are those of fold_in
        self.user_factors, self.item_factors = users.astype(np.float32), items.astype(np.float32)
        return self

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        with one_blas_thread():  # the systems are small
            users = self._solve(self._weighted(histories), self.item_factors.astype(np.float64))
        return users.astype(np.float32) @ self.item_factors.T

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:
        """Return what each item of one history, shape (1, n_items), adds to the score of `item` in `fold_in`.

        Exact, because the minimising vector is linear in the targets [Hu, Koren & Volinsky, 2008].
        """
        factors = self.item_factors.astype(np.float64)
        weighted = self._weighted(history)
        heard = factors[weighted.indices]
        form = self.unobserved * factors.T @ factors + self._penalty(weighted, len(factors))[0] * np.eye(self.dim)
        form += (heard.T * weighted.data) @ heard
        shares = np.linalg.solve(form, factors[item]) @ (heard.T * weighted.data)
        return pd.Series(shares, index=weighted.indices).sort_values(ascending=False)

    def _weighted(self, histories: sp.csr_array) -> sp.csr_array:
        """Return log(1 + plays) of every entry, relative to the mean of its row."""
        weights = np.log1p(histories.data.astype(np.float64))
        rows = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
        sums = np.bincount(rows, weights, minlength=histories.shape[0])
        weights *= (np.diff(histories.indptr) / np.maximum(sums, 1e-12))[rows]
        return sp.csr_array((weights, histories.indices, histories.indptr), shape=histories.shape)

    def _penalty(self, rows: sp.csr_array, n_others: int) -> NDArray[np.float64]:
        seen = np.diff(rows.indptr) + self.unobserved * n_others
        return self.regularization * seen**self.exponent

    def _solve(self, rows: sp.csr_array, others: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the vectors of the rows that minimise the loss given those of the other side."""
        values, basis = np.linalg.eigh(others.T @ others)
        turned = np.ascontiguousarray(others @ basis)
        diagonal = self.unobserved * np.maximum(values, 0)
        penalty = self._penalty(rows, len(others))
        return solve_rows(rows, turned, diagonal, penalty) @ basis.T
