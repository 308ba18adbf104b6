"""Playlists of a few planted tastes, as long as the categories of the challenge need."""

import numpy as np
import pandas as pd

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists

TASTES = ("gym", "Sleep!", "summer 2017", "RAP", "road trip")


def few_playlists(n: int = 400, *, tracks: int = 900, longest: int = 140, seed: int = 0) -> Playlists:
    """Return playlists whose titles tell their taste: the tracks of each taste are mostly its own."""
    rng = np.random.default_rng(seed)
    own = tracks // len(TASTES)
    weights = 1 / np.arange(1, own + 1) ** 0.6
    rows = []
    for pid in range(n):
        taste = pid % len(TASTES)
        size = int(rng.integers(6, longest))
        drawn = own * taste + rng.choice(own, min(size, own), replace=False, p=weights / weights.sum())
        other = rng.choice(tracks, size // 5 + 1, replace=False)
        chosen = rng.permutation(np.unique(np.concatenate([drawn, other])))
        rows += [(pid, int(track), place) for place, track in enumerate(chosen)]
    frame = pd.DataFrame(rows, columns=["pid", "track", "pos"]).sort_values(["pid", "track"])
    items = np.array([f"spotify:track:{track:022d}" for track in range(tracks)], dtype=object)
    listed = frame.assign(track=items[frame["track"]])
    matrix = Interactions.from_frame(listed, user="pid", item="track", items=items, users=np.arange(n))
    titles = np.array([TASTES[pid % len(TASTES)] for pid in range(n)], dtype=object)
    times = 1_400_000_000 + rng.permutation(n).astype(np.int64) * 86_400
    return Playlists(matrix, frame["pos"].to_numpy(np.int32), titles, np.arange(tracks) // 6, times)
