"""Two towers that retrieve."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import keras
import keras_rs
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats
from musicrec.models import store
from musicrec.models.rankers.pairs import SongFeatures
from musicrec.splits.playlists import CANDIDATES

DIVERGED = 1e6


@dataclass(eq=False, kw_only=True)
class TwoTower:
    """Two towers that meet in a dot product: one embeds a playlist, the other a song [Yi et al., 2019].

    A song is a layer of relu units over its features and a linear layer; a playlist is the same, with other weights,
    over the mean of its songs' units. With artists, both add an embedding of the artist. Trained with a softmax over
    the songs of the batch: for a song of a playlist, the playlist is shown as some of its *other* songs, drawn anew.

    `fit` sets the global seeds of Python, NumPy and TensorFlow from `rng`, so that training is repeatable.

    Parameters
    ----------
    dim, hidden : int
        Length of the embeddings, units of the hidden layers.
    unit : bool
        Whether embeddings have length 1, and scores are cosines divided by `temperature`. The original's had not.
    correction : bool
        Whether the softmax is corrected for how often a song is drawn: songs of many playlists are negatives often.
    shown : int
        How many songs of a playlist are shown.
    learning_rate, batch_size, epochs
        Of Adam [Kingma & Ba, 2015].
    """

    dim: int = 32
    hidden: int = 64
    unit: bool = True
    temperature: float = 0.1
    correction: bool = True
    shown: int = 20
    learning_rate: float = 0.003
    batch_size: int = 512
    epochs: int = 10

    def __post_init__(self) -> None:
        for setting in ("dim", "hidden", "temperature", "shown", "learning_rate", "batch_size", "epochs"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"two-tower: {setting} must be above zero, not {getattr(self, setting)}")

    def fit(
        self,
        train: Interactions,
        about: SongFeatures,
        *,
        rng: np.random.Generator,
        watch: Callable[[int, Self], None] | None = None,
    ) -> Self:
        """Learn from playlists; `watch` is called with the number of every epoch and the towers.

        Raises
        ------
        FloatingPointError
            When training diverges; the message names the learning rate.
        ValueError
            When no playlist has two songs.
        """
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        users, items = train.coordinates()
        sizes, starts = train.history_sizes(), train.matrix.indptr.astype(np.int64)
        pairs = np.flatnonzero(sizes[users] >= 2)
        if len(pairs) == 0:
            raise ValueError("two-tower: no playlist has two songs, one to show and one to find")
        self._build(about)
        chance = (train.popularity() / len(train)).astype(np.float32)
        step, batch = self._step(tf.constant(chance)), min(self.batch_size, len(pairs))
        self.losses = []
        for epoch in range(1, self.epochs + 1):
            shuffled, total = rng.permutation(pairs), 0.0
            for start in range(0, len(pairs) - batch + 1, batch):
                rows = shuffled[start : start + batch]
                user = users[rows]
                place = rng.integers(0, (sizes[user] - 1)[:, None], (batch, self.shown))
                place += place >= (rows - starts[user])[:, None]  # never the song that is to be found
                shown = items[starts[user][:, None] + place]
                total += float(step(*map(tf.constant, (user, items[rows], shown))))
            self.losses.append(total / (len(pairs) // batch))
            check_loss("two-tower", self.losses[-1], epoch, self.learning_rate)
            if watch is not None:
                watch(epoch, self)
        return self

    def songs(self, about: SongFeatures | None = None) -> Floats:
        """Return the embeddings of all songs, or of others of which the same is known, shape (n_songs, dim)."""
        about = about or self.about
        return self._finish(self.song(self.song_units(about.features)), about.artist).numpy()

    def playlists(self, train: Interactions, users: NDArray[np.int64]) -> Floats:
        """Return the embeddings of playlists, of all their known songs, shape (len(users), dim)."""
        lists = train.binary()[users]
        lists.data /= np.repeat(np.maximum(np.diff(lists.indptr), 1), np.diff(lists.indptr))
        units = lists @ self.list_units(self.about.features).numpy()
        result = self.list(tf.constant(units))
        if self.about.artist is not None:
            result += lists @ self.artist.embeddings.numpy()[self.about.artist]
        return (tf.math.l2_normalize(result, axis=1) if self.unit else result).numpy()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings and weights to one ``.npz`` file, whole or not at all."""
        weights = {f"weight_{n:02}": value for n, value in enumerate(v.numpy() for v in self._variables())}
        n_artists = 0 if self.about.artist is None else self.artist.embeddings.shape[0]
        facts = {"settings": asdict(self), "n_features": self.about.features.shape[1], "n_artists": n_artists}
        store.write(path, {"name": "two-tower", **facts}, weights)

    @classmethod
    def load(cls, path: str | os.PathLike[str], about: SongFeatures) -> Self:
        """Read towers that `save` wrote; nothing in the file is ever run.

        Raises
        ------
        ValueError
            When the file holds something else, or towers for other features or artists than `about` has.
        """
        with store.opened(path, "two towers", name="two-tower") as (facts, file):
            weights = [file[key] for key in sorted(file) if key.startswith("weight_")]
        n_artists = 0 if about.artist is None else int(about.artist.max()) + 1
        if (facts["n_features"], facts["n_artists"]) != (about.features.shape[1], n_artists):
            raise ValueError(
                f"{path}: its towers know {facts['n_features']} features and {facts['n_artists']} artists, the songs "
                f"have {about.features.shape[1]} and {n_artists}"
            )
        model = cls(**facts["settings"])
        model._build(about)
        for variable, value in zip(model._variables(), weights, strict=True):
            variable.assign(value)
        return model

    def _build(self, about: SongFeatures) -> None:
        self.about = about
        n_features = about.features.shape[1]
        self.list_units, self.song_units = (keras.layers.Dense(self.hidden, activation="relu") for _ in range(2))
        self.list, self.song = (keras.layers.Dense(self.dim) for _ in range(2))
        for units, last in ((self.list_units, self.list), (self.song_units, self.song)):
            units.build((None, n_features))
            last.build((None, self.hidden))
        if about.artist is not None:
            self.artist = keras.layers.Embedding(
                int(about.artist.max()) + 1,
                self.dim,
                embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1),
            )
            self.artist.build((None,))

    def _variables(self) -> list[Any]:
        layers = [self.list_units, self.list, self.song_units, self.song]
        layers += [self.artist] if self.about.artist is not None else []
        return [variable for layer in layers for variable in layer.trainable_variables]

    def _finish(self, vectors: Any, artist: Any) -> Any:
        if self.about.artist is not None:
            vectors += self.artist(artist)
        return tf.math.l2_normalize(vectors, axis=1) if self.unit else vectors

    def _step(self, chance: tf.Tensor) -> Callable[..., tf.Tensor]:
        variables = self._variables()
        optimizer = keras.optimizers.Adam(float(self.learning_rate))
        optimizer.build(variables)
        features = tf.constant(self.about.features)
        artists = None if self.about.artist is None else tf.constant(self.about.artist)
        accidental = keras_rs.layers.RemoveAccidentalHits()
        corrected = keras_rs.layers.SamplingProbabilityCorrection()

        @tf.function
        def step(users: tf.Tensor, found: tf.Tensor, shown: tf.Tensor) -> tf.Tensor:
            right = tf.eye(tf.shape(users)[0])
            with tf.GradientTape() as tape:
                units = tf.reduce_mean(self.list_units(tf.gather(features, shown)), axis=1)
                lists = self.list(units)
                if artists is not None:
                    lists += tf.reduce_mean(self.artist(tf.gather(artists, shown)), axis=1)
                lists = tf.math.l2_normalize(lists, axis=1) if self.unit else lists
                artist = None if artists is None else tf.gather(artists, found)
                songs = self._finish(self.song(self.song_units(tf.gather(features, found))), artist)
                logits = tf.matmul(lists, songs, transpose_b=True) / (self.temperature if self.unit else 1.0)
                if self.correction:
                    logits = corrected(logits, tf.gather(chance, found)[None, :])
                logits = accidental(logits, right, found)
                # another song of the same playlist is no wrong answer either
                same = tf.cast(users[:, None] == users[None, :], tf.float32) - right
                loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(right, logits + NEVER * same))
            gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, [v.value for v in variables])]
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return loss

        return step


