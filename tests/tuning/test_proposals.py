"""What the search proposes: in range, tidy, and never twice."""

import itertools

import numpy as np
import pytest

from musicrec.models.space import Choice, Range, Space
from musicrec.tuning.proposals import propose


def test_proposals_stay_in_range_are_tidy_and_new():
    space = {"a": Range(0.001, 0.123456, log=True), "n": Range(1, 3), "c": Choice(("x", "y"))}
    rows: list[dict] = []
    for number in range(25):
        settings = propose(space, rows, seed=1)
        rows.append({"number": number, **settings, "ndcg@10": settings["a"], "state": "complete"})
        assert 0.001 <= settings["a"] <= 0.123456 and settings["n"] in (1, 2, 3) and settings["c"] in ("x", "y")
        assert settings["a"] == 0.123456 or len(f"{settings['a']:.3g}") >= len(repr(settings["a"]))
    assert np.mean([row["a"] for row in rows[-5:]]) > np.mean([row["a"] for row in rows[:8]])  # it learns


@pytest.mark.parametrize(
    ("space", "size"),
    [
        ({"n": Range(1, 8)}, 8),
        ({"c": Choice(("x", "y", "z"))}, 3),
        ({"n": Range(1, 2), "c": Choice(("x", "y"))}, 4),
        ({"a": Range(0.5, 0.505)}, 6),  # of three digits
        ({"a": Range(0.998, 1.02, log=True)}, 5),
        ({"a": Range(0.1234, 0.1239)}, 3),  # its ends are not tidy, and 0.123 lies outside
    ],
)
def test_every_setting_of_a_small_space_is_tried_once_and_then_nothing(space: Space, size: int):
    rows: list[dict] = []
    for number in itertools.count():
        settings = propose(space, rows, seed=1)
        if settings is None:
            break
        assert number <= size
        rows.append({"number": number, **settings, "ndcg@10": 0.1, "state": "complete"})
    tried = [tuple(row[name] for name in space) for row in rows]
    assert len(set(tried)) == len(tried) and abs(len(tried) - size) <= 1
    assert len(tried) == size or "a" in space


def test_the_same_seed_proposes_the_same_after_the_estimator_has_run_out():
    space = {"n": Range(1, 50, log=True)}

    def search() -> list[int]:
        rows: list[dict] = []
        while (settings := propose(space, rows, seed=3)) is not None:
            rows.append({"number": len(rows), **settings, "ndcg@10": 1 / settings["n"], "state": "complete"})
        return [row["n"] for row in rows]

    found = search()
    assert sorted(found) == list(range(1, 51)) and found == search()
