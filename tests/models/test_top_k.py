"""The best of each row, and labels instead of numbers."""

import numpy as np
import pytest

from musicrec.datasets.interactions import Interactions, history_of
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.top_k import top_k


def test_ties_are_broken_by_item_index() -> None:
    ids, scores = top_k(np.float32([[0, 5, 5, 5, 1]]), k=2)
    assert ids.tolist() == [[1, 2]]
    assert scores.tolist() == [[5, 5]]


def test_top_k_equals_a_full_stable_sort() -> None:
    scores = np.random.default_rng(0).integers(0, 6, size=(50, 40)).astype(np.float32)
    expected = np.argsort(-scores, axis=1, kind="stable")
    for k in (1, 7, 40):
        np.testing.assert_array_equal(top_k(scores.copy(), k).ids, expected[:, :k])


@pytest.mark.parametrize("n_items", [1, 79, 160, 1283])  # with and without blocks, and a rest that fills none
@pytest.mark.parametrize("levels", [2, 30, 10**6])
def test_top_k_looks_at_blocks_of_items_and_misses_none(n_items: int, levels: int) -> None:
    scores = np.random.default_rng(n_items).integers(0, levels, size=(40, n_items)).astype(np.float32)
    scores[::2, : n_items // 2] = -np.inf
    scores[0] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")
    expected[np.isneginf(np.take_along_axis(scores, expected, axis=1))] = -1
    for k in (1, 5, 10):
        np.testing.assert_array_equal(top_k(scores.copy(), k).ids[:, :n_items], expected[:, :k])
    scores[3, -1] = scores[3, 0] = scores[7, -1] = np.nan
    with pytest.raises(ValueError, match="2 users have a score that is not a number"):
        top_k(scores, 5)


def test_top_k_pads_and_refuses_nan() -> None:
    ids, scores = top_k(np.float32([[-np.inf, 2, -np.inf]]), k=5)
    assert ids.tolist() == [[1, -1, -1, -1, -1]]
    assert np.isneginf(scores[0, 1:]).all()
    with pytest.raises(ValueError, match="1 users have a score that is not a number"):
        top_k(np.float32([[np.nan, 1.0]]), k=1)


def test_labels_come_back_without_mapping_by_hand(listens: Interactions) -> None:
    model = Popularity().fit(listens, rng=np.random.default_rng(0))
    ids, scores = model.recommend([3, 0], k=4)
    frame = model.recommend_labels(listens.users[[3, 0]], k=4)
    assert frame["user"].tolist() == [103] * 4 + [100] * 4
    assert frame["rank"].tolist() == [1, 2, 3, 4] * 2
    assert frame["item"].tolist() == listens.items[ids].ravel().tolist()
    assert frame["score"].tolist() == scores.ravel().tolist()
    names = np.array([f"item {n}" for n in range(listens.n_items)])
    assert model.recommend_labels([103], k=1, names=names)["item"].tolist() == [f"item {ids[0, 0]}"]
    new = model.recommend_new(history_of([1], listens.n_items), k=2).to_frame(listens)
    assert new["user"].tolist() == [0, 0]
    with pytest.raises(LookupError, match="no user has the label 3"):
        model.recommend_labels([3])
    with pytest.raises(ValueError, match="2 names for 80 items"):
        model.recommend([3]).to_frame(listens, names=["a", "b"])
    with pytest.raises(ValueError, match="2 users for 1 lists"):
        model.recommend([3]).to_frame(listens, [3, 4])


def test_places_that_stay_empty_are_no_rows(listens: Interactions) -> None:
    model = Popularity().fit(listens, rng=np.random.default_rng(0))
    assert len(model.recommend_labels([100], k=500)) == listens.n_items - 20
