"""The ranker of "Creating AI-Enabled Systems, final project", whose labels are all 1."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.models.rankers.pairs import SongFeatures


def original_ranker(
    playlists: Interactions,
    about: SongFeatures,
    *,
    rng: np.random.Generator,
    epochs: int = 5,
    learning_rate: float = 0.003,
) -> tuple[keras.Model, list[float]]:
    """Train the original's ranker: a tower each, two dense layers, one output; squared error to a label that is 1.

    Returns
    -------
    network, losses
        The network takes the mean features of playlists and the features of songs; the mean loss of each epoch.
    """
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    inputs = [keras.Input((about.features.shape[1],)) for _ in range(2)]
    towers = [keras.layers.Dense(32, activation="relu")(part) for part in inputs]
    units = keras.layers.Dense(64, activation="relu")(keras.layers.Concatenate()(towers))
    units = keras.layers.Dense(32, activation="relu")(units)
    network = keras.Model(inputs, keras.layers.Dense(1)(units))
    network.compile(keras.optimizers.Adam(learning_rate), "mean_squared_error")
    users, items = playlists.coordinates()
    lists = mean_features(playlists, about)
    history = network.fit(
        [lists[users], about.features[items]], np.ones(len(users), np.float32), batch_size=256, epochs=epochs, verbose=0
    )
    return network, history.history["loss"]


def original_scores(
    network: keras.Model,
    lists: NDArray[np.int64],
    playlists: Interactions,
    users: NDArray[np.int64],
    about: SongFeatures,
) -> Floats:
    """Return the predicted rating of each candidate, shape (n, k)."""
    of_lists = np.repeat(mean_features(playlists, about)[users], lists.shape[1], axis=0)
    songs = about.features[np.maximum(lists.ravel(), 0)]
    return network.predict([of_lists, songs], batch_size=8192, verbose=0).reshape(lists.shape)


def mean_features(playlists: Interactions, about: SongFeatures) -> Floats:
    """Return the mean features of the songs of each playlist, shape (n_playlists, n_features)."""
    sizes = np.maximum(playlists.history_sizes(), 1).astype(np.float32)
    return np.asarray((playlists.binary() @ about.features) / sizes[:, None], np.float32)
