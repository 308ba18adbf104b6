"""Regressions on counts: the problem, its checks, the rounding error of one-hot columns, and the measuring."""

import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from musicrec import datasets
from musicrec.chapters import regression
from musicrec.chapters.regression import records
from musicrec.chapters.regression.frames import Frame
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.scores.records import ScoreBook

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
            "pid": [4, 9],
            "collaborative": [True, False],
            "num_followers": [12, 1],
            "num_tracks": [3, 2],
            "num_albums": [2, 2],
            "num_artists": [2, 2],
            "num_edits": [6, 1],
            "duration_ms": [600_000, 240_000],
        }
    )
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
        "collaborative": 1,
        "mean_track_ms": 200_000,
        "edits": 6,
        "tracks": 3,
        "albums": 2,
        "artists": 2,
        "minutes": 10,
    }


def test_simulated_listeners_make_a_complete_problem() -> None:
    X, y, favourite = regression.checked(regression.frame(datasets.load("simulated")))
    assert len(X) == len(y) == len(favourite) == 1892 and (y >= 1).all()
    assert X["plays_gini"].between(0, 1).all() and X["top_artist_share"].between(0, 1).all()
    assert (X["effective_artists"] <= X["artists"] + 1e-9).all() and (X["tags"] <= X["tag_assignments"]).all()


def test_data_without_a_count_are_refused() -> None:
    few = listeners()
    with pytest.raises(ValueError, match="'few' counts neither friends nor followers; use lastfm-2k"):
        regression.frame(Dataset("few", few.interactions, few.items, NOWHERE, {"playlists": pd.DataFrame({"id": []})}))


@pytest.mark.parametrize(
    "measure",
    [
        lambda p: regression.split_r2({"mean": DummyRegressor()}, p, [0]),
        lambda p: regression.cross_validate({"mean": DummyRegressor()}, p),
        lambda p: regression.out_of_fold(DummyRegressor(), p),
        lambda p: regression.importance(DummyRegressor(), p),
        lambda p: regression.least_squares(p, {"eps": regression.EPS}, [0], 1),
        lambda p: regression.growth(p, [2], 3),
    ],
)
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


def test_the_reported_table_has_a_row_per_model() -> None:
    table = regression.reported_table()
    assert list(table.index) == ["linear", "linear-one-hot", "lasso", "xgboost"]
    assert table.loc["lasso", "R², test"] == -0.435779 and np.isnan(table.loc["linear", "R², train"])


def test_the_count_table_by_hand(problem: Frame) -> None:
    small = problem._replace(y=pd.Series([1] * 18 + [5, 7]), most_common=pd.Series(["A", "A", "B"]))
    values = regression.count_table(small)["value"]
    assert values["friendships held by the tenth with the most friends"] == "40%"
    assert values["most played artists of one listener only"] == "1" and values["friends, median"] == "1"


def test_a_hundredth_of_the_rows_may_hold_the_variance() -> None:
    y = pd.Series([0] * 199 + [100])
    share = regression.luck(pd.Series([0.1, -0.3]), y)
    assert share.low == -0.3 and share.high == 0.1
    assert share.share == pytest.approx((99.5**2 + 0.5**2) / (99.5**2 + 199 * 0.5**2))


def test_longer_tails_keep_the_mean_and_the_first_power_is_the_problem(problem: Frame) -> None:
    models = list(regression.original_models())
    tails = regression.longer_tails(problem, [0, 1], powers=(1, 3))
    models.remove("linear-one-hot")
    assert tails["model"].tolist() == models * 2 and tails["power"].tolist() == [1] * 3 + [3] * 3
    linear = {"linear": regression.original_models()["linear"]}
    tests = regression.split_r2(linear, problem, [0, 1])["test"]
    assert tails["low"][0] == tests.min() and tails["high"][0] == tests.max()
    assert tails["share"].iloc[-1] > tails["share"].iloc[0]
    facts = regression.longest_tail(tails)
    assert facts.power == 3 and facts.worst == tails["low"].iloc[3:].min()
    table = regression.tail_table(tails)
    assert list(table.columns) == ["top 1 % holds", *models]
    assert list(table.index) == ["friends to the power of 1", "friends to the power of 3"]


