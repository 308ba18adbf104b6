"""The factorizations of chapter 06, implicit ALS, and what connects them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

from musicrec.chapters.matrix_factorization.losses import (
    Bridge,
    compare_losses,
    gravity_loss,
    implicit_loss,
    library_loss,
)
from musicrec.chapters.original_factors import (
    asked_for,
    first_match,
    mean_over_seeds,
    most_listened_by_tag,
    neighbours_as_the_original_printed_them,
    read_off,
    squared_error,
    string_order,
    tag_likeness,
    top_tags,
)
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.models.baselines.mean_rating import MeanRating
from musicrec.models.factors.als import ALS
from musicrec.models.factors.matrix_factorization import SETTINGS, MatrixFactorization
from musicrec.models.factors.similar_items import nearest
from musicrec.splits.entries import hold_out, rated

SMALL = {"learning_rate": 0.3, "iterations": 40}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def small(name: str, **changes: object) -> MatrixFactorization:
    return MatrixFactorization.original(name, **{**SMALL, **changes})


@pytest.mark.parametrize(  # widths on both sides of where products are cut into slices
    ("dim", "regularization", "gravity"), [(5, 0, 0), (31, 0.1, 0), (35, 0.2, 1.5)]
)
def test_a_step_follows_the_gradient_of_the_loss(
    listens: Interactions, dim: int, regularization: float, gravity: float
) -> None:
    settings = {"dim": dim, "regularization": regularization, "gravity": gravity}
    ratings = rated(listens)
    model = MatrixFactorization(rate_plays=False, learning_rate=0.5, iterations=1, **settings)
    start = MatrixFactorization(rate_plays=False, learning_rate=1e-12, iterations=1, **settings)
    model.fit(ratings, rng=rng()), start.fit(ratings, rng=rng())
    loss, of_users, of_items = gravity_loss(
        start.user_factors, start.item_factors, ratings, gravity=gravity, regularization=regularization
    )
    np.testing.assert_allclose(model.user_factors, start.user_factors - 0.5 * of_users, atol=1e-5)
    np.testing.assert_allclose(model.item_factors, start.item_factors - 0.5 * of_items, atol=1e-5)
    parts = model.history.loc[0, ["error", "regularization", "gravity"]]
    assert parts.sum() == pytest.approx(loss, rel=1e-5)


def test_gravity_is_the_mean_squared_score_of_all_pairs(listens: Interactions) -> None:
    model = small("mf-regularized", gravity=2.0).fit(listens, rng=rng())
    scores = model.scores(np.arange(listens.n_users)).astype(np.float64)
    assert model.history["gravity"].iloc[-1] == pytest.approx(2 * np.mean(scores**2), rel=1e-4)


def test_history_tells_the_error_of_the_factors_it_keeps(listens: Interactions) -> None:
    train, valid = hold_out(rated(listens), 0)
    model = small("mf-low-init", rate_plays=False).fit(train, rng=rng(), valid=valid)
    assert list(model.history.index) == list(range(41))
    assert model.best_iteration == 40
    assert model.history["error"].iloc[-1] == pytest.approx(squared_error(model, train), rel=1e-4)
    assert model.history["valid_error"].iloc[-1] == pytest.approx(squared_error(model, valid), rel=1e-4)
    assert model.history["error"].iloc[-1] < model.history["error"].iloc[0]
    assert "valid_error" not in small("mf-low-init").fit(listens, rng=rng()).history


def test_early_stopping_returns_to_the_best_iteration(listens: Interactions) -> None:
    train, valid = hold_out(rated(listens), 0)
    model = small("mf-plain", rate_plays=False, iterations=600, patience=5).fit(train, rng=rng(), valid=valid)
    errors = model.history["valid_error"]
    assert len(errors) < 601
    assert model.best_iteration == errors.idxmin() == len(errors) - 6
    assert squared_error(model, valid) == pytest.approx(errors.min(), rel=1e-4)
    with pytest.raises(ValueError, match="patience needs validation entries"):
        small("mf-plain", patience=5).fit(listens, rng=rng())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_diverging_learning_rate_is_named(listens: Interactions, name: str) -> None:
    model = small(name, learning_rate=777.0)
    with pytest.raises(FloatingPointError, match=f"{name}: the descent diverged .* learning rate 777 is too high"):
        model.fit(listens, rng=rng())
    assert not hasattr(model, "user_factors")


@pytest.mark.parametrize(
    "settings", [{"dim": 0}, {"learning_rate": -1.0}, {"iterations": 0}, {"gravity": -1.0}, {"regularization": -0.1}]
)
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"mf-plain: {next(iter(settings))} must"):
        MatrixFactorization.original("mf-plain", **settings)
    with pytest.raises(ValueError, match="no run 'mf-fancy'; choose from mf-plain"):
        MatrixFactorization.original("mf-fancy")


@pytest.mark.parametrize("settings", [{"dim": 0}, {"alpha": 0}, {"regularization": -1}, {"strength": "loud"}])
def test_impossible_settings_of_als_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"als: {next(iter(settings))} must"):
        ALS(**settings)


def test_plays_become_ratings_on_the_scale_of_the_training_entries(listens: Interactions) -> None:
    model = small("mf-low-init").fit(listens, rng=rng())
    np.testing.assert_allclose(model.ratings(listens.matrix), rated(listens).matrix.data, rtol=1e-5)
    loud = sp.csr_array(np.float32([[1e9, 1e-3, 0]]))
    np.testing.assert_allclose(model.ratings(loud), [10, 1])
    equal = Interactions(listens.binary(), listens.users, listens.items)
    assert set(small("mf-low-init").fit(equal, rng=rng()).ratings(equal.matrix)) == {1.0}


@pytest.mark.parametrize("build", [lambda: small("mf-regularized"), lambda: ALS(dim=8, strength="log")])
def test_two_runs_agree_to_the_last_digit(listens: Interactions, build) -> None:  # type: ignore[no-untyped-def]
    first, second = (build().fit(listens, rng=rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.user_factors, second.user_factors)
    np.testing.assert_array_equal(first.item_factors, second.item_factors)
    assert (first.user_factors != build().fit(listens, rng=rng(4)).user_factors).any()


@pytest.mark.parametrize("build", [lambda: small("mf-plain"), lambda: ALS(dim=8)])
def test_saved_models_come_back_the_same(listens: Interactions, build, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model, path = build().fit(listens, rng=rng()), tmp_path / "model.npz"
    model.save(path)
    again = type(model).load(path)
    users = np.arange(listens.n_users)
    np.testing.assert_array_equal(again.scores(users), model.scores(users))
    np.testing.assert_array_equal(again.recommend(users).ids, model.recommend(users).ids)
    np.testing.assert_array_equal(again.fold_in(listens.matrix), model.fold_in(listens.matrix))
    assert (again.name, again.history.shape) == (model.name, model.history.shape)
    assert again.history.equals(model.history)
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_a_file_that_is_no_such_model_is_refused(listens: Interactions, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    ALS(dim=4).fit(listens, rng=rng()).save(path)
    with pytest.raises(ValueError, match="does not hold a model saved by MatrixFactorization"):
        MatrixFactorization.load(path)
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, "user_factors": arrays["user_factors"] * np.nan})
    with pytest.raises(ValueError, match="not finite"):
        ALS.load(path)
    np.savez(path, **{**arrays, "item_factors": arrays["item_factors"][1:]})
    with pytest.raises(ValueError, match="79 items, but interactions of 60 and 80"):
        ALS.load(path)


def test_a_failed_save_leaves_nothing(listens: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ALS(dim=4).fit(listens, rng=rng())

    def fail(*args: object, **arrays: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{}, {"regularization": 0.1}, {"gravity": 1.0, "regularization": 0.1}])
def test_folding_in_minimises_the_loss(listens: Interactions, settings: dict[str, float]) -> None:
    model = MatrixFactorization(dim=5, init_sd=0.3, **SMALL, **settings).fit(listens, rng=rng())
    best = model.user_vectors(listens.matrix)
    weights = {"gravity": 0.0, "regularization": 0.0, **settings}
    ratings = Interactions(
        sp.csr_array((model.ratings(listens.matrix), listens.matrix.indices, listens.matrix.indptr), shape=(60, 80)),
        listens.users, listens.items,
    )  # fmt: skip
    _, slope, _ = gravity_loss(best, model.item_factors, ratings, **weights)
    assert np.abs(slope).max() < 1e-6


def test_als_solves_for_users_as_its_library_does(listens: Interactions) -> None:
    model = ALS(dim=8, alpha=7.0, regularization=2.0, strength="equal", iterations=5).fit(listens, rng=rng())
    library = AlternatingLeastSquares(8, 2.0, 1.0, num_threads=1)
    library.user_factors, library.item_factors = model.user_factors, model.item_factors
    theirs = library.recalculate_user(np.arange(60), sp.csr_matrix(listens.binary() * 8))
    np.testing.assert_allclose(model.user_factors, theirs, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(model.fold_in(listens.matrix), model.scores(np.arange(60)), atol=1e-6)
    loss, of_users, _ = implicit_loss(model.user_factors, model.item_factors, listens, confidence=8.0, penalty=2.0)
    assert np.abs(of_users).max() < 1e-4
    assert (model.history["loss"].diff().dropna() < 0).all()
    total = 60 * 80 + 7 * len(listens)
    assert loss / total == pytest.approx(model.history["loss"].iloc[-1], rel=0.05)


def test_als_weighs_listens_by_their_plays(listens: Interactions) -> None:
    model = ALS(dim=8, strength="log").fit(listens, rng=rng())
    loss = model.user_loss(listens.matrix)
    assert loss.weights.mean() == pytest.approx(model.alpha)
    assert np.corrcoef(loss.weights, np.log1p(listens.matrix.data))[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("seed", [0, 1])
def test_gravity_is_implicit_feedback_up_to_weights(listens: Interactions, seed: int) -> None:
    weights = {"gravity": 3.0, "regularization": 0.4}
    bridge = Bridge.between(listens, **weights)
    implicit = {"confidence": bridge.confidence, "penalty": bridge.penalty}
    users, items = (rng(seed).normal(size=(n, 6)).astype(np.float32) for n in (60, 80))
    loss, of_users, of_items = gravity_loss(users, items, bridge.rate(listens), **weights)
    stretched = users * bridge.stretch, items / bridge.stretch
    ours, by_users, by_items = implicit_loss(*stretched, listens, **implicit)
    assert bridge.scale * loss - bridge.constant == pytest.approx(ours, rel=1e-6)
    assert library_loss(*stretched, listens, **implicit) == pytest.approx(ours, rel=1e-5)
    np.testing.assert_allclose(bridge.scale * of_users / bridge.stretch, by_users, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(bridge.scale * of_items * bridge.stretch, by_items, rtol=1e-5, atol=1e-4)
    back = Bridge.weights(listens, alpha=bridge.confidence - 1, penalty=bridge.penalty)
    assert back == pytest.approx(weights)


def test_implicit_loss_by_hand() -> None:
    """One listen scored 0.5 with confidence 3, one other pair scored 2: 3·0.25 + 4, and a penalty of 0.1·(1 + 4.25)."""
    listens = Interactions(sp.csr_array(np.float32([[1, 0]])), np.arange(1), np.arange(2))
    loss, of_users, of_items = implicit_loss([[1.0]], [[0.5], [2.0]], listens, confidence=3.0, penalty=0.1)
    assert loss == pytest.approx(0.75 + 4 + 0.525)
    np.testing.assert_allclose(of_users, [[-2 * 3 * 0.5 * 0.5 + 2 * 2 * 2 + 0.2]])
    np.testing.assert_allclose(of_items, [[-2 * 3 * 0.5 + 0.1], [2 * 2 + 0.4]])


def test_mean_rating_by_hand() -> None:
    """Mean 3; item deviations (1 + 1)/3 and (-2)/2 with one entry of nothing added; then what users leave."""
    entries = Interactions(sp.csr_array(np.float32([[4, 1], [4, 0]])), np.arange(2), np.arange(2))
    model = MeanRating(shrinkage=1.0).fit(entries, rng=rng())
    item = np.array([2 / 3, -1.0])
    left = np.array([[4 - 3 - item[0], 1 - 3 - item[1]], [4 - 3 - item[0], 0]])
    user = np.array([left[0].sum() / 3, left[1, 0] / 2])
    np.testing.assert_allclose(model.scores([0, 1]), 3 + item + user[:, None], rtol=1e-6)
    flat = MeanRating(shrinkage=0.0, parts="").fit(entries, rng=rng())
    np.testing.assert_allclose(flat.scores([0]), [[3, 3]], rtol=1e-6)


def test_held_out_entries_are_a_share_and_disjoint(listens: Interactions) -> None:
    train, test = hold_out(listens, seed=1)
    assert (len(train), len(test)) == (1080, 120)
    assert (train.matrix * test.matrix).nnz == 0
    assert ((train + test).matrix != listens.matrix).nnz == 0
    one = Interactions(sp.csr_array(np.float32([[1]])), np.arange(1), np.arange(1))
    with pytest.raises(ValueError, match="too small to split"):
        hold_out(one, seed=0)


def test_reading_off_a_run(listens: Interactions) -> None:
    train, test = hold_out(rated(listens), 0)
    model = small("mf-regularized", rate_plays=False).fit(train, rng=rng(), valid=test)
    figures = read_off(model.history)
    assert figures["lowest test MSE"] == model.history["valid_error"][figures["iteration of the lowest"]]
    assert figures["lowest test MSE"] <= figures["test MSE"]


def test_interval_over_seeds() -> None:
    """Student's t with two degrees of freedom: 2 ± 4.303 · 1/√3."""
    interval = mean_over_seeds([1.0, 2.0, 3.0])
    assert interval.high - interval.mean == pytest.approx(4.3027 / 3**0.5, rel=1e-4)
    assert np.isnan(mean_over_seeds([1.0]).low)


