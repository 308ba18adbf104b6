import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import cross_evaluate, cross_evaluate_all, validate
from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.evaluation.sampled import held_out_ranks
from musicrec.evaluation.statistics import bootstrap_mean, compare, holm, paired_difference, summarise, user_means
from musicrec.evaluation.storage import load_evaluations, save_evaluations
from musicrec.models.base import FactorModel, Recommender
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.checks import NotFittedError
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


def test_a_model_that_knows_the_answers_is_not_evaluated(listens: Interactions) -> None:
    split = split_by_user(listens, 0)
    for known in (listens, split.train + split.test, split.test):
        model = ItemKNN(20).fit(known, rng=np.random.default_rng(0))
        for measure in (evaluate, held_out_ranks):
            with pytest.raises(ValueError, match=r"item-knn was fitted on 120 of the 120 interactions"):
                measure(model, split)
    late = ItemKNN(20).fit(split.train + split.valid, rng=np.random.default_rng(0))
    assert evaluate(late, split).means()["ndcg@10"] > 0
    with pytest.raises(ValueError, match="held out"):
        evaluate(late, split, part="valid")


def test_what_cannot_be_evaluated_is_named(listens: Interactions) -> None:
    split = split_by_user(listens, 0)
    model = Popularity().fit(split.train, rng=np.random.default_rng(0))
    with pytest.raises(NotFittedError, match="popularity is not fitted"):
        evaluate(Popularity(), split)
    with pytest.raises(TypeError, match="expected a fitted model"):
        evaluate(Popularity, split)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a Split"):
        evaluate(model, listens)  # type: ignore[arg-type]
    other = Interactions(listens.matrix[:, :40], listens.users, listens.items[:40])
    with pytest.raises(ValueError, match="of 60 users and 80 items, but the training interactions of 60 and 40"):
        evaluate(Popularity().fit(other, rng=np.random.default_rng(0)), split)
    with pytest.raises(ValueError, match="k, the length"):
        evaluate(model, split, k=0)


@pytest.mark.parametrize("measure", [cross_evaluate, lambda build, data: validate({"x": build}, data)])
def test_a_protocol_takes_what_builds_a_model(listens: Interactions, measure: Any) -> None:
    with pytest.raises(TypeError, match="pass what builds a model, not a model: ItemKNN"):
        measure(ItemKNN(20), listens)
    for build in ("item-knn", None, lambda: "item-knn"):
        with pytest.raises(TypeError, match="expected a function that returns an unfitted model"):
            measure(build, listens)
    with pytest.raises(TypeError, match="must be Interactions"):
        measure(Popularity, listens.matrix)


def test_a_protocol_needs_systems_and_seeds(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="nothing to evaluate"):
        cross_evaluate(Popularity, listens, seeds=())
    with pytest.raises(ValueError, match="nothing to evaluate"):
        cross_evaluate_all({}, listens)
    with pytest.raises(ValueError, match="with_valid names 'b'"):
        cross_evaluate_all({"a": Popularity}, listens, with_valid=["b"])


def measured(*values: float) -> list[Evaluation]:
    n = len(values)
    return [Evaluation(np.arange(n), pd.DataFrame({"ndcg@10": np.array(values, float)}), np.zeros((n, 10), np.int64))]


def test_nothing_is_claimed_of_nothing() -> None:
    nan = float("nan")
    for values in ((), (0.4,), (nan, nan), (nan, 0.4, nan)):
        difference = paired_difference(measured(*values), measured(*(0.1 for _ in values)))
        assert np.isnan(difference.p) and np.isnan(difference.low) and np.isnan(difference.high)
        interval = bootstrap_mean(np.array(values, float))
        assert np.isnan(interval.low) and np.isnan(interval.high)
    assert paired_difference(measured(0.4, 0.4), measured(0.4, 0.4)).p == 1


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_a_few_users_who_agree_prove_no_more_than_the_sign_test(n: int) -> None:
    ours, theirs = measured(*np.linspace(0.2, 0.3, n)), measured(*np.zeros(n))
    assert paired_difference(ours, theirs).p == 2.0 ** (1 - n)


def test_tests_that_could_not_be_made_do_not_count_among_several() -> None:
    np.testing.assert_array_equal(holm([0.01, float("nan"), 0.03]), [0.02, float("nan"), 0.03])
    assert holm([]).shape == (0,)


def test_summaries_need_evaluations_of_the_same_users_with_that_metric() -> None:
    for function in (summarise, lambda e: user_means(e, "ndcg@10"), lambda e: paired_difference(e, e)):
        with pytest.raises(ValueError, match="no evaluations"):
            function([])
    with pytest.raises(ValueError, match=r"no metric 'ndcg@5' per user; there are ndcg@10"):
        user_means(measured(0.1, 0.2), "ndcg@5")
    with pytest.raises(ValueError, match="not of the same users"):
        user_means([*measured(0.1, 0.2), *measured(0.1)], "ndcg@10")
    with pytest.raises(ValueError, match="'best' is not among the systems: a"):
        compare({"a": measured(0.1, 0.2)}, "best")
