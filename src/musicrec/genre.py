"""The experiments of "Managing ML Data and Models for Spotify Music Recommendation" (2021): from a genre to artists.

Rows of a table are genres, columns artists. Unlike listeners, genres are few, so a score is a mean over some two dozen
rows, and its interval is wide.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.utils.extmath import randomized_svd

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.spotify import FEATURES
from musicrec.evaluation import bootstrap_mean
from musicrec.interactions import Interactions
from musicrec.models.base import FactorModel, Recommender, top_k
from musicrec.names import Names, UnknownNameError, plain
from musicrec.side_information import item_tags

with warnings.catch_warnings():  # it warns where it was built without threads; one thread is all that is used here
    warnings.filterwarnings("ignore", message="LightFM was compiled without OpenMP")
    from lightfm import LightFM
    from lightfm.cross_validation import random_train_test_split

REPORTED = {"train AUC": 0.9879, "test AUC": 0.99997, "train precision@10": 0.78, "test precision@10": 0.92}
ORIGINAL_SONGS, ORIGINAL_UPLOADED, ORIGINAL_GENRES, ORIGINAL_MIN_SONGS = 232_725, 100_000, 27, 50
TEST_SHARE = 0.2
# The original's size; tags have many more cells, so fewer rounds do. The rest is what chapter 09 chose on artists and
# cells held out for choosing.
CHOSEN: dict[str, dict[str, Any]] = {
    "genre": {"dim": 30, "epochs": 30, "weighting": "sampling", "power": 1.0},
    "subgenre": {"dim": 30, "epochs": 30, "weighting": "sampling", "power": 1.0},
    "tag": {"dim": 30, "epochs": 10, "weighting": "sampling", "power": 0.5, "own": True},
}
MIN_ASSIGNMENTS, MIN_ARTISTS = 50, 100  # Last.fm: tags of an artist, artists of a tag
TASTE_DIM = 32

Kind = Literal["genre", "subgenre", "tag"]
Weighting = Literal["ones", "values", "loss", "sampling"]
Mask = NDArray[np.bool_]


# ---- The tables


@dataclass(frozen=True, eq=False)
class GenreTable:
    """Genres × artists, and what else is known of the artists.

    Attributes
    ----------
    kind : {"genre", "subgenre", "tag"}
        What a row is.
    interactions : Interactions
        Users are the names of the genres, items those of the artists; weights are the summed popularity (0 to 100) of
        an artist's songs in a genre, or how often the artist was given the tag.
    features : numpy.ndarray, shape (n_artists, n_features)
        How the artists sound, or who listens to them; rows of length 1, float32. Nothing in it comes from the genres.
    popularity : numpy.ndarray, shape (n_artists,)
        Summed popularity of all songs, or number of listeners.
    min_songs : int
        Artists have at least so many songs (tag assignments).
    lost : int
        Pairs that weigh 0 although the artist is listed under the genre: all their songs have a popularity of 0.
    """

    kind: Kind
    interactions: Interactions
    features: NDArray[np.float32]
    popularity: NDArray[np.float64]
    min_songs: int
    lost: int = 0

    @property
    def names(self) -> NDArray[Any]:
        """Names of the genres."""
        return self.interactions.users

    @property
    def artists(self) -> NDArray[Any]:
        """Names of the artists."""
        return self.interactions.items

    @property
    def known(self) -> Mask:
        """Which artist is in which genre, shape (n_genres, n_artists)."""
        return known(self.interactions)


def genre_table(data: Dataset, kind: Kind = "subgenre", *, min_songs: int | None = None) -> GenreTable:
    """Make the table of a data set.

    Parameters
    ----------
    data : Dataset
        With songs for "genre" and "subgenre", with tags for "tag".
    kind : {"genre", "subgenre", "tag"}
        What a row is. Tags are kept from 100 artists on.
    min_songs : int, optional
        Songs (tag assignments) an artist must have. By default the original's 50, reduced as the collection is smaller
        than the original's (6 of 28,356 songs), or 50 tag assignments.

    Raises
    ------
    ValueError
        When the data set has no such table, or too few artists are left.
    """
    needed = "tag_assignments" if kind == "tag" else "songs"
    if kind not in ("genre", "subgenre", "tag") or needed not in data.tables:
        raise ValueError(f"{data.name} has no {kind}s; spotify-songs has genres and subgenres, lastfm-2k has tags")
    return _tag_table(data, min_songs) if kind == "tag" else _song_table(data, kind, min_songs)


def _song_table(data: Dataset, kind: Kind, min_songs: int | None) -> GenreTable:
    songs, rows = data.tables["songs"], data.tables["rows"]
    least = max(2, round(ORIGINAL_MIN_SONGS * len(songs) / ORIGINAL_SONGS)) if min_songs is None else min_songs
    mine = songs[songs.groupby("artist")["id"].transform("size") >= least]  # songs without an artist drop out
    artists = np.sort(mine["artist"].unique()).astype(object)
    _expect_enough(data, rows[f"playlist_{kind}"].nunique(), len(artists), f"{least} songs")
    listed = rows[rows["track_id"].isin(mine["id"])].drop_duplicates(["track_id", f"playlist_{kind}"])
    cells = listed.groupby([f"playlist_{kind}", "track_artist"])["track_popularity"].sum().reset_index()
    cells.columns = pd.Index(["genre", "artist", "popularity"])
    genres = np.sort(cells["genre"].unique()).astype(object)
    heard = cells[cells["popularity"] > 0]
    table = Interactions.from_frame(
        heard, user="genre", item="artist", weight="popularity", users=genres, items=artists
    )
    popularity = mine.groupby("artist")["popularity"].sum().loc[artists].to_numpy(np.float64)
    return GenreTable(kind, table, _sound(mine, artists), popularity, least, len(cells) - len(heard))


def _sound(songs: pd.DataFrame, artists: NDArray[Any]) -> NDArray[np.float32]:
    """Describe artists by means and spreads of their songs' audio features and the mean year of release."""
    # a key is a name, not a quantity; a duration matters by its ratio to others
    numbers = songs[[name for name in FEATURES if name != "key"]].astype(float)
    numbers["duration_ms"] = np.log(numbers["duration_ms"].clip(lower=1))
    by_artist = numbers.groupby(songs["artist"])
    year = songs["release_date"].str[:4].astype(float).groupby(songs["artist"]).mean()
    return _rows_of_length_1(pd.concat([by_artist.mean(), by_artist.std(), year], axis=1).loc[artists].to_numpy())


