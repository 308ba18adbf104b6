"""What friends listen to."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models.base import Recommender
from musicrec.models.side.tag_content import unit_rows
from musicrec.models.space import Range


class Friends(Recommender):
    """Items of a user's friends, each friend weighted by what the two have in common [Golbeck & Hendler, 2006].

    The weight of a friend is `trust` plus the cosine between the two sets of listens.

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    trust : float
        Weight of a friend with nothing in common.
    """

    name = "friends"
    title = "What friends listen to"
    task = "listeners"
    reference = "golbeck2006"
    reads = ("friends",)
    space = {"trust": Range(0.001, 1.0, log=True)}

    def __init__(self, side: SideInformation, trust: float = 0.02) -> None:
        self.side, self.trust = side, trust

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.listens = train.binary()
        friends = self.side.known(train).friends
        sets = unit_rows(self.listens)
        self.weights = sp.csr_array(friends.multiply(sets @ sets.T) + np.float32(self.trust) * friends)
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return (self.weights[users] @ self.listens).toarray()
