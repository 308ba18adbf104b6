"""LightFM from genre to artist: as "Managing ML Data and Models …" (2021) had it, and repaired."""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import FactorModel

with warnings.catch_warnings():  # it warns where it was built without threads; one thread is all that is used here
    warnings.filterwarnings("ignore", message="LightFM was compiled without OpenMP")

with warnings.catch_warnings():  # it warns where it was built without threads; one thread is all that is used here
    warnings.filterwarnings("ignore", message="LightFM was compiled without OpenMP")
    from lightfm import LightFM

# The original's size; tags have many more cells, so fewer rounds do. The rest is what chapter 09 chose on artists and
# cells held out for choosing.
CHOSEN: dict[str, dict[str, Any]] = {
    "genre": {"dim": 30, "epochs": 30, "weighting": "sampling", "power": 1.0},
    "subgenre": {"dim": 30, "epochs": 30, "weighting": "sampling", "power": 1.0},
    "tag": {"dim": 30, "epochs": 10, "weighting": "sampling", "power": 0.5, "own": True},
}
Weighting = Literal["ones", "values", "loss", "sampling"]


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
    title = "LightFM from genre to artist"
    task = "genres"
    reference = "kula2015"

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
        described = self._described(train.n_items)
        used = np.arange(train.n_items) if self.features is None else np.flatnonzero(train.popularity())
        model = LightFM(no_components=self.dim, loss="warp", k=self.k, random_state=int(rng.integers(2**31)))
        cells = as_coo(train.matrix[:, used])
        items = None if self.features is None else as_csr(described[used])
        if self.weighting == "sampling":
            for _ in range(self.epochs):
                model.fit_partial(draw_positives(cells, self.power, rng), item_features=items, num_threads=1)
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
            return as_csr(sp.identity(n_items))
        if len(self.features) != n_items:
            raise ValueError(f"{self.name}: features of {len(self.features)} artists for a table of {n_items}")
        parts = [sp.identity(n_items), sp.csr_matrix(self.features)] if self.own else [sp.csr_matrix(self.features)]
        return as_csr(sp.hstack(parts))


def as_coo(matrix: sp.csr_array) -> sp.coo_matrix:
    """Return the form LightFM reads; its indices are 32 bits wide."""
    coo = sp.coo_matrix(matrix, dtype=np.float32)
    return sp.coo_matrix((coo.data, (coo.row.astype(np.int32), coo.col.astype(np.int32))), shape=coo.shape)


def as_csr(matrix: Any) -> sp.csr_matrix:
    """Return the form LightFM reads for features; its indices are 32 bits wide."""
    csr = sp.csr_matrix(matrix, dtype=np.float32)
    csr.indices, csr.indptr = csr.indices.astype(np.int32), csr.indptr.astype(np.int32)
    return csr


def draw_positives(cells: sp.coo_matrix, power: float, rng: np.random.Generator) -> sp.coo_matrix:
    """Draw as many cells as there are, with replacement and in proportion to their weights.

    All cells are appended with the value 0: the library passes over those as positives, but does not take what is
    stored for a wrong answer, so that a cell that was not drawn is not learnt as a negative.
    """
    chance = cells.data.astype(np.float64) ** power
    chosen = rng.choice(cells.nnz, cells.nnz, p=chance / chance.sum())
    values = np.concatenate([np.ones(cells.nnz, np.float32), np.zeros(cells.nnz, np.float32)])
    rows, columns = (np.concatenate([codes[chosen], codes]) for codes in (cells.row, cells.col))
    return sp.coo_matrix((values, (rows, columns)), shape=cells.shape)
