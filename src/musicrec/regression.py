"""Predicting a count from listening: friends of a listener, followers of a playlist.

The regressions of "SPOTIFIER!" (2018) as it ran them, and the same question asked with baselines, suitable losses
and intervals. Every model is a scikit-learn pipeline that reads `Frame.table`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn import model_selection
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    RidgeCV,
    TweedieRegressor,
)
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from musicrec.datasets.dataset import Dataset

MIN_ROWS = 100  # below it a third held out says nothing
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


class Frame(NamedTuple):
    """A regression problem.

    Attributes
    ----------
    X : pandas.DataFrame, shape (n, n_predictors)
        Numeric predictors, one row per listener or playlist.
    y : pandas.Series, shape (n,)
        The count to predict; its name says what is counted.
    most_common : pandas.Series, shape (n,)
        Name of the artist each listener played most, or that a playlist holds most tracks of.
    """

    X: pd.DataFrame
    y: pd.Series
    most_common: pd.Series

    @property
    def table(self) -> pd.DataFrame:
        """The numeric predictors and the most common artist, as the models read them."""
        return self.X.assign(**{str(self.most_common.name): self.most_common.to_numpy(dtype=object)})


def frame(dataset: Dataset) -> Frame:
    """Make the regression problem of a data set: friends of its listeners, or followers of its playlists.

    Parameters
    ----------
    dataset : Dataset
        With a table `friends` (`lastfm-2k`, `simulated`), or with a table `playlists` that counts followers (`mpd`).

    Returns
    -------
    Frame
        For playlists exactly the predictors of the original. For listeners: number of artists, plays, how the plays
        concentrate (Gini coefficient, effective number of artists = exp of the entropy, share of the most played
        one), mean number of listeners of the artists, and what the listener tagged.

    Raises
    ------
    ValueError
        When the data set counts neither friends nor followers.
    """
    if "friends" in dataset.tables:
        return _listeners(dataset)
    if "num_followers" in dataset.tables.get("playlists", ()):
        return _playlists(dataset)
    raise ValueError(f"data set {dataset.name!r} counts neither friends nor followers; use lastfm-2k, simulated or mpd")


def _playlists(dataset: Dataset) -> Frame:
    lists, entries, tracks = (dataset.tables[name] for name in ("playlists", "entries", "tracks"))
    lists = lists.set_index(lists["pid"].rename("playlist"))
    X = pd.DataFrame(
        {
            "collaborative": lists["collaborative"],
            "mean_track_ms": lists["duration_ms"] / lists["num_tracks"].clip(lower=1),
            "edits": lists["num_edits"],
            "tracks": lists["num_tracks"],
            "albums": lists["num_albums"],
            "artists": lists["num_artists"],
            "minutes": lists["duration_ms"] / 60_000,
        }
    ).astype(np.float64)
    held = pd.DataFrame({"pid": entries["pid"], "artist": entries["track"].map(tracks.set_index("id")["artist"])})
    counts = held.groupby(["pid", "artist"], sort=False).size().reset_index(name="n")
    most = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates("pid").set_index("pid")["artist"]
    return Frame(X, lists["num_followers"].rename("followers"), most.reindex(X.index).rename("most_common_artist"))


def _listeners(dataset: Dataset) -> Frame:
    listens = dataset.interactions
    user, artist = listens.coordinates()
    plays = listens.matrix.data.astype(np.float64)
    n, sizes = listens.n_users, listens.history_sizes()
    total = np.bincount(user, plays, n)
    share = plays / total[user]
    order = np.lexsort((plays, user))  # of each listener, the least played first
    place = np.arange(len(plays)) - np.repeat(listens.matrix.indptr[:-1], sizes) + 1
    top = np.full(n, -1)
    top[user[order]] = artist[order]  # the last one written is the most played
    tagged = dataset.tables["tag_assignments"]
    of = tagged.assign(when=tagged["year"] * 12 + tagged["month"]).groupby("user")
    tagging = of.agg(
        tags=("tag", "nunique"),
        tag_assignments=("tag", "size"),
        tagged_artists=("artist", "nunique"),
        tagging_months=("when", "nunique"),
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # a listener without listens has no concentration
        X = pd.DataFrame(
            {
                "artists": sizes,
                "plays": total,
                "plays_gini": np.bincount(user[order], (2 * place - sizes[user] - 1) * plays[order], n)
                / (sizes * total),
                "effective_artists": np.exp(-np.bincount(user, share * np.log(share), n)) * (sizes > 0),
                "top_artist_share": np.bincount(user[order], share[order] * (place == sizes[user]), n),
                "listeners_per_artist": np.bincount(user, listens.listeners()[artist], n) / sizes,
            },
            index=pd.Index(listens.users, name="user"),
        )
    X = X.fillna(0.0).join(tagging.reindex(X.index, fill_value=0)).astype(np.float64)
    friends = dataset.tables["friends"].groupby("user").size().reindex(X.index, fill_value=0)
    names = np.append(dataset.item_names, "none")[top]
    return Frame(X, friends.rename("friends"), pd.Series(names, X.index, name="most_played_artist"))


def sample(problem: Frame, n: int, seed: int) -> Frame:
    """Return n rows drawn at random, or the problem itself when it has no more."""
    if n >= len(problem.y):
        return problem
    rows = np.sort(np.random.default_rng(seed).choice(len(problem.y), n, replace=False))
    return Frame(problem.X.iloc[rows], problem.y.iloc[rows], problem.most_common.iloc[rows])


def checked(problem: Frame) -> Frame:
    """Return the problem if models can be compared on it.

    Raises
    ------
    ValueError
        When it has fewer than `MIN_ROWS` rows, when a value is missing or infinite, or when all targets are equal.
    """
    X, y, most_common = problem
    if len(y) < MIN_ROWS:
        raise ValueError(
            f"{len(y)} rows are too few to split: a third of them would be the test; give at least {MIN_ROWS}"
        )
    for name, values in {**X, y.name: y}.items():
        bad = ~np.isfinite(values.to_numpy(dtype=np.float64))
        if bad.any():
            raise ValueError(
                f"{bad.sum()} values of {name!r} are missing or infinite; the first is that of row "
                f"{values.index[bad.argmax()]!r}: fill in or leave out such rows before fitting"
            )
    if most_common.isna().any():
        raise ValueError(f"{most_common.isna().sum()} rows have no {most_common.name!r}; name it, or leave them out")
    if (y == y.iloc[0]).all():
        raise ValueError(f"all {len(y):,} {y.name} are {y.iloc[0]}: with nothing to explain, R² is undefined")
    return problem


# --- models ---------------------------------------------------------------------------------------------------------


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
            max_depth=self.max_depth, learning_rate=self.learning_rate, n_estimators=self.n_estimators,
            min_child_weight=self.min_child_weight, objective=self.objective, early_stopping_rounds=self.patience,
            quantile_alpha=self.quantile, random_state=self.seed, n_jobs=1,
        )  # fmt: skip
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


# --- measuring ------------------------------------------------------------------------------------------------------


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
