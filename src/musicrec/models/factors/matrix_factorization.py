"""The factorizations of "Recommender Systems Assignment" (2021): observed entries, full-batch gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.play_counts import outlier_cut
from musicrec.models.factors.least_squares import LeastSquaresFactors, UserLoss
from musicrec.models.space import EMBEDDING, ORIGINAL, Range

SETTINGS: dict[str, dict[str, Any]] = {  # as the original chose them
    "mf-plain": {"dim": 30, "init_sd": 0.5, "learning_rate": 10.0},
    "mf-low-init": {"dim": 30, "init_sd": 0.05, "learning_rate": 10.0},
    "mf-regularized": {"dim": 35, "init_sd": 0.05, "learning_rate": 20.0, "regularization": 0.1, "gravity": 1.0},
}
RATINGS = (1.0, 10.0)
DIVERGED = 10.0  # times the error of predicting zero; no run that learns comes near it


@dataclass(eq=False, kw_only=True)
class MatrixFactorization(LeastSquaresFactors):
    """U·Vᵀ fitted to the observed ratings alone.

    The loss is the mean squared error over the n observed entries, plus two penalties, for N users and M items:
    regularization·(ΣU²/N + ΣV²/M), and gravity/(N·M)·Σ(UᵀU ∘ VᵀV), which is the mean squared score of *all* pairs.
    Plain gradient descent with a fixed step over all entries at once. Everything random is the initialisation.

    On a GPU, `fit` switches TensorFlow to deterministic operations, so that two runs agree.

    Parameters
    ----------
    name : str
        What the system is called in score records.
    dim : int
        Length of the vectors.
    init_sd : float
        Standard deviation of the normal distribution both sides are drawn from.
    learning_rate : float
        Length of a step, in units of the gradient of the loss.
    regularization, gravity : float
        Weights of the penalties; zero leaves them out.
    iterations : int
        Number of steps; with `patience`, at most.
    patience : int, optional
        Stop when this many steps in a row brought no smaller validation error, and go back to the best one.
    rate_plays : bool
        Whether weights are play counts to be made ratings: cut at the median of those above the third quartile, then
        scaled to 1..10, both learnt from the training entries. Otherwise weights are ratings already.

    Attributes
    ----------
    history : pandas.DataFrame
        One row per iteration, from 0 (before the first step): `error` (mean squared, on the training entries),
        `regularization` and `gravity` (the penalties, weights included), and with validation entries `valid_error`.
    """

    title: ClassVar[str] = "Matrix factorization"
    task: ClassVar[str] = "listeners"
    personal: ClassVar[bool] = False  # nothing unheard is in its loss
    unsearched: ClassVar[str] = ORIGINAL
    small: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.3, "iterations": 60}
    variants: ClassVar[Mapping[str, Any]] = {
        "mf-low-init": {
            "title": "Matrix factorization, small start",
            "fixed": {"name": "mf-low-init", **SETTINGS["mf-low-init"]},
        },
        "mf-regularized": {
            "title": "Matrix factorization, regularized",
            "fixed": {"name": "mf-regularized", **SETTINGS["mf-regularized"]},
            "personal": True,
            "small": {"dim": 4, "learning_rate": 0.3, "iterations": 800},
            "space": {
                "dim": EMBEDDING,
                "learning_rate": Range(1.0, 50.0, log=True),
                "regularization": Range(0.01, 10.0, log=True),
                "gravity": Range(0.1, 300.0, log=True),
            },
        },
    }
    name: str = "mf-plain"  # type: ignore[misc]
    dim: int = 30
    init_sd: float = 0.5
    learning_rate: float = 10.0
    regularization: float = 0.0
    gravity: float = 0.0
    iterations: int = 1000
    patience: int | None = None
    rate_plays: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in ("dim", "init_sd", "learning_rate", "iterations"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"{self.name}: {setting} must be above zero, not {getattr(self, setting)}")
        for setting in ("regularization", "gravity"):
            if not getattr(self, setting) >= 0:
                raise ValueError(f"{self.name}: {setting} must not be below zero, but is {getattr(self, setting)}")

    @classmethod
    def original(cls, name: str, **changes: Any) -> Self:
        """Return one of the three runs of the original, `mf-plain`, `mf-low-init` or `mf-regularized`.

        Raises
        ------
        ValueError
            When it has no such run.
        """
        if name not in SETTINGS:
            raise ValueError(f"the original has no run {name!r}; choose from {', '.join(SETTINGS)}")
        return cls(**{"name": name, **SETTINGS[name], **changes})

    def fit(self, train: Interactions, *, rng: np.random.Generator, valid: Interactions | None = None) -> Self:
        """Descend from a random start.

        Parameters
        ----------
        train : Interactions
            The observed entries.
        valid : Interactions, optional
            Held-out entries of the same users and items, whose error goes into `history` and, with `patience`,
            decides when to stop.

        Raises
        ------
        ValueError
            When there is nothing to learn from, or `patience` has nothing to go by.
        FloatingPointError
            When the descent diverges; names the learning rate.
        """
        if self.patience is not None and valid is None:
            raise ValueError(f"{self.name}: patience needs validation entries")
        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
        seen = self._entries(train)
        held_out = self._entries(train.select(np.zeros(len(train), bool)) if valid is None else valid)
        start = [rng.normal(0, self.init_sd, (n, self.dim)) for n in (train.n_users, train.n_items)]
        users, items = (tf.constant(factors, tf.float32) for factors in start)
        weights = Weights(
            *(tf.constant(w, tf.float32) for w in (self.learning_rate, self.regularization, self.gravity))
        )
        limit = DIVERGED * float(tf.reduce_mean(seen.ratings**2))
        best, kept, rows = (np.inf, 0), (users, items), []
        bar = tqdm(range(self.iterations + 1), desc=self.name, unit="step", leave=False, disable=None)
        for iteration in bar:
            moved, measures = _step(users, items, seen, held_out, weights, penalised=self._penalised)
            rows.append(measures.numpy())
            if not rows[-1][0] <= limit:  # as NaN is not, either
                raise FloatingPointError(
                    f"{self.name}: the descent diverged at iteration {iteration} (mean squared error "
                    f"{rows[-1][0]:.3g}): the learning rate {self.learning_rate:g} is too high; try a tenth of it"
                )
            if self.patience is not None:
                if rows[-1][3] < best[0]:
                    best, kept = (rows[-1][3], iteration), (users, items)
                elif iteration - best[1] >= self.patience:
                    break
            if iteration < self.iterations:
                users, items = moved
        if self.patience is not None:
            users, items = kept
        self.user_factors, self.item_factors = users.numpy(), items.numpy()
        columns = ["error", "regularization", "gravity", "valid_error"]
        self.history = pd.DataFrame(rows, columns=columns, dtype=np.float64).rename_axis("iteration")
        if valid is None:
            self.history = self.history.drop(columns="valid_error")
        return self

    @property
    def best_iteration(self) -> int:
        """The row of `history` whose factors are kept: the last one, unless there is `patience`."""
        return len(self.history) - 1 if self.patience is None else int(self.history["valid_error"].argmin())

    def ratings(self, interactions: sp.csr_array) -> NDArray[np.float64]:
        """Return the rating of every entry, shape (n_entries,), on the scale learnt from the training entries."""
        weights = interactions.data.astype(np.float64)
        if not self.rate_plays:
            return weights
        plays = self.train.matrix.data.astype(np.float64)
        if plays.min() == plays.max():  # listens without play counts have nothing to tell apart
            return np.full(len(weights), RATINGS[0])
        above = plays > np.quantile(plays, 0.75)
        return np.interp(weights, (plays.min(), outlier_cut(plays) if above.any() else plays.max()), RATINGS)

    def user_loss(self, histories: sp.csr_array) -> UserLoss:  # noqa: D102
        items, n_users = self.item_factors.astype(np.float64), self.train.n_users
        gram = self.gravity / (n_users * len(items)) * items.T @ items
        gram += self.regularization / n_users * np.eye(self.dim)
        return UserLoss(np.full(histories.nnz, 1 / len(self.train)), self.ratings(histories), gram)

    @property
    def _penalised(self) -> bool:
        return bool(self.regularization > 0 or self.gravity > 0)

    def _entries(self, part: Interactions) -> Entries:
        rows, columns = part.coordinates()
        return Entries(
            tf.constant(np.stack([rows, columns], axis=1)),
            tf.constant(rows, tf.int32),
            tf.constant(columns, tf.int32),
            tf.constant(self.ratings(part.matrix), tf.float32),
        )


class Entries(NamedTuple):
    """Observed entries as tensors, ordered by user."""

    pairs: tf.Tensor  # int64, shape (n, 2)
    rows: tf.Tensor  # int32, shape (n,)
    columns: tf.Tensor  # int32, shape (n,)
    ratings: tf.Tensor  # float32, shape (n,)


class Weights(NamedTuple):
    """Step size and weights of the penalties, scalar tensors, so that one compiled step serves all settings."""

    learning_rate: tf.Tensor
    regularization: tf.Tensor
    gravity: tf.Tensor


# A step in three parts. Compiled, the first never writes the gathered rows to memory and the last runs through the
# factors once. Between them stand the two sparse products, which XLA would turn into scatters that are slower.


@tf.function
def _step(
    users: tf.Tensor, items: tf.Tensor, seen: Entries, valid: Entries, weights: Weights, *, penalised: bool
) -> tuple[tuple[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Return the factors after one step, and error, regularization, gravity and validation error before it."""
    residuals, grams, measures = _look(users, items, seen, valid, weights, penalised=penalised)
    scaled = residuals * (2 / residuals.shape[0])
    matrix = tf.SparseTensor(seen.pairs, scaled, (users.shape[0], items.shape[0]))
    slopes = _product(matrix, items), _product(matrix, users, transposed=True)
    return _move(users, items, slopes, grams, weights, penalised=penalised), measures


