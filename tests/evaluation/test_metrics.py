"""Values worked out by hand, and the same numbers from trec_eval, the field's reference implementation."""

import numpy as np
import pytest
import pytrec_eval
import scipy.sparse as sp

from musicrec.evaluation import metrics

HITS = np.array(
    [
        [True, False, True, False],  # two of three relevant items found
        [False, False, False, False],  # none of two
        [True, True, True, True],  # four of six: more relevant items than places
    ]
)
RELEVANT = np.array([3, 2, 6])
LOG3 = np.log2(3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ndcg", [(1 + 1 / 2) / (1 + 1 / LOG3 + 1 / 2), 0, 1]),
        ("recall", [2 / 3, 0, 4 / 6]),
        ("precision", [0.5, 0, 1]),
        ("hit", [1, 0, 1]),
        ("mrr", [1, 0, 1]),
        ("r-precision", [2 / 3, 0, 1]),
    ],
)
def test_by_hand(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(metrics.ACCURACY[name](HITS, RELEVANT), expected)


def test_against_trec_eval() -> None:
    rng = np.random.default_rng(0)
    n_users, n_items, k = 40, 100, 10
    relevant = [set(rng.choice(n_items, size=rng.integers(1, 16), replace=False).tolist()) for _ in range(n_users)]
    lists = np.stack([rng.permutation(n_items)[:k] for _ in range(n_users)])
    hits = np.array([[item in relevant[u] for item in lists[u]] for u in range(n_users)])
    qrel = {str(u): {str(i): 1 for i in relevant[u]} for u in range(n_users)}
    run = {str(u): {str(i): float(k - place) for place, i in enumerate(lists[u])} for u in range(n_users)}
    theirs = {
        "ndcg": "ndcg_cut_10", "recall": "recall_10", "precision": "P_10", "hit": "success_10", "mrr": "recip_rank",
    }  # fmt: skip
    judged = pytrec_eval.RelevanceEvaluator(qrel, {"ndcg_cut.10", "recall.10", "P.10", "success.10", "recip_rank"})
    result = judged.evaluate(run)
    counts = np.array([len(r) for r in relevant])
    for ours, name in theirs.items():
        expected = [result[str(u)][name] for u in range(n_users)]
        np.testing.assert_allclose(metrics.ACCURACY[ours](hits, counts), expected, atol=1e-9, err_msg=ours)


def test_r_precision_against_trec_eval_where_the_list_is_long_enough() -> None:
    rng = np.random.default_rng(1)
    relevant = {str(i): 1 for i in range(5)}
    order = rng.permutation(10)
    run = {str(item): float(-place) for place, item in enumerate(order)}
    expected = pytrec_eval.RelevanceEvaluator({"q": relevant}, {"Rprec"}).evaluate({"q": run})["q"]["Rprec"]
    assert metrics.r_precision((order < 5)[None], np.array([5]))[0] == pytest.approx(expected)


def test_popularity_and_novelty_ignore_empty_places() -> None:
    ids = np.array([[0, 2, -1], [-1, -1, -1]])
    np.testing.assert_allclose(metrics.mean_popularity(ids, np.array([8, 1, 2])), [5, np.nan])
    np.testing.assert_allclose(metrics.novelty(ids, np.array([8, 1, 2]), n_users=8), [1, np.nan])


def test_an_unknown_item_is_as_novel_as_one_with_a_single_listener() -> None:
    np.testing.assert_allclose(metrics.novelty(np.array([[0], [1]]), np.array([0, 1]), n_users=4), [2, 2])


def test_tag_diversity_equals_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(2)
    tags = sp.csr_array(rng.poisson(0.7, size=(30, 12)).astype(float))
    ids = np.array([[0, 4, 9, 17], [3, 2, 1, -1]])
    dense = tags.toarray()
    for row, got in zip(ids, metrics.tag_diversity(ids, tags), strict=True):
        items = [i for i in row if i >= 0 and dense[i].any()]
        pairs = [(a, b) for n, a in enumerate(items) for b in items[:n]]
        cosines = [dense[a] @ dense[b] / np.linalg.norm(dense[a]) / np.linalg.norm(dense[b]) for a, b in pairs]
        assert got == pytest.approx(1 - np.mean(cosines))


def test_tag_diversity_needs_two_tagged_items() -> None:
    tags = sp.csr_array([[1.0], [0.0]])
    assert np.isnan(metrics.tag_diversity(np.array([[0, 1]]), tags)).all()


def test_coverage_and_gini() -> None:
    everyone_the_same = np.tile([0, 1], (5, 1))
    everything_once = np.arange(10).reshape(5, 2)
    assert metrics.coverage(everyone_the_same, 10) == 0.2
    assert metrics.gini(everyone_the_same, 10) == pytest.approx(0.8)
    assert metrics.coverage(everything_once, 10) == 1
    assert metrics.gini(everything_once, 10) == pytest.approx(0)