def test_originals_are_summarised() -> None:
    rows = [("linear", 42, 0.1, 0.05), ("linear-one-hot", 42, 0.9, 0.01), ("linear-one-hot", 0, 0.9, -1e9)]
    facts = regression.originals(pd.DataFrame(rows, columns=["model", "seed", "train", "test"]))
    assert facts == ("linear", 0.05, True, 2, -1e9, 0.01)
    calm = regression.originals(pd.DataFrame(rows[:2], columns=["model", "seed", "train", "test"]))
    assert not calm.exploded


def test_explosions_are_counted(problem: Frame) -> None:
    then = list(regression.cutoffs(300))[1]
    fits = pd.DataFrame(
        {
            "cutoff": [then] * 4,
            "seed": [0, 0, 1, 1],
            "test": [-1e6, 0.1, 0.1, 0.2],
            "expected": [-1.01e6, 0, 0, 0],
            "shift": [-1e3, 0, 0, 0],
        }
    )
    facts = regression.explosions(fits, problem)
    assert (facts.mixed, facts.n_splits, facts.explained) == (1, 2, "up to a relative error of 1e-02")
    assert 0.4 < facts.unseen < 0.6  # half of the rows have an artist of their own
    table = regression.explosion_table(fits)
    assert table.loc[then].tolist() == [4, 1, -1e6, 0.2, 1e3]
    quiet = regression.explosions(fits.assign(test=0.1), problem)
    assert quiet.explained == "(no fit exploded on this machine)" and quiet.mixed == 0


def test_rare_artists_cost(problem: Frame) -> None:
    originals = regression.split_r2({"linear": regression.original_models()["linear"]}, problem, [0, 1])
    lines = regression.rare_artists(problem, [1, 20], originals, [0])
    assert list(lines.index) == [1, 20] and list(lines) == ["least squares", "ridge", "no artists"]
    assert (lines["no artists"] == originals["test"].iloc[0]).all()
    facts = regression.rare(lines, problem)
    assert facts.best == lines["least squares"].max() and facts.n_rows == lines["least squares"].idxmax()
    assert facts.less == (facts.everyone < facts.without)


def test_a_lasso_on_standardised_columns_knows_no_units(problem: Frame) -> None:
    X = problem.X.rename(columns={"x": "plays_gini", "noise": "top_artist_share"}) / 5
    table = regression.lasso_units(problem._replace(X=X)).set_index(["columns", "units"])["test R²"]
    assert np.ptp(table["standardised"]) == 0 != np.ptp(table["as they are"])


def test_stopping_compares_the_same_splits(problem: Frame) -> None:
    originals = regression.split_r2({"xgboost": regression.original_models()["xgboost"]}, problem, [0, 1, 2])
    curves = regression.growth(problem, (10, 2), 15)
    facts = regression.stopping(curves, originals, problem, 2)
    assert facts.n_splits == 2 and facts.watching == originals["test"].iloc[:2].mean()
    assert facts.peeking >= facts.never and facts.train > facts.test
    assert regression.stopping_table(facts)["test R²"].tolist() == [facts.never, facts.peeking, facts.watching]


@pytest.mark.parametrize(
    ("error", "word"),
    [(1.0, "about as good as"), (1.04, "about as good as"), (1.2, "worse than"), (0.8, "better than")],
)
def test_errors_are_compared_in_words(error: float, word: str) -> None:
    assert regression.facts.compared(error, 1.0) == word


def test_the_repaired_models_are_summarised(problem: Frame) -> None:
    models = {name: regression.repaired_models()[name] for name in ("mean", "median", "linear", "ridge, artists")}
    results = regression.cross_validate(models, problem, folds=3, repeats=1)
    facts = regression.repaired(results, 3)
    r2 = regression.summary(results, "r2", 3)
    assert facts.top == "ridge, artists" and facts.r2 == tuple(r2.loc["ridge, artists"])
    assert facts.gain.mean == pytest.approx(r2["value"]["ridge, artists"] - r2["value"]["linear"])
    assert list(regression.board(results, 3).index) == list(models)


