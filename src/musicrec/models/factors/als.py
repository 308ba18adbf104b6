"""Weighted matrix factorization for implicit feedback, fitted by alternating least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.least_squares import LeastSquaresFactors, UserLoss
from musicrec.models.space import FACTORS, STRENGTH, Space


@dataclass(eq=False, kw_only=True)
class ALS(LeastSquaresFactors):
    """Every pair of a user and an item counts, listens with more confidence [Hu, Koren & Volinsky, 2008].

    The loss is Σ c·(p − u·v)² + regularization·(Σ|u|² + Σ|v|²) over *all* pairs: p = 1 and c = 1 + alpha·s for a
    listen, p = 0 and c = 1 for anything else. Fitted with the library `implicit`, on one thread, so that two runs
    with the same seed agree to the last digit. At the end the users' vectors are solved for once more, exactly: a
    user's scores are those of `fold_in` with the same history, and `explain` accounts for them in full.

    `alpha` is by default the 40 of the paper; the other defaults are plain. What was tuned, `registry.build` takes.

    Parameters
    ----------
    dim : int
        Number of factors.
    regularization : float
        Penalty on the length of the vectors.
    alpha : float
        Extra confidence in a listen.
    strength : {"equal", "log"}
        s, how much a listen counts by its number of plays: always 1, or log(1 + plays) in relation to its mean over
        the training listens.
    iterations : int
        How often both sides are solved for in turn.

    Attributes
    ----------
    history : pandas.DataFrame
        One row per iteration, from 1: `loss`, penalty included, divided by the sum of all confidences.
    """

    name: ClassVar[str] = "als"
    title: ClassVar[str] = "Alternating least squares"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "hu2008"
    reads: ClassVar[tuple[str, ...]] = ("plays",)
    space: ClassVar[Space] = {**FACTORS, "strength": STRENGTH}
    small: ClassVar[Mapping[str, Any]] = {"dim": 4, "regularization": 1.0}
    dim: int = 64
    regularization: float = 100.0
    alpha: float = 40.0
    strength: str = "equal"
    iterations: int = 15

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in ("dim", "regularization", "alpha", "iterations"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"als: {setting} must be above zero, not {getattr(self, setting)}")
        if self.strength not in ("equal", "log"):
            raise ValueError(f"als: strength must be 'equal' or 'log', not {self.strength!r}")

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        confidence = sp.csr_matrix(train.matrix)
        confidence.data = self._confidence(train.matrix).astype(np.float32)
        model = AlternatingLeastSquares(
            self.dim, self.regularization, 1.0, iterations=self.iterations, num_threads=1,
            calculate_training_loss=True, random_state=rng,
        )  # fmt: skip
        losses: list[float] = []
        with tqdm(total=self.iterations, desc=self.name, unit="iteration", leave=False, disable=None) as bar:

            def note(iteration: int, seconds: float, loss: float) -> None:
                losses.append(loss)
                bar.update()

            model.fit(confidence, show_progress=False, callback=note)
        self.item_factors = model.item_factors
        self.user_factors = self.user_vectors(train.matrix)
        self.history = pd.DataFrame({"loss": losses}, index=pd.RangeIndex(1, len(losses) + 1, name="iteration"))
        return self

    def user_loss(self, histories: sp.csr_array) -> UserLoss:  # noqa: D102
        # c·(p − s)² with p = 1 beside s² of every pair is (c − 1)·(c/(c − 1) − s)², up to a constant
        confidence = self._confidence(histories)
        every_pair = self.item_factors.astype(np.float64).T @ self.item_factors.astype(np.float64)
        gram = every_pair + self.regularization * np.eye(self.dim)
        return UserLoss(confidence - 1, confidence / (confidence - 1), gram)

    def _confidence(self, histories: sp.csr_array) -> NDArray[np.float64]:
        """Return c of every entry, shape (n_entries,)."""
        if self.strength == "equal":
            return np.full(histories.nnz, 1.0 + self.alpha)
        usual = np.log1p(self.train.matrix.data.astype(np.float64)).mean()
        return 1.0 + self.alpha * np.log1p(histories.data.astype(np.float64)) / usual
