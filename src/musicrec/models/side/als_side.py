"""Implicit ALS with tags as further rows."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.base import FactorModel
from musicrec.models.space import FACTORS, Range


class ALSSide(FactorModel):
    """Weighted matrix factorization [Hu, Koren & Volinsky, 2008] over listeners and tags.

    A tag is one more row, with log(1 + count) at the items that training listeners gave it to: it gets a vector as
    a user does, and pulls items of one kind together. A listen counts by log(1 + plays) in relation to its mean,
    divided by n ** `damping` for an item with n listeners.

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    dim : int
        Number of factors.
    regularization, alpha : float
        Penalty on the length of vectors; extra confidence in an entry.
    damping : float
        Exponent of the number of listeners.
    tag_weight : float
        How much tags count beside listens; 0 leaves them out.
    min_items : int
        Tags given to fewer items are left out.
    iterations : int
        How often both sides are solved for in turn.
    """

    name = "als-side"
    title = "Alternating least squares with tags"
    task = "listeners"
    reference = "hu2008"
    reads = ("tags", "plays")
    space = {**FACTORS, "damping": Range(0.0, 0.6), "tag_weight": Range(0.0, 2.0)}
    small = {"dim": 4, "regularization": 1.0}

    def __init__(
        self,
        side: SideInformation,
        dim: int = 64,
        regularization: float = 100.0,
        alpha: float = 40.0,
        damping: float = 0.0,
        tag_weight: float = 1.0,
        min_items: int = 3,
        iterations: int = 15,
    ) -> None:
        self.side, self.dim, self.regularization, self.alpha = side, dim, regularization, alpha
        self.damping, self.tag_weight, self.min_items, self.iterations = damping, tag_weight, min_items, iterations

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        plays = train.matrix.copy()
        plays.data = np.log1p(plays.data)
        plays.data /= plays.data.mean() or 1
        tags = self.side.known(train).item_tags.T.tocsr()
        tags = tags[np.diff(tags.indptr) >= self.min_items]
        tags.data = self.tag_weight * np.log1p(tags.data)
        listeners = train.popularity()
        scale = np.maximum(listeners, 1.0) ** -self.damping
        scale *= listeners.sum() / (listeners * scale).sum()  # the mean over listens stays what it was
        rows = sp.vstack([plays, tags] if self.tag_weight else [plays], format="csr")
        confidence = sp.csr_matrix(rows * scale, dtype=np.float32)
        confidence.data = 1 + np.float32(self.alpha) * confidence.data
        model = AlternatingLeastSquares(
            self.dim, self.regularization, 1.0, iterations=self.iterations, num_threads=1, random_state=rng
        )
        model.fit(confidence, show_progress=False)
        self.user_factors, self.item_factors = model.user_factors[: train.n_users], model.item_factors
        return self
