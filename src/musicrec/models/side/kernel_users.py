"""Kernel regression between users: an infinitely wide autoencoder, with tags and friends as further kernels."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.base import Recommender
from musicrec.models.linear.ease import relative_plays
from musicrec.models.side.tag_content import unit_rows
from musicrec.models.space import Range


class KernelUsers(Recommender):
    """Scores are K (K + λI)⁻¹ X: what similar users listen to, each counted once for what they share.

    K is the neural tangent kernel of an autoencoder with one infinitely wide hidden layer [Sachdeva et al., 2022],
    a function of the angle between two listeners. Two more kernels are added: `tag_weight` times the cosine of their
    tag profiles, and `friend_weight` times how much a step or two along friendships has in common.
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
    tag_weight, friend_weight : float
        Weights of the further kernels.
    """

    name = "kernel-users"
    title = "Kernel between listeners"
    task = "listeners"
    reference = "sachdeva2022"
    reads = ("tags", "friends", "plays")
    space = {
        "l2": Range(0.1, 100.0, log=True),
        "damping": Range(0.0, 0.6),
        "tag_weight": Range(0.0, 5.0),
        "friend_weight": Range(0.0, 5.0),
    }
    small = {"l2": 1.0}

    def __init__(
        self,
        side: SideInformation,
        l2: float = 1.0,
        damping: float = 0.0,
        tag_weight: float = 1.0,
        friend_weight: float = 1.0,
    ) -> None:
        if not l2 > 0:
            raise ValueError(f"the penalty must be above zero, not {l2}")
        self.side, self.l2, self.damping = side, l2, damping
        self.tag_weight, self.friend_weight = tag_weight, friend_weight

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listens = relative_plays(train.matrix)
        scale = np.maximum(train.popularity(), 1) ** -self.damping
        self.listens.data *= scale.astype(np.float32)[self.listens.indices]
        kernel = tangent_kernel(_cosines(self.listens))
        allowed = self.side.known(train)
        tags = allowed.item_tags
        tags.data = np.log1p(tags.data)
        kernel += self.tag_weight * _cosines(sp.csr_array(self.listens @ unit_rows(tags)))
        kernel += self.friend_weight * _steps(allowed.friends)
        regularised = kernel.copy()
        regularised.flat[:: len(kernel) + 1] += self.l2
        # K and (K + λI)⁻¹ commute, so solving for K gives the weights of both orders
        self.weights = scipy.linalg.solve(regularised, kernel, assume_a="pos").astype(np.float32).T
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return np.asarray(self.weights[users] @ self.listens)


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


def _steps(friends: sp.csr_array) -> NDArray[np.float64]:
    """Return the kernel of two lazy steps along friendships, each friend weighted by 1 / √(degree of both)."""
    scale = sp.diags_array(np.maximum(np.diff(friends.indptr), 1) ** -0.5)
    lazy = (scale @ friends @ scale).toarray().astype(np.float64)
    lazy.flat[:: len(lazy) + 1] += 1
    return lazy @ lazy / 4


def _cosines(rows: sp.csr_array) -> NDArray[np.float64]:
    rows = unit_rows(rows)
    if rows.nnz > rows.shape[0] * rows.shape[1] / 50:  # dense enough for the faster product
        used = rows.toarray()
        return (used @ used.T).astype(np.float64)
    return (rows @ rows.T).toarray().astype(np.float64)
