"""What is known of a song: audio features, artist, genre."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.spotify import FEATURES

NUMBERS = tuple(name for name in FEATURES if name not in ("key", "mode"))
BOUNDS = (0.005, 0.995)  # quantiles that a guarded feature cannot leave
FAR_OUT = 3.0  # interquartile ranges beyond the quartiles [Tukey, 1977]
Floats = NDArray[np.float32]


# ---- What is known of a song


def audio(songs: pd.DataFrame, *, guard: bool = True) -> Floats:
    """Return the audio features as numbers, shape (n_songs, 23): ten standardised, the mode, and the key in 12 columns.

    Parameters
    ----------
    songs : pandas.DataFrame
        With the columns of `datasets.spotify.FEATURES`.
    guard : bool
        Whether values beyond the 0.5 % and 99.5 % quantiles are moved to them first, so that no song, however odd, is
        farther out than that.
    """
    numbers = songs[list(NUMBERS)]
    return _audio(numbers, numbers, songs, guard)


def audio_like(songs: pd.DataFrame, others: pd.DataFrame, *, guard: bool = True) -> Floats:
    """Return the audio features of other songs on the scale that `audio` gives to `songs`."""
    return _audio(songs[list(NUMBERS)], others[list(NUMBERS)], others, guard)


def _audio(reference: pd.DataFrame, numbers: pd.DataFrame, songs: pd.DataFrame, guard: bool) -> Floats:
    if guard:
        low, high = reference.quantile(BOUNDS[0]), reference.quantile(BOUNDS[1])
        reference, numbers = reference.clip(low, high, axis=1), numbers.clip(low, high, axis=1)
    spread = reference.std(ddof=0).replace(0, 1)
    scaled = ((numbers - reference.mean()) / spread).to_numpy()
    key = songs["key"].to_numpy()[:, None] == np.arange(12)  # -1, no key, has none of the twelve
    return np.hstack([scaled, songs[["mode"]].to_numpy() - 0.5, key]).astype(np.float32, copy=False)


def hour_long(songs: pd.DataFrame, n: int, *, seed: int, minutes: float = 60.0) -> pd.DataFrame:
    """Return copies of some songs that last an hour and are the same otherwise: outliers to test a guard with."""
    rows = np.random.default_rng(seed).choice(len(songs), n, replace=False)
    return songs.iloc[rows].assign(duration_ms=int(minutes * 60_000)).reset_index(drop=True)


def too_long(songs: pd.DataFrame, reference: pd.DataFrame | None = None) -> NDArray[np.bool_]:
    """Say which songs last far longer than others: 3 interquartile ranges above the third quartile [Tukey, 1977]."""
    return (songs["duration_ms"] > longest(songs if reference is None else reference)).to_numpy()


def longest(songs: pd.DataFrame) -> float:
    """Return the duration in milliseconds from which on a song counts as too long; see `too_long`."""
    first, third = songs["duration_ms"].quantile([0.25, 0.75])
    return float(third + FAR_OUT * (third - first))


def artist_codes(songs: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number per artist, shape (n_songs,); a song without an artist has one of its own."""
    return pd.factorize(songs["artist"].fillna("no artist " + songs["id"]))[0].astype(np.int64)


def genre_profiles(data: Dataset, known: Interactions, *, leak: bool = False) -> Floats:
    """Return in which subgenres a song is at home, shape (n_songs, n_subgenres), rows sum to 1 or are empty.

    The file gives genres to *playlists*: the genre of a song is that of the playlists that hold it, and where these
    are held out, it gives the answer away. So a song gets the subgenres in which the *other* songs of its artist are
    known to be listed, and nothing of its own: held-out songs and others are treated alike.

    Parameters
    ----------
    data : Dataset
        With tables `songs` and `playlists`.
    known : Interactions
        The playlists without what is held out.
    leak : bool
        Whether to take the song's own playlists, held-out ones included, as the file invites one to.
    """
    subgenre = pd.factorize(data.tables["playlists"]["subgenre"], sort=True)[0]
    listed = np.eye(subgenre.max() + 1, dtype=np.float32)[subgenre]
    if leak:
        counts = data.interactions.binary().T @ listed
    else:
        own = known.binary().T @ listed
        artist = artist_codes(data.tables["songs"])
        together = np.zeros((artist.max() + 1, own.shape[1]), np.float32)
        np.add.at(together, artist, own)
        counts = together[artist] - own
    return (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(np.float32)