def test_nearest_by_angle_and_by_product() -> None:
    factors = np.float32([[1, 0], [5, 5], [2, 0.1], [0, 0], [-1, 0]])
    assert nearest(factors, [0], k=3).ids.tolist() == [[2, 1, 3]]
    assert nearest(factors, [0], k=3, measure="dot").ids.tolist() == [[1, 2, 3]]
    assert nearest(factors, [0], k=2, among=np.array([True, False, False, True, False])).ids.tolist() == [[3, -1]]
    found = nearest(factors, [0, 1], k=1, itself=True)
    assert found.ids.tolist() == [[0], [1]]
    np.testing.assert_allclose(found.scores, 1, rtol=1e-6)
    with pytest.raises(ValueError, match="'cosine' or 'dot', not 'euclid'"):
        nearest(factors, [0], measure="euclid")
    with pytest.raises(IndexError, match="item 5 is not one of the 5 items"):
        nearest(factors, [5])


def test_the_wrong_names_of_the_original() -> None:
    """Ids 1, 2, 10: row 1 of its factors belongs to id 10, but it takes it for id 2, and id 2's for id 10's."""
    ids = np.array([1, 2, 10])
    assert string_order(ids).tolist() == [0, 2, 1]
    factors = np.float32([[1, 0], [0.9, 0.1], [0, 1]])  # ids 1 and 2 are alike
    assert nearest(factors, [1], k=1).ids.tolist() == [[0]]
    assert neighbours_as_the_original_printed_them(factors, ids, [1], k=3).tolist() == [[1, 2, 0]]
    assert neighbours_as_the_original_printed_them(factors, [1, 2, 3], [1], k=2).tolist() == [[1, 0]]


