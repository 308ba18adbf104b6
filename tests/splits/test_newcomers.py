"""Whole people left out, and known by a few of their items."""

import numpy as np
import pytest

from musicrec.datasets.interactions import Interactions
from musicrec.splits.newcomers import give, leave_out_people


def test_a_share_of_each_group_is_left_out_whole(listens: Interactions) -> None:
    groups = np.repeat([0, 1], [40, 20])
    new = leave_out_people(listens, seed=3, groups=groups)
    assert np.bincount(groups[new.rows]).tolist() == [4, 2]
    assert not new.train.history_sizes()[new.rows].any()
    assert len(new.train) + len(new.histories) == len(listens)
    assert leave_out_people(listens, seed=3, groups=groups).rows.tolist() == new.rows.tolist()
    assert leave_out_people(listens, seed=4, groups=groups).rows.tolist() != new.rows.tolist()


def test_what_is_given_grows_and_the_rest_is_hidden(listens: Interactions) -> None:
    new = leave_out_people(listens, seed=0)
    few, more = give(new, 2, seed=0), give(new, 5, seed=0)
    assert (few.histories.history_sizes()[few.rows] == 2).all()
    assert (more.histories.history_sizes()[more.rows] == 5).all()
    assert few.histories.matrix.multiply(more.histories.matrix).nnz == len(few.histories), "for larger n, more is given"
    for given in (few, more):
        assert given.histories.matrix.multiply(given.hidden.matrix).nnz == 0
        assert (new.train.popularity()[given.hidden.coordinates()[1]] > 0).all(), "nobody can find what nobody has"


def test_too_small_is_said(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="no newcomer has more than 20 items"):
        give(leave_out_people(listens, seed=0), 20, seed=0)
    one = listens.select(listens.coordinates()[0] == 0)
    with pytest.raises(ValueError, match="too small to split: 1 of 1 people"):
        leave_out_people(Interactions(one.matrix[:1], one.users[:1], one.items), seed=0)
