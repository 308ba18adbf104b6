"""The experiments of chapter 03 on what is wrong with the original's regressions, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sklearn.linear_model import Lasso, LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline

from musicrec.chapters.regression.frames import Frame
from musicrec.chapters.regression.measures import cross_validate, split, split_r2, summary
from musicrec.chapters.regression.regressors import EPS, PENALTIES, REPORTED, columns, original_models

EXPLODED = -1e3  # a test R² below it is no measurement any more
AS_THEN, AS_NUMPY = "2.2e-16: as in 2018", "times rows: as NumPy"
GROUPS = {
    "tags": ["tags", "tag_assignments", "tagged_artists", "tagging_months"],
    "plays": ["plays", "plays_gini", "effective_artists", "top_artist_share"],
    "listeners per artist": ["listeners_per_artist"],
}


def reported_table() -> pd.DataFrame:
    """Return R² as the original printed it: one row per model, one column per part."""
    rows = pd.DataFrame([(*key, value) for key, value in REPORTED.items()], columns=["model", "part", "R²"])
    table = rows.pivot_table("R²", "model", "part", sort=False)[["train", "test"]]
    return table.add_prefix("R², ").rename_axis(columns=None)


def predictor_table(problem: Frame) -> pd.DataFrame:
    """Return quartiles of the predictors, and Spearman's correlation of each with the target."""
    quartiles = problem.X.quantile([0.25, 0.5, 0.75]).T.set_axis(["lower quartile", "median", "upper quartile"], axis=1)
    rank = problem.X.corrwith(problem.y, method="spearman")
    return quartiles.assign(**{f"rank correlation with {problem.y.name}": rank}).rename_axis("predictor")


def top_share(y: pd.Series) -> float:
    """Return the share of the variance of y held by the hundredth of the rows that lies farthest from the mean."""
    spread = ((y - y.mean()) ** 2).sort_values(ascending=False)
    return spread.iloc[: len(y) // 100].sum() / spread.sum()


def longer_tails(problem: Frame, seeds: Sequence[int], powers: Iterable[int] = (1, 2, 3, 4)) -> pd.DataFrame:
    """Raise the target to powers, scaled to the same mean, and fit the originals that have no rounding error.

    Returns
    -------
    pandas.DataFrame
        One row per power and model: `power`, `share` (see `top_share`), `model`, and `median`, `low` and `high` of
        test R² over the splits.
    """
    models, parts = original_models(), []
    del models["linear-one-hot"]
    for power in powers:
        target = problem.y**power
        longer = problem._replace(y=target * (problem.y.mean() / target.mean()))
        tests = split_r2(models, longer, seeds).groupby("model", sort=False)["test"]
        found = tests.agg(median="median", low="min", high="max").reset_index()
        parts.append(found.assign(power=power, share=top_share(longer.y)))
    return pd.concat(parts, ignore_index=True)


def tail_table(tails: pd.DataFrame) -> pd.DataFrame:
    """Write `longer_tails` out: one row per target, one column per model."""
    written = [f"{v:.2f} ({a:.2f} to {b:.2f})" for v, a, b in tails[["median", "low", "high"]].to_numpy()]
    target = "friends to the power of " + tails["power"].astype(str)
    table = tails.assign(target=target, written=written).pivot_table(
        "written", ["target", "share"], "model", aggfunc="first", sort=False
    )
    return table.reset_index("share").rename(columns={"share": "top 1 % holds"}).rename_axis(columns=None)


def cutoffs(n_rows: int) -> dict[str, float]:
    """Return the numerical cut-offs to compare by name, for `least_squares`."""
    return {"1e-30: keep all": 1e-30, AS_THEN: EPS, AS_NUMPY: EPS * n_rows}


def explosion_table(fits: pd.DataFrame) -> pd.DataFrame:
    """Return by cut-off how many of the fits of `least_squares` explode, and how far."""
    rows = fits.assign(exploded=fits["test"] < EXPLODED, size=fits["shift"].abs()).groupby("cutoff", sort=False)
    return pd.DataFrame(
        {
            "fits": rows.size(),
            "exploded": rows["exploded"].sum(),
            "lowest test R²": rows["test"].min(),
            "highest test R²": rows["test"].max(),
            "largest shift (friends)": rows["size"].max(),
        }
    )


def rare_artists(problem: Frame, n_rows: Sequence[int], originals: pd.DataFrame, seeds: Sequence[int]) -> pd.DataFrame:
    """Return mean test R² by the training rows that an artist needs for a column.

    Parameters
    ----------
    n_rows : sequence of int
        Training rows to try.
    originals : pandas.DataFrame
        What `split_r2` measured of `original_models`, for the regression without artists.
    seeds : sequence of int
        Splits.

    Returns
    -------
    pandas.DataFrame
        Index: the rows needed; columns `least squares`, `ridge` and `no artists`.
    """
    solvers: dict[str, Any] = {
        "least squares": LinearRegression(tol=EPS * len(problem.y)),
        "ridge": RidgeCV(PENALTIES),
    }
    by_count = {}
    for n in n_rows:
        models = {name: make_pipeline(columns("one-hot", min_count=n), model) for name, model in solvers.items()}
        by_count[n] = split_r2(models, problem, seeds).groupby("model", sort=False)["test"].mean()
    without = originals[originals["seed"].isin(seeds) & (originals["model"] == "linear")]["test"].mean()
    return pd.DataFrame(by_count).T.assign(**{"no artists": without})


def lasso_units(problem: Frame) -> pd.DataFrame:
    """Fit the same lasso to two shares as they are and in percent, with columns as they are and standardised."""
    percent = {name: problem.X[name] * 100 for name in ("plays_gini", "top_artist_share")}
    versions = {
        "shares from 0 to 1": problem,
        "shares in percent": problem._replace(X=problem.X.assign(**percent)),
    }
    rows = []
    for units, version in versions.items():
        train, test, y_train, y_test = split(version)
        for name, scale in {"as they are": False, "standardised": True}.items():
            model = make_pipeline(columns("one-hot", scale=scale), Lasso(alpha=0.5, max_iter=10_000))
            kept = model.fit(train, y_train)[-1].coef_ != 0
            numbers, artists = kept[: problem.X.shape[1]], kept[problem.X.shape[1] :]
            left_out = ", ".join(problem.X.columns[~numbers]) or "none"
            rows.append((units, name, left_out, artists.sum(), model.score(test, y_test)))
    return pd.DataFrame(rows, columns=["units", "columns", "predictors left out", "artists kept", "test R²"])


def board(results: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Return what `cross_validate` measured: one row per model."""
    means = results.groupby("model", sort=False)[["total", "negative"]].mean()
    return pd.DataFrame(
        {
            "R²": summary(results, "r2", folds)["value"],
            "error (friends)": summary(results, "mae", folds)["value"],
            "predicted / real total": means["total"],
            "predictions below 0": means["negative"],
        }
    )


def left_out(name: str, model: Any, problem: Frame, results: pd.DataFrame, *, folds: int, seed: int) -> pd.DataFrame:
    """Return the change of R², with its interval, when a group of predictors is left out.

    Parameters
    ----------
    name, model
        Of the regression.
    results : pandas.DataFrame
        What `cross_validate` measured with all predictors; its first repetition is compared.
    """
    parts = [results[(results["model"] == name) & (results["fold"] < folds)].assign(model="all")]
    for group, members in GROUPS.items():
        smaller = problem._replace(X=problem.X.drop(columns=members))
        parts.append(cross_validate({group: model}, smaller, folds=folds, repeats=1, seed=seed))
    return summary(pd.concat(parts), "r2", folds, minus="all").rename_axis("left out")
