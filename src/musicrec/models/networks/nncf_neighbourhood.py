"""Neighbourhood-based neural collaborative filtering: the other model that is called NNCF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from musicrec.models.networks.network import Network, pair_inputs
from musicrec.models.space import DROPOUT, NEGATIVES, STEPS, Space

LEAVE_OUT = ("balanced", "target", "nothing")
START = 0.01  # standard deviation of embeddings before training


@dataclass(eq=False, kw_only=True)
class NNCFNeighbourhood(Network):
    """User ⊙ item, with what the user's items and the item's users say of either [Bai et al., 2017].

    A perceptron reads the elementwise product of the embeddings of user and item, the pooled embeddings of the
    user's neighbours (the items the user holds) and those of the item's (the users who hold it).

    In training, a listen (u, i) puts i among the neighbours of u and u among those of i: the answer stands in the
    question. So the target is left out of its own neighbour lists. That alone would leak more than it mends: an item
    with a single listener would have an empty list exactly where the answer is yes. So in training the lists of a
    negative pair lose a neighbour as well, drawn at random; and since a list of one is thus never seen in training,
    it counts as empty afterwards (for longer lists, the mean after such a loss is on average the mean of all).

    Simplified: the neighbours' embeddings are averaged, all of them, where the paper runs a convolution with max
    pooling over a fixed number of them (their order means nothing); the neighbours are the direct ones, not those
    found by clustering the graph.

    Parameters
    ----------
    dim, neighbour_dim : int
        Length of the embeddings of users and items, and of their neighbours.
    hidden : tuple of int
        Units of the perceptron's relu layers.
    dropout : float
        Share of the perceptron's inputs dropped in training.
    leave_out : {"balanced", "target", "nothing"}
        What the neighbour lists lose in training: see above; only the target; nothing. The last two leak, and are
        there to be shown.
    """

    name: ClassVar[str] = "nncf-neighbourhood"
    title: ClassVar[str] = "Network with neighbourhoods"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "bai2017"
    space: ClassVar[Space] = {**DROPOUT, **STEPS, **NEGATIVES}
    small: ClassVar[Mapping[str, Any]] = {
        "dim": 4,
        "neighbour_dim": 4,
        "dropout": 0.0,
        "batch_size": 256,
        "learning_rate": 0.03,
        "epochs": 30,
    }
    dim: int = 64
    neighbour_dim: int = 16
    hidden: tuple[int, ...] = (32,)
    dropout: float = 0.5
    leave_out: str = "balanced"
    learning_rate: float = 0.003
    batch_size: int = 5000
    epochs: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hidden = tuple(self.hidden)  # a list when read from a file
        if self.leave_out not in LEAVE_OUT:
            raise ValueError(f"{self.name}: leave_out must be one of {', '.join(LEAVE_OUT)}, not {self.leave_out!r}")
        if not self.hidden:
            raise ValueError(f"{self.name}: hidden must name the units of at least one layer")

    def build(self, n_users: int, n_items: int) -> keras.Model:  # noqa: D102
        user, item = pair_inputs()
        small = keras.initializers.RandomNormal(stddev=START)  # what is rarely trained should say little
        p = layers.Embedding(n_users, self.dim, embeddings_initializer=small, name="users")(user)
        q = layers.Embedding(n_items, self.dim, embeddings_initializer=small, name="items")(item)
        lists = self.train.binary()
        of_user = Neighbours(lists, self.neighbour_dim, leave_out=self.leave_out, name="of_user")(user, item)
        of_item = Neighbours(
            sp.csr_array(lists.T), self.neighbour_dim, leave_out=self.leave_out, name="of_item"
        )(item, user)  # fmt: skip
        x = layers.Concatenate()([layers.Multiply()([p, q]), of_user, of_item])
        x = layers.Dropout(self.dropout)(x)
        for place, units in enumerate(self.hidden):
            x = layers.Dense(units, activation="relu", name=f"hidden_{place}")(x)
        return keras.Model([user, item], layers.Dense(1, activation="sigmoid", name="answer")(x))

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the log-odds of all items, shape (len(users), n_items).

        The pooled neighbours do not depend on the pair, as long as the user does not hold the item; what they add to
        the first layer is computed once. The pairs in training, of which that is not true, are scored one by one.
        """
        users, net = users, self.network
        p, q = (net.get_layer(of).get_weights()[0] for of in ("users", "items"))
        of_user, of_item = (net.get_layer(of).pooled().numpy() for of in ("of_user", "of_item"))
        (first, bias), *rest = (net.get_layer(f"hidden_{place}").get_weights() for place in range(len(self.hidden)))
        kernel, last_bias = net.get_layer("answer").get_weights()
        product, from_user, from_item = np.split(first, [self.dim, self.dim + self.neighbour_dim])
        fixed = of_item @ from_item + bias
        result = np.empty((len(users), self.train.n_items), np.float32)
        for row, user in enumerate(users):
            x = q @ (p[user][:, None] * product)
            x += fixed
            x += of_user[user] @ from_user
            for weights, shift in rest:
                x = np.maximum(x, 0, out=x) @ weights
                x += shift
            result[row] = np.maximum(x, 0, out=x) @ kernel[:, 0] + last_bias
        seen = self.train.matrix[users]
        rows = np.repeat(np.arange(len(users)), np.diff(seen.indptr))
        if self.leave_out != "nothing" and len(rows):
            result[rows, seen.indices] = self.log_odds(users[rows], seen.indices)
        return result


