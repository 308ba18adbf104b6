import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions, history_of


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1.0])
def test_bad_weights_are_named(weight: float) -> None:
    matrix = sp.csr_array(([1.0, weight], ([0, 1], [2, 0])), shape=(2, 3))
    with pytest.raises(ValueError, match=r"1 of 2 weights .* \(user b, item 10\)"):
        Interactions(matrix, np.array(["a", "b"], dtype=object), np.array([10, 20, 30]))


def test_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="2 user labels and 3 item labels"):
        Interactions(sp.csr_array(np.ones((3, 3))), np.arange(2), np.arange(3))


def test_labels_keep_their_given_order() -> None:
    frame = pd.DataFrame({"user": ["u"], "item": [5]})
    listens = Interactions.from_frame(frame, items=[9, 5, 7])
    assert listens.items.tolist() == [9, 5, 7]
    assert listens.matrix.toarray().tolist() == [[0, 1, 0]]
    with pytest.raises(ValueError, match="'item' holds 5"):
        Interactions.from_frame(frame, items=[9, 7])


def test_parts_add_up(listens: Interactions) -> None:
    keep = np.arange(len(listens)) % 3 == 0
    whole = listens.select(keep) + listens.select(~keep)
    assert (whole.matrix != listens.matrix).nnz == 0
    assert listens.history_sizes().sum() == listens.popularity().sum() == len(listens)
    with pytest.raises(ValueError, match="shapes differ"):
        listens + Interactions(sp.csr_array((1, 1), dtype=np.float32), np.arange(1), np.arange(1))


def test_arrays_restore_what_they_were_made_of(listens: Interactions) -> None:
    named = Interactions(listens.matrix, np.array([f"user {u}" for u in listens.users], dtype=object), listens.items)
    arrays = named.arrays()
    assert not any(array.dtype.hasobject for array in arrays.values())
    again = Interactions.from_arrays(arrays)
    assert (again.matrix != named.matrix).nnz == 0
    assert list(again.users) == list(named.users)
    assert list(again.items) == list(named.items)


LISTENS = {"user": ["a", "b", "b"], "item": [1, 2, 3], "plays": [5.0, 1.0, 2.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user": ["a", None, "b"]}, "row 1: column 'user' holds no label"),
        ({"item": [1, np.nan, np.nan]}, "row 1: column 'item' holds no label, and 1 more"),
        ({"item": pd.array([1, None, 3], dtype="Int64")}, "row 1: column 'item' holds no label"),
        ({"item": pd.to_datetime(["2024-01-01", None, None])}, "row 1: column 'item' holds no label"),
        ({"item": [1, "x", 3]}, "column 'item', row 1: 'x' is text, but 1 before it is a number"),
        ({"user": ["a", "b", 7]}, "column 'user', row 2: 7 is a number, but 'a' before it is text"),
        ({"user": [["a"], ["b"], ["b"]]}, r"column 'user', row 0: a label must be text or a number, not \['a'\]"),
        ({"item": [1.0, np.inf, 2.0]}, "row 1: inf is no label"),
        ({"plays": [1.0, "many", 2.0]}, "row 1: the weight in column 'plays' is 'many', which is no number"),
        ({"plays": ["1", "2", "3"]}, "row 0: the weight in column 'plays' is '1', which is no number"),
        ({"plays": [1.0, np.nan, 2.0]}, "1 of 3 weights in column 'plays' .* the first is nan in row 1"),
        ({"plays": [1.0, None, "x"]}, "row 2: the weight in column 'plays' is 'x'"),
        ({"plays": pd.array([1, None, 2], dtype="Int64")}, "the first is nan in row 1"),
        ({"plays": [1.0, 0.0, -2.0]}, "2 of 3 weights .* the first is 0.0 in row 1"),
        ({"plays": [1.0, np.inf, 2.0]}, "the first is inf in row 1"),
        ({"plays": [1.0, 1e39, 2.0]}, r"the first is 1e\+39 in row 1"),
        ({"plays": pd.to_datetime(["2024-01-01"] * 3)}, "row 0: the weight in column 'plays'"),
    ],
)
def test_from_frame_names_the_row_that_is_wrong(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Interactions.from_frame(pd.DataFrame({**LISTENS, **change}), weight="plays")


def test_from_frame_names_rows_by_their_index_too() -> None:
    frame = pd.DataFrame(LISTENS, index=[10, 20, 30])
    frame.loc[30, "item"] = np.nan
    with pytest.raises(ValueError, match=r"row 2 \(index 30\): column 'item'"):
        Interactions.from_frame(frame)


def test_from_frame_names_what_is_not_there() -> None:
    frame = pd.DataFrame(LISTENS)
    with pytest.raises(ValueError, match="no rows"):
        Interactions.from_frame(frame[:0])
    with pytest.raises(ValueError, match="no column 'artist'; the columns are 'user', 'item', 'plays'"):
        Interactions.from_frame(frame, item="artist")
    with pytest.raises(ValueError, match="no column 'stars'"):
        Interactions.from_frame(frame, weight="stars")
    with pytest.raises(ValueError, match="2 columns are called 'user'"):
        Interactions.from_frame(frame.rename(columns={"item": "user"}), item="plays")
    with pytest.raises(TypeError, match=r"expected a pandas\.DataFrame .* not dict"):
        Interactions.from_frame(LISTENS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 2, 3, 2], "two items have the label 2: item 1 and item 3"),
        ([1, 2, 3, None], "label of item 3 is missing"),
        (["1", "2", "3"], "row 0: column 'item' holds 1, which is not among the given labels of items"),
        ([1, 2], "row 2: column 'item' holds 3"),
        ([1, 2, 3, "four"], "the label of item 3: 'four' is text"),
    ],
)
def test_given_labels_are_checked(labels: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Interactions.from_frame(pd.DataFrame(LISTENS), items=labels)


def test_indices_outside_of_the_matrix_are_refused() -> None:
    beyond = sp.csr_array((np.ones(1, np.float32), np.array([400]), np.array([0, 1, 1])), shape=(2, 3))
    with pytest.raises(ValueError, match="users or items that are not there"):
        Interactions(beyond, np.arange(2), np.arange(3))


def test_history_of_takes_column_numbers_only() -> None:
    for items, error in (([500], IndexError), ([-1], IndexError), ([1.5], TypeError), (["a"], TypeError)):
        with pytest.raises(error, match="item"):
            history_of(items, 120)
    assert history_of([], 120).shape == (1, 120)
    assert history_of(7, 120).indices.tolist() == [7]


def test_a_history_by_labels(listens: Interactions) -> None:
    assert listens.history([579, 500]).indices.tolist() == [0, 79]
    with pytest.raises(LookupError, match="no item has the label 7"):
        listens.history([500, 7])


def test_select_takes_a_yes_or_no_for_every_entry(listens: Interactions) -> None:
    for keep in (np.ones(3, bool), np.arange(len(listens)), np.ones((len(listens), 1), bool)):
        with pytest.raises(ValueError, match="a yes or no for each of 1200 entries"):
            listens.select(keep)


def test_only_disjoint_parts_of_the_same_data_are_joined(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="1200 interactions are in both"):
        listens + listens
    with pytest.raises(ValueError, match="other users or items"):
        listens + Interactions(listens.matrix, listens.users[::-1], listens.items)
