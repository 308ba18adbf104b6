"""What every network over (user, item) pairs shares: sampled negatives, training, scoring."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import keras
import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.networks.keras_model import KerasModel

PAIRS = 2**17  # pairs scored at once: a layer of 200 units takes 105 MB of them


class Examples(NamedTuple):
    """Pairs of a user and an item, and whether the user holds the item."""

    users: NDArray[np.int32]  # shape (n,), rows of the training interactions
    items: NDArray[np.int32]  # shape (n,), their columns
    labels: NDArray[np.float32]  # shape (n,), 1 or 0


@dataclass(eq=False, kw_only=True)
class Network(KerasModel):
    """Base of networks that say how probable it is that a user holds an item.

    A subclass is a dataclass of its settings and implements `build`. Each epoch goes once over all training listens,
    in random order, with fresh negatives: for each listen `n_negatives` items drawn evenly from those the user does
    not hold. The loss is the binary cross-entropy, the optimiser Adam [Kingma & Ba, 2015]; plays are not used.

    Parameters
    ----------
    n_negatives : int
        Sampled pairs per listen.
    redraw : bool
        Whether every epoch draws its own negatives.

    Attributes
    ----------
    network : keras.Model
        From two arrays of shape (n,), users and items, to probabilities.
    history : pandas.DataFrame
        One row per epoch (from 1): `loss` (nats a pair, while training, without penalties) and `accuracy`; with
        validation data `valid_loss` and `valid_accuracy`; with a watched value `watched`.
    """

    above_zero: ClassVar[tuple[str, ...]] = (*KerasModel.above_zero, "n_negatives")

    n_negatives: int = 1
    redraw: bool = True

    @abstractmethod
    def build(self, n_users: int, n_items: int) -> keras.Model:
        """Return an untrained model.

        Its inputs are two int32 arrays of shape (n,), users and items; it ends in a Dense layer: one sigmoid unit, or
        two softmax units of which the second stands for "holds it". See `pair_inputs`.
        """

    def examples(self, positives: Interactions, held: sp.csr_array, rng: np.random.Generator) -> Examples:
        """Return all listens of `positives` and their sampled negatives, none of which is in `held`."""
        users, items = positives.coordinates()
        askers = np.repeat(users, self.n_negatives)
        askers = askers[np.diff(held.indptr)[askers] < held.shape[1]]  # who holds everything has no negatives
        return labelled(users, items, askers, sample_negatives(held, askers, rng))

    def order(self, labels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the order in which an epoch takes the examples, indices of shape (n,)."""
        return rng.permutation(len(labels))

    def fit(
        self,
        train: Interactions,
        *,
        rng: np.random.Generator,
        valid: Interactions | None = None,
        watch: Callable[[Self], float] | None = None,
    ) -> Self:
        """Train on listens.

        Parameters
        ----------
        train : Interactions
            Positive pairs.
        valid : Interactions, optional
            Held-out pairs: their loss and accuracy, beside as many negatives each as in training, go into `history`.
        watch : callable, optional
            Measures the model after each epoch, higher is better (NDCG on validation data, say). With `patience` it
            decides when to stop; without it the validation loss does.

        Raises
        ------
        ValueError
            When there is nothing to learn from, or `patience` has nothing to go by.
        FloatingPointError
            When training diverges; names the learning rate.
        """
        self._start(rng)
        held = train if valid is None else train + valid
        check = None if valid is None else self.examples(valid, held.matrix, rng)
        return self._train_on(lambda: self.examples(train, train.matrix, rng), check, watch, rng)

    def fit_examples(
        self, train: Interactions, examples: Examples, *, rng: np.random.Generator, valid: Examples | None = None
    ) -> Self:
        """Train on ready-made examples, the same in every epoch; `train` is what `recommend` leaves out."""
        self._start(rng)
        return self._train_on(lambda: examples, valid, None, rng)

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the log-odds that a user holds an item, shape (len(users), n_items).

        Log-odds rather than probabilities: they order pairs alike, but do not round to 1 for all that are likely.
        """
        n = len(users) * self.train.n_items
        result = np.empty(n, np.float32)
        for start in range(0, n, PAIRS):
            pairs = np.arange(start, min(start + PAIRS, n))
            result[pairs] = self.log_odds(users[pairs // self.train.n_items], pairs % self.train.n_items)
        return result.reshape(len(users), self.train.n_items)

    def log_odds(self, users: ArrayLike, items: ArrayLike) -> NDArray[np.float32]:
        """Return the log-odds of single pairs, shape (n,)."""
        return self._predict(*(tf.constant(np.asarray(a, np.int32)) for a in (users, items))).numpy()

    def test(self, examples: Examples) -> tuple[float, float]:
        """Return the mean loss (nats a pair) and the accuracy on examples."""
        odds = np.concatenate(
            [
                self.log_odds(examples.users[start : start + PAIRS], examples.items[start : start + PAIRS])
                for start in range(0, len(examples.labels), PAIRS)
            ]
        ).astype(np.float64)
        loss = np.logaddexp(0, odds) - examples.labels * odds
        return float(loss.mean()), float(((odds > 0) == (examples.labels > 0.5)).mean())

    def _compile(self) -> keras.Model:
        """Build the network, and from it the log-odds, which its last layer turns into probabilities."""
        network = self.build(self.train.n_users, self.train.n_items)
        last = network.layers[-1]
        if not isinstance(last, keras.layers.Dense) or (last.units, last.activation) not in (
            (1, keras.activations.sigmoid),
            (2, keras.activations.softmax),
        ):
            raise TypeError(f"{self.name}: the network must end in one sigmoid unit or two softmax units")
        body = keras.Model(network.inputs, last.input)

        def odds(users: tf.Tensor, items: tf.Tensor, training: bool) -> tf.Tensor:
            outputs = tf.matmul(body([users, items], training=training), last.kernel) + last.bias
            return outputs[:, 0] if last.units == 1 else outputs[:, 1] - outputs[:, 0]

        pairs = [tf.TensorSpec([None], tf.int32)] * 2
        self._odds = odds
        predict = tf.function(lambda users, items: odds(users, items, False), input_signature=pairs)
        self._predict = predict.get_concrete_function()
        return network

    def _epoch(self) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
        """Return a function that goes once over examples: the whole loop in one graph, no Python between steps."""
        network, odds, size = self.network, self._odds, self.batch_size
        optimizer = keras.optimizers.Adam(float(self.learning_rate))
        optimizer.build(network.trainable_variables)
        pairs = [tf.TensorSpec([None], tf.int32)] * 2

        @tf.function(input_signature=[*pairs, tf.TensorSpec([None], tf.float32)])
        def epoch(users: tf.Tensor, items: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            n = tf.shape(labels)[0]
            loss = right = tf.constant(0.0)
            for start in tf.range(0, n, size):
                u, i, label = (a[start : start + size] for a in (users, items, labels))
                with tf.GradientTape() as tape:
                    z = odds(u, i, True)
                    losses = tf.nn.sigmoid_cross_entropy_with_logits(label, z)
                    goal = tf.reduce_mean(losses) + sum(network.losses)
                gradients = tape.gradient(goal, network.trainable_variables)
                optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
                loss += tf.reduce_sum(losses)
                right += tf.reduce_sum(tf.cast((z > 0) == (label > 0.5), tf.float32))
            return loss / tf.cast(n, tf.float32), right / tf.cast(n, tf.float32)

        return epoch.get_concrete_function()

    def _train_on(
        self,
        draw: Callable[[], Examples],
        valid: Examples | None,
        watch: Callable[[Self], float] | None,
        rng: np.random.Generator,
    ) -> Self:
        if self.patience is not None and valid is None and watch is None:
            raise ValueError(f"{self.name}: patience needs validation interactions or a value to watch")
        once, examples = self._epoch(), draw()

        def epoch(number: int) -> dict[str, float]:
            nonlocal examples
            if self.redraw and number > 1:
                examples = draw()
            order = self.order(examples.labels, rng)
            loss, accuracy = (float(x) for x in once(*(tf.constant(column[order]) for column in examples)))
            row = {"loss": loss, "accuracy": accuracy}
            if valid is not None:
                row["valid_loss"], row["valid_accuracy"] = self.test(valid)
            return row

        return self._train(epoch, watch)


def pair_inputs() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the two inputs of a network over pairs: rows and columns of the interactions, int32 of shape (n,)."""
    return keras.Input((), dtype="int32", name="user"), keras.Input((), dtype="int32", name="item")