def test_residuals_by_hand() -> None:
    y, linear, trees = pd.Series([1, 3, 5, 15]), np.array([-1.0, 1, 1, 1]), np.array([2.0, 2, 10, 10])
    facts = regression.residuals(y, linear, trees)
    assert (facts.calm, facts.lively, facts.negative) == (1.0, 5.0, "1")
    assert facts.dispersion == pytest.approx((1 / 2 + 1 / 2 + 25 / 10 + 25 / 10) / 4)
    assert regression.residuals(y, np.ones(4), trees).negative == "no"


def test_what_is_missed_most() -> None:
    weighed = pd.DataFrame({"value": [0.3, 0.1]}, index=["listeners_per_artist", "plays"])
    losses = pd.DataFrame({"value": [-0.01, -0.2]}, index=["plays", "tags"])
    assert regression.missed(weighed, losses) == ("listeners per artist", "tags", -0.2)


def test_every_repaired_model_has_a_name_in_the_records() -> None:
    assert list(records.SYSTEMS) == list(regression.repaired_models())
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in records.SYSTEMS.values())


@pytest.fixture
def book(tmp_path, monkeypatch) -> ScoreBook:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    return ScoreBook("03_regression", listeners())


def test_the_records_say_whose_friends_they_are(problem: Frame, book: ScoreBook) -> None:
    rows = [(model, seed, 0.2, 0.1 + seed / 1000) for model in records.WHY for seed in (42, 0, 1)]
    regression.record_originals(book, pd.DataFrame(rows, columns=["model", "seed", "train", "test"]), problem)
    assert len(book.scores) == len(regression.REPORTED) + 2
    score = next(s for s in book.scores if s.system == "lasso" and s.metric == "r2 test")
    assert score.value == pytest.approx(0.142) and score.seeds == (42, 0, 1) and score.reported == -0.435779
    assert score.note.startswith("simulated friends of listeners")


def test_repaired_models_are_written_down(book: ScoreBook) -> None:
    r2 = pd.DataFrame({"value": [0.1], "low": [0.0], "high": [0.2]}, index=["trees, Poisson"])
    regression.record_repaired(book, r2, r2 + 1, seed=3)
    assert [(s.system, s.metric, s.value, s.seeds) for s in book.scores] == [
        ("trees-poisson", "r2 cross-validated", 0.1, (3,)),
        ("trees-poisson", "mean absolute error", 1.1, (3,)),
    ]


def test_followers_where_there_are_none(monkeypatch) -> None:
    def nothing(*_: object, **__: object) -> Dataset:
        raise datasets.DataUnavailableError("no slices")

    monkeypatch.setattr(datasets, "load", nothing)
    found = regression.load_followers(10)
    assert not found.few and not found.enough and "no figure in this chapter" in found.summary
    with pytest.raises(ValueError, match="no playlists"):
        regression.record_followers(ScoreBook("03_regression", listeners()), found, [42])


def test_too_few_followers_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(datasets, "load", lambda *_, **__: playlists())
    found = regression.load_followers(10)
    assert found.few and not found.enough and "2 rows are too few" in found.refusal
    assert found.summary.startswith("Found 2 playlists.")


def test_enough_followers_are_fitted(monkeypatch, problem: Frame, book: ScoreBook) -> None:
    monkeypatch.setattr(datasets, "load", lambda *_, **__: playlists())
    monkeypatch.setattr(records, "frame", lambda _: problem)
    found = regression.load_followers(250)
    assert found.enough and not found.few and found.refusal == "" and len(found.problem.y) == 250
    scores = regression.record_followers(book, found, [42])
    assert len(scores) == len(regression.REPORTED) and {score.dataset for score in scores} == {"mpd"}
