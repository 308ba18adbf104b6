import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters.eda import explained_variance, friend_overlap
from musicrec.datasets.interactions import Interactions


@pytest.fixture
def listens():
    matrix = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1]])
    return Interactions(sp.csr_array(matrix), np.array([10, 20, 30, 40]), np.arange(4))


def test_explained_variance_by_hand():
    # group means 2 and 5, grand mean 3.5: between 4 * 1.5^2 = 9, total 2.5^2 + .5^2 + .5^2 + 2.5^2 = 13
    assert explained_variance([1, 3, 4, 6], [0, 0, 1, 1]) == pytest.approx(9 / 13)


def test_nothing_to_explain():
    with pytest.raises(ValueError, match="do not vary"):
        explained_variance([2, 2, 2], [0, 1, 1])


def test_overlap_by_hand(listens):
    # shared items: 10-20 two, 10-30 one, 10-40 two, 20-30 none, 20-40 one, 30-40 two
    overlap = friend_overlap(listens, pd.DataFrame({"user": [10, 30], "friend": [20, 40]}))
    assert sorted(overlap.friends) == [2, 2]
    assert sorted(overlap.others) == [0, 1, 1, 2]
    assert overlap.per_user.loc[10].to_dict() == {"with_friends": 2.0, "with_others": 1.5}
    assert overlap.per_user.loc[20].to_dict() == {"with_friends": 2.0, "with_others": 0.5}


def test_both_directions_of_a_friendship_count_once(listens):
    one = friend_overlap(listens, pd.DataFrame({"user": [10], "friend": [20]}))
    both = friend_overlap(listens, pd.DataFrame({"user": [10, 20, 20], "friend": [20, 10, 10]}))
    assert one.friends.tolist() == both.friends.tolist()
    pd.testing.assert_frame_equal(one.per_user, both.per_user)
    assert list(one.per_user.index) == [10, 20]  # who has no friend has nothing to compare


def test_somebody_unknown_is_named(listens):
    with pytest.raises(ValueError, match="99"):
        friend_overlap(listens, pd.DataFrame({"user": [10], "friend": [99]}))


def test_no_friends_at_all(listens):
    with pytest.raises(ValueError, match="no friends"):
        friend_overlap(listens, pd.DataFrame({"user": [], "friend": []}))
