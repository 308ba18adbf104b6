"""Kernel regression between users: an infinitely wide autoencoder, with tags as a second kernel."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.ease import relative_plays
from musicrec.models.tag_content import unit_rows
from musicrec.side_information import SideInformation


class KernelUsers(Recommender):
    """Scores are K (K + λI)⁻¹ X: what similar users listen to, each counted once for what they share.

    K is the neural tangent kernel of an autoencoder with one infinitely wide hidden layer [Sachdeva et al., 2022],
    a function of the angle between two listeners; `tag_weight` times the cosine of their tag profiles is added.
    X holds log(1 + plays) in relation to the listener's mean, columns divided by n ** `damping` for n listeners.

    A profile sums the tag vectors of the training items, counted on training listens alone.

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    l2 : float
        λ, above zero.
    damping : float
        Exponent of the number of listeners.
    tag_weight : float
        Weight of the second kernel.
    """

    name = "kernel-users"

    def __init__(self, side: SideInformation, l2: float = 5.0, damping: float = 0.2, tag_weight: float = 1.0) -> None:
        if not l2 > 0:
            raise ValueError(f"the penalty must be above zero, not {l2}")
        self.side, self.l2, self.damping, self.tag_weight = side, l2, damping, tag_weight

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        self.listens = relative_plays(train.matrix)
        self.listens.data *= (np.maximum(train.listeners(), 1) ** -self.damping).astype(np.float32)[
            self.listens.indices
        ]
        kernel = tangent_kernel(_cosines(self.listens))
        tags = self.side.known(train).item_tags
        tags.data = np.log1p(tags.data)
        kernel += self.tag_weight * _cosines(sp.csr_array(self.listens @ unit_rows(tags)))
        regularised = kernel.copy()
        regularised.flat[:: len(kernel) + 1] += self.l2
        # K and (K + λI)⁻¹ commute, so solving for K gives the weights of both orders
        self.weights = scipy.linalg.solve(regularised, kernel, assume_a="pos").astype(np.float32).T
        return self

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return np.asarray(self.weights[self._known(users)] @ self.listens)


def tangent_kernel(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the neural tangent kernel of one hidden layer of rectifiers, for rows of length 1.

    Examples
    --------
    >>> tangent_kernel(np.array([1.0, 0.0])).round(3)
    array([2.   , 0.318])
    """
    angle = np.arccos(np.clip(cosines, -1, 1))
    sine = np.sqrt(np.clip(1 - cosines**2, 0, None))
    return (cosines * (np.pi - angle) + sine + cosines * (np.pi - angle)) / np.pi


def _cosines(rows: sp.csr_array) -> NDArray[np.float64]:
    rows = unit_rows(rows)
    return (rows @ rows.T).toarray().astype(np.float64)