class Neighbours(layers.Layer):
    """The mean embedding of an owner's neighbours, without the target.

    Parameters
    ----------
    lists : scipy.sparse.csr_array, shape (n_owners, n_others)
        Who is whose neighbour; column indices sorted.
    dim : int
        Length of the embeddings, one for each of the others.
    leave_out : {"balanced", "target", "nothing"}
        As in `NNCFNeighbourhood`.
    """

    def __init__(self, lists: sp.csr_array, dim: int, *, leave_out: str = "balanced", **more: Any) -> None:
        super().__init__(**more)
        lists = sp.csr_array(lists)
        lists.sort_indices()
        self.n_owners, self.n_others = lists.shape
        self.dim, self.leave_out = dim, leave_out
        self.sizes = np.diff(lists.indptr).astype(np.int32)
        self.starts = lists.indptr[:-1].astype(np.int32)
        self.others = lists.indices.astype(np.int64)
        self.owners = np.repeat(np.arange(self.n_owners, dtype=np.int64), self.sizes)
        self.table = self.add_weight(shape=(self.n_others, dim), initializer="uniform", name="table")
        self.seed = keras.random.SeedGenerator()

    def call(self, owner: tf.Tensor, target: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Return the pooled neighbours of each pair, shape (n, dim)."""
        sums, sizes = tf.gather(self._sums(), owner), tf.gather(self.sizes, owner)
        loses, lost = tf.zeros_like(owner, tf.bool), target
        if self.leave_out != "nothing":
            loses = self._holds(owner, target)
        if self.leave_out == "balanced" and training:
            lost = tf.where(loses, target, self._any_neighbour(owner, sizes))
            loses = sizes > 0
        sums -= tf.cast(loses, "float32")[:, None] * tf.gather(self.table, lost)
        left = sizes - tf.cast(loses, "int32")
        some = sizes > 1 if self.leave_out == "balanced" else left > 0
        return sums * (tf.cast(some, "float32") / tf.cast(tf.maximum(left, 1), "float32"))[:, None]

    def compute_output_shape(self, owner_shape: tuple, target_shape: tuple) -> tuple:  # noqa: D102
        return (*owner_shape, self.dim)

    def pooled(self) -> tf.Tensor:
        """Return the pooled neighbours of each owner for targets that are not among them, shape (n_owners, dim)."""
        least = 1 if self.leave_out == "balanced" else 0
        return self._sums() * np.where(self.sizes > least, 1 / np.maximum(self.sizes, 1), 0).astype(np.float32)[:, None]

    def _sums(self) -> tf.Tensor:
        # on the processor even where there is a GPU, whose sparse product cannot be repeated to the last bit
        with tf.device("CPU:0"):
            pairs = np.stack([self.owners, self.others], axis=1)
            lists = tf.SparseTensor(pairs, np.ones(len(pairs), np.float32), (self.n_owners, self.n_others))
            return tf.sparse.sparse_dense_matmul(lists, self.table)

    def _any_neighbour(self, owner: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
        """Draw one neighbour of each owner; where there is none, any number."""
        share = keras.random.uniform(tf.shape(owner), seed=self.seed)
        place = tf.minimum(tf.cast(share * tf.cast(sizes, "float32"), "int32"), sizes - 1)
        place = tf.clip_by_value(tf.gather(self.starts, owner) + place, 0, len(self.others) - 1)
        return tf.cast(tf.gather(self.others, place), "int32")

    def _holds(self, owner: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        """Say of each pair whether the target is among the owner's neighbours: a binary search in all of them."""
        keys = tf.constant(self.owners * self.n_others + self.others)
        asked = tf.cast(owner, "int64") * self.n_others + tf.cast(target, "int64")
        place = tf.minimum(tf.searchsorted(keys, asked), len(self.others) - 1)
        return tf.gather(keys, place) == asked
