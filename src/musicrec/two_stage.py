"""Two stages for playlists: what is held out, what is known of a song, simple systems, and what a ranker learns from.

The experiments of "Creating AI-Enabled Systems, final project" (undated), which retrieves 1,000 candidates by audio
features and ranks them. The networks are in `two_stage_network`; nothing here needs TensorFlow.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec import metrics
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.spotify import FEATURES
from musicrec.evaluation import Evaluation, is_held_out
from musicrec.files import whole, write_text
from musicrec.interactions import Interactions
from musicrec.models.base import BATCH, mask_seen, top_k
from musicrec.splits import Split, split_by_user

CANDIDATES, SONGS = 1000, 50  # of the original: retrieved, and written to the playlist
TEST_SHARE, VALID_SHARE, LEAST = 0.3, 0.2, 20
NUMBERS = tuple(name for name in FEATURES if name not in ("key", "mode"))
BOUNDS = (0.005, 0.995)  # quantiles that a guarded feature cannot leave
FAR_OUT = 3.0  # interquartile ranges beyond the quartiles [Tukey, 1977]
PAGE, LAST = 10, 500  # the challenge: songs on a page, length of a list
Floats = NDArray[np.float32]


# ---- What is held out, and how a list is measured


def hold_out(playlists: Interactions, seed: int, *, least: int = LEAST) -> Split:
    """Hold out 30 % of the songs of each playlist with at least `least` of them, and 20 % to choose settings on.

    A smaller playlist is wholly in training.

    Raises
    ------
    ValueError
        When no playlist is large enough.
    """
    if not (playlists.history_sizes() >= least).any():
        raise ValueError(
            f"too small to split: the longest playlist has {playlists.history_sizes().max(initial=0)} songs, and "
            f"songs are held out from {least} on"
        )
    split = split_by_user(playlists, seed, valid=VALID_SHARE, test=TEST_SHARE)
    large = playlists.history_sizes() >= least
    parts = {}
    train = split.train
    for name in ("valid", "test"):
        part: Interactions = getattr(split, name)
        mine = large[part.coordinates()[0]]
        parts[name] = part.select(mine)
        train = train + part.select(~mine)
    return Split(train=train, valid=parts["valid"], test=parts["test"], seed=seed)


def measure(lists: NDArray[np.int64], held_out: Interactions) -> Evaluation:
    """Measure lists of candidates, best first, one per playlist with something held out.

    Parameters
    ----------
    lists : numpy.ndarray, shape (n, k)
        Songs; -1 where nothing is left. The rows are those of ``numpy.flatnonzero(held_out.history_sizes())``.
    held_out : Interactions
        The right answers.

    Returns
    -------
    Evaluation
        With `ndcg@500`, `ndcg@50`, `r-precision`, `clicks` (pages of ten to turn before the first right song, 51 when
        none is among 500 [Chen et al., 2018]) and `recall@k` per playlist.
    """
    users = np.flatnonzero(held_out.history_sizes())
    n = held_out.history_sizes()[users]
    hits = is_held_out(lists, users, held_out)
    first = hits[:, :LAST].argmax(axis=1) // PAGE
    columns = {
        f"ndcg@{LAST}": metrics.ndcg(hits[:, :LAST], n),
        f"ndcg@{SONGS}": metrics.ndcg(hits[:, :SONGS], n),
        "r-precision": metrics.r_precision(hits, n),
        "clicks": np.where(hits[:, :LAST].any(axis=1), first, LAST // PAGE + 1).astype(float),
        f"recall@{lists.shape[1]}": metrics.recall(hits, n),
    }
    return Evaluation(users, pd.DataFrame(columns), lists)


def best_lists(score: Any, known: Interactions, users: NDArray[np.int64], k: int = CANDIDATES) -> NDArray[np.int64]:
    """Return the k best songs of each playlist, none of its own, shape (n, k); equal scores in random order.

    Songs stand in the file in the order of the playlists they are in, so that ties broken by index would favour the
    first playlists. The random order is the same in every run.

    Parameters
    ----------
    score : callable
        Takes the row numbers of some playlists and returns their scores of all songs, float32.
    known : Interactions
        The playlists as far as they are known.
    users : numpy.ndarray, shape (n,)
        For whom.
    """
    order = np.random.default_rng(0).permutation(known.n_items)
    lists = []
    for start in range(0, len(users), BATCH):
        batch = users[start : start + BATCH]
        scores = mask_seen(np.array(score(batch), np.float32), known.matrix[batch])
        ids = top_k(scores[:, order], k).ids
        lists.append(np.where(ids >= 0, order[ids], -1))
    return np.concatenate(lists)


def retrieve(
    playlists: Floats, songs: Floats, known: Interactions, users: NDArray[np.int64], k: int = CANDIDATES
) -> tuple[NDArray[np.int64], Floats]:
    """Return the k songs with the highest dot product with each playlist, none of its own, and the products.

    Parameters
    ----------
    playlists, songs : numpy.ndarray, shape (len(users), dim), (n_songs, dim)
        Embeddings.
    known : Interactions
        Which songs are a playlist's own.
    users : numpy.ndarray, shape (n,)
        Row numbers of the playlists.
    k : int
        How many to retrieve.

    Returns
    -------
    lists, scores
        Shape (n, k), best first; -1 and -inf where nothing is left.
    """
    columns, spare = np.ascontiguousarray(songs.T), len(songs) - k
    parts = []
    for start in range(0, len(users), BATCH):
        batch = slice(start, start + BATCH)
        scores = mask_seen(playlists[batch] @ columns, known.matrix[users[batch]])
        if spare <= 0:
            parts.append(tuple(top_k(scores, k)))
            continue
        # for lists as long as these, faster than `top_k`; it leaves open which of equal scores comes last
        ids = np.argpartition(scores, spare, axis=1)[:, spare:]
        ids = np.take_along_axis(ids, np.argsort(-np.take_along_axis(scores, ids, axis=1), axis=1), axis=1)
        best = np.take_along_axis(scores, ids, axis=1)
        parts.append((np.where(np.isfinite(best), ids, -1), best))
    lists, products = zip(*parts, strict=True)
    return np.concatenate(lists), np.concatenate(products)


def reorder(lists: NDArray[np.int64], scores: Floats) -> NDArray[np.int64]:
    """Return each list in the order of its scores, both of shape (n, k), highest first; empty places stay last.

    Examples
    --------
    >>> reorder(np.array([[4, 7, -1]]), np.float32([[0.1, 0.3, 9.0]]))
    array([[ 7,  4, -1]])
    """
    order = np.argsort(np.where(lists >= 0, -scores, np.inf), axis=1, kind="stable")
    return np.take_along_axis(lists, order, axis=1)


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


def outlier_report(playlists: Floats, songs: Floats, planted: Floats) -> dict[str, float]:
    """Count planted songs among what is retrieved for playlists when they are candidates beside all others.

    Parameters
    ----------
    playlists, songs, planted : numpy.ndarray, shape (n, dim), (n_songs, dim), (n_planted, dim)
        Embeddings.

    Returns
    -------
    dict
        How long planted embeddings are relative to others; how many are in the first 1,000 and in the first 50; the
        share of playlists with more than ten in 50.
    """
    scores = playlists @ np.concatenate([songs, planted]).T
    best = top_k(scores, min(CANDIDATES, scores.shape[1])).ids >= len(songs)
    first = best[:, :SONGS].sum(axis=1)
    return {
        "length, relative": float(np.linalg.norm(planted, axis=1).mean() / np.linalg.norm(songs, axis=1).mean()),
        f"in {CANDIDATES}": float(best.sum(axis=1).mean()),
        f"in {SONGS}": float(first.mean()),
        f"playlists with more than ten in {SONGS}": float((first > 10).mean()),
    }


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


# ---- Simple systems


def by_artist(songs: pd.DataFrame, known: Interactions) -> Any:
    """Score a song by how many of the playlist's songs are by its artist; among equals by its popularity."""
    artist = artist_codes(songs)
    popularity = songs["popularity"].to_numpy(np.float32) / 1000  # below 1, so that it only decides ties

    def score(users: NDArray[np.int64]) -> Floats:
        counts = np.zeros((len(users), artist.max() + 1), np.float32)
        rows, items = known.matrix[users].nonzero()
        np.add.at(counts, (rows, artist[items]), 1)
        return np.asarray(counts[:, artist] + popularity, np.float32)

    return score


