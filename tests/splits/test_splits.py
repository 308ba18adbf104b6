import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from musicrec import datasets
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.splits.by_user import split_by_user
from musicrec.splits.hidden_item import hide_one, lists_of


def users_with(sizes: list[int]) -> Interactions:
    rows = [np.pad(np.ones(n, np.float32), (0, 60 - n)) for n in sizes]
    return Interactions(sp.csr_array(np.stack(rows)), np.arange(len(sizes)), np.arange(60))


@settings(deadline=None)  # what is slow here is the machine
@given(sizes=st.lists(st.integers(0, 60), min_size=1, max_size=8), seed=st.integers(0, 9))
def test_every_listen_lands_in_one_part(sizes: list[int], seed: int) -> None:
    listens = users_with([*sizes, 10])
    split = split_by_user(listens, seed)
    parts = [part.binary().toarray() for part in (split.train, split.valid, split.test)]
    np.testing.assert_array_equal(sum(parts), listens.matrix.toarray())
    held_out = listens.history_sizes() // 10
    np.testing.assert_array_equal(split.valid.history_sizes(), held_out)
    np.testing.assert_array_equal(split.test.history_sizes(), held_out)


def test_fifty_listens_split_40_5_5() -> None:
    split = split_by_user(users_with([50]), seed=3)
    assert [len(part) for part in (split.train, split.valid, split.test)] == [40, 5, 5]


def test_the_seed_names_the_split(listens: Interactions) -> None:
    def same(a: int, b: int) -> bool:
        return (split_by_user(listens, a).test.matrix != split_by_user(listens, b).test.matrix).nnz == 0

    assert same(1, 1)
    assert not same(1, 2)


def test_every_item_of_a_user_is_held_out_equally_often() -> None:
    listens = users_with([20])
    drawn = sum(split_by_user(listens, seed).test.binary().toarray()[0, :20] for seed in range(1000))
    assert 60 < drawn.min() <= drawn.max() < 150  # 100 expected, standard deviation 9.5


def test_too_small_to_split() -> None:
    with pytest.raises(ValueError, match=r"too small to split.*longest history has 9"):
        split_by_user(users_with([9, 3]), seed=0)
    with pytest.raises(ValueError, match="leave nothing to train on"):
        split_by_user(users_with([20]), seed=0, valid=0.5, test=0.5)


@pytest.mark.parametrize("name", ["simulated-small", "simulated-songs"])
def test_every_data_set_of_lists_can_be_hidden_from(name: str) -> None:
    data = datasets.load(name, seed=0)
    lists = lists_of(data)
    assert list(lists) == ["list", "item"] and lists["list"].nunique() == data.interactions.n_users
    assert len(hide_one(lists, seed=0).hidden) == round(0.1 * data.interactions.n_users)


def test_without_a_table_of_lists_there_are_none() -> None:
    nowhere = Provenance("a test", "", "1", "none", "", "made up", "", simulated=True)
    data = Dataset("bare", users_with([3]), pd.DataFrame({"name": ["a"] * 3}), nowhere, {"other": pd.DataFrame()})
    with pytest.raises(ValueError, match="'bare' has no table of lists"):
        lists_of(data)


def test_short_histories_are_held_out_only_where_asked() -> None:
    matrix = np.zeros((6, 40), np.float32)
    for user, n in enumerate((1, 2, 3, 9, 10, 29)):
        matrix[user, :n] = 1
    listens = Interactions(sp.csr_array(matrix), np.arange(6), np.arange(40))
    ours, theirs = split_by_user(listens, 0), split_by_user(listens, 0, short_too=True)
    assert ours.test.history_sizes().tolist() == ours.valid.history_sizes().tolist() == [0, 0, 0, 0, 1, 2]
    assert theirs.test.history_sizes().tolist() == [0, 1, 1, 1, 1, 2]
    assert theirs.valid.history_sizes().tolist() == [0, 0, 1, 1, 1, 2]
    assert theirs.train.history_sizes().tolist() == [1, 1, 1, 7, 8, 25]
    for one, other in ((ours.test, theirs.test), (ours.valid, theirs.valid)):
        assert (one.matrix[4:] != other.matrix[4:]).nnz == 0  # the longer histories are split alike
    assert len(split_by_user(listens, 0, test=0.0, short_too=True).test) == 0
