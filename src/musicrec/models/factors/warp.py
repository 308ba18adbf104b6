"""WARP: factors trained on the mistakes near the top of the list."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel
from musicrec.models.space import Range


class WARP(FactorModel):
    """Matrix factorization under the weighted approximate-rank pairwise loss [Weston, Bengio & Usunier, 2011].

    Fitted with the library LightFM [Kula, 2015], on one thread, so that two runs with the same seed agree.

    Parameters
    ----------
    dim : int
        Number of factors; biases of users and items come on top.
    learning_rate : float
        Initial step size of Adagrad.
    l2 : float
        Penalty on the features of users and items.
    max_sampled : int
        How many negatives are tried for each listen in search of one that is ranked too high.
    epochs : int
        How often to go over the listens.
    """

    name = "warp"
    title = "WARP ranking loss"
    task = "listeners"
    reference = "weston2011"
    space = {
        "dim": Range(16, 256, log=True),
        "learning_rate": Range(0.005, 0.2, log=True),
        "l2": Range(0.0, 0.0002),
        "max_sampled": Range(5, 100, log=True),
        "epochs": Range(10, 150, log=True),
    }
    small = {"dim": 4, "epochs": 60}

    def __init__(
        self,
        dim: int = 64,
        learning_rate: float = 0.02,
        l2: float = 0.0,
        max_sampled: int = 30,
        epochs: int = 60,
    ) -> None:
        self.dim, self.learning_rate, self.l2 = dim, learning_rate, l2
        self.max_sampled, self.epochs = max_sampled, epochs

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        model = LightFM(
            no_components=self.dim, loss="warp", learning_rate=self.learning_rate, item_alpha=self.l2,
            user_alpha=self.l2, max_sampled=self.max_sampled, random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        users, items = (side.astype(np.int32) for side in train.coordinates())  # LightFM takes no wider ones
        listens = sp.coo_matrix((np.ones(len(train), np.float32), (users, items)), shape=train.matrix.shape)
        for _ in tqdm(range(self.epochs), desc=self.name, disable=None, leave=False):
            model.fit_partial(listens, epochs=1, num_threads=1)
        item_bias, items = model.get_item_representations()
        _, users = model.get_user_representations()
        # the bias of a user moves all scores alike; that of an item joins its vector, against a constant 1
        self.item_factors = np.column_stack([items, item_bias]).astype(np.float32)
        self.user_factors = np.column_stack([users, np.ones(len(users))]).astype(np.float32)
        return self
