"""What a ranker of songs learns from: pairs of a playlist and a song."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.songs import NUMBERS, Floats
from musicrec.splits.by_user import is_held_out

# ---- What a ranker learns from


@dataclass(frozen=True, eq=False)
class Pairs:
    """Candidates of some playlists as a ranker sees them.

    Attributes
    ----------
    lists : numpy.ndarray, shape (n, k)
        Songs; -1 where there is none.
    inputs : numpy.ndarray, shape (n, k, n_features)
        What is known of each pair of playlist and song, float32.
    labels : numpy.ndarray, shape (n, k)
        1 held out, 0 not, -1 no song.
    names : tuple of str
        Of the features.
    """

    lists: NDArray[np.int64]
    inputs: Floats
    labels: NDArray[np.int8]
    names: tuple[str, ...]

    def some(self, rows: NDArray[np.int64]) -> Pairs:
        """Return the pairs of some of the playlists."""
        return Pairs(self.lists[rows], self.inputs[rows], self.labels[rows], self.names)


@dataclass(frozen=True, eq=False)
class SongFeatures:
    """What a system may know of the songs: how they sound, and with `artist` who made them and where those are listed.

    Attributes
    ----------
    audio : numpy.ndarray, shape (n_songs, 23)
        From `audio`.
    artist : numpy.ndarray, shape (n_songs,), optional
        From `artist_codes`.
    genre : numpy.ndarray, shape (n_songs, n_subgenres), optional
        From `genre_profiles`.
    """

    audio: Floats
    artist: NDArray[np.int64] | None = None
    genre: Floats | None = None

    @property
    def features(self) -> Floats:
        """Sound, and genre where it is known, side by side."""
        # shares of 24 subgenres are small numbers; times three they are about as wide as a standardised feature
        return self.audio if self.genre is None else np.hstack([self.audio, 3 * self.genre])


def pair_features(
    lists: NDArray[np.int64], scores: Floats, playlists: Interactions, users: NDArray[np.int64], about: SongFeatures
) -> tuple[Floats, tuple[str, ...]]:
    """Describe candidates in the light of a playlist.

    Parameters
    ----------
    lists, scores : numpy.ndarray, shape (n, k)
        Candidates and what the retrieval gave them.
    playlists : Interactions
        The playlists without what is held out of them. A candidate must not be among the playlist's own songs.
    users : numpy.ndarray, shape (n,)
        The playlists.
    about : SongFeatures
        What may be used.

    Returns
    -------
    values, names
        Shape (n, k, n_features), float32, and the names of the features. None of them says how many playlists hold
        a song: a song that no playlist holds must be a held-out one, and a ranker would learn just that.
    """
    n_numbers = len(NUMBERS)
    unit = about.audio / np.maximum(np.linalg.norm(about.audio, axis=1, keepdims=True), 1e-9)
    names = [*NUMBERS, *(f"{name}, distance" for name in NUMBERS), "distance", "nearest", "five nearest", "all songs"]
    names += ["share in the key", "share in the mode", "retrieval"]
    names += ["songs by the artist", "artist known", "genre", "genre known"] if about.artist is not None else []
    values = np.zeros((*lists.shape, len(names)), np.float32)
    for row, user in enumerate(users):
        liked, items = playlists.matrix[[user]].indices, np.maximum(lists[row], 0)
        own, theirs = about.audio[liked], about.audio[items]
        away = np.abs(theirs[:, :n_numbers] - own[:, :n_numbers].mean(axis=0)) / (own[:, :n_numbers].std(axis=0) + 0.2)
        alike = np.sort(unit[items] @ unit[liked].T, axis=1)[:, ::-1]
        cells = [theirs[:, :n_numbers], away, np.sqrt((away**2).mean(axis=1)), alike[:, 0]]
        cells += [alike[:, :5].mean(axis=1), alike.mean(axis=1)]
        cells += [theirs[:, -12:] @ own[:, -12:].mean(axis=0), 2 * theirs[:, n_numbers] * own[:, n_numbers].mean()]
        cells.append(scores[row])
        if about.artist is not None and about.genre is not None:
            same = (about.artist[items][:, None] == about.artist[liked]).sum(axis=1)
            homes = about.genre[items] @ about.genre[liked].mean(axis=0)
            cells += [np.log1p(same), same > 0, homes, about.genre[items].any(axis=1)]
        values[row] = np.column_stack(cells)
    return values, tuple(names)


def sampled_lists(
    lists: NDArray[np.int64],
    held_out: Interactions,
    n_negatives: int,
    rng: np.random.Generator,
    *,
    only_retrieved: bool = True,
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return what a ranker trains on: held-out songs of each playlist and negatives drawn from its list.

    Parameters
    ----------
    lists : numpy.ndarray, shape (n, k)
        Where negatives are drawn from: songs of the playlists with something held out, none of their known ones.
    held_out : Interactions
        The right answers.
    n_negatives : int
        How many negatives to draw for each playlist.
    only_retrieved : bool
        Whether a held-out song that is not in the list is left out. Where the lists are what a retrieval found, it
        must be: all negatives would have a high score of the retrieval and many positives a low one, and the ranker
        would learn to turn the order round.

    Returns
    -------
    songs, labels
        Shape (n, most held out + n_negatives); -1 where there is none.
    """
    users = np.flatnonzero(held_out.history_sizes())
    hits = is_held_out(lists, users, held_out)
    most = int(held_out.history_sizes().max())
    songs = np.full((len(users), most + n_negatives), -1, np.int64)
    for row, user in enumerate(users):
        right = lists[row][hits[row]] if only_retrieved else held_out.matrix[[user]].indices
        songs[row, : len(right)] = right
        drawn = rng.permutation(lists[row][(lists[row] >= 0) & ~hits[row]])[:n_negatives]
        songs[row, most : most + len(drawn)] = drawn
    labels = np.where(songs < 0, -1, np.arange(songs.shape[1]) < most).astype(np.int8)
    return songs, labels


def random_lists(
    playlists: Interactions, users: NDArray[np.int64], k: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return lists of songs drawn evenly from the catalogue, none of the playlist's own, shape (len(users), k)."""
    lists = np.stack([rng.choice(playlists.n_items, k, replace=False) for _ in users])
    own = playlists.binary()[users].toarray() > 0
    return np.where(np.take_along_axis(own, lists, axis=1), -1, lists)


def training_pairs(
    lists: NDArray[np.int64],
    embeddings: tuple[Floats, Floats],
    playlists: Interactions,
    held_out: Interactions,
    about: SongFeatures,
    rng: np.random.Generator,
    *,
    n_negatives: int = 100,
    only_retrieved: bool = True,
) -> Pairs:
    """Return what a ranker trains on, as in `sampled_lists`, described as in `pair_features`.

    `embeddings` are those of the playlists with something held out, and of all songs.
    """
    users = np.flatnonzero(held_out.history_sizes())
    songs, labels = sampled_lists(lists, held_out, n_negatives, rng, only_retrieved=only_retrieved)
    scores = np.einsum("nd,nkd->nk", embeddings[0], embeddings[1][np.maximum(songs, 0)])
    inputs, names = pair_features(songs, scores, playlists, users, about)
    return Pairs(songs, inputs, labels, names)
