"""PureSVD: the largest singular vectors of the listens, with everything unheard taken as zero."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from musicrec.datasets.interactions import Interactions
from musicrec.models import store
from musicrec.models.base import Recommender
from musicrec.models.neighbours.item_to_item import ones
from musicrec.models.space import Range


class PureSVD(Recommender):
    """Project a history onto the leading right singular vectors [Cremonesi, Koren & Turrin, 2010].

    With R ≈ U Σ Qᵀ, the scores of a history r are r Q Qᵀ. The users' own factors are not needed, so people who were
    not in training are served just the same, and every score is a sum over the history.

    Parameters
    ----------
    rank : int
        How many singular vectors are kept; at most what the matrix has.

    Attributes
    ----------
    item_factors : numpy.ndarray, shape (n_items, rank)
        Q, float32; orthonormal columns, largest singular value first.
    singular_values : numpy.ndarray, shape (rank,)
        float64.
    """

    name = "pure-svd"
    title = "Truncated SVD"
    task = "listeners"
    reference = "cremonesi2010"
    space = {"rank": Range(2, 256, log=True)}
    small = {"rank": 2}

    def __init__(self, rank: int = 16) -> None:
        if rank < 1:
            raise ValueError(f"pure-svd: the rank must be at least 1, not {rank}")
        self.rank = rank

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        listens = train.binary().astype(np.float64)
        size = min(listens.shape)
        if self.rank < size // 2:
            # Lanczos starts from a random vector: drawn here, so that two runs agree
            _, values, vectors = svds(listens, k=self.rank, v0=rng.standard_normal(size), return_singular_vectors="vh")
        else:  # close to the full rank, the sparse solver has no advantage and, at the full rank, no answer
            _, values, vectors = np.linalg.svd(listens.toarray(), full_matrices=False)
        order = np.argsort(-values, kind="stable")[: self.rank]
        self.singular_values = values[order]
        self.item_factors = np.ascontiguousarray(vectors[order].T, dtype=np.float32)
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return (ones(histories) @ self.item_factors) @ self.item_factors.T

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:  # noqa: D102
        liked = history.indices
        share = self.item_factors[liked] @ self.item_factors[item]
        return pd.Series(share, index=liked).sort_values(ascending=False)

    def truncated(self, rank: int) -> PureSVD:
        """Return the same model with fewer singular vectors: one decomposition serves a whole sweep.

        Raises
        ------
        ValueError
            When more are asked for than there are.
        """
        if not 1 <= rank <= self.item_factors.shape[1]:
            raise ValueError(f"pure-svd: rank {rank} is not between 1 and {self.item_factors.shape[1]}")
        model = PureSVD(rank)
        model.train = self.train
        model.singular_values = self.singular_values[:rank]
        model.item_factors = np.ascontiguousarray(self.item_factors[:, :rank])
        return model

    def save(self, path: str | Path) -> None:
        """Write the model to an `.npz` file: arrays only, nothing that could run when it is read."""
        arrays = {"item_factors": self.item_factors, "singular_values": self.singular_values}
        store.write(path, {"name": self.name}, arrays)

    @classmethod
    def load(cls, path: str | Path, train: Interactions) -> PureSVD:
        """Read a model written by `save`; `train` are the interactions it was fitted on.

        Raises
        ------
        ValueError
            When the file was fitted on another number of items.
        """
        with store.opened(path, "a model saved by PureSVD", name=cls.name) as (_, arrays):
            factors, values = arrays["item_factors"], arrays["singular_values"]
        if len(factors) != train.n_items:
            raise ValueError(f"{path} holds {len(factors):,} items, but the interactions have {train.n_items:,}")
        model = cls(factors.shape[1])
        model.train, model.item_factors, model.singular_values = train, factors, values
        return model
