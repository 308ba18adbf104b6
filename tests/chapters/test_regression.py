"""Regressions on counts: the problem, its checks, the rounding error of one-hot columns, and the measuring."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from musicrec import datasets
from musicrec.chapters import regression
from musicrec.chapters.regression.frames import Frame
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions

NOWHERE = Provenance("a test", "", "1", "none", "", "made up", "", simulated=True)


def listeners() -> Dataset:
    """Three listeners: one with two artists and two friends, one with one artist, one who never listened or tagged."""
    plays = sp.csr_array(np.array([[30, 10, 0], [0, 5, 0], [0, 0, 0]], np.float32))
    tags = pd.DataFrame({"user": [7, 7, 7], "artist": [1, 1, 2], "tag": [3, 4, 3]})
    tables = {
        "friends": pd.DataFrame({"user": [7, 7, 8, 9], "friend": [8, 9, 7, 7]}),
        "tag_assignments": tags.assign(day=1, month=[1, 1, 2], year=2010),
    }
    items = pd.DataFrame({"name": ["A", "B", "C"]})
    return Dataset("few", Interactions(plays, np.array([7, 8, 9]), np.arange(3)), items, NOWHERE, tables)


def playlists() -> Dataset:
    lists = pd.DataFrame(
        {
            "pid": [4, 9], "collaborative": [True, False], "num_followers": [12, 1], "num_tracks": [3, 2],
            "num_albums": [2, 2], "num_artists": [2, 2], "num_edits": [6, 1], "duration_ms": [600_000, 240_000],
        }
    )  # fmt: skip
    tracks = pd.DataFrame({"id": ["a", "b", "c"], "name": ["x", "y", "z"], "artist": ["A", "B", "B"]})
    entries = pd.DataFrame({"pid": [4, 4, 4, 9, 9], "pos": [0, 1, 2, 0, 1], "track": ["a", "b", "c", "b", "a"]})
    held = Interactions.from_frame(entries, user="pid", item="track", users=lists["pid"], items=tracks["id"])
    tables = {"playlists": lists, "entries": entries, "tracks": tracks}
    return Dataset("mpd", held, tracks, NOWHERE, tables)


@pytest.fixture
def problem() -> Frame:
    """Counts that grow with x and differ between two frequent artists; half of the rows have an artist of their own."""
    rng = np.random.default_rng(0)
    x, noise = rng.uniform(0, 5, 300), rng.uniform(0, 5, 300)
    artist = np.where(np.arange(300) % 2, np.where(rng.random(300) < 0.5, "A", "B"), [f"own {n}" for n in range(300)])
    y = rng.poisson(np.exp(0.5 + 0.4 * x + (artist == "A")))
    X = pd.DataFrame({"x": x, "noise": noise}, index=pd.RangeIndex(1000, 1300, name="user"))
    return Frame(X, pd.Series(y, X.index, name="friends"), pd.Series(artist, X.index, name="most_played_artist"))


def test_the_problem_of_listeners() -> None:
    X, y, favourite = regression.frame(listeners())
    assert y.tolist() == [2, 1, 1] and y.name == "friends"
    assert favourite.tolist() == ["A", "B", "none"]
    p = np.array([0.75, 0.25])
    expected = {
        "artists": [2, 1, 0],
        "plays": [40, 5, 0],
        "plays_gini": [0.25, 0, 0],  # two values a < b: (b - a) / (2 (a + b))
        "effective_artists": [np.exp(-(p * np.log(p)).sum()), 1, 0],
        "top_artist_share": [0.75, 1, 0],
        "listeners_per_artist": [1.5, 2, 0],
        "tags": [2, 0, 0],
        "tag_assignments": [3, 0, 0],
        "tagged_artists": [2, 0, 0],
        "tagging_months": [2, 0, 0],
    }
    pd.testing.assert_frame_equal(X, pd.DataFrame(expected, X.index, dtype=float))


def test_the_problem_of_playlists() -> None:
    X, y, artist = regression.frame(playlists())
    assert y.tolist() == [12, 1] and y.name == "followers"
    assert artist.tolist() == ["B", "B"]  # the first of two equally frequent ones
    assert X.loc[4].to_dict() == {
        "collaborative": 1, "mean_track_ms": 200_000, "edits": 6, "tracks": 3, "albums": 2, "artists": 2, "minutes": 10,
    }  # fmt: skip


def test_simulated_listeners_make_a_complete_problem() -> None:
    X, y, favourite = regression.checked(regression.frame(datasets.load("simulated")))
    assert len(X) == len(y) == len(favourite) == 1892 and (y >= 1).all()
    assert X["plays_gini"].between(0, 1).all() and X["top_artist_share"].between(0, 1).all()
    assert (X["effective_artists"] <= X["artists"] + 1e-9).all() and (X["tags"] <= X["tag_assignments"]).all()


def test_data_without_a_count_are_refused() -> None:
    few = listeners()
    with pytest.raises(ValueError, match="'few' counts neither friends nor followers; use lastfm-2k"):
        regression.frame(Dataset("few", few.interactions, few.items, NOWHERE, {"playlists": pd.DataFrame({"id": []})}))


@pytest.mark.parametrize("measure", [
    lambda p: regression.split_r2({"mean": DummyRegressor()}, p, [0]),
    lambda p: regression.cross_validate({"mean": DummyRegressor()}, p),
    lambda p: regression.out_of_fold(DummyRegressor(), p),
    lambda p: regression.importance(DummyRegressor(), p),
    lambda p: regression.least_squares(p, {"eps": regression.EPS}, [0], 1),
    lambda p: regression.growth(p, [2], 3),
])  # fmt: skip
def test_what_cannot_be_compared_is_refused(problem: Frame, measure) -> None:
    with pytest.raises(ValueError, match=r"29 rows are too few to split.*give at least 100"):
        measure(regression.sample(problem, 29, 0))
    with pytest.raises(ValueError, match=r"all 300 friends are 4: with nothing to explain, R² is undefined"):
        measure(problem._replace(y=problem.y * 0 + 4))
    for value in (np.nan, np.inf):
        X = problem.X.copy()
        X.loc[[1007, 1009], "noise"] = value
        with pytest.raises(
            ValueError, match="2 values of 'noise' are missing or infinite; the first is that of row 1007"
        ):
            measure(problem._replace(X=X))
    y = problem.y.astype(float)
    y.loc[1003] = np.nan
    with pytest.raises(ValueError, match=r"1 values of 'friends' are missing.*row 1003"):
        measure(problem._replace(y=y))
    artist = problem.most_common.copy()
    artist.iloc[0] = None
    with pytest.raises(ValueError, match="1 rows have no 'most_played_artist'"):
        measure(problem._replace(most_common=artist))


def test_a_sample_keeps_rows_together(problem: Frame) -> None:
    few = regression.sample(problem, 50, seed=3)
    assert len(few.y) == 50 and few.X.index.is_monotonic_increasing
    for part, whole in zip(few, problem, strict=True):
        assert part.equals(whole.loc[part.index])
    assert regression.sample(problem, 300, seed=3) is problem


def test_columns() -> None:
    table = pd.DataFrame({"x": [0.0, 1.0, 3.0, 7.0], "artist": ["A", "A", "B", "C"]})
    new = pd.DataFrame({"x": [7.0], "artist": ["D"]})
    for artist, min_count, width in (("", 1, 1), ("one-hot", 1, 4), ("one-hot", 2, 3)):
        prepared = regression.columns(artist, scale=False, min_count=min_count).fit(table, [1, 2, 3, 4])
        assert prepared.transform(table).shape == (4, width)
        # an unknown artist has no column, or shares that of the rare ones
        assert prepared.transform(new)[0, 1:].sum() == (min_count > 1)
    with pytest.raises(ValueError, match="artist is 'onehot'; choose from '', 'one-hot' and 'target'"):
        regression.columns("onehot")
    scaled = regression.columns(log=True).fit_transform(table)
    np.testing.assert_allclose(scaled[:, 0], (z := np.log1p(table["x"])).sub(z.mean()) / z.std(ddof=0))


def test_the_originals_split_and_models(problem: Frame) -> None:
    train, test, *_ = regression.split(problem)
    assert (len(train), len(test)) == (201, 99)
    found = regression.split_r2(regression.original_models(), problem, [42, 0])
    assert list(found.columns) == ["model", "seed", "train", "test"] and len(found) == 8
    assert {model for model, _ in regression.REPORTED} == set(found["model"])
    pd.testing.assert_frame_equal(found, regression.split_r2(regression.original_models(), problem, [42, 0]))
    by = found.set_index(["model", "seed"])
    assert by.loc[("linear", 42), "test"] > 0.1
    assert by.loc[("linear-one-hot", 42), "train"] > by.loc[("linear", 42), "train"]
    linear = make_pipeline(regression.columns(scale=False), LinearRegression(tol=regression.EPS))
    train, test, y_train, y_test = regression.split(problem)
    assert by.loc[("linear", 42), "test"] == pytest.approx(linear.fit(train, y_train).score(test, y_test))


def test_one_hot_explodes_by_rounding_alone(problem: Frame) -> None:
    cutoffs = {"keep": 1e-30, "safe": regression.EPS * 300}
    fits = regression.least_squares(problem, cutoffs, seeds=[0, 1], orders=3)
    keep, safe = (fits[fits["cutoff"] == name] for name in cutoffs)
    assert (keep["test"] < -1e6).any() and (safe["test"] > -10).all()
    # rows of one split in another order: the same numbers where rounding does not matter
    assert safe.groupby("seed")["test"].agg(np.ptp).max() < 1e-6
    burst = keep[(keep["test"] < -1e6) & (keep["test"] > -1e18)]
    np.testing.assert_allclose(burst["test"], burst["expected"], rtol=1e-3)
    # rows whose artist has a column never notice
    np.testing.assert_allclose(burst["known"], safe.loc[burst.index + 1, "known"], atol=1e-3)


def test_trees_stop_and_are_repeatable(problem: Frame) -> None:
    X, y = problem.X, problem.y
    trees = regression.StoppedTrees(max_depth=6, n_estimators=300, seed=1).fit(X, y)
    assert 1 <= trees.n_trees_ < 300
    again = regression.StoppedTrees(max_depth=6, n_estimators=300, seed=1).fit(X, y)
    np.testing.assert_array_equal(trees.predict(X), again.predict(X))
    positive = regression.StoppedTrees(objective="count:poisson").fit(X, y)
    assert (positive.predict(X) > 0).all()


def test_growth_ends_where_the_model_does(problem: Frame) -> None:
    curves = regression.growth(problem, [1, 8], n_trees=20)
    assert list(curves.columns) == ["depth 1, train", "depth 1, test", "depth 8, train", "depth 8, test"]
    assert curves.index.tolist() == list(range(1, 21))
    assert curves["depth 8, train"].is_monotonic_increasing
    assert curves["depth 8, train"].iloc[-1] > curves["depth 1, train"].iloc[-1]


def test_cross_validation_and_summaries(problem: Frame) -> None:
    models = {k: m for k, m in regression.repaired_models().items() if k in ("mean", "median", "linear")}
    results = regression.cross_validate(models, problem, folds=4, repeats=2, seed=1)
    assert len(results) == 3 * 8
    r2, mae = regression.summary(results, "r2", 4), regression.summary(results, "mae", 4)
    assert list(r2.index) == list(models)
    assert -0.1 < r2.loc["mean", "value"] <= 0 < r2.loc["linear", "value"]
    assert mae.loc["median", "value"] < mae.loc["mean", "value"]
    assert (r2["low"] < r2["value"]).all() and (r2["value"] < r2["high"]).all()
    mean = results[results["model"] == "mean"]
    assert mean["total"].mean() == pytest.approx(1, abs=0.05) and (results["negative"] >= 0).all()
    gain = regression.summary(results, "r2", 4, minus="mean")
    assert "mean" not in gain.index
    assert gain.loc["linear", "value"] == pytest.approx(r2.loc["linear", "value"] - r2.loc["mean", "value"])
    pd.testing.assert_frame_equal(results, regression.cross_validate(models, problem, folds=4, repeats=2, seed=1))


@pytest.mark.parametrize("name", regression.repaired_models())
def test_every_repaired_model_fits(problem: Frame, name: str) -> None:
    model = {name: regression.repaired_models()[name]}
    results = regression.cross_validate(model, problem, folds=2, repeats=1)
    assert np.isfinite(results[["r2", "mae", "total"]].to_numpy()).all()
    assert results["r2"].mean() > (-0.3 if name in ("mean", "median") else 0)


def test_the_interval_is_wider_than_independence_would_allow() -> None:
    values = np.random.default_rng(0).normal(0.2, 0.05, 50)
    mean, low, high = regression.interval(values, folds=5)
    naive = 1.96 * values.std(ddof=1) / np.sqrt(50)
    assert low < mean - 2 * naive and high > mean + 2 * naive
    assert mean == pytest.approx(values.mean()) and high - mean == pytest.approx(mean - low)


def test_importance_finds_the_column_that_matters(problem: Frame) -> None:
    found = regression.importance(make_pipeline(regression.columns(), LinearRegression()), problem, repeats=3)
    assert found.index[0] == "x" and found.loc["x", "low"] > 0
    assert found.loc["most_played_artist", "value"] == 0  # the model does not read it


def test_ranges_hold_what_they_promise(problem: Frame) -> None:
    spans = regression.ranges(problem, 0.1, 0.9)
    assert list(spans.index) == ["constant", "linear", "trees"]
    np.testing.assert_allclose(spans[["below", "within", "above"]].sum(axis=1), 1)
    assert spans["within"].between(0.6, 0.95).all()
    assert spans.loc["linear", "d2"] > spans.loc["constant", "d2"]
