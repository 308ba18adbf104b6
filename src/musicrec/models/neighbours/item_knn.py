"""Nearest neighbours of items: liked by the same users."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.neighbours.item_to_item import ItemToItem, keep_largest
from musicrec.models.space import NEIGHBOURS, Range


class ItemKNN(ItemToItem):
    """Sum over the history of each item's similarity to the candidate [Deshpande & Karypis, 2004].

    Similarity of items i and j with n_i and n_j listeners, n_ij of them in common: n_ij / (√(n_i n_j) + shrinkage).
    Each item of the history votes only for its `n_neighbours` most similar items.

    Parameters
    ----------
    n_neighbours : int
        How many items each item votes for; the default was chosen on validation data (chapter 02).
    shrinkage : float
        Damps similarities that rest on few listeners.
    """

    name = "item-knn"
    title = "Similar artists"
    task = "listeners"
    reference = "sarwar2001"
    space = {"n_neighbours": NEIGHBOURS, "shrinkage": Range(0.0, 50.0)}
    small = {"n_neighbours": 12}

    def __init__(self, n_neighbours: int = 1000, shrinkage: float = 5.0) -> None:
        self.n_neighbours, self.shrinkage = n_neighbours, shrinkage

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        listens = train.binary()
        common = sp.coo_array(listens.T @ listens)
        rows, columns = common.coords
        different = rows != columns
        rows, columns, values = rows[different], columns[different], common.data[different]
        listeners = train.popularity().astype(np.float64)
        values = values / (np.sqrt(listeners[rows] * listeners[columns]) + self.shrinkage)
        similarity = sp.csr_array((values.astype(np.float32), (rows, columns)), shape=common.shape)
        self.weights = keep_largest(similarity, self.n_neighbours)
        return self
