"""Networks over pairs: layers, negatives, training, saving, bad input."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import neural_network
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import evaluate
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.networks import network as network_module
from musicrec.models.networks.additive_network import AdditiveNetwork, original_negatives
from musicrec.models.networks.combined_network import CombinedNetwork, CombinedPopularity
from musicrec.models.networks.concat_network import ConcatNetwork
from musicrec.models.networks.dot_network import DotNetwork
from musicrec.models.networks.network import Network, labelled, sample_negatives
from musicrec.splits.by_user import split_by_user

NETWORKS = {
    "additive-network": lambda **more: AdditiveNetwork(**{"epochs": 2, "batch_size": 64, **more}),
    "dot-network": lambda **more: DotNetwork(**{"dim": 8, "epochs": 2, "batch_size": 64, **more}),
    "concat-network": lambda **more: ConcatNetwork(**{"dim": 8, "epochs": 2, "batch_size": 64, **more}),
    "combined-network": lambda **more: CombinedNetwork(**{"epochs": 2, "batch_size": 64, **more}),
}
pytestmark = pytest.mark.slow
any_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_original_has_1429211_parameters() -> None:
    assert AdditiveNetwork(dim=10).build(10_000, 132_920).count_params() == 1_429_211


def test_the_original_ranks_alike_for_everyone(listens: Interactions) -> None:
    model = AdditiveNetwork(epochs=3, learning_rate=0.01, batch_size=64).fit(listens, rng=rng())
    assert neural_network.agreement(model, np.arange(20)) == pytest.approx(1, abs=1e-6)
    other = DotNetwork(dim=8, epochs=8, batch_size=64, learning_rate=0.01).fit(listens, rng=rng())
    assert neural_network.agreement(other, np.arange(20)).mean() < 0.95


def test_negatives_are_even_and_never_held() -> None:
    held = sp.csr_array(np.float32([[0, 1, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]]))
    users = np.repeat([0, 1, 2], 6000)
    counts = np.zeros((3, 6))
    np.add.at(counts, (users, sample_negatives(held, users, rng())), 1)
    assert not counts[held.toarray() > 0].any()
    np.testing.assert_allclose(counts[0, [0, 3, 4]], 2000, rtol=0.1)
    np.testing.assert_allclose(counts[1], 1000, rtol=0.15)
    assert counts[2, 5] == 6000


def test_who_holds_everything_has_no_negatives() -> None:
    everything = sp.csr_array(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="user 1 holds all 3 items"):
        sample_negatives(everything, np.array([1]), rng())
    full = Interactions(sp.csr_array(np.float32([[1, 1, 1], [1, 0, 0]])), np.arange(2), np.arange(3))
    examples = AdditiveNetwork().examples(full, full.matrix, rng())
    assert (examples.users[examples.labels == 0] == 1).all()


def test_every_listen_once_an_epoch_and_fresh_negatives(listens: Interactions) -> None:
    model, draw = DotNetwork(n_negatives=3), rng()
    first, second = (model.examples(listens, listens.matrix, draw) for _ in range(2))
    positives = first.labels > 0
    rows, columns = listens.coordinates()
    np.testing.assert_array_equal(first.users[positives], rows)
    np.testing.assert_array_equal(first.items[positives], columns)
    assert (~positives).sum() == 3 * len(listens)
    assert (first.items[~positives] != second.items[~positives]).mean() > 0.9
    assert sorted(model.order(first.labels, draw)) == list(range(len(positives)))


def test_the_original_draws_again_from_the_first_items() -> None:
    """Three users, nine items: what collides with a held item is replaced by one of the first three."""
    matrix = np.zeros((3, 9), np.float32)
    matrix[:, 1] = matrix[:, 5:] = 1
    users = np.repeat([0, 1, 2], 3000)
    counts = np.bincount(original_negatives(sp.csr_array(matrix), users, rng()), minlength=9)
    assert not counts[[1, 5, 6, 7, 8]].any()
    # items 0 and 2 get a ninth each, and half of the five ninths that collided
    np.testing.assert_allclose(counts[[0, 2]] / len(users), 1 / 9 + 5 / 18, rtol=0.05)
    np.testing.assert_allclose(counts[[3, 4]] / len(users), 1 / 9, rtol=0.1)


def test_where_the_original_never_ends_or_leaves_the_range() -> None:
    with pytest.raises(ValueError, match="user 0 holds all of the first 2 items"):
        original_negatives(sp.csr_array(np.float32([[1, 1, 0], [0, 0, 1]])), np.array([0]), rng())
    with pytest.raises(ValueError, match="only 2"):
        original_negatives(sp.csr_array(np.float32([[1, 0], [0, 1], [1, 0]])), np.array([0]), rng())


@any_network
def test_scores_are_the_log_odds_of_the_network(build, listens: Interactions) -> None:
    model = build().fit(listens, rng=rng())
    users = np.array([3, 0, 3])
    odds = Network.scores(model, users)
    pairs = [np.repeat(users, listens.n_items), np.tile(np.arange(listens.n_items), 3)]
    chances = model.network([p.astype(np.int32) for p in pairs]).numpy().reshape(odds.shape)
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), chances, rtol=1e-4)
    scores = model.scores(users)
    kept = np.isfinite(scores)  # the combined one leaves out what is no candidate
    np.testing.assert_allclose(scores[kept], odds[kept], rtol=1e-4, atol=1e-5)


def test_scoring_in_blocks_changes_nothing(listens: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ConcatNetwork(epochs=1).fit(listens, rng=rng())
    whole = Network.scores(model, np.arange(10))
    monkeypatch.setattr(network_module, "PAIRS", 37)
    np.testing.assert_allclose(Network.scores(model, np.arange(10)), whole, rtol=1e-5, atol=1e-6)


@any_network
def test_two_runs_are_identical(build, listens: Interactions) -> None:
    first, second = (build().fit(listens, rng=rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.scores([0, 1]), second.scores([0, 1]))
    assert first.history.equals(second.history)


@any_network
def test_saved_and_loaded(build, listens: Interactions, tmp_path: Path) -> None:
    model = build(learning_rate=0.01).fit(listens, rng=rng(), valid=None)
    model.save(tmp_path / "model.npz")
    again = type(model).load(tmp_path / "model.npz")
    np.testing.assert_array_equal(again.scores([5, 2]), model.scores([5, 2]))
    np.testing.assert_array_equal(again.recommend([5, 2]).ids, model.recommend([5, 2]).ids)
    assert again.learning_rate == 0.01
    assert again.history.equals(model.history)
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_labels_of_any_kind_are_saved_without_pickle(tmp_path: Path) -> None:
    train = Interactions(sp.csr_array(np.eye(3, 4, dtype=np.float32)), np.array(["a", "b", "c"], object), np.arange(4))
    model = AdditiveNetwork(epochs=1).fit(train, rng=rng())
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert {file[key].dtype.hasobject for key in file} == {False}
    assert AdditiveNetwork.load(tmp_path / "model.npz").train.users.tolist() == ["a", "b", "c"]


def test_a_file_with_other_or_broken_weights(listens: Interactions, tmp_path: Path) -> None:
    model = AdditiveNetwork(epochs=1).fit(listens, rng=rng())
    weights = model.network.get_weights()
    weights[0][0, 0] = np.nan
    model.network.set_weights(weights)
    model.save(tmp_path / "broken.npz")
    with pytest.raises(ValueError, match="not finite"):
        AdditiveNetwork.load(tmp_path / "broken.npz")
    with pytest.raises(ValueError, match="does not hold a model saved by DotNetwork"):
        DotNetwork.load(tmp_path / "broken.npz")
    with pytest.raises(ValueError, match="not a number"):
        model.recommend([0])


def test_a_save_that_fails_leaves_nothing(
    listens: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = AdditiveNetwork(epochs=1).fit(listens, rng=rng())

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="no space"):
        model.save(tmp_path / "model.npz")
    assert not list(tmp_path.iterdir())


def test_history_and_early_stopping(listens: Interactions) -> None:
    split = split_by_user(listens, seed=5)
    model = AdditiveNetwork(learning_rate=0.05, epochs=60, batch_size=64, patience=2)
    model.fit(split.train, rng=rng(), valid=split.valid)
    assert list(model.history) == ["loss", "accuracy", "valid_loss", "valid_accuracy"]
    assert model.best_epoch == model.history["valid_loss"].idxmin() == len(model.history) - 2 < 58
    assert model.history["loss"].iloc[-1] < model.history["loss"].iloc[0]


def test_stopping_by_a_watched_value_goes_back_to_the_best(listens: Interactions) -> None:
    split = split_by_user(listens, seed=5)
    model = DotNetwork(dim=8, epochs=30, patience=3)

    def watch(model: DotNetwork) -> float:
        return evaluate(model, split, part="valid").per_user["ndcg@10"].mean()

    model.fit(split.train, rng=rng(), watch=watch)
    assert watch(model) == model.history["watched"].max() == model.history["watched"][model.best_epoch]


def test_patience_needs_something_to_go_by(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="patience needs validation interactions"):
        AdditiveNetwork(patience=2).fit(listens, rng=rng())


def test_two_softmax_units_count_as_one_answer(listens: Interactions) -> None:
    class Two(DotNetwork):
        name = "two"

        def build(self, n_users: int, n_items: int) -> keras.Model:
            one = super().build(n_users, n_items)
            answer = keras.layers.Dense(2, activation="softmax")(one.layers[-1].input)
            return keras.Model(one.inputs, answer)

    model = Two(dim=4, epochs=2).fit(listens, rng=rng())
    users, items = np.zeros(5, np.int32), np.arange(5, dtype=np.int32)
    chances = model.network([users, items]).numpy()
    np.testing.assert_allclose(1 / (1 + np.exp(-model.log_odds(users, items))), chances[:, 1], rtol=1e-5)
    loss, accuracy = model.test(labelled(users, items, users, items + 5))
    assert loss > 0
    assert 0 <= accuracy <= 1


def test_a_network_must_end_in_an_answer(listens: Interactions) -> None:
    class Endless(DotNetwork):
        def build(self, n_users: int, n_items: int) -> keras.Model:
            one = super().build(n_users, n_items)
            return keras.Model(one.inputs, one.layers[-1].input)

    with pytest.raises(TypeError, match="one sigmoid unit or two softmax units"):
        Endless().fit(listens, rng=rng())


@any_network
def test_a_diverging_learning_rate_is_named(build, listens: Interactions) -> None:
    with pytest.raises(FloatingPointError, match=r"the learning rate 1e\+20 is too high"):
        build(learning_rate=1e20, epochs=20).fit(listens, rng=rng())


@any_network
def test_user_without_listens_and_item_nobody_holds(build) -> None:
    matrix = np.zeros((6, 9), np.float32)
    matrix[:5, :7] = rng().random((5, 7)) < 0.6
    model = build().fit(Interactions(sp.csr_array(matrix), np.arange(6), np.arange(9)), rng=rng())
    assert not np.isnan(model.scores([5])).any()
    assert not np.isin(model.recommend([0], k=9).ids[0], np.flatnonzero(matrix[0])).any()


@any_network
def test_a_single_user(build) -> None:
    train = Interactions(sp.csr_array(np.float32([[1, 1, 0, 1, 0]])), np.arange(1), np.arange(5))
    ids = build().fit(train, rng=rng()).recommend([0], k=5).ids[0]
    assert set(ids[ids >= 0]) <= {2, 4}


def test_weights_that_are_not_numbers_never_get_in() -> None:
    with pytest.raises(ValueError, match="not finite numbers above zero"):
        Interactions(sp.csr_array(np.float32([[1, np.nan]])), np.arange(1), np.arange(2))


def test_too_small_to_split() -> None:
    one_each = Interactions(sp.csr_array(np.eye(4, dtype=np.float32)), np.arange(4), np.arange(4))
    with pytest.raises(ValueError, match="too small to split"):
        neural_network.original_rows(one_each, seed=0)
    with pytest.raises(ValueError, match="too small to split"):
        split_by_user(one_each, seed=0)


@pytest.mark.parametrize("setting", ["learning_rate", "batch_size", "epochs", "n_negatives"])
def test_settings_must_be_above_zero(setting: str) -> None:
    with pytest.raises(ValueError, match=f"{setting} must be above zero"):
        AdditiveNetwork(**{setting: 0})


def test_unknown_kinds_of_negatives_and_no_hidden_layer(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="'uniform' or 'original'"):
        AdditiveNetwork(negatives="any")
    with pytest.raises(ValueError, match="'first-users'"):
        neural_network.original_rows(listens, seed=0, negatives="any")
    with pytest.raises(ValueError, match="without a hidden layer"):
        ConcatNetwork(hidden=())


def test_the_originals_rows(listens: Interactions) -> None:
    """A pair per user to test on; of the others a fifth for validation; every positive once."""
    rows = neural_network.original_rows(listens, seed=1, negatives="uniform")
    assert len(rows.test.labels) == 2 * listens.n_users
    positives, negatives = (rows.test.users[rows.test.labels == label] for label in (1, 0))
    np.testing.assert_array_equal(positives, negatives)
    total = 2 * len(listens) - len(rows.test.labels)
    assert len(rows.valid.labels) == total // 5
    assert len(rows.train.labels) == total - total // 5
    held = listens.binary()
    for part in rows:
        np.testing.assert_array_equal(held[part.users, part.items] > 0, part.labels > 0)
    keys = np.concatenate([(p.users * listens.n_items + p.items)[p.labels > 0] for p in rows])
    assert len(np.unique(keys)) == len(keys) == len(listens)


def test_other_tests_of_the_same_network(listens: Interactions) -> None:
    rows = neural_network.original_rows(listens, seed=1, negatives="uniform")
    even, popular = (
        neural_network.other_negatives(listens, rows.test, seed=0, popular=popular) for popular in (False, True)
    )
    held, fame = listens.binary(), listens.popularity()
    for other in (even, popular):
        np.testing.assert_array_equal(held[other.users, other.items] > 0, other.labels > 0)
    assert fame[popular.items[popular.labels == 0]].mean() > fame[even.items[even.labels == 0]].mean()
    cells = neural_network.any_cells(listens, 4000, seed=0)
    assert cells.labels.mean() == pytest.approx(listens.density, abs=0.03)
    model = AdditiveNetwork(epochs=1).fit_examples(listens, rows.train, rng=rng())
    table = neural_network.accuracies(model, rows, {"own": rows.test, "cells": cells})
    counts = neural_network.item_counts(rows, listens.n_items)
    limit = neural_network.popularity_limit(rows, listens.n_items)
    right = (counts[rows.test.items] >= limit) == (rows.test.labels > 0)
    assert table.loc["own"].tolist() == [model.test(rows.test)[1], right.mean(), 0.5]
    assert table.loc["cells", "never"] == (cells.labels == 0).mean()


@pytest.mark.parametrize("build", [NETWORKS["combined-network"], CombinedPopularity], ids=["network", "popularity"])
def test_combined_ranks_the_candidates_of_similar_lists(build, listens: Interactions) -> None:
    model = build(keep=6).fit(listens, rng=rng())
    whole = super(type(model), model).scores([4])[0]
    pool = PlaylistSimilarity(5).fit(listens, rng=rng()).scores([4])[0]
    candidates = np.setdiff1d(np.flatnonzero(np.isfinite(pool)), listens.matrix[[4]].indices)
    expected = candidates[np.argsort(-whole[candidates], kind="stable")][:6]
    ids = model.recommend([4], k=10).ids[0]
    np.testing.assert_array_equal(ids, [*expected, -1, -1, -1, -1])


def test_combined_popularity_serves_new_people_like_known_ones(listens: Interactions) -> None:
    model = CombinedPopularity(n_similar=60, keep=80).fit(listens, rng=rng())
    np.testing.assert_array_equal(model.fold_in(listens.matrix[[4]]), model.scores([4]))
    plain = Popularity().fit(listens, rng=rng())
    np.testing.assert_array_equal(model.recommend([4]).ids, plain.recommend([4]).ids)


def test_hit_rates_of_the_same_pool(listens: Interactions) -> None:
    rows, columns = listens.coordinates()
    lists = pd.DataFrame({"list": rows, "item": columns})
    rates = neural_network.same_pool_hit_rates(lists, [0, 1], lambda: AdditiveNetwork(epochs=1))
    assert rates.shape == (2, 5)
    assert rates.to_numpy().min() >= 0
    assert rates.to_numpy().max() <= 1
    assert (rates["all items by network"] == 1).all()  # a hundred guesses among eighty items


def test_validation_curves(listens: Interactions) -> None:
    split = split_by_user(listens, seed=5)
    curves = neural_network.validation_curves({"small": lambda: DotNetwork(dim=2, epochs=4)}, split, every=2)
    assert curves.index.tolist() == [2, 4]
    assert curves["small"].between(0, 1).all()
