"""Songs that sound alike."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.songs import Floats
from musicrec.models.base import Recommender


class SoundKNN(Recommender):
    """A song scores by its mean cosine to the songs of the playlist that sound most like it.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_items, n_features)
        How every item sounds, float32.
    k : int, optional
        To how many songs of the playlist; None: to all of them.

    Raises
    ------
    ValueError
        When k is not above zero.
    """

    name = "sound-knn"
    title = "Similar sound"
    task = "playlists"

    def __init__(self, features: Floats, k: int | None = 1) -> None:
        if k is not None and k < 1:
            raise ValueError(f"sound-knn: k must be above zero, or None for all songs, not {k}")
        self.unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
        self.k = k

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self._score(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Score all items for histories of shape (n, n_items); somebody without a history gets zeros."""
        return self._score(histories)

    def _score(self, histories: sp.csr_array) -> NDArray[np.float32]:
        scores = np.zeros((histories.shape[0], len(self.unit)), np.float32)
        for row in range(len(scores)):
            liked = self.unit[histories[[row]].indices]
            if len(liked) == 0:
                continue
            if self.k is None:
                scores[row] = self.unit @ liked.mean(axis=0)
            elif self.k == 1:
                scores[row] = (liked @ self.unit.T).max(axis=0)
            else:
                last = max(len(liked) - self.k, 0)
                scores[row] = np.partition(self.unit @ liked.T, last, axis=1)[:, last:].mean(axis=1)
        return scores
