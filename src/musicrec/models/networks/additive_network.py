"""The embedding network of "SPOTIFIER!" (2018): user and track embeddings, added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import scipy.sparse as sp
from keras import layers
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.networks.network import Examples, Network, labelled, pair_inputs
from musicrec.models.space import ORIGINAL


@dataclass(eq=False, kw_only=True)
class AdditiveNetwork(Network):
    """Dense(1, sigmoid) on the sum of a user and an item embedding, as the original built it.

    The one dense unit is linear in its input, so that the log-odds are w·u + w·v + b = a(user) + c(item): every user
    gets the same order of items. Kept as it was, to be shown.

    Parameters
    ----------
    dim : int
        Length of the embeddings.
    negatives : {"uniform", "original"}
        The original drew an item and, as long as the user held it, another one, but that one by the number of
        *users*. Both ways are here; see `original_negatives`.
    redraw : bool
        Whether every epoch draws its own negatives. The original drew them once.
    """

    name: ClassVar[str] = "additive-network"
    title: ClassVar[str] = "Additive network"
    task: ClassVar[str] = "listeners"
    personal: ClassVar[bool] = False
    unsearched: ClassVar[str] = ORIGINAL
    small: ClassVar[Mapping[str, Any]] = {"epochs": 2}
    dim: int = 10
    negatives: str = "uniform"
    redraw: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.negatives not in ("uniform", "original"):
            raise ValueError(f"negatives must be 'uniform' or 'original', not {self.negatives!r}")

    def build(self, n_users: int, n_items: int) -> keras.Model:  # noqa: D102
        user, item = pair_inputs()
        both = layers.Add()([layers.Embedding(n_users, self.dim)(user), layers.Embedding(n_items, self.dim)(item)])
        return keras.Model([user, item], layers.Dense(1, activation="sigmoid")(both))

    def examples(self, positives: Interactions, held: sp.csr_array, rng: np.random.Generator) -> Examples:  # noqa: D102
        if self.negatives == "uniform":
            return super().examples(positives, held, rng)
        users, items = positives.coordinates()
        askers = np.repeat(users, self.n_negatives)
        return labelled(users, items, askers, original_negatives(held, askers, rng))

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        of_users, of_items, kernel, bias = self.network.get_weights()
        return (of_users[users] @ kernel) + (of_items @ kernel)[:, 0] + bias


def original_negatives(held: sp.csr_array, users: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw negatives as the original did: any item first, then, while the user holds it, one of the first n_users.

    Raises
    ------
    ValueError
        Where the original would have looked for ever (the user holds all of the first n_users items) or for an item
        that does not exist (there are more users than items).
    """
    n_users, n_items = held.shape
    if n_users > n_items:
        raise ValueError(f"the original's negatives name items up to {n_users}, but there are only {n_items}")
    rows = np.repeat(np.arange(n_users), np.diff(held.indptr))
    full = np.bincount(rows[held.indices < n_users], minlength=n_users) == n_users
    if full[users].any():
        raise ValueError(f"user {users[full[users]][0]} holds all of the first {n_users} items: the draw never ends")
    keys = rows * n_items + held.indices
    drawn = rng.integers(n_items, size=len(users))
    while (again := np.flatnonzero(np.isin(users * n_items + drawn, keys))).size:
        drawn[again] = rng.integers(n_users, size=again.size)
    return drawn
