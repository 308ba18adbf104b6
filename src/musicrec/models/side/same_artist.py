"""Simple systems for playlists: songs of the same artists, songs that sound alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import Floats, artist_codes

# ---- Simple systems


def by_artist(songs: pd.DataFrame, playlists: Interactions) -> Any:
    """Score a song by how many of the playlist's songs are by its artist; among equals by its popularity."""
    artist = artist_codes(songs)
    popularity = songs["popularity"].to_numpy(np.float32) / 1000  # below 1, so that it only decides ties

    def score(users: NDArray[np.int64]) -> Floats:
        counts = np.zeros((len(users), artist.max() + 1), np.float32)
        rows, items = playlists.matrix[users].nonzero()
        np.add.at(counts, (rows, artist[items]), 1)
        return np.asarray(counts[:, artist] + popularity, np.float32)

    return score


def by_sound(features: Floats, playlists: Interactions, k: int | None = 1) -> Any:
    """Score a song by its mean cosine to the k songs of the playlist that sound most like it; None: to all of them."""
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)

    def score(users: NDArray[np.int64]) -> Floats:
        scores = np.zeros((len(users), len(unit)), np.float32)
        for row, user in enumerate(users):
            liked = unit[playlists.matrix[[user]].indices]
            if k is None:
                scores[row] = unit @ liked.mean(axis=0)
            elif k == 1:
                scores[row] = (liked @ unit.T).max(axis=0)
            else:
                last = max(len(liked) - k, 0)
                scores[row] = np.partition(unit @ liked.T, last, axis=1)[:, last:].mean(axis=1)
        return scores

    return score
