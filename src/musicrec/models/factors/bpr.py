"""BPR: factors trained so that what a user holds scores above what the user does not."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.recommender_base import ModelFitError

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel
from musicrec.models.space import Range


class BPR(FactorModel):
    """Matrix factorization under Bayesian personalised ranking [Rendle et al., 2009].

    Fitted with the library `implicit`, on one thread, so that two runs with the same seed agree. The library draws the
    item that is to be beaten as often as it is listened to; the paper draws all items alike, which suits measures that
    reward popular items better (`LightGCN` without layers is that model).

    Parameters
    ----------
    dim : int
        Number of factors; an item bias comes on top.
    learning_rate, regularization : float
        Step size of stochastic gradient descent, and penalty on the length of the vectors.
    epochs : int
        How often as many pairs are drawn as there are listens.
    """

    name = "bpr"
    title = "Bayesian personalised ranking"
    task = "listeners"
    reference = "rendle2009"
    space = {
        "dim": Range(16, 256, log=True),
        "learning_rate": Range(0.002, 0.2, log=True),
        "regularization": Range(0.0001, 0.1, log=True),
        "epochs": Range(50, 1000, log=True),
    }
    small = {"dim": 8, "epochs": 300}

    def __init__(
        self, dim: int = 64, learning_rate: float = 0.05, regularization: float = 0.01, epochs: int = 100
    ) -> None:
        self.dim, self.learning_rate, self.regularization, self.epochs = dim, learning_rate, regularization, epochs

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:
        """Learn from training interactions; every random draw comes from `rng`.

        Raises
        ------
        ValueError
            When there is nothing to learn from.
        FloatingPointError
            When training diverges; names the learning rate.
        """
        model = BayesianPersonalizedRanking(
            self.dim, self.learning_rate, self.regularization, iterations=self.epochs, num_threads=1,
            random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        try:
            model.fit(sp.csr_matrix(train.binary()), show_progress=False)
        except ModelFitError:
            raise FloatingPointError(
                f"bpr: training diverged: the learning rate {self.learning_rate:g} is too high; try a tenth of it"
            ) from None
        self.user_factors, self.item_factors = model.user_factors, model.item_factors
        return self