def test_first_match_is_the_first_of_the_file() -> None:
    names = ["Jay-Z feat. U2", "U2"]
    assert first_match(names, "U2") == 0
    with pytest.raises(ValueError, match="no name contains 'Muse'"):
        first_match(names, "Muse")


def test_who_is_asked_for_where_the_eight_are_unknown() -> None:
    names = [f"artist {n}" for n in range(10)]
    assert asked_for(names, np.arange(10))[:2] == ["artist 9", "artist 8"]
    assert len(asked_for(names, np.arange(10))) == 8


def test_likeness_of_tags() -> None:
    tags = sp.csr_array(np.float32([[3, 0], [1, 0], [0, 2], [0, 0]]))
    others = np.array([[1, 1, 1], [1, 2, 3], [0, 1, 1], [0, 0, 0]])
    np.testing.assert_allclose(tag_likeness(tags, [0, 0, 0, 3], others), [1, 1 / 3, 1, 0])


@pytest.fixture
def tagged() -> Dataset:
    """Three artists: a (3 listeners; rock 1, pop 2), b (2 listeners; rock 2), c (1 listener; "80" once)."""
    listens = Interactions(
        sp.csr_array(np.float32([[1, 1, 1], [1, 1, 0], [1, 0, 0]])), np.array([1, 2, 3]), np.array([7, 8, 9])
    )
    given = [(1, 7, 1), (1, 7, 2), (2, 7, 2), (1, 8, 1), (2, 8, 1), (1, 9, 3)]
    tables = {
        "tags": pd.DataFrame({"id": [1, 2, 3], "name": ["rock", "pop", "80"]}),
        "tag_assignments": pd.DataFrame(given, columns=["user", "artist", "tag"]),
    }
    items = pd.DataFrame({"id": [7, 8, 9], "name": ["a", "b", "c"]})
    return Dataset("tiny", listens, items, Provenance("", "", "", "", "", "", ""), tables)