def by_sound(features: Floats, known: Interactions, k: int | None = 1) -> Any:
    """Score a song by its mean cosine to the k songs of the playlist that sound most like it; None: to all of them."""
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)

    def score(users: NDArray[np.int64]) -> Floats:
        scores = np.zeros((len(users), len(unit)), np.float32)
        for row, user in enumerate(users):
            liked = unit[known.matrix[[user]].indices]
            if k is None:
                scores[row] = unit @ liked.mean(axis=0)
            elif k == 1:
                scores[row] = (liked @ unit.T).max(axis=0)
            else:
                last = max(len(liked) - k, 0)
                scores[row] = np.partition(unit @ liked.T, last, axis=1)[:, last:].mean(axis=1)
        return scores

    return score


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
class Known:
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
    lists: NDArray[np.int64], scores: Floats, known: Interactions, users: NDArray[np.int64], about: Known
) -> tuple[Floats, tuple[str, ...]]:
    """Describe candidates in the light of a playlist.

    Parameters
    ----------
    lists, scores : numpy.ndarray, shape (n, k)
        Candidates and what the retrieval gave them.
    known : Interactions
        The playlists as far as they are known. A candidate must not be among the playlist's own songs.
    users : numpy.ndarray, shape (n,)
        The playlists.
    about : Known
        What may be used.

    Returns
    -------
    values, names
        Shape (n, k, n_features), float32, and the names of the features. None of them says how many playlists hold
        a song: a song that no known playlist holds must be a held-out one, and a ranker would learn just that.
    """
    n_numbers = len(NUMBERS)
    unit = about.audio / np.maximum(np.linalg.norm(about.audio, axis=1, keepdims=True), 1e-9)
    names = [*NUMBERS, *(f"{name}, distance" for name in NUMBERS), "distance", "nearest", "five nearest", "all songs"]
    names += ["share in the key", "share in the mode", "retrieval"]
    names += ["songs by the artist", "artist known", "genre", "genre known"] if about.artist is not None else []
    values = np.zeros((*lists.shape, len(names)), np.float32)
    for row, user in enumerate(users):
        liked, items = known.matrix[[user]].indices, np.maximum(lists[row], 0)
        mine, theirs = about.audio[liked], about.audio[items]
        away = np.abs(theirs[:, :n_numbers] - mine[:, :n_numbers].mean(axis=0)) / (
            mine[:, :n_numbers].std(axis=0) + 0.2
        )
        alike = np.sort(unit[items] @ unit[liked].T, axis=1)[:, ::-1]
        cells = [theirs[:, :n_numbers], away, np.sqrt((away**2).mean(axis=1)), alike[:, 0]]
        cells += [alike[:, :5].mean(axis=1), alike.mean(axis=1)]
        cells += [theirs[:, -12:] @ mine[:, -12:].mean(axis=0), 2 * theirs[:, n_numbers] * mine[:, n_numbers].mean()]
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


