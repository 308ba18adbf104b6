"""RP3beta: a three-step random walk from user to item to user to item, damped for popular items."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.neighbours.item_to_item import ItemToItem, keep_largest
from musicrec.models.space import NEIGHBOURS, Range


class RP3Beta(ItemToItem):
    """Walk to the users of an item and on to their items [Paudel et al., 2016].

    The weight from item i to item j is the chance of the walk i → user → j, raised to `alpha` step by step and
    divided by the popularity of j to the power of `beta`.

    Parameters
    ----------
    alpha : float
        Exponent of the transition probabilities.
    beta : float
        How much popular items are damped; 0 not at all.
    n_neighbours : int
        How many items each item votes for.
    """

    name = "rp3beta"
    title = "Random walk"
    task = "listeners"
    reference = "paudel2016"
    space = {"alpha": Range(0.1, 2.0), "beta": Range(0.0, 1.0), "n_neighbours": NEIGHBOURS}
    small = {"beta": 0.3}

    def __init__(self, alpha: float = 1.0, beta: float = 0.5, n_neighbours: int = 1000) -> None:
        self.alpha, self.beta, self.n_neighbours = alpha, beta, n_neighbours

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        listens = train.binary()
        listeners = np.maximum(train.popularity(), 1).astype(np.float64)
        sizes = np.maximum(train.history_sizes(), 1).astype(np.float64)
        to_user = sp.diags_array(listeners**-self.alpha) @ listens.T
        to_item = sp.diags_array(sizes**-self.alpha) @ listens @ sp.diags_array(listeners**-self.beta)
        walk = sp.coo_array(to_user @ to_item)
        away = walk.coords[0] != walk.coords[1]
        coords = (walk.coords[0][away], walk.coords[1][away])
        weights = sp.coo_array((walk.data[away].astype(np.float32), coords), shape=walk.shape).tocsr()
        self.weights = keep_largest(weights, self.n_neighbours)
        return self
