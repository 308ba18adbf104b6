"""What factor models with a squared loss share: exact vectors for new people, reasons, saving."""

from __future__ import annotations

import os
from abc import abstractmethod
from dataclasses import asdict, dataclass
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv as posv

from musicrec.datasets.interactions import Interactions
from musicrec.models import store
from musicrec.models.base import FactorModel
from musicrec.parallel import one_blas_thread


class UserLoss(NamedTuple):
    """A loss that is quadratic in each user's vector u: Σ weight·(target − u·v)² over the history, plus uᵀ·gram·u."""

    weights: NDArray[np.float64]  # shape (n_entries,), above zero, in the order of the entries of the histories
    targets: NDArray[np.float64]  # shape (n_entries,)
    gram: NDArray[np.float64]  # shape (dim, dim), the part that does not depend on the history


@dataclass(eq=False, kw_only=True)
class LeastSquaresFactors(FactorModel):
    """Base of factor models whose loss is quadratic in each user's vector, given those of the items.

    A subclass is a dataclass of its settings and implements `fit`, which leaves a `history`, and `user_loss`.

    Attributes
    ----------
    history : pandas.DataFrame
        One row per iteration of `fit`, measures of the training as columns.
    """

    def __post_init__(self) -> None:
        self.history = pd.DataFrame()

    @abstractmethod
    def user_loss(self, histories: sp.csr_array) -> UserLoss:
        """Return the loss of the vectors of these people, shape (n, n_items)."""

    def user_vectors(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the vectors that minimise the loss given the item factors, shape (n, dim).

        Where many do equally well (more factors than items heard, no penalty), the shortest.
        """
        loss = self.user_loss(histories)
        factors = self.item_factors.astype(np.float64)
        result = np.zeros((histories.shape[0], factors.shape[1]), np.float32)
        with one_blas_thread():  # thousands of small systems
            for row in range(len(result)):
                entries = slice(histories.indptr[row], histories.indptr[row + 1])
                heard, weights = factors[histories.indices[entries]], loss.weights[entries]
                result[row] = _minimum(heard, weights, loss.targets[entries], loss.gram)
        return result

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return self.user_vectors(histories) @ self.item_factors.T

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:
        """Return what each item of one history, shape (1, n_items), adds to the score of `item` in `fold_in`.

        Exact, because the minimising vector is linear in the targets [Hu, Koren & Volinsky, 2008].
        """
        loss = self.user_loss(history)
        heard = self.item_factors[history.indices].astype(np.float64)
        solver = _minimum(heard, loss.weights, np.eye(len(heard)), loss.gram)
        shares = (self.item_factors[item].astype(np.float64) @ solver) * loss.targets
        return pd.Series(shares, index=history.indices).sort_values(ascending=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings, factors and training interactions to one ``.npz`` file, whole or not at all."""
        facts = {
            "class": type(self).__name__,
            "settings": asdict(self),
            "columns": [*self.history],
            "start": int(self.history.index[0]),
        }
        factors = {"user_factors": self.user_factors, "item_factors": self.item_factors}
        store.write(path, facts, {"history": self.history.to_numpy(np.float64), **factors, **self.train.arrays()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote; nothing in the file is ever run.

        Raises
        ------
        ValueError
            When the file holds another kind of model, or factors that do not fit or are not numbers.
        """
        with store.opened(path, f"a model saved by {cls.__name__}", **{"class": cls.__name__}) as (facts, file):
            train = Interactions.from_arrays(file)
            factors, history = (file["user_factors"], file["item_factors"]), file["history"]
        if [len(array) for array in factors] != [train.n_users, train.n_items]:
            raise ValueError(f"{path}: factors of {len(factors[0])} users and {len(factors[1])} items, but "
                             f"interactions of {train.n_users} and {train.n_items}")  # fmt: skip
        if not all(np.isfinite(array).all() for array in factors):
            raise ValueError(f"{path}: some of its factors are not finite numbers")
        model = cls(**facts["settings"])
        model.train = train
        model.user_factors, model.item_factors = factors
        index = pd.RangeIndex(facts["start"], facts["start"] + len(history), name="iteration")
        model.history = pd.DataFrame(history, index=index, columns=facts["columns"])
        return model


def _minimum(
    heard: NDArray[np.float64], weights: NDArray[np.float64], targets: NDArray[np.float64], gram: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the vector that minimises the loss of one history, shape (dim,), or of each column of `targets`."""
    weighted = heard.T * weights
    if gram.any():
        system = weighted @ heard + gram
        _, vectors, failed = posv(system, weighted @ targets, overwrite_a=True, overwrite_b=True)
        if failed:
            raise np.linalg.LinAlgError("the loss has no minimum: a penalty or a weight is not above zero")
        return np.asarray(vectors)
    root = np.sqrt(weights)
    return np.asarray((np.linalg.pinv(heard * root[:, None], rcond=1e-6) * root) @ targets)
