"""A network that can rank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import keras
import keras_rs
import numpy as np
import tensorflow as tf

from musicrec.datasets.songs import Floats
from musicrec.models.rankers.pairs import Pairs
from musicrec.models.rankers.two_tower import check_loss


@dataclass(eq=False, kw_only=True)
class PairwiseRanker:
    """Two dense layers that learn from pairs: a held-out song must come before a sampled one [Burges et al., 2005].

    `fit` sets the global seeds from `rng`.

    Parameters
    ----------
    hidden : int
        Units of the first layer; the second has half as many.
    learning_rate, batch_size, epochs
        Of Adam; a batch is so many playlists.
    """

    hidden: int = 64
    learning_rate: float = 0.002
    batch_size: int = 32
    epochs: int = 20

    def fit(
        self,
        pairs: Pairs,
        *,
        rng: np.random.Generator,
        watch: Callable[[int, Self], None] | None = None,
    ) -> Self:
        """Learn from labelled lists; `watch` is called with the number of every epoch and the ranker.

        Raises
        ------
        FloatingPointError
            When training diverges; the message names the learning rate.
        """
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        there = pairs.inputs[pairs.labels >= 0]
        self.mean, self.deviation = there.mean(axis=0), np.maximum(there.std(axis=0), 1e-6)
        layers = [keras.layers.Dense(self.hidden, activation="relu")]
        layers += [keras.layers.Dense(self.hidden // 2, activation="relu"), keras.layers.Dense(1)]
        self.network = keras.Sequential([keras.Input((pairs.inputs.shape[-1],)), *layers])
        values, labels = self._scaled(pairs.inputs), pairs.labels.astype(np.float32)
        loss_of = keras_rs.losses.PairwiseLogisticLoss()
        optimizer = keras.optimizers.Adam(float(self.learning_rate))
        optimizer.build(self.network.trainable_variables)

        @tf.function(reduce_retracing=True)
        def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                loss = loss_of(y, self._forward(x)) / tf.cast(tf.shape(y)[1], tf.float32)
            variables = self.network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, [v.value for v in variables]), variables, strict=True))
            return loss

        self.losses = []
        for epoch in range(1, self.epochs + 1):
            order = rng.permutation(len(values))
            parts = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
            losses = [float(step(tf.constant(values[rows]), tf.constant(labels[rows]))) for rows in parts]
            self.losses.append(float(np.mean(losses)))
            check_loss("pairwise ranker", self.losses[-1], epoch, self.learning_rate)
            if watch is not None:
                watch(epoch, self)
        return self

    def scores(self, values: Floats) -> Floats:
        """Return one score per candidate, shape (n, k)."""
        parts = np.array_split(values, max(1, len(values) // 64))
        return np.concatenate([self._forward(tf.constant(self._scaled(part))).numpy() for part in parts])

    def _scaled(self, values: Floats) -> Floats:
        return np.clip((values - self.mean) / self.deviation, -6, 6).astype(np.float32)

    def _forward(self, values: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(values)
        flat = self.network(tf.reshape(values, (-1, values.shape[-1])))
        return tf.reshape(flat, shape[:2])
