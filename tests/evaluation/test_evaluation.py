import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import cross_evaluate, validate
from musicrec.evaluation.ranking import evaluate
from musicrec.evaluation.statistics import bootstrap_mean, compare, holm, paired_difference, summarise, user_means
from musicrec.evaluation.storage import load_evaluations, save_evaluations
from musicrec.models.base import FactorModel, Recommender
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.splits.by_user import is_held_out, split_by_user


class Cheat(Recommender):
    """Knows every listen, also those held out."""

    name = "cheat"

    def __init__(self, listens: Interactions) -> None:
        self.everything = listens

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        return self.everything.binary()[np.asarray(users)].toarray()


@pytest.mark.parametrize("part", ["valid", "test"])
def test_a_perfect_ranking_scores_one(listens: Interactions, part: str) -> None:
    split = split_by_user(listens, 0)
    split.train.matrix.sum()  # the split holds two items per user in each held-out part
    model = Cheat(split.train + getattr(split, part)).fit(split.train, rng=np.random.default_rng(0))
    means = evaluate(model, split, k=2, part=part).means()
    assert means[["ndcg@2", "recall@2", "mrr@2", "hit@2", "precision@2", "r-precision@2"]].tolist() == [1] * 6


def test_validation_items_are_masked_at_test(listens: Interactions) -> None:
    split = split_by_user(listens, 0)
    model = Cheat(listens).fit(split.train, rng=np.random.default_rng(0))
    lists = evaluate(model, split, k=10).lists
    users = np.arange(listens.n_users)
    assert not is_held_out(lists, users, split.train).any()
    assert not is_held_out(lists, users, split.valid).any()


def test_is_held_out_equals_a_lookup(listens: Interactions) -> None:
    rng = np.random.default_rng(0)
    users = np.array([5, 2, 59])
    lists = rng.integers(-1, listens.n_items, size=(3, 12))
    dense = listens.binary().toarray().astype(bool)
    expected = [[item >= 0 and dense[u, item] for item in row] for u, row in zip(users, lists, strict=True)]
    np.testing.assert_array_equal(is_held_out(lists, users, listens), expected)


def test_users_with_nothing_held_out_do_not_count() -> None:
    matrix = np.zeros((3, 40), np.float32)
    matrix[0, :20] = matrix[1, :4] = matrix[2, 20:] = 1
    listens = Interactions(sp.csr_array(matrix), np.arange(3), np.arange(40))
    split = split_by_user(listens, 0)
    result = evaluate(Popularity().fit(split.train, rng=np.random.default_rng(0)), split)
    assert result.users.tolist() == [0, 2]
    with pytest.raises(ValueError, match="'valid' or 'test'"):
        evaluate(Popularity().fit(split.train, rng=np.random.default_rng(0)), split, part="train")


def test_two_runs_give_identical_scores(listens: Interactions) -> None:
    first, second = (cross_evaluate(Random, listens, seeds=(0, 1)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.lists, b.lists)
    assert not np.array_equal(first[0].lists, first[1].lists)


def test_summary_and_paired_difference(listens: Interactions) -> None:
    good = cross_evaluate(lambda: ItemKNN(20), listens, seeds=(0, 1, 2))
    bad = cross_evaluate(Random, listens, seeds=(0, 1, 2))
    table = summarise(good)
    row = table.loc["ndcg@10"]
    assert row["low"] < row["value"] < row["high"]
    assert row["value"] == pytest.approx(np.mean([e.per_user["ndcg@10"].mean() for e in good]))
    assert table.loc["coverage@10", ["low", "high"]].isna().all()
    difference = paired_difference(good, bad)
    assert difference.mean == pytest.approx(row["value"] - summarise(bad).loc["ndcg@10", "value"])
    assert 0 < difference.low < difference.mean < difference.high
    assert difference.p < 0.01
    assert paired_difference(good, good).p == 1
    with pytest.raises(ValueError, match="not evaluated on the same"):
        paired_difference(good, bad[:2])


def test_comparing_with_the_best(listens: Interactions) -> None:
    systems = {
        "item-knn": cross_evaluate(lambda: ItemKNN(20), listens, seeds=(0, 1)),
        "random": cross_evaluate(Random, listens, seeds=(0, 1)),
        "popularity": cross_evaluate(Popularity, listens, seeds=(0, 1)),
    }
    table = compare(systems, best="item-knn")
    assert table.index.tolist() == ["random", "popularity"]
    assert (table["p (Holm)"] >= table["p"]).all()
    assert table.loc["random", "high"] < 0


def test_settings_are_compared_on_validation(listens: Interactions) -> None:
    table = validate({"10": lambda: ItemKNN(10), "60": lambda: ItemKNN(60)}, listens, seed=1)
    split = split_by_user(listens, 1)
    model = ItemKNN(60).fit(split.train, rng=np.random.default_rng(1))
    assert table.loc["60", "ndcg@10"] == evaluate(model, split, part="valid").per_user["ndcg@10"].mean()


def test_saved_evaluations_come_back(listens: Interactions, tmp_path: Path) -> None:
    before = cross_evaluate(lambda: ItemKNN(20), listens, seeds=(0, 1))
    path = tmp_path / "listeners" / "item-knn.npz"
    save_evaluations(before, path)
    after = load_evaluations(path)
    assert [p.name for p in path.parent.iterdir()] == ["item-knn.npz"]
    for a, b in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(a.per_user, b.per_user)
        np.testing.assert_array_equal(a.lists, b.lists)
        assert (a.overall, a.fit_seconds, a.recommend_seconds) == (b.overall, b.fit_seconds, b.recommend_seconds)
    assert paired_difference(after, before).mean == 0


def test_bootstrap_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(0).normal(3, 2, size=4000)
    expected = stats.norm.interval(0.95, values.mean(), values.std(ddof=1) / np.sqrt(len(values)))
    interval = bootstrap_mean(values)
    np.testing.assert_allclose([interval.low, interval.high], expected, atol=0.01)
    assert bootstrap_mean(values) == interval


def test_nan_is_left_out_of_means(listens: Interactions) -> None:
    result = cross_evaluate(Popularity, listens, seeds=(0,))
    result[0].per_user.loc[0, "novelty@10"] = np.nan
    assert np.isnan(user_means(result, "novelty@10")[0])
    assert np.isfinite(summarise(result).loc["novelty@10", "value"])


def test_holm_keeps_the_order_and_never_shrinks() -> None:
    p = np.array([0.04, 0.001, 0.5, 0.02])
    np.testing.assert_allclose(holm(p), [0.08, 0.004, 0.5, 0.06])
    assert holm([]).tolist() == []


def test_memory_follows_the_batch_not_users_times_items() -> None:
    class Factors(FactorModel):
        name = "factors"

    rng = np.random.default_rng(0)
    n_users, n_items = 4000, 5000
    rows = np.repeat(np.arange(n_users), 10)
    columns = np.concatenate([rng.choice(n_items, 10, replace=False) for _ in range(n_users)])
    matrix = sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_users, n_items))
    split = split_by_user(Interactions(matrix, np.arange(n_users), np.arange(n_items)), 0)
    model = Factors().fit(split.train, rng=rng)
    model.user_factors = rng.normal(size=(n_users, 8)).astype(np.float32)
    model.item_factors = rng.normal(size=(n_items, 8)).astype(np.float32)
    tracemalloc.start()
    evaluate(model, split)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n_users * n_items * 4 / 2  # the dense scores alone would need twice this