def test_the_most_listened_artist_of_a_tag(tagged: Dataset) -> None:
    assert top_tags(tagged, 2) == ["rock", "pop"]
    wrong = most_listened_by_tag(tagged, {"rock": "80", "pop": "pop", "jazz": "jazz"})
    assert wrong["artist"].tolist()[:2] == ["c", "a"]
    assert pd.isna(wrong.loc["jazz", "artist"])
    assert wrong["item"].tolist() == [2, 0, -1]
    right = most_listened_by_tag(tagged, {"rock": "rock"})
    assert right.loc["rock"].to_dict() == {
        "value": "rock", "artists": 2, "item": 0, "artist": "a", "listeners": 3, "share": pytest.approx(1 / 3)
    }  # fmt: skip
    mainly = most_listened_by_tag(tagged, {"rock": "rock"}, mainly=True)
    assert mainly.loc["rock", ["artist", "artists", "share"]].tolist() == ["b", 1, 1.0]


def test_losses_agree_whatever_the_vectors(listens: Interactions) -> None:
    model = small("mf-regularized").fit(listens, rng=rng())
    found = compare_losses(model.user_factors, model.item_factors, listens, gravity=1.0, regularization=0.1)
    assert found["gravity, rescaled"] == pytest.approx(found["implicit, all pairs"], rel=1e-6)
    assert found["library"] == pytest.approx(found["implicit, all pairs"], rel=1e-5)
    assert found["gradients differ by"] < 1e-5
