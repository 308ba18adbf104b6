"""The additive network, repaired another way: embeddings side by side, and a perceptron on top."""

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
class ConcatNetwork(Network):
    """Perceptron on the concatenated embeddings of user and item [He et al., 2017].

    Parameters
    ----------
    dim : int
        Length of the embeddings.
    hidden : tuple of int
        Units of each hidden layer (relu), from the embeddings on; at least one.
    penalty : float
        Added to the loss of each step: this times the sum of squares of both tables.
    """

    name: ClassVar[str] = "concat-network"
    title: ClassVar[str] = "Perceptron on embeddings"
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
    dim: int = 16
    hidden: tuple[int, ...] = (32, 16)
    penalty: float = 3e-5
    learning_rate: float = 0.005
    batch_size: int = 4000
    epochs: int = 20
    n_negatives: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.hidden:
            raise ValueError(f"{self.name}: without a hidden layer this is the additive network")

    def build(self, n_users: int, n_items: int) -> keras.Model:  # noqa: D102
        user, item = pair_inputs()
        vectors = [
            layers.Embedding(n, self.dim, embeddings_regularizer=keras.regularizers.L2(self.penalty), name=name)(of)
            for of, n, name in ((user, n_users, "user_vectors"), (item, n_items, "item_vectors"))
        ]
        x = layers.Concatenate()(vectors)
        for place, units in enumerate(self.hidden):
            x = layers.Dense(units, activation="relu", name=f"hidden_{place}")(x)
        return keras.Model([user, item], layers.Dense(1, activation="sigmoid", name="answer")(x))

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the log-odds that a user holds an item, shape (len(users), n_items).

        The first hidden layer is linear before its relu, so what a user and what an item add to it is computed once
        for each of them and not for each pair.
        """
        layer = self.network.get_layer
        of_users, of_items = (layer(name).get_weights()[0] for name in ("user_vectors", "item_vectors"))
        kernel, bias = layer("hidden_0").get_weights()
        from_users, from_items = of_users[users] @ kernel[: self.dim] + bias, of_items @ kernel[self.dim :]
        rest = [layer(f"hidden_{place}").get_weights() for place in range(1, len(self.hidden))]
        last, shift = layer("answer").get_weights()
        result = np.empty((len(users), len(of_items)), np.float32)
        for row, from_user in enumerate(from_users):  # what one user needs fits into the processor's cache
            x = np.maximum(from_items + from_user, 0)
            for kernel, bias in rest:
                x = np.maximum(x @ kernel + bias, 0)
            result[row] = x @ last[:, 0] + shift
        return result
