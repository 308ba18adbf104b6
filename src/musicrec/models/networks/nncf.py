"""The two-stream network of "Spotify Playlists Recommender" (2018), which it calls NNCF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import keras
import numpy as np
import scipy.sparse as sp
from keras import layers
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.networks.network import Examples, Network, labelled, pair_inputs, sample_negatives
from musicrec.models.space import DROPOUT, STEPS, Space

if TYPE_CHECKING:
    from musicrec.splits.cells import CellSplit

USERS_AT_ONCE = 16  # 16 × 17,632 scores of 4 bytes fit into a processor's cache, which the twenty passes over them need


class Collapsed(NamedTuple):
    """The trained network, with every chain of linear layers multiplied out; see `NNCF.collapse`."""

    user_factors: NDArray[np.float32]  # shape (n_users, 50): of the dot product, times its weight in the log-odds
    item_factors: NDArray[np.float32]  # shape (n_items, 50)
    user_hidden: NDArray[np.float32]  # shape (n_users, 20): what a user adds to each relu unit, its bias included
    item_hidden: NDArray[np.float32]  # shape (n_items, 20)
    output: NDArray[np.float32]  # shape (20,): weights of the one unit that follows
    output_bias: float
    stream_weight: float  # of the perceptron stream in the log-odds
    bias: float


@dataclass(eq=False, kw_only=True)
class NNCF(Network):
    """Dot product and perceptron side by side (NeuMF [He et al., 2017]), with exactly the original's layers.

    Most layers have no activation, so that for ranking the network is collapsed: see `collapse`. Batches are half
    ones, half zeros drawn evenly from all cells that are neither ones nor held out.

    Parameters
    ----------
    factors, perceptron_dim : int
        Length of the embeddings of the dot product and of the perceptron.
    dropout : float
        Share of the units dropped wherever the original drops some.
    """

    name: ClassVar[str] = "nncf"
    title: ClassVar[str] = "Collaborative-filtering network"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "he2017"
    space: ClassVar[Space] = {**DROPOUT, **STEPS}
    small: ClassVar[Mapping[str, Any]] = {
        "factors": 4,
        "perceptron_dim": 2,
        "dropout": 0.1,
        "batch_size": 256,
        "learning_rate": 0.03,
        "epochs": 40,
    }
    factors: int = 50
    perceptron_dim: int = 10
    dropout: float = 0.2
    batch_size: int = 10_000
    epochs: int = 20

    def build(self, n_users: int, n_items: int) -> keras.Model:
        """Return the network: 5,109,313 parameters for 10,000 playlists and 74,450 tracks."""
        user, item = pair_inputs()

        def drop(x: keras.KerasTensor) -> keras.KerasTensor:
            return layers.Dropout(self.dropout)(x)

        def embedding(of: keras.KerasTensor, n: int, dim: int, name: str) -> keras.KerasTensor:
            return drop(layers.Embedding(n + 1, dim, name=name)(of))  # one spare row, as in the original

        dot = layers.Dot(axes=1)(
            [
                embedding(user, n_users, self.factors, "user_factors"),
                embedding(item, n_items, self.factors, "item_factors"),
            ]
        )
        both = [
            embedding(user, n_users, self.perceptron_dim, "user_perceptron"),
            embedding(item, n_items, self.perceptron_dim, "item_perceptron"),
        ]
        x = drop(layers.Concatenate()(both))
        for units in (200, 100):
            x = drop(layers.BatchNormalization(name=f"norm_{units}")(layers.Dense(units, name=f"dense_{units}")(x)))
        x = layers.Dense(50, name="dense_50")(x)
        x = layers.Dense(20, activation="relu", name="relu_20")(x)
        x = layers.Dense(1, activation="relu", name="relu_1")(x)
        x = layers.Concatenate()([dot, x])
        for place in (1, 2):
            x = layers.Dense(100, name=f"joint_{place}")(x)
        return keras.Model([user, item], layers.Dense(2, activation="softmax", name="answer")(x))

    def fit_cells(
        self, cells: CellSplit, *, rng: np.random.Generator, watch: Callable[[Self], float] | None = None
    ) -> Self:
        """Train under the original's protocol: on the cells that are not held out, ones and zeros alike."""
        self._held_out = cells.held_out
        try:
            return self.fit(cells.train, rng=rng, watch=watch)
        finally:
            del self._held_out

    def examples(self, positives: Interactions, held: sp.csr_array, rng: np.random.Generator) -> Examples:  # noqa: D102
        users, items = positives.coordinates()
        return labelled(users, items, *self._zeros(held, self.n_negatives * len(positives), rng))

    def order(self, labels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return an order in which every batch has ones and zeros in the proportion of the whole: half and half."""
        place = np.empty(len(labels))
        for value in (0, 1):
            rows = np.flatnonzero(labels == value)
            place[rows] = (rng.permutation(len(rows)) + 0.5 * value) / max(len(rows), 1)
        return np.argsort(place, kind="stable")

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the log-odds that a user holds an item, shape (len(users), n_items), from the collapsed network."""
        users, net = users, self.collapse()
        result = np.empty((len(users), self.train.n_items), np.float32)
        item_hidden = np.ascontiguousarray(net.item_hidden.T)
        for start in range(0, len(users), USERS_AT_ONCE):
            batch = users[start : start + USERS_AT_ONCE]
            stream = np.full((len(batch), self.train.n_items), net.output_bias, np.float32)
            unit = np.empty_like(stream)
            for weight, of_users, of_items in zip(net.output, net.user_hidden[batch].T, item_hidden, strict=True):
                np.add(of_users[:, None], of_items, out=unit)
                np.maximum(unit, 0, out=unit)
                unit *= weight
                stream += unit
            np.maximum(stream, 0, out=stream)
            stream *= net.stream_weight
            stream += net.user_factors[batch] @ net.item_factors.T
            stream += net.bias
            result[start : start + USERS_AT_ONCE] = stream
        return result

    def collapse(self) -> Collapsed:
        """Multiply out every chain of layers without activation.

        From the embeddings to the twenty relu units the perceptron is one affine map of user and item: four dense
        and two normalising layers amount to 20 numbers per user, 20 per item. The three dense layers that join the
        streams are one affine map of two numbers. What is left,

            log-odds = pᵤ·qᵢ + β · relu(Σₖ wₖ relu(hᵤₖ + hᵢₖ) + c) + γ,

        gives the same scores as the network, some hundred times faster.
        """
        net = self.network
        kernel, bias = np.eye(2 * self.perceptron_dim), np.zeros(2 * self.perceptron_dim)
        for name in ("dense_200", "norm_200", "dense_100", "norm_100", "dense_50", "relu_20"):
            step, shift = _affine(net.get_layer(name))
            kernel, bias = kernel @ step, bias @ step + shift
        joint, gamma = np.eye(2), np.zeros(2)
        for name in ("joint_1", "joint_2", "answer"):
            step, shift = _affine(net.get_layer(name))
            joint, gamma = joint @ step, gamma @ step + shift
        alpha, beta = joint[:, 1] - joint[:, 0]
        output, output_bias = _affine(net.get_layer("relu_1"))
        # the spare row of each embedding stays behind
        users, items = (net.get_layer(f"{of}_perceptron").get_weights()[0][:-1] for of in ("user", "item"))
        p, q = (net.get_layer(f"{of}_factors").get_weights()[0][:-1] for of in ("user", "item"))
        dim = self.perceptron_dim
        arrays = [alpha * p, q, users @ kernel[:dim] + bias, items @ kernel[dim:], output[:, 0]]
        factors, q, hidden, of_items, weights = (np.asarray(a, np.float32) for a in arrays)
        numbers = float(output_bias[0]), float(beta), float(gamma[1] - gamma[0])
        return Collapsed(factors, q, hidden, of_items, weights, *numbers)

    def speaking(self) -> float:
        """Return the share of all pairs for which the perceptron stream is above zero.

        Its last unit is a relu: where the sum before it is negative the stream says nothing, and learns nothing.
        """
        net, above = self.collapse(), 0
        for user in net.user_hidden:
            above += int(np.sum(np.maximum(user + net.item_hidden, 0) @ net.output + net.output_bias > 0))
        return above / (len(net.user_hidden) * len(net.item_hidden))

    def _zeros(
        self, held: sp.csr_array, n: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Draw n cells evenly from all that are neither in `held` nor held out."""
        free = held.shape[1] - np.diff(held.indptr)
        if not free.any():
            return np.empty(0, np.int64), np.empty(0, np.int64)
        masked = getattr(self, "_held_out", None)
        users, items = np.empty(0, np.int64), np.empty(0, np.int64)
        while len(users) < n:
            more = rng.choice(len(free), size=n - len(users), p=free / free.sum())
            drawn = sample_negatives(held, more, rng)
            keep = slice(None) if masked is None else ~masked(more, drawn)
            users, items = np.concatenate([users, more[keep]]), np.concatenate([items, drawn[keep]])
        return users, items


def _affine(layer: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return kernel and bias of a dense layer, or of a batch normalisation as it is once training is over."""
    weights = [np.asarray(w, np.float64) for w in layer.get_weights()]
    if isinstance(layer, layers.Dense):
        return weights[0], weights[1]
    gamma, beta, mean, variance = weights
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return np.diag(scale), beta - mean * scale
