"""LightGCN: embeddings smoothed over the graph of users and items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import keras
import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.networks.keras_model import KerasModel
from musicrec.models.networks.network import sample_negatives
from musicrec.models.space import Range, Space


@dataclass(eq=False, kw_only=True)
class LightGCN(KerasModel):
    r"""Light graph convolution network [He et al., 2020].

    The graph joins each user with the items of the history; :math:`\tilde A = D^{-1/2} A D^{-1/2}` is its adjacency
    matrix, normalised by the degrees D. Nothing is trained but one embedding per node. Each layer multiplies them by
    :math:`\tilde A`; a node's vector is the mean over the layers, the embedding itself being the first,

    .. math:: E = \tfrac{1}{K+1} \left(I + \tilde A + \dots + \tilde A^K\right) E^{(0)},

    and a score is the dot product of a user and an item. The loss is that of BPR [Rendle et al., 2009]: a listen
    scores above an item drawn evenly from those the user does not hold.

    Parameters
    ----------
    dim : int
        Length of the embeddings.
    n_layers : int
        K; none at all is plain matrix factorization.
    penalty : float
        Added to the loss of each pair: this times half the sum of squares of the embeddings (not of the smoothed
        vectors) of the user and the two items.
    n_negatives : int
        Pairs per listen and epoch.
    """

    name: ClassVar[str] = "lightgcn"
    title: ClassVar[str] = "Graph convolution"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "he2020"
    space: ClassVar[Space] = {
        "dim": Range(16, 64, log=True),
        "n_layers": Range(1, 4),
        "penalty": Range(1e-6, 0.1, log=True),
        "learning_rate": Range(0.001, 0.05, log=True),
        "epochs": Range(50, 300, log=True),
    }
    small: ClassVar[Mapping[str, Any]] = {
        "dim": 8,
        "n_layers": 2,
        "batch_size": 128,
        "learning_rate": 0.03,
        "epochs": 40,
    }
    above_zero: ClassVar[tuple[str, ...]] = (*KerasModel.above_zero, "dim", "n_negatives")

    dim: int = 64
    n_layers: int = 3
    penalty: float = 1e-4
    n_negatives: int = 1
    learning_rate: float = 0.005
    batch_size: int = 8192
    epochs: int = 150

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in ("n_layers", "penalty"):
            if not getattr(self, setting) >= 0:
                raise ValueError(f"{self.name}: {setting} must not be below zero, but is {getattr(self, setting)}")

    def fit(
        self, train: Interactions, *, rng: np.random.Generator, watch: Callable[[Self], float] | None = None
    ) -> Self:
        """Train on listens.

        Parameters
        ----------
        train : Interactions
            Positive pairs; plays are not used.
        watch : callable, optional
            Measures the model after each epoch, higher is better; with `patience` it decides when to stop.

        Raises
        ------
        ValueError
            When there is nothing to learn from, or `patience` has nothing to go by.
        FloatingPointError
            When training diverges; names the learning rate.
        """
        if self.patience is not None and watch is None:
            raise ValueError(f"{self.name}: patience needs a value to watch")
        self._start(rng)
        once, (users, items) = self._epoch(), train.coordinates()
        # who holds everything has no negatives
        some = np.repeat(np.flatnonzero(train.history_sizes()[users] < train.n_items), self.n_negatives)

        def epoch(number: int) -> dict[str, float]:
            chosen = rng.permutation(some)
            others = sample_negatives(train.matrix, users[chosen], rng)
            pairs = (users[chosen], train.n_users + items[chosen], train.n_users + others)
            return {"loss": float(once(*(tf.constant(nodes, tf.int32) for nodes in pairs)))}

        return self._train(epoch, watch)

    def factors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the smoothed vectors of users and of items, shape (n_users, dim), (n_items, dim)."""
        vectors = self._smooth(self.network.trainable_variables[0]).numpy()
        return vectors[: self.train.n_users], vectors[self.train.n_users :]

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        of_users, of_items = self.factors()
        return of_users[users] @ of_items.T

    def _compile(self) -> keras.Model:
        n = self.train.n_users + self.train.n_items
        node = keras.Input((), dtype="int32", name="node")
        start = keras.initializers.RandomNormal(stddev=0.1)
        embedding = keras.layers.Embedding(n, self.dim, embeddings_initializer=start, name="embedding")
        graph = _normalised(self.train.binary())

        def mean(layer: NDArray[np.float32]) -> NDArray[np.float32]:
            total = layer.copy()
            for _ in range(self.n_layers):
                layer = graph @ layer
                total += layer
            total /= np.float32(self.n_layers + 1)
            return total

        # SciPy's product of a sparse and a dense matrix takes a third of the time of TensorFlow's
        @tf.function(input_signature=[tf.TensorSpec([n, self.dim])])
        def smooth(layer: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(mean, [layer], tf.float32), [n, self.dim])

        self._smooth = smooth
        return keras.Model(node, embedding(node))

    def _slopes(self, ego: tf.Tensor, nodes: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the summed loss of a batch (without penalty) and the gradient of its mean (with it)."""
        vectors = self._smooth(ego)
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            user, item, other = (tf.gather(vectors, part) for part in nodes)
            losses = tf.nn.softplus(tf.reduce_sum(user * (other - item), axis=1))
            goal = tf.reduce_mean(losses)
        # the matrix is symmetric, and so is any polynomial of it: slopes travel back as embeddings went out
        slopes = self._smooth(tf.convert_to_tensor(tape.gradient(goal, vectors)))
        used = tf.cast(tf.math.bincount(tf.concat(nodes, axis=0), minlength=ego.shape[0]), tf.float32)
        share = used / tf.cast(tf.size(losses), tf.float32)
        return tf.reduce_sum(losses), slopes + self.penalty * share[:, None] * ego

    def _epoch(self) -> Callable[..., tf.Tensor]:
        """Return a function that goes once over pairs: the whole loop in one graph, no Python between steps."""
        (table,) = self.network.trainable_variables
        descend, size = self._descent(), self.batch_size

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)] * 3)
        def epoch(users: tf.Tensor, items: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
            n = tf.shape(users)[0]
            total = tf.constant(0.0)
            for start in tf.range(0, n, size):
                nodes = [part[start : start + size] for part in (users, items, others)]
                loss, slopes = self._slopes(tf.convert_to_tensor(table), nodes)
                descend([slopes])
                total += loss
            return total / tf.cast(tf.maximum(n, 1), tf.float32)

        return epoch.get_concrete_function()


def _normalised(listens: sp.csr_array) -> sp.csr_array:
    """Return the adjacency matrix of users and items, over the roots of the degrees of both ends."""
    graph = sp.csr_array(sp.block_array([[None, listens], [listens.T, None]]))
    root = sp.diags_array(1 / np.sqrt(np.maximum(graph.sum(axis=1), 1)))
    return sp.csr_array(root @ graph @ root).astype(np.float32)
