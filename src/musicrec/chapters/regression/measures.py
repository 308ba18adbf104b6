"""Measuring regressions: one split, cross-validation, importance, ranges."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn import model_selection
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.linear_model import (
    LinearRegression,
)
from sklearn.metrics import d2_pinball_score, r2_score

from musicrec.chapters.regression.frames import Frame, checked
from musicrec.chapters.regression.regressors import SPLIT, TEST_SIZE, Models, columns, quantile_models


def split(problem: Frame, seed: int = SPLIT) -> list[Any]:
    """Return table and target of the training and of the test rows, as the original split them: a third is test."""
    checked(problem)
    return model_selection.train_test_split(problem.table, problem.y, test_size=TEST_SIZE, random_state=seed)


def split_r2(models: Models, problem: Frame, seeds: Iterable[int]) -> pd.DataFrame:
    """Fit every model on several random splits.

    Returns
    -------
    pandas.DataFrame
        Columns `model`, `seed`, `train` and `test`: R² on both parts.

    Raises
    ------
    ValueError
        When models cannot be compared on the problem; see `checked`.
    """
    rows = []
    for seed in seeds:
        train, test, y_train, y_test = split(problem, seed)
        for name, model in models.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # an original's settings stand as they are
                fitted = clone(model).fit(train, y_train)
            rows.append((name, seed, fitted.score(train, y_train), fitted.score(test, y_test)))
    return pd.DataFrame(rows, columns=["model", "seed", "train", "test"])


def least_squares(problem: Frame, cutoffs: Mapping[str, float], seeds: Iterable[int], orders: int) -> pd.DataFrame:
    """Fit the one-hot regression with several numerical cut-offs to the same rows in several orders.

    In exact arithmetic neither the order of the rows nor a tiny cut-off would matter. The columns of the artists add up
    to one in every training row: with an intercept they are linearly dependent, and one singular value is 0 in theory
    and a rounding error in practice. Where it passes the cut-off it is divided by, and all artists' coefficients get
    the same huge shift. The intercept takes it back, except for a test row whose artist has no column.

    Parameters
    ----------
    cutoffs : mapping of str to float
        By name: singular values below this share of the largest count as zero.
    seeds : iterable of int
        Splits.
    orders : int
        Random orders of the training rows of each split.

    Returns
    -------
    pandas.DataFrame
        One row per fit: `cutoff`, `seed`, `order`, `known` and `unknown` (R² on test rows whose artist is or is not
        among the training rows), `test` (R² on all), `shift` (mean coefficient of the artists' columns) and
        `expected` (the R² that the shift explains by itself: -(share of unknown) · shift² / variance of the target).
    """
    rows = []
    for seed in seeds:
        train, test, y_train, y_test = split(problem, seed)
        prepare = columns("one-hot", scale=False).fit(train)
        A, B, y = prepare.transform(train), prepare.transform(test), y_test.to_numpy()
        unknown = ~B[:, problem.X.shape[1] :].any(axis=1)
        for order in range(orders):
            lines = np.random.default_rng(order).permutation(len(A))
            for name, cutoff in cutoffs.items():
                model = LinearRegression(tol=cutoff).fit(A[lines], y_train.to_numpy()[lines])
                guess, shift = model.predict(B), float(model.coef_[problem.X.shape[1] :].mean())
                known = r2_score(y[~unknown], guess[~unknown])
                strange = r2_score(y[unknown], guess[unknown]) if unknown.sum() > 1 else np.nan
                expected = -unknown.mean() * shift**2 / y.var()
                rows.append((name, seed, order, known, strange, r2_score(y, guess), shift, expected))
    names = ["cutoff", "seed", "order", "known", "unknown", "test", "shift", "expected"]
    return pd.DataFrame(rows, columns=names)


def growth(problem: Frame, depths: Iterable[int], n_trees: int, seed: int = SPLIT) -> pd.DataFrame:
    """Return R² on both parts of a split after every tree: index `trees`, columns such as `depth 10, test`."""
    from xgboost import XGBRegressor

    train, test, y_train, y_test = split(problem, seed)
    prepare = columns("one-hot", scale=False).fit(train)
    parts = {"train": (prepare.transform(train), y_train), "test": (prepare.transform(test), y_test)}
    curves = {}
    for depth in depths:
        model = XGBRegressor(max_depth=depth, learning_rate=0.1, n_estimators=n_trees, eval_metric="rmse", n_jobs=1)
        model.fit(*parts["train"], eval_set=list(parts.values()), verbose=False)
        for name, result in zip(parts, model.evals_result().values(), strict=True):
            curves[f"depth {depth}, {name}"] = 1 - np.square(result["rmse"]) / parts[name][1].var(ddof=0)
    return pd.DataFrame(curves, index=pd.RangeIndex(1, n_trees + 1, name="trees"))


def cross_validate(models: Models, problem: Frame, *, folds: int = 5, repeats: int = 2, seed: int = 0) -> pd.DataFrame:
    """Fit and score every model by repeated cross-validation, all on the same folds.

    Returns
    -------
    pandas.DataFrame
        One row per model and fold: `model`, `fold`, `r2`, `mae` (mean absolute error, in the unit of the target),
        `total` (sum of the predictions over sum of the targets) and `negative` (share of predictions below zero).

    Raises
    ------
    ValueError
        When models cannot be compared on the problem; see `checked`.
    """
    checked(problem)
    scoring = {
        "r2": "r2",
        "mae": lambda model, X, y: np.abs(model.predict(X) - y).mean(),
        "total": lambda model, X, y: model.predict(X).sum() / y.sum(),
        "negative": lambda model, X, y: (model.predict(X) < 0).mean(),
    }
    cv = model_selection.RepeatedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
    parts = []
    for name, model in models.items():
        with warnings.catch_warnings():
            # settings that cannot be fitted lose the comparison; nobody needs to read how
            warnings.simplefilter("ignore", ConvergenceWarning)
            scores = model_selection.cross_validate(
                model, problem.table, problem.y, cv=cv, scoring=scoring, error_score="raise"
            )
        values = {metric: scores[f"test_{metric}"] for metric in scoring}
        parts.append(pd.DataFrame({"model": name, "fold": np.arange(folds * repeats), **values}))
    return pd.concat(parts, ignore_index=True)


def interval(values: ArrayLike, folds: int) -> tuple[float, float, float]:
    """Return mean and 95 % interval of scores from repeated cross-validation.

    Training parts overlap, so the scores are not independent and the usual interval is too narrow; the variance of
    the mean is therefore taken as (1/n + n_test/n_train) times the variance of the scores [Nadeau and Bengio,
    Inference for the Generalization Error, 2003].

    Parameters
    ----------
    values : array-like, shape (folds * repeats,)
        One score, or one difference of two models, per fold.
    folds : int
        Of each repetition.

    Examples
    --------
    >>> mean, low, high = interval([0.1, 0.2, 0.3, 0.2], folds=4)
    >>> f"{mean:.2f} ({low:.2f} to {high:.2f})"
    '0.20 (0.00 to 0.40)'
    """
    scores = np.asarray(values, dtype=np.float64)
    n, mean = len(scores), float(scores.mean())
    half = float(stats.t.ppf(0.975, n - 1) * np.sqrt((1 / n + 1 / (folds - 1)) * scores.var(ddof=1)))
    return mean, mean - half, mean + half


def summary(results: pd.DataFrame, metric: str, folds: int = 5, *, minus: str = "") -> pd.DataFrame:
    """Return `value`, `low` and `high` of a metric for each model, or of its difference to the model `minus`."""
    wide = results.pivot_table(index="fold", columns="model", values=metric, sort=False)
    if minus:
        wide = wide.drop(columns=minus).sub(wide[minus], axis=0)
    rows = {name: interval(wide[name], folds) for name in wide}
    return pd.DataFrame(rows, index=["value", "low", "high"]).T.rename_axis("model")


def importance(model: Any, problem: Frame, *, folds: int = 5, repeats: int = 5, seed: int = 0) -> pd.DataFrame:
    """Return by how much R² on held-out rows drops when the values of one column are shuffled.

    Returns
    -------
    pandas.DataFrame
        Index: the predictors, the most important first; columns `value`, `low` and `high` (see `interval`).
    """
    checked(problem)
    table, drops = problem.table, []
    for train, test in model_selection.KFold(folds, shuffle=True, random_state=seed).split(table):
        fitted = clone(model).fit(table.iloc[train], problem.y.iloc[train])
        held_out = table.iloc[test], problem.y.iloc[test]
        drops.append(permutation_importance(fitted, *held_out, n_repeats=repeats, random_state=seed).importances_mean)
    rows = {name: interval(values, folds) for name, values in zip(table, np.transpose(drops), strict=True)}
    found = pd.DataFrame(rows, index=["value", "low", "high"]).T.rename_axis("predictor")
    return found.sort_values("value", ascending=False)


def out_of_fold(model: Any, problem: Frame, *, folds: int = 5, seed: int = 0) -> NDArray[np.float64]:
    """Return a prediction for every row by a model that was fitted without it, shape (n,)."""
    checked(problem)
    cv = model_selection.KFold(folds, shuffle=True, random_state=seed)
    return np.asarray(model_selection.cross_val_predict(model, problem.table, problem.y, cv=cv), dtype=np.float64)


def ranges(problem: Frame, low: float = 0.1, high: float = 0.9, *, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Predict a low and a high quantile for every row, out of fold, and see how many targets lie between them.

    Returns
    -------
    pandas.DataFrame
        Index: the kind of `quantile_models`. Columns `below`, `within` and `above` (shares of the targets), `width`
        (median length of the range, in the unit of the target) and `d2` (share by which the pinball loss is below
        that of the best constant, mean of both quantiles: like R², but for quantiles).
    """
    rows = {}
    for name in quantile_models(low):
        y, ends = problem.y.to_numpy(), {}
        for level in (low, high):
            ends[level] = out_of_fold(quantile_models(level, seed)[name], problem, folds=folds, seed=seed)
        below, above = y < ends[low], y > ends[high]
        rows[name] = {
            "below": below.mean(),
            "within": (~below & ~above).mean(),
            "above": above.mean(),
            "width": np.median(ends[high] - ends[low]),
            "d2": np.mean([d2_pinball_score(y, guess, alpha=level) for level, guess in ends.items()]),
        }
    return pd.DataFrame(rows).T.rename_axis("model")
