"""One contract for every system the registry knows: one that registers itself is tested without another line."""

import json
from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from systems import build, contract, fit, overrides
from typer.testing import CliRunner

from musicrec.chapters import leaderboard
from musicrec.cli.app import app
from musicrec.datasets.interactions import Interactions
from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.models.registry import System
from musicrec.models.space import Range


def test_names_are_those_readers_and_scripts_use(system: System) -> None:
    assert build(system).name == system.name


def test_finds_the_hole_in_the_checkerboard(system: System, board: Interactions) -> None:
    if not system.personal:
        pytest.skip("does not learn from who listened to what")
    users = np.arange(board.n_users)
    found = fit(system, board).recommend(users, k=1).ids[:, 0]
    assert np.mean(found == users) >= 0.9


def test_shapes_and_types(system: System, board: Interactions) -> None:
    model = fit(system, board)
    scores = model.scores([3, 0])
    assert scores.shape == (2, board.n_items)
    assert scores.dtype == np.float32
    ids, best = model.recommend([3, 0, 5], k=4)
    assert ids.shape == best.shape == (3, 4)
    assert (np.diff(best[np.isfinite(best).all(axis=1)], axis=1) <= 0).all()
    assert model.recommend([], k=4).ids.shape == (0, 4)


def test_never_recommends_what_was_seen(system: System, listens: Interactions) -> None:
    ids, scores = fit(system, listens).recommend(np.arange(listens.n_users), k=listens.n_items)
    rows, places = np.nonzero(ids >= 0)
    assert not listens.matrix[rows, ids[rows, places]].any()
    assert np.isneginf(scores[ids < 0]).all()


def test_an_item_is_recommended_once(system: System, listens: Interactions) -> None:
    ids = fit(system, listens).recommend(np.arange(listens.n_users), k=10).ids
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in ids)


def test_same_seed_same_lists_whatever_the_batch(system: System, listens: Interactions) -> None:
    users = np.arange(listens.n_users)
    first, second = fit(system, listens), fit(system, listens, anew=True)
    together = first.recommend(users, k=5).ids
    one_by_one = np.concatenate([second.recommend([u], k=5).ids for u in users])
    np.testing.assert_array_equal(together, one_by_one)


def test_unknown_user(system: System, board: Interactions) -> None:
    model = fit(system, board)
    for user in (-1, board.n_users):
        with pytest.raises(IndexError, match=f"user {user} is not one of the 24 users"):
            model.recommend([user])


def test_user_without_listens_and_item_nobody_holds(system: System) -> None:
    matrix = np.zeros((12, 10), np.float32)
    matrix[:11, :8] = np.random.default_rng(1).random((11, 8)) < 0.5
    matrix[:11, 0] = 1
    train = Interactions(sp.csr_array(matrix), np.arange(12), np.arange(10))
    model = fit(system, train)
    scores = model.scores(np.arange(12))
    assert not np.isnan(scores).any()
    assert model.recommend([11], k=3).ids.shape == (1, 3)


def test_nothing_to_learn_from(system: System) -> None:
    empty = Interactions(sp.csr_array((4, 5), dtype=np.float32), np.arange(4), np.arange(5))
    with pytest.raises(ValueError, match="no interactions"):
        build(system).fit(empty, rng=np.random.default_rng(0))


def test_a_single_user(system: System) -> None:
    train = Interactions(sp.csr_array(np.float32([[1, 1, 0, 1, 0]])), np.arange(1), np.arange(5))
    ids = fit(system, train).recommend([0], k=5).ids[0]
    assert set(ids[ids >= 0]) <= {2, 4}


def test_folding_in(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    if not overrides(system, "fold_in"):
        with pytest.raises(NotImplementedError, match="trained on"):
            model.fold_in(listens.matrix[:2])
        return
    histories = sp.csr_array(np.vstack([listens.matrix[:2].toarray(), np.zeros((1, listens.n_items))]))
    scores = model.fold_in(histories)
    assert scores.shape == (3, listens.n_items)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()


def test_explanations_sum_to_the_score(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    history = listens.matrix[[4]]
    if not overrides(system, "explain"):
        with pytest.raises(NotImplementedError, match="cannot say why"):
            model.explain(history, item=3)
        return
    reasons = model.explain(history, item=3)
    assert set(reasons.index) == set(history.indices)
    assert reasons.is_monotonic_decreasing
    assert reasons.sum() == pytest.approx(model.fold_in(history)[0, 3], rel=1e-4, abs=1e-6)


def test_a_registered_class_is_found_everywhere() -> None:
    @registry.register
    class Late(Recommender):
        """Items in the order they were added, the last first."""

        name = "late"
        task = "listeners"
        space: ClassVar = {"pull": Range(0.0, 1.0)}
        small: ClassVar = {"pull": 0.5}
        personal = False

        def __init__(self, pull: float = 1.0) -> None:
            self.pull = pull

        def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
            return np.tile(self.pull * np.arange(self.train.n_items, dtype=np.float32), (len(users), 1))

    try:
        system = contract()["late"]
        assert (system.small, system.personal, system.load()) == ({"pull": 0.5}, False, Late)
        assert not overrides(system, "fold_in") and isinstance(build(system), Late)
        assert "late" in registry.searched()
        shown = CliRunner().invoke(app, ["tune", "--list", "--json"])
        assert "late" in {row["system"] for row in json.loads(shown.stdout)}
        searched, others = leaderboard.effort()
        assert others.loc["late", "why not"] == "was not searched yet" and "late" not in searched.index
    finally:
        registry.unregister("late")
    assert "late" not in contract() and "late" not in registry.searched()