def labelled(users: ArrayLike, items: ArrayLike, others: ArrayLike, negatives: ArrayLike) -> Examples:
    """Join positive pairs (users, items) and negative pairs (others, negatives) to examples, positives first."""
    parts = [np.concatenate([a, b]).astype(np.int32) for a, b in ((users, others), (items, negatives))]
    labels = np.zeros(len(parts[0]), np.float32)
    labels[: len(np.asarray(users))] = 1
    return Examples(parts[0], parts[1], labels)


def sample_negatives(held: sp.csr_array, users: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw for each entry of `users` an item the user does not hold, all of these equally likely.

    Exact and without rejection: of a user's n free items the r-th is drawn, and r is moved up by the number of held
    items before it, which a binary search in the sorted rows finds for all users at once.

    Parameters
    ----------
    held : scipy.sparse.csr_array, shape (n_users, n_items)
        What users hold; column indices sorted.
    users : numpy.ndarray, shape (n,)
        Rows, repeated as often as items are wanted.

    Raises
    ------
    ValueError
        When a user holds every item.

    Examples
    --------
    >>> held = sp.csr_array([[1, 1, 0, 1, 0]])
    >>> sorted(set(sample_negatives(held, np.zeros(50, int), np.random.default_rng(0)).tolist()))
    [2, 4]
    """
    n_users, n_items = held.shape
    sizes = np.diff(held.indptr).astype(np.int64)
    free = n_items - sizes[users]
    if (free == 0).any():
        raise ValueError(f"user {users[free == 0][0]} holds all {n_items} items: there is no negative to draw")
    rows = np.repeat(np.arange(n_users), sizes)
    free_before = held.indices - (np.arange(held.nnz) - held.indptr[rows])  # of each held item, within its row
    drawn = rng.integers(free)
    keys = rows * (n_items + 1) + free_before
    passed = np.searchsorted(keys, users * (n_items + 1) + drawn, side="right") - held.indptr[users]
    return drawn + passed
