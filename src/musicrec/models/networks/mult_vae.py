"""Mult-VAE: a variational autoencoder of whole histories."""

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
from musicrec.models.base import BATCH
from musicrec.models.networks.keras_model import KerasModel
from musicrec.models.space import Range, Space


@dataclass(eq=False, kw_only=True)
class MultVAE(KerasModel):
    r"""Variational autoencoder with a multinomial likelihood [Liang et al., 2018].

    The encoder turns a history, scaled to length 1, into the mean and the variance of a normal distribution of latent
    vectors; the decoder turns a latent vector into the chances of all items. The loss of a person with n items is

    .. math:: -\sum_{i \in \text{history}} \log \pi_i(z) + \beta \, \mathrm{KL}\left(q(z) \,\|\, N(0, I)\right)

    with one z drawn per step; :math:`\beta` climbs evenly from 0 to `beta` over the first half of the epochs. The
    scores are the decoder's logits at the mean. Because the history is all the encoder knows of a person, people who
    were not in training are served just the same.

    Parameters
    ----------
    hidden, latent : int
        Units of the one hidden layer on either side (tanh), and length of the latent vectors.
    dropout : float
        Share of each history that the encoder does not see in training.
    beta : float
        Largest weight of the KL divergence.
    min_listeners : int
        Items with fewer training listeners are neither read nor predicted, and rank last: there is nothing to learn
        about them, and they are most of the work (two thirds of the artists of Last.fm).
    """

    name: ClassVar[str] = "mult-vae"
    title: ClassVar[str] = "Variational autoencoder"
    task: ClassVar[str] = "listeners"
    reference: ClassVar[str] = "liang2018"
    space: ClassVar[Space] = {
        "hidden": Range(50, 500, log=True),
        "latent": Range(16, 256, log=True),
        "dropout": Range(0.0, 0.8),
        "beta": Range(0.0, 1.0),
        "learning_rate": Range(0.0005, 0.01, log=True),
        "epochs": Range(5, 60, log=True),
    }
    small: ClassVar[Mapping[str, Any]] = {
        "hidden": 16,
        "latent": 4,
        "batch_size": 30,
        "learning_rate": 0.05,
        "epochs": 25,
    }
    above_zero: ClassVar[tuple[str, ...]] = (*KerasModel.above_zero, "hidden", "latent")

    hidden: int = 150
    latent: int = 64
    dropout: float = 0.5
    beta: float = 0.2
    min_listeners: int = 2
    learning_rate: float = 0.003
    batch_size: int = 200
    epochs: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise ValueError(f"{self.name}: dropout must be at least zero and below one, not {self.dropout}")
        if not self.beta >= 0:
            raise ValueError(f"{self.name}: beta must not be below zero, but is {self.beta}")

    def fit(
        self, train: Interactions, *, rng: np.random.Generator, watch: Callable[[Self], float] | None = None
    ) -> Self:
        """Train on histories.

        Parameters
        ----------
        train : Interactions
            One history per user; plays are not used.
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
        once, histories = self._epoch(), train.binary()[:, self.kept]
        somebody = np.flatnonzero(np.diff(histories.indptr))
        ramp = max(self.epochs / 2, 1)

        def epoch(number: int) -> dict[str, float]:
            shuffled = histories[rng.permutation(somebody)]
            losses = once(
                tf.constant(shuffled.indices, tf.int64),
                tf.constant(shuffled.indptr, tf.int64),
                tf.constant(rng.random(shuffled.nnz, np.float32) >= self.dropout),
                tf.constant(rng.standard_normal((len(somebody), self.latent), np.float32)),
                tf.constant((number - 1) / ramp, tf.float32),
                tf.constant(1 / ramp, tf.float32),
            )
            return {name: float(value) / histories.nnz for name, value in zip(("loss", "kl"), losses, strict=True)}

        return self._train(epoch, watch)

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        result = np.empty(histories.shape, np.float32)
        for start in range(0, histories.shape[0], BATCH):
            batch = histories[start : start + BATCH][:, self.kept]
            size = np.repeat(np.diff(batch.indptr), np.diff(batch.indptr))
            rows = np.repeat(np.arange(batch.shape[0]), np.diff(batch.indptr))
            entries = np.stack([rows, batch.indices], axis=1).astype(np.int64)
            sparse = tf.SparseTensor(entries, tf.constant(1 / np.sqrt(size), tf.float32), batch.shape)
            mean, _ = self._encode(sparse)
            logits = self._decode(mean).numpy()
            part = result[start : start + BATCH]
            part[:] = logits.min(axis=1, keepdims=True) - 1
            part[:, self.kept] = logits
        return result

    def _compile(self) -> keras.Model:
        listeners = self.train.popularity()
        self.kept = np.flatnonzero(listeners >= min(self.min_listeners, listeners.max()))
        n_items = len(self.kept)
        history = keras.Input((n_items,), sparse=True, name="history")
        code = keras.layers.Dense(self.hidden, activation="tanh", name="encoder")(history)
        mean, log_variance = (keras.layers.Dense(self.latent, name=n)(code) for n in ("mean", "log_variance"))
        vector = keras.Input((self.latent,), name="vector")
        code = keras.layers.Dense(self.hidden, activation="tanh", name="decoder")(vector)
        logits = keras.layers.Dense(n_items, name="items")(code)
        self._encode = keras.Model(history, [mean, log_variance])
        self._decode = keras.Model(vector, logits)
        return keras.Model([history, vector], [mean, log_variance, logits])

    def _epoch(self) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
        """Return a function that goes once over histories: the whole loop in one graph, no Python between steps.

        A history stays sparse on its way in, and in the likelihood: only the logits are dense.
        """
        variables = self.network.trainable_variables
        descend = self._descent()
        size, n_items, kept = self.batch_size, len(self.kept), 1 - self.dropout
        entries = tf.TensorSpec([None], tf.int64)
        number = tf.TensorSpec([], tf.float32)

        @tf.function(
            input_signature=[
                entries, entries, tf.TensorSpec([None], tf.bool), tf.TensorSpec([None, self.latent]), number, number
            ]
        )  # fmt: skip
        def epoch(
            items: tf.Tensor, starts: tf.Tensor, seen: tf.Tensor, noise: tf.Tensor, done: tf.Tensor, share: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            n = tf.shape(starts)[0] - 1
            likelihood = divergence = tf.constant(0.0)
            for first in tf.range(0, n, size):
                last = tf.minimum(first + size, n)
                held = slice(starts[first], starts[last])
                lengths = tf.cast(starts[first + 1 : last + 1] - starts[first:last], tf.float32)
                rows = tf.repeat(tf.range(last - first), tf.cast(lengths, tf.int32))
                where = tf.stack([tf.cast(rows, tf.int64), items[held]], axis=1)
                values = 1 / tf.sqrt(tf.gather(lengths, rows)) / kept
                shape = tf.stack([tf.cast(last - first, tf.int64), n_items])
                history = tf.SparseTensor(where[seen[held]], values[seen[held]], shape)
                with tf.GradientTape() as tape:
                    mean, log_variance = self._encode(history, training=True)
                    logits = self._decode(mean + tf.exp(log_variance / 2) * noise[first:last], training=True)
                    right = tf.gather_nd(logits, where)
                    nll = tf.reduce_sum(lengths * tf.reduce_logsumexp(logits, axis=1)) - tf.reduce_sum(right)
                    kl = tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance) / 2
                    weight = self.beta * tf.minimum(
                        done + share * tf.cast(first, tf.float32) / tf.cast(n, tf.float32), 1
                    )
                    goal = (nll + weight * kl) / tf.cast(last - first, tf.float32)
                descend(tape.gradient(goal, variables))
                likelihood, divergence = likelihood + nll, divergence + kl
            return likelihood, divergence

        return epoch.get_concrete_function()