@tf.function(jit_compile=True)
def _look(
    users: tf.Tensor, items: tf.Tensor, seen: Entries, valid: Entries, weights: Weights, *, penalised: bool
) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor], tf.Tensor]:
    residuals = [
        sum(
            tf.reduce_sum(tf.gather(some, part.rows) * tf.gather(others, part.columns), axis=1)
            for some, others in zip(_slices(users), _slices(items), strict=True)
        )
        - part.ratings
        for part in (seen, valid)
    ]
    errors = [tf.reduce_mean(part**2) for part in residuals]
    regularization = gravity = tf.constant(0.0)
    grams = (tf.zeros(()), tf.zeros(()))
    if penalised:
        grams = tf.matmul(users, users, transpose_a=True), tf.matmul(items, items, transpose_a=True)
        norms = tf.linalg.trace(grams[0]) / users.shape[0] + tf.linalg.trace(grams[1]) / items.shape[0]
        regularization = weights.regularization * norms
        gravity = weights.gravity / (users.shape[0] * items.shape[0]) * tf.reduce_sum(grams[0] * grams[1])
    return residuals[0], grams, tf.stack([errors[0], regularization, gravity, errors[1]])


@tf.function(jit_compile=True)
def _move(
    users: tf.Tensor, items: tf.Tensor, slopes: tuple[tf.Tensor, tf.Tensor], grams: tuple[tf.Tensor, tf.Tensor],
    weights: Weights, *, penalised: bool,
) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
    moved = []
    pairs = users.shape[0] * items.shape[0]
    for factors, slope, gram in zip((users, items), slopes, reversed(grams), strict=True):
        if penalised:
            slope += 2 * weights.regularization / factors.shape[0] * factors
            slope += 2 * weights.gravity / pairs * tf.matmul(factors, gram)
        moved.append(factors - weights.learning_rate * slope)
    return moved[0], moved[1]


def _product(matrix: tf.SparseTensor, factors: tf.Tensor, *, transposed: bool = False) -> tf.Tensor:
    parts = [tf.sparse.sparse_dense_matmul(matrix, part, adjoint_a=transposed) for part in _slices(factors)]
    return tf.concat(parts, axis=1)


def _slices(factors: tf.Tensor) -> list[tf.Tensor]:
    """Cut factors into slices of less than 32 columns.

    Wider rows are several times slower: TensorFlow's sparse product takes another path, and XLA no longer unrolls.
    """
    dim = factors.shape[1]
    return tf.split(factors, [len(part) for part in np.array_split(np.arange(dim), -(-dim // 31))], axis=1)
