"""The regressions of "SPOTIFIER!" (2018) as they were, and suitable ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import model_selection
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    RidgeCV,
    TweedieRegressor,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

TEST_SIZE, SPLIT = 0.33, 42  # the original's split
EPS = float(np.finfo(np.float64).eps)  # singular values below EPS x the largest were dropped by least squares in 2018
PENALTIES = tuple(np.logspace(-1, 4, 11))  # of ridge regression, chosen inside each training part
# R² as the original printed it: (model, part) -> value
REPORTED = {
    ("linear", "test"): -0.003829,
    ("linear-one-hot", "train"): 0.037381,
    ("linear-one-hot", "test"): -50_960_798_734_952.555,
    ("lasso", "train"): 0.035391,
    ("lasso", "test"): -0.435779,
    ("xgboost", "train"): 0.676327,
    ("xgboost", "test"): -11.147814,
}

Models = Mapping[str, Any]  # name -> unfitted scikit-learn regressor


def columns(
    artist: str = "", *, scale: bool = True, log: bool = False, min_count: int = 1, seed: int = 0
) -> ColumnTransformer:
    """Choose and prepare the columns of a table for a regression.

    Parameters
    ----------
    artist : {"", "one-hot", "target"}
        What to do with the most common artist: leave it out, one column for each artist, or one column with the mean
        target of the artist's training rows (shrunk, and computed without the row itself: cross-fitted).
    scale : bool
        Whether to give every numeric column mean 0 and variance 1.
    log : bool
        Whether to take log(1 + x) of the numeric columns first; none may hold a value below 0.
    min_count : int
        Training rows an artist needs for a column of its own; the others, and unknown ones, share one column. With 1,
        as in the original, an artist that occurs in the test rows alone has no column.
    seed : int
        Draws the parts of the cross-fitting.

    Raises
    ------
    ValueError
        When `artist` is none of the three.
    """
    steps = [FunctionTransformer(np.log1p)] * log + [StandardScaler()] * scale
    numeric = make_column_selector(dtype_include=np.number)
    parts: list[Any] = [("numbers", make_pipeline(*steps) if steps else "passthrough", numeric)]
    encoder: Any = None
    if artist == "one-hot" and min_count == 1:
        encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    elif artist == "one-hot":
        encoder = OneHotEncoder(sparse_output=False, handle_unknown="infrequent_if_exist", min_frequency=min_count)
    elif artist == "target":
        folds = model_selection.KFold(5, shuffle=True, random_state=seed)
        encoder = TargetEncoder(target_type="continuous", cv=folds)
    elif artist:
        raise ValueError(f"artist is {artist!r}; choose from '', 'one-hot' and 'target'")
    if encoder is not None:
        parts.append(("artist", encoder, make_column_selector(dtype_exclude=np.number)))
    return ColumnTransformer(parts, sparse_threshold=0)


class StoppedTrees(RegressorMixin, BaseEstimator):
    """Gradient-boosted trees that stop when rows held out of the training part no longer improve.

    Parameters
    ----------
    max_depth, learning_rate, n_estimators, min_child_weight
        As in XGBoost; the defaults are the original's.
    patience : int
        Trees to wait for an improvement: 10 in the original.
    objective : str
        Loss, by its name in XGBoost.
    quantile : float, optional
        Which quantile to predict, with the objective `reg:quantileerror`.
    held_out : float
        Share of the training rows to watch. (Which rows the original watched is not known.)
    seed : int
        Draws those rows.
    """

    def __init__(
        self,
        max_depth: int = 10,
        learning_rate: float = 0.1,
        n_estimators: int = 60,
        min_child_weight: float = 1,
        patience: int = 10,
        objective: str = "reg:squarederror",
        quantile: float | None = None,
        held_out: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.max_depth, self.learning_rate, self.n_estimators = max_depth, learning_rate, n_estimators
        self.min_child_weight, self.patience, self.objective = min_child_weight, patience, objective
        self.quantile, self.held_out, self.seed = quantile, held_out, seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Grow trees on X, shape (n, n_predictors), and y, shape (n,)."""
        from xgboost import XGBRegressor  # slow to import

        grow, watch, y_grow, y_watch = model_selection.train_test_split(
            np.asarray(X, np.float32), np.asarray(y), test_size=self.held_out, random_state=self.seed
        )
        # one thread: sums do not depend on how many cores the machine has
        self.model_ = XGBRegressor(
            max_depth=self.max_depth,
            learning_rate=self.learning_rate,
            n_estimators=self.n_estimators,
            min_child_weight=self.min_child_weight,
            objective=self.objective,
            early_stopping_rounds=self.patience,
            quantile_alpha=self.quantile,
            random_state=self.seed,
            n_jobs=1,
        )
        self.model_.fit(grow, y_grow, eval_set=[(watch, y_watch)], verbose=False)
        self.n_trees_ = self.model_.best_iteration + 1
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return predictions of the trees up to the best one, shape (n,)."""
        return self.model_.predict(np.asarray(X, np.float32))


def original_models() -> dict[str, Pipeline]:
    """Return the four regressions with the original's settings, on columns in their own units.

    That the lasso and the trees saw one column per artist, as the second regression did, is inferred: the lasso's
    training R² comes so close to that of the one-hot regression.
    """
    return {
        "linear": make_pipeline(columns(scale=False), LinearRegression(tol=EPS)),
        "linear-one-hot": make_pipeline(columns("one-hot", scale=False), LinearRegression(tol=EPS)),
        "lasso": make_pipeline(columns("one-hot", scale=False), Lasso(alpha=0.5, max_iter=10_000)),
        "xgboost": make_pipeline(columns("one-hot", scale=False), StoppedTrees()),
    }


def repaired_models(seed: int = 0) -> dict[str, Any]:
    """Return baselines and models whose loss suits a count; their settings are chosen inside each training part."""

    def chosen(model: Any, settings: dict[str, list[Any]], scoring: str = "r2") -> model_selection.GridSearchCV:
        folds = model_selection.KFold(3, shuffle=True, random_state=seed)
        return model_selection.GridSearchCV(model, settings, cv=folds, scoring=scoring)

    def trees(objective: str, scoring: str = "r2") -> model_selection.GridSearchCV:
        grower = StoppedTrees(n_estimators=300, objective=objective, seed=seed)
        return chosen(make_pipeline(columns(), grower), {"stoppedtrees__max_depth": [1, 2, 3]}, scoring)

    def log_linear(model: Any) -> model_selection.GridSearchCV:
        prepared = make_pipeline(columns("one-hot", log=True, min_count=2), model)
        return chosen(prepared, {f"{type(model).__name__.lower()}__alpha": [0.03, 0.1, 0.3]})

    return {
        "mean": DummyRegressor(),
        "median": DummyRegressor(strategy="median"),
        "linear": make_pipeline(columns(), LinearRegression(tol=EPS)),
        "ridge, artists": make_pipeline(columns("one-hot", min_count=2), RidgeCV(PENALTIES)),
        "linear, mean of artist": make_pipeline(columns("target", seed=seed), LinearRegression(tol=EPS)),
        "ridge, artists, log1p target": TransformedTargetRegressor(
            make_pipeline(columns("one-hot", log=True, min_count=2), RidgeCV(PENALTIES)),
            func=np.log1p,
            inverse_func=np.expm1,
        ),
        "Poisson, artists": log_linear(PoissonRegressor(solver="newton-cholesky")),
        "Tweedie, artists": log_linear(TweedieRegressor(power=1.5, solver="newton-cholesky")),
        "trees, squared error": trees("reg:squarederror"),
        "trees, Poisson": trees("count:poisson"),
        "trees, absolute error": trees("reg:absoluteerror", "neg_mean_absolute_error"),
    }


def quantile_models(level: float, seed: int = 0) -> dict[str, Any]:
    """Return models of one quantile of the target: the same for all, linear in log(1 + x), and trees."""
    grower = StoppedTrees(3, objective="reg:quantileerror", quantile=level, n_estimators=300, seed=seed)
    return {
        "constant": DummyRegressor(strategy="quantile", quantile=level),
        "linear": make_pipeline(columns(log=True), QuantileRegressor(quantile=level, alpha=0)),
        "trees": make_pipeline(columns(), grower),
    }
