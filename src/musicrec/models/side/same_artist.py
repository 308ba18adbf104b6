"""Songs of the same artists."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import artist_codes
from musicrec.models.base import Recommender


class SameArtist(Recommender):
    """A song scores by how many of the playlist's songs are by its artist; among equals by its popularity.

    Parameters
    ----------
    songs : pandas.DataFrame
        With `artist`, `id` and `popularity` (0 to 100) of every item.
    """

    name = "same-artist"
    title = "Songs of the same artists"
    task = "playlists"

    def __init__(self, songs: pd.DataFrame) -> None:
        self.songs = songs

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.artist = artist_codes(self.songs)
        self.popularity = self.songs["popularity"].to_numpy(np.float32) / 1000  # below 1, so that it only decides ties
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self._score(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return self._score(histories)

    def _score(self, histories: sp.csr_array) -> NDArray[np.float32]:
        counts = np.zeros((histories.shape[0], self.artist.max() + 1), np.float32)
        rows, items = histories.nonzero()
        np.add.at(counts, (rows, self.artist[items]), 1)
        return np.asarray(counts[:, self.artist] + self.popularity, np.float32)