def _tag_table(data: Dataset, min_assignments: int | None) -> GenreTable:
    least = MIN_ASSIGNMENTS if min_assignments is None else min_assignments
    counts = item_tags(data)
    artists = np.flatnonzero(np.asarray(counts.sum(axis=1)).ravel() >= least)
    of_artists = counts[artists]
    tags = np.flatnonzero(np.bincount(of_artists.indices, minlength=counts.shape[1]) >= MIN_ARTISTS)
    _expect_enough(data, len(tags), len(artists), f"{least} tags")
    names = data.tables["tags"]["name"].to_numpy(dtype=object)
    table = Interactions(of_artists[:, tags].T.tocsr(), names[tags], data.item_names[artists])
    listens = data.interactions.binary()
    fame = data.interactions.listeners()
    # who listens to an artist says little of it when everybody does
    weighted = listens @ sp.diags_array(1 / np.sqrt(np.maximum(fame, 1)).astype(np.float32))
    dim = min(TASTE_DIM, min(weighted.shape) - 1)
    _, sizes, vectors = randomized_svd(sp.csr_matrix(weighted), dim, random_state=0)
    features = (vectors.T * sizes)[artists]
    return GenreTable("tag", table, _rows_of_length_1(features), fame[artists].astype(np.float64), least)


