"""The hybrid: forms of it share its systems, and the trees move only what stands at the top."""

import numpy as np
import pytest

from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.models.rankers.lessons import ranks
from musicrec.splits.by_user import Split, split_by_user

SMALL = {"scorers": ("ials", "ease", "friends", "tag-content"), "n_candidates": 10, "min_leaf": 20, "rounds": 3}


@pytest.fixture(scope="module")
def world() -> tuple[SideInformation, Split]:
    data = listeners(0, Shape(60, 200, 2_000, 300, 1_000, 120, 10, 4, 4))
    return SideInformation(data), split_by_user(data.interactions, 0)


@pytest.mark.parametrize("change", [{"without": ("friends",)}, {"without": ("tags", "plays")}, {"rounds": 0}])
def test_a_form_is_what_a_fit_with_its_settings_gives(world: tuple[SideInformation, Split], change: dict) -> None:
    side, split = world
    whole = Hybrid(side, folds=2, **SMALL).fit(split.train, rng=np.random.default_rng(3))
    before = whole.scores(np.arange(9))
    form = whole.ablated(**change)
    alone = Hybrid(side, folds=2, **{**SMALL, **change}).fit(split.train, rng=np.random.default_rng(3))
    np.testing.assert_allclose(form.scores(np.arange(9)), alone.scores(np.arange(9)), atol=1e-6)
    np.testing.assert_array_equal(whole.scores(np.arange(9)), before)  # the whole is as it was
    assert not np.allclose(form.scores(np.arange(9)), before)


def test_users_may_come_in_any_order_and_twice(world: tuple[SideInformation, Split]) -> None:
    side, split = world
    model = Hybrid(side, folds=1, **SMALL).fit(split.train, rng=np.random.default_rng(0))
    asked = np.array([7, 2, 7, 30])
    np.testing.assert_allclose(model.scores(asked), model.scores(np.arange(40))[asked], atol=1e-5)


def test_after_all_parts_the_parts_are_drawn_anew(world: tuple[SideInformation, Split]) -> None:
    side, split = world
    model = Hybrid(side, folds=4, parts=2, **SMALL).fit(split.train, rng=np.random.default_rng(0))
    keys = [set((lesson.found.users * 10_000 + lesson.found.items)[lesson.hits]) for lesson in model.lessons]
    assert len(keys) == 4
    assert not keys[0] & keys[1] and not keys[2] & keys[3]  # a listen is hidden once in a draw
    assert keys[0] != keys[2]


def test_trees_move_only_the_best_of_a_list(world: tuple[SideInformation, Split]) -> None:
    side, split = world
    model = Hybrid(side, folds=2, reordered=5, **SMALL).fit(split.train, rng=np.random.default_rng(0))
    found = model._candidates(model.found, model.moments, model._describe)
    both = model._rank(found)
    model.booster = None
    alone = model._rank(found)
    moved = ~np.isclose(both, alone, atol=1e-7)
    assert moved.any() and ranks(alone, found.users)[moved].max() < 5