def brute_force(
    playlists: Floats, songs: Floats, train: Interactions, users: NDArray[np.int64], k: int = CANDIDATES
) -> tuple[NDArray[np.int64], Floats]:
    """Do what `two_stage.retrieve` does with the retrieval layer of keras-rs: the same songs, but for ties.

    The layer cannot leave out a playlist's own songs, so it is asked for as many more, and they are dropped.
    """
    own = train.binary()[users].toarray() > 0
    n = min(k + int(own.sum(axis=1).max(initial=0)), len(songs))
    layer = keras_rs.layers.BruteForceRetrieval(tf.constant(songs), k=n)
    scores, ids = (part.numpy() for part in layer(tf.constant(playlists)))
    seen = np.take_along_axis(own, ids.astype(np.int64), axis=1)
    places = np.argsort(seen, axis=1, kind="stable")[:, :k]
    gone = np.take_along_axis(seen, places, axis=1)
    lists = np.where(gone, -1, np.take_along_axis(ids, places, axis=1)).astype(np.int64)
    return lists, np.where(gone, -np.inf, np.take_along_axis(scores, places, axis=1)).astype(np.float32)


def check_loss(name: str, loss: float, epoch: int, learning_rate: float) -> None:
    """Raise FloatingPointError when a loss is not a number or far too large."""
    if not loss < DIVERGED:
        raise FloatingPointError(
            f"{name}: training diverged in epoch {epoch} (loss {loss:.3g}): the learning rate {learning_rate:g} is "
            "too high; try a tenth of it"
        )


NEVER = -1e9  # as good as minus infinity, without its arithmetic