def _expect_enough(data: Dataset, n_rows: int, n_artists: int, least: str) -> None:
    if n_rows < 2 or n_artists < 10:
        raise ValueError(
            f"{data.name}: {n_rows} rows of {n_artists} artists with at least {least} are too few to learn from; lower "
            "min_songs"
        )


def _rows_of_length_1(values: NDArray[Any]) -> NDArray[np.float32]:
    values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9)
    return _unit(values).astype(np.float32)


def _unit(values: NDArray[Any]) -> NDArray[Any]:
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


def known(interactions: Interactions) -> Mask:
    """Return which cells are there, shape (n_genres, n_artists)."""
    return interactions.matrix.toarray() > 0


def blocks(
    n_genres: int, n_artists: int, per_artist: int, *, shuffled: bool = False, rng: np.random.Generator
) -> Interactions:
    """Make a table in which every artist is in the same number of genres.

    Genres come in groups of `per_artist` that have all their artists in common; with one genre per artist each genre
    has artists of its own. Shuffled, every artist is in as many genres, drawn at random, so that no structure is left.

    Raises
    ------
    ValueError
        When the genres cannot be grouped so.

    Examples
    --------
    >>> blocks(4, 6, 2, rng=np.random.default_rng(0)).matrix.toarray().astype(int)
    array([[1, 0, 1, 0, 1, 0],
           [1, 0, 1, 0, 1, 0],
           [0, 1, 0, 1, 0, 1],
           [0, 1, 0, 1, 0, 1]])
    """
    if not 0 < per_artist <= n_genres or n_genres % per_artist:
        raise ValueError(f"{n_genres} genres cannot be put into groups of {per_artist}")
    group = np.arange(n_artists) % (n_genres // per_artist)
    cells = np.arange(n_genres)[:, None] // per_artist == group
    if shuffled:
        cells = rng.permuted(cells, axis=0)
    return Interactions(sp.csr_array(cells.astype(np.float32)), np.arange(n_genres), np.arange(n_artists))


# ---- Holding out and measuring


def hold_out_cells(table: Interactions, seed: int, share: float = TEST_SHARE) -> tuple[Interactions, Interactions]:
    """Hold out cells at random, as the original did: an artist may be hidden in one genre and known in another."""
    parts = random_train_test_split(sp.coo_matrix(table.matrix), share, np.random.RandomState(seed))
    train, test = (Interactions(sp.csr_array(part), table.users, table.items) for part in parts)
    return train, test


def hold_out_artists(table: Interactions, seed: int, share: float = TEST_SHARE) -> tuple[Interactions, Interactions]:
    """Hold out artists at random, each in all its genres: of a hidden artist, training knows no genre at all.

    Raises
    ------
    ValueError
        When one of the two parts would be empty.
    """
    n = round(share * table.n_items)
    if not 0 < n < table.n_items:
        raise ValueError(f"too small to split: a share of {share:g} of {table.n_items} artists is {n}")
    hidden = np.zeros(table.n_items, dtype=bool)
    hidden[np.random.default_rng(seed).choice(table.n_items, n, replace=False)] = True
    hidden_cells = hidden[table.coordinates()[1]]
    return table.select(~hidden_cells), table.select(hidden_cells)


def measure(scores: NDArray[np.float32], positives: Mask, candidates: Mask, k: int = 10) -> pd.DataFrame:
    """Measure how well scores rank the right artists of each genre among the candidates.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_genres, n_artists)
        Higher is better.
    positives, candidates : numpy.ndarray of bool, shape (n_genres, n_artists)
        What is right; what is ranked. A candidate that is not right counts as wrong.
    k : int
        Cut-off.

    Returns
    -------
    pandas.DataFrame
        One row per genre: `AUC`, the chance that a right candidate is ranked above a wrong one, and `precision@k`. NaN
        where no candidate is right; `AUC` also where all are.

    Examples
    --------
    The first genre has its right artist in second place of three.

    >>> right = np.array([[False, True, False], [False, False, False]])
    >>> measure(np.float32([[3, 2, 1], [3, 2, 1]]), right, np.ones((2, 3), bool), k=2)
       AUC  precision@2
    0  0.5          0.5
    1  NaN          NaN
    """
    right = positives & candidates
    best = top_k(np.where(candidates, scores, -np.inf).astype(np.float32), k).ids
    hits = np.take_along_axis(right, np.maximum(best, 0), axis=1) & (best >= 0)
    some = right.any(axis=1)
    auc = [
        roc_auc_score(r[c], s[c]) if r.any() and not r[c].all() else np.nan
        for s, r, c in zip(scores, right, candidates, strict=True)
    ]
    return pd.DataFrame({"AUC": auc, f"precision@{k}": np.where(some, hits.sum(axis=1) / k, np.nan)})


def four_scores(scores: NDArray[np.float32], train: Interactions, test: Interactions) -> dict[str, float]:
    """Return the original's four figures, means over genres, as the library's evaluation functions compute them.

    Training cells are ranked among all artists, so that test cells count as wrong. Test cells are ranked among the
    artists that are not in training.
    """
    seen, hidden = known(train), known(test)
    of_train = measure(scores, seen, np.ones_like(seen)).mean()
    of_test = measure(scores, hidden, ~seen).mean()
    return {f"{part} {name}": float(row[name]) for name in of_train.index for part, row in
            (("train", of_train), ("test", of_test))}  # fmt: skip


def original_run(table: Interactions, seed: int, *, fit_on: Literal["train", "all"] = "train") -> dict[str, float]:
    """Train as the original did, on the training cells or on all cells, and return its four figures."""
    train, test = hold_out_cells(table, seed)
    model = GenreWARP().fit(train if fit_on == "train" else table, rng=np.random.default_rng(seed))
    return four_scores(model.scores(np.arange(table.n_users)), train, test)


def perfect_memory(train: Interactions, test: Interactions, k: int = 10) -> dict[str, float]:
    r"""Return what the four figures are for one who knows every cell, of training and test, and nothing else.

    All known cells tie, so a training cell is as likely on top as a test cell: no model is run.

    .. math:: P_\mathrm{train} = \frac{\min(k, n + m)}{k}\,\frac{n}{n + m}, \quad
        P_\mathrm{test} = \frac{\min(k, m)}{k}, \quad
        A_\mathrm{train} = 1 - \frac{m}{2(N - n)}, \quad A_\mathrm{test} = 1

    for n training cells and m test cells of a genre and N artists; means over the genres that have such cells.
    """
    n, m = train.history_sizes().astype(float), test.history_sizes().astype(float)
    of_train, of_test = n > 0, m > 0
    precision = np.minimum(k, n + m) / k * n / np.maximum(n + m, 1)
    area = 1 - m / 2 / np.maximum(train.n_items - n, 1)
    return {
        "train AUC": float(area[of_train].mean()),
        "test AUC": 1.0,
        f"train precision@{k}": float(precision[of_train].mean()),
        f"test precision@{k}": float((np.minimum(k, m) / k)[of_test].mean()),
    }


def implied_share(train_auc: float, test_share: float = TEST_SHARE) -> float:
    """Return the share of all artists that a genre must hold for a perfect memory to have this train AUC.

    Of N artists a genre holds a share s; t of its cells are test cells. Then 1 - AUC = t s / (2 (1 - (1 - t) s)).

    Examples
    --------
    >>> round(implied_share(1 - 0.2 * 0.1 / (2 * (1 - 0.8 * 0.1))), 6)
    0.1
    """
    loss = 2 * (1 - train_auc)
    return loss / (test_share + loss * (1 - test_share))


def over_seeds(
    build: Callable[[], Recommender],
    table: GenreTable,
    seeds: Sequence[int],
    *,
    hold_out: Literal["artists", "cells"] = "artists",
) -> pd.DataFrame:
    """Fit and measure a model once per seed; the seed draws what is held out and seeds the model.

    Held-out artists are ranked among each other: which of the new artists belong to the genre? Held-out cells are
    ranked among the artists that are not yet in the genre: who is missing here?

    Returns
    -------
    pandas.DataFrame
        One row per genre, the mean over seeds of `AUC`, `precision@10` and `fame@10`, the mean share of candidates that
        are less popular than the ten.
    """
    parts = []
    split = hold_out_artists if hold_out == "artists" else hold_out_cells
    for seed in seeds:
        train, test = split(table.interactions, seed)
        model = build().fit(train, rng=np.random.default_rng(seed))
        scores = model.scores(np.arange(train.n_users))
        candidates = ~known(train)
        if hold_out == "artists":
            candidates = np.broadcast_to(~known(train).any(axis=0), candidates.shape)
        result = measure(scores, known(test), candidates)
        parts.append(result.assign(**{"fame@10": _fame(scores, candidates, table.popularity)}))
    return pd.concat(parts).groupby(level=0).mean()


def _fame(scores: NDArray[np.float32], candidates: Mask, popularity: NDArray[np.float64], k: int = 10) -> list[float]:
    best = top_k(np.where(candidates, scores, -np.inf).astype(np.float32), k).ids
    shares = []
    for ids, mine in zip(best, candidates, strict=True):
        place = np.full(len(mine), np.nan)
        place[mine] = (stats.rankdata(popularity[mine]) - 1) / max(mine.sum() - 1, 1)
        shares.append(float(place[ids[ids >= 0]].mean()))
    return shares


def means(results: Mapping[str, pd.DataFrame], metric: str) -> pd.DataFrame:
    """Return the mean over genres of each system with its bootstrap interval: `value`, `low`, `high`."""
    rows = {name: bootstrap_mean(frame[metric].to_numpy()) for name, frame in results.items()}
    return pd.DataFrame(rows.values(), index=pd.Index(rows, name="system")).set_axis(["value", "low", "high"], axis=1)


def agreement(a: NDArray[Any], b: NDArray[Any], candidates: Mask, k: int = 10) -> pd.DataFrame:
    """Compare two score matrices genre by genre among the candidates.

    Returns
    -------
    pandas.DataFrame
        One row per genre: Spearman's `rank correlation`, and the share of the best k they have `in common`.
    """
    first, second = (np.where(candidates, s, -np.inf).astype(np.float32) for s in (a, b))
    ours, theirs = top_k(first, k).ids, top_k(second, k).ids
    rho = [stats.spearmanr(x[c], y[c]).statistic for x, y, c in zip(a, b, candidates, strict=True)]
    common = [len(set(x) & set(y) - {-1}) / k for x, y in zip(ours, theirs, strict=True)]
    return pd.DataFrame({"rank correlation": rho, "in common": common})


# ---- The systems of the chapter


class GenreWARP(FactorModel):
    """WARP [Weston, Bengio & Usunier, 2011] by LightFM [Kula, 2015], as the original set it, and repaired.

    One thread, so that a seed gives the same result; the original ran four, which no seed makes repeatable.

    Parameters
    ----------
    dim, epochs : int
        Length of the vectors; how often to go over the cells.
    k : int
        The original's 15. The library reads it under another loss only; it is here to show that it does nothing.
    features : numpy.ndarray, shape (n_artists, n_features), optional
        The vector of an artist is then the sum of the vectors of its features, times their values. Artists without
        any training cell are left out of training, where they would be taken for wrong answers.
    own : bool
        Whether each artist has a vector of its own beside those of its features.
    weighting : {"ones", "values", "loss", "sampling"}
        What the weights of cells do: nothing; they stand in the matrix (the original: nothing as well); they multiply
        the loss; cells are drawn in proportion to them.
    power : float
        Exponent of the weights under "loss" and "sampling".

    Raises
    ------
    ValueError
        From `fit`, when the features are not those of as many artists.
    """

    name = "genre-warp"

    def __init__(
        self,
        dim: int = 30,
        epochs: int = 30,
        k: int = 15,
        *,
        features: NDArray[np.float32] | None = None,
        own: bool = False,
        weighting: Weighting = "values",
        power: float = 1.0,
    ) -> None:
        self.dim, self.epochs, self.k = dim, epochs, k
        self.features, self.own = features, own
        self.weighting, self.power = weighting, power

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:
        """Learn from the cells of a table; weights are used as `weighting` says."""
        super().fit(train, rng=rng)
        described = self._described(train.n_items)
        used = np.arange(train.n_items) if self.features is None else np.flatnonzero(train.listeners())
        model = LightFM(no_components=self.dim, loss="warp", k=self.k, random_state=int(rng.integers(2**31)))
        cells = _coo(train.matrix[:, used])
        items = None if self.features is None else _csr(described[used])
        if self.weighting == "sampling":
            for _ in range(self.epochs):
                model.fit_partial(_drawn(cells, self.power, rng), item_features=items, num_threads=1)
        else:
            weights = None
            if self.weighting == "loss":
                scale = cells.data**self.power
                weights = sp.coo_matrix((scale / scale.mean(), (cells.row, cells.col)), shape=cells.shape)
            if self.weighting == "ones":
                cells = sp.coo_matrix((np.ones_like(cells.data), (cells.row, cells.col)), shape=cells.shape)
            model.fit(cells, item_features=items, sample_weight=weights, epochs=self.epochs, num_threads=1)
        _, genres = model.get_user_representations()
        artists = np.column_stack([described @ model.item_embeddings, described @ model.item_biases])
        # the bias of a genre moves all its scores alike; that of an artist joins its vector, against a constant 1
        self.user_factors = np.column_stack([genres, np.ones(len(genres))]).astype(np.float32)
        self.item_factors = np.asarray(artists, dtype=np.float32)
        return self

    def _described(self, n_items: int) -> sp.csr_matrix:
        if self.features is None:
            return _csr(sp.identity(n_items))
        if len(self.features) != n_items:
            raise ValueError(f"{self.name}: features of {len(self.features)} artists for a table of {n_items}")
        parts = [sp.identity(n_items), sp.csr_matrix(self.features)] if self.own else [sp.csr_matrix(self.features)]
        return _csr(sp.hstack(parts))


class FeatureCosine(FactorModel):
    """Cosine between an artist's features and the mean of those of the genre's artists: nothing is trained."""

    name = "feature-cosine"

    def __init__(self, features: NDArray[np.float32]) -> None:
        self.features = features

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        self.user_factors = _unit(train.binary() @ self.features).astype(np.float32)
        self.item_factors = self.features
        return self


class Fame(Recommender):
    """The same order for every genre: the artists' popularity, whatever their genres."""

    name = "artist-popularity"

    def __init__(self, popularity: NDArray[np.float64]) -> None:
        self.popularity = popularity

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return np.tile(self.popularity.astype(np.float32), (len(self._known(users)), 1))


def _coo(matrix: sp.csr_array) -> sp.coo_matrix:
    """Return the form LightFM reads; its indices are 32 bits wide."""
    coo = sp.coo_matrix(matrix, dtype=np.float32)
    return sp.coo_matrix((coo.data, (coo.row.astype(np.int32), coo.col.astype(np.int32))), shape=coo.shape)


def _csr(matrix: Any) -> sp.csr_matrix:
    csr = sp.csr_matrix(matrix, dtype=np.float32)
    csr.indices, csr.indptr = csr.indices.astype(np.int32), csr.indptr.astype(np.int32)
    return csr


def _drawn(cells: sp.coo_matrix, power: float, rng: np.random.Generator) -> sp.coo_matrix:
    """Draw as many cells as there are, with replacement and in proportion to their weights.

    All cells are appended with the value 0: the library passes over those as positives, but does not take what is
    stored for a wrong answer, so that a cell that was not drawn is not learnt as a negative.
    """
    chance = cells.data.astype(np.float64) ** power
    chosen = rng.choice(cells.nnz, cells.nnz, p=chance / chance.sum())
    values = np.concatenate([np.ones(cells.nnz, np.float32), np.zeros(cells.nnz, np.float32)])
    rows, columns = (np.concatenate([codes[chosen], codes]) for codes in (cells.row, cells.col))
    return sp.coo_matrix((values, (rows, columns)), shape=cells.shape)


# ---- Type a genre, get ten artists


class Guide:
    """Answers a typed genre with artists.

    Parameters
    ----------
    table : GenreTable
        Genres and artists.
    seed : int
        Of the model.
    **settings
        Of `GenreWARP`, in place of those chapter 09 chose on validation.
    """

    def __init__(self, table: GenreTable, *, seed: int = 0, **settings: Any) -> None:
        self.table = table
        self.known = table.known
        chosen = {**CHOSEN[table.kind], "features": table.features, **settings}
        self.model = GenreWARP(**chosen).fit(table.interactions, rng=np.random.default_rng(seed))
        self.index = Names(table.names, self.known.sum(axis=1), table.kind)

    def find(self, text: str) -> int:
        """Return the row of a genre; case, accents and punctuation don't matter.

        Raises
        ------
        UnknownNameError
            When there is none; the message names those that come close.
        """
        return self.index.find(text)

    def recommend(self, text: str, k: int = 10, *, listed: bool = False) -> pd.DataFrame:
        """Return the best artists for a genre.

        Parameters
        ----------
        text : str
            The genre.
        k : int
            How many artists; fewer when there are no more.
        listed : bool
            Whether to rank the artists listed under the genre, instead of the others.

        Returns
        -------
        pandas.DataFrame
            Best first: `artist`, `score`, `listed under` (its other genres, heaviest first), `like` (the most similar
            artists of the genre by features, up to three) and `popularity`.
        """
        row = self.find(text)
        mine = self.known[row]
        scores = np.where(mine == listed, self.model.scores([row])[0], -np.inf).astype(np.float32)[None]
        ids, best = (part[0] for part in top_k(scores, k))
        weights = self.table.interactions.matrix[:, ids[ids >= 0]].toarray()
        likeness = self.table.features[ids[ids >= 0]] @ self.table.features.T
        rows = []
        for place, item in enumerate(ids[ids >= 0]):
            others = [n for n in np.argsort(-weights[:, place], kind="stable") if weights[n, place] > 0 and n != row]
            close = np.where(mine & (np.arange(len(mine)) != item), likeness[place], -np.inf)
            similar = top_k(close[None].astype(np.float32), 3).ids[0]
            rows.append(
                {
                    "artist": str(self.table.artists[item]),
                    "score": float(best[place]),
                    "listed under": [str(self.table.names[n]) for n in others],
                    "like": [str(self.table.artists[n]) for n in similar[similar >= 0]],
                    "popularity": int(self.table.popularity[item]),
                }
            )
        return pd.DataFrame(rows, columns=["artist", "score", "listed under", "like", "popularity"])


def guide_for(data: Dataset, text: str, *, subgenre: bool = False, seed: int = 0) -> Guide:
    """Return a guide to the genres, subgenres or tags of a data set, once it is known to hold the one asked for.

    Raises
    ------
    ValueError
        When subgenres are asked for and the data set has tags.
    LookupError
        When there is no such genre; the message says what comes close, and lists the genres when they are few.
    """
    kind: Kind = "subgenre" if subgenre else "genre" if "songs" in data.tables else "tag"
    table = genre_table(data, kind)
    try:
        Names(table.names, table.interactions.history_sizes(), kind).find(text)
    except UnknownNameError as error:
        largest = table.names[np.argsort(-table.interactions.history_sizes(), kind="stable")]
        few = len(largest) <= 30
        hint = f"; {'the' if few else 'the largest'} {kind}s are {', '.join(largest[:30] if few else largest[:10])}"
        finer = data.tables["playlists"]["subgenre"] if kind == "genre" else ()
        if plain(text) in map(plain, finer):
            hint = "; it is a subgenre: add --subgenre"
        raise LookupError(f"{error}{hint}") from None
    return Guide(table, seed=seed)
