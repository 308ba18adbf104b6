"""The additive network, repaired: user and item embeddings are multiplied, so that taste can differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from musicrec.models.networks.network import Network, pair_inputs
from musicrec.models.space import EMBEDDING, NEGATIVES, STEPS, Range, Space


@dataclass(eq=False, kw_only=True)
class DotNetwork(Network):
    """Sigmoid of a scaled dot product u·v plus an item's own share: matrix factorization as a network.

    Parameters
    ----------
    dim : int
        Length of the embeddings.
    penalty : float
        Added to the loss of each step: this times the sum of squares of both tables.
    """

    name: ClassVar[str] = "dot-network"
    title: ClassVar[str] = "Dot-product network"
    task: ClassVar[str] = "listeners"
    space: ClassVar[Space] = {"dim": EMBEDDING, "penalty": Range(1e-7, 1e-3, log=True), **STEPS, **NEGATIVES}
    small: ClassVar[Mapping[str, Any]] = {
        "dim": 4,
        "n_negatives": 2,
        "penalty": 1e-3,
        "epochs": 60,
        "batch_size": 256,
        "learning_rate": 0.03,
    }
    dim: int = 32
    penalty: float = 1e-5
    learning_rate: float = 0.005
    batch_size: int = 4000
    epochs: int = 14
    n_negatives: int = 8

    def build(self, n_users: int, n_items: int) -> keras.Model:  # noqa: D102
        user, item = pair_inputs()
        vectors = [
            layers.Embedding(n, self.dim, embeddings_regularizer=keras.regularizers.L2(self.penalty), name=name)(of)
            for of, n, name in ((user, n_users, "user_vectors"), (item, n_items, "item_vectors"))
        ]
        bias = layers.Embedding(n_items, 1, embeddings_initializer="zeros", name="item_bias")(item)
        both = layers.Add()([layers.Dot(axes=1)(vectors), bias])
        # starts as the plain sum: a random, perhaps negative, scale would only have to be unlearned
        answer = layers.Dense(1, activation="sigmoid", kernel_initializer="ones", name="answer")
        return keras.Model([user, item], answer(both))

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        names = ("user_vectors", "item_vectors", "item_bias")
        of_users, of_items, bias = (self.network.get_layer(name).get_weights()[0] for name in names)
        (scale,), shift = self.network.get_layer("answer").get_weights()
        return scale * (of_users[users] @ of_items.T + bias[:, 0]) + shift