def random_lists(known: Interactions, users: NDArray[np.int64], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return lists of songs drawn evenly from the catalogue, none of the playlist's own, shape (len(users), k)."""
    lists = np.stack([rng.choice(known.n_items, k, replace=False) for _ in users])
    own = known.binary()[users].toarray() > 0
    return np.where(np.take_along_axis(own, lists, axis=1), -1, lists)


def training_pairs(
    lists: NDArray[np.int64],
    embeddings: tuple[Floats, Floats],
    known: Interactions,
    held_out: Interactions,
    about: Known,
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
    inputs, names = pair_features(songs, scores, known, users, about)
    return Pairs(songs, inputs, labels, names)


class LambdaMART:
    """Gradient-boosted trees that learn to order lists [Burges, 2010], by LightGBM.

    Parameters
    ----------
    trees, leaves : int
        How many trees, and leaves of each.
    learning_rate : float
        How much a tree counts.
    """

    def __init__(self, trees: int = 100, leaves: int = 7, learning_rate: float = 0.05) -> None:
        self.trees, self.leaves, self.learning_rate = trees, leaves, learning_rate

    def fit(self, pairs: Pairs, *, rng: np.random.Generator) -> LambdaMART:
        """Learn from labelled lists."""
        import lightgbm

        there = pairs.labels >= 0
        # one thread: its threads wait for each other busily, which on a shared machine is slower than one alone
        self.model = lightgbm.LGBMRanker(
            objective="lambdarank", n_estimators=self.trees, num_leaves=self.leaves, learning_rate=self.learning_rate,
            min_child_samples=50, subsample=0.8, subsample_freq=1, colsample_bytree=0.7, lambdarank_truncation_level=30,
            random_state=int(rng.integers(2**31)), deterministic=True, force_row_wise=True, num_threads=1, verbose=-1,
        )  # fmt: skip
        self.model.fit(pairs.inputs[there], pairs.labels[there], group=there.sum(axis=1))
        self.names = pairs.names
        return self

    def scores(self, values: Floats, trees: int | None = None) -> Floats:
        """Return one score per candidate, shape (n, k), from the first `trees` trees, or from all."""
        flat = self.model.booster_.predict(
            values.reshape(-1, values.shape[-1]), num_iteration=trees or -1, num_threads=1
        )
        return np.asarray(flat, np.float32).reshape(values.shape[:-1])

    def gains(self) -> pd.Series:
        """Return the share of each feature in what the trees gained, largest first."""
        gains = pd.Series(self.model.booster_.feature_importance("gain"), index=list(self.names))
        return (gains / gains.sum()).sort_values(ascending=False)


# ---- A playlist to take along


def right_in_first(evaluation: Evaluation, held_out: Interactions, k: int = SONGS) -> NDArray[np.int64]:
    """Return how many of the first k songs of each list are held-out ones."""
    return is_held_out(evaluation.lists[:, :k], evaluation.users, held_out).sum(axis=1)


def first_songs(
    ranked: NDArray[np.int64], songs: pd.DataFrame, own: NDArray[np.integer[Any]], k: int = SONGS
) -> NDArray[np.int64]:
    """Return the first k songs of one list, without tracks that are too long and without a title twice.

    Parameters
    ----------
    ranked : numpy.ndarray, shape (n,)
        One list, best first; -1 where there is none.
    songs : pandas.DataFrame
        All songs.
    own : numpy.ndarray
        Songs of the playlist; the same title by the same artist is not listed again.
    """
    titles = (songs["name"].fillna(songs["id"]) + "\n" + songs["artist"].fillna("")).str.casefold().to_numpy()
    skip, seen = too_long(songs), set(titles[own])
    first: list[int] = []
    for song in ranked[ranked >= 0].tolist():
        if len(first) < k and not skip[song] and titles[song] not in seen:
            seen.add(titles[song])
            first.append(song)
    return np.array(first, np.int64)


def song_table(songs: pd.DataFrame, ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return songs in the order of a list with the columns of a playlist export: URI, names, duration."""
    chosen = songs.iloc[ids[ids >= 0]]
    return pd.DataFrame(
        {
            "Track URI": "spotify:track:" + chosen["id"],
            "Track Name": chosen["name"].fillna(""),
            "Artist Name(s)": chosen["artist"].fillna(""),
            "Album Name": chosen["album"].fillna(""),
            "Track Duration (ms)": chosen["duration_ms"],
        }
    ).reset_index(drop=True)


def write_playlist(table: pd.DataFrame, path: Path) -> tuple[Path, Path]:
    """Write a playlist to take along: a CSV file, and beside it a text file with one `spotify:track:` address per line.

    The columns of the CSV file are those of common playlist exporters, which importers read by the address. The lines
    of the text file can be copied and pasted into a playlist of Spotify's desktop application. A title that a
    spreadsheet would run as a formula gets an apostrophe in front.

    Raises
    ------
    ValueError
        When an address is not of 22 letters and digits; nothing is written.
    """
    uris = table["Track URI"].tolist()
    if bad := [uri for uri in uris if not re.fullmatch(r"spotify:track:[0-9A-Za-z]{22}", uri)]:
        raise ValueError(f"{bad[0]!r} is no address of a song: expected spotify:track: and 22 letters and digits")
    plain = path.with_suffix(".txt")
    with whole(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([[_no_formula(cell) for cell in row] for row in table.itertuples(index=False)])
    write_text(plain, "".join(f"{uri}\n" for uri in uris))
    return path, plain


def _no_formula(cell: Any) -> Any:
    text = " ".join(cell.split()) if isinstance(cell, str) else cell
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@")) else text
