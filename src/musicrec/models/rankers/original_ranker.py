"""The ranker of "Creating AI-Enabled Systems, final project", whose labels are all 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.models.rankers.pairs import SongFeatures


@dataclass(eq=False, kw_only=True)
class OriginalRanker:
    """A tower each for playlist and song, two dense layers, one output; squared error to a label that is always 1.

    `fit` sets the global seeds from `rng`.

    Parameters
    ----------
    epochs, learning_rate
        Of Adam.

    Attributes
    ----------
    losses : list of float
        Mean loss of each epoch.
    """

    epochs: int = 5
    learning_rate: float = 0.003

    def fit(self, playlists: Interactions, about: SongFeatures, *, rng: np.random.Generator) -> Self:
        """Learn from playlists; `about` says what a song sounds like."""
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        self.features, self.lists = about.features, mean_features(playlists, about)
        inputs = [keras.Input((self.features.shape[1],)) for _ in range(2)]
        towers = [keras.layers.Dense(32, activation="relu")(part) for part in inputs]
        units = keras.layers.Dense(64, activation="relu")(keras.layers.Concatenate()(towers))
        units = keras.layers.Dense(32, activation="relu")(units)
        self.network = keras.Model(inputs, keras.layers.Dense(1)(units))
        self.network.compile(keras.optimizers.Adam(self.learning_rate), "mean_squared_error")
        users, items = playlists.coordinates()
        pairs, ones = [self.lists[users], self.features[items]], np.ones(len(users), np.float32)
        history = self.network.fit(pairs, ones, batch_size=256, epochs=self.epochs, verbose=0)
        self.losses: list[float] = history.history["loss"]
        return self

    def scores(self, lists: NDArray[np.int64], users: NDArray[np.int64]) -> Floats:
        """Return the predicted rating of each candidate of playlists, both by row number, shape (len(users), k)."""
        of_lists = np.repeat(self.lists[users], lists.shape[1], axis=0)
        songs = self.features[np.maximum(lists.ravel(), 0)]
        return self.network.predict([of_lists, songs], batch_size=8192, verbose=0).reshape(lists.shape)


def mean_features(playlists: Interactions, about: SongFeatures) -> Floats:
    """Return the mean features of the songs of each playlist, shape (n_playlists, n_features)."""
    sizes = np.maximum(playlists.history_sizes(), 1).astype(np.float32)
    return np.asarray((playlists.binary() @ about.features) / sizes[:, None], np.float32)
