"""The mean rating of each item."""

from __future__ import annotations

from typing import Self

import numpy as np

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel


class MeanRating(FactorModel):
    """What a rating is without any factorization: the mean, plus a deviation of the item and one of the user.

    Deviations are means of what is left, shrunk towards zero as if each item and each user had `shrinkage` more
    entries without any [Koren, 2008]. Written as factors (1, b_user) · (mean + b_item, 1).

    Parameters
    ----------
    shrinkage : float
        How many entries of nothing to add.
    parts : str
        Which deviations to use: "", "item", "user" or "item+user".
    """

    name = "mean-rating"
    title = "Mean rating"
    task = "ratings"
    personal = False

    def __init__(self, shrinkage: float = 5.0, parts: str = "item+user") -> None:
        self.shrinkage, self.parts = shrinkage, parts

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        rows, columns = train.coordinates()
        left = train.matrix.data.astype(np.float64)
        mean = left.mean()
        left = left - mean
        deviations = {}
        for part, codes, n in (("item", columns, train.n_items), ("user", rows, train.n_users)):
            sums, counts = np.bincount(codes, left, n), np.bincount(codes, minlength=n)
            # with no shrinkage, what nobody rated deviates by nothing
            deviations[part] = sums / np.maximum(counts + self.shrinkage, 1e-12) * (part in self.parts)
            left = left - deviations[part][codes]
        self.user_factors = np.column_stack([np.ones(train.n_users), deviations["user"]]).astype(np.float32)
        self.item_factors = np.column_stack([mean + deviations["item"], np.ones(train.n_items)]).astype(np.float32)
        return self
