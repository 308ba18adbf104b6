"""The best known artists of all, for every genre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musicrec.models.base import Recommender


class ArtistPopularity(Recommender):
    """The same order for every genre: the artists' popularity, whatever their genres."""

    name = "artist-popularity"
    title = "Artists' popularity"
    task = "genres"
    personal = False

    def __init__(self, popularity: NDArray[np.float64]) -> None:
        self.popularity = popularity

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return np.tile(self.popularity.astype(np.float32), (len(users), 1))
