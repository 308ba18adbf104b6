"""Likeness of features: artists that sound like those of a genre."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.genres import unit_length
from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel


class FeatureCosine(FactorModel):
    """Cosine between an artist's features and the mean of those of the genre's artists: nothing is trained."""

    name = "feature-cosine"
    title = "Similar features"
    task = "genres"

    def __init__(self, features: NDArray[np.float32]) -> None:
        self.features = features

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.user_factors = unit_length(train.binary() @ self.features).astype(np.float32)
        self.item_factors = self.features
        return self
