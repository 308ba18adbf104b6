import numpy as np
import pandas as pd
import pytest

from musicrec.datasets.labels import check_labels, positions, row_of


@pytest.mark.parametrize(
    "given",
    [[3, 1], (3, 1), np.uint8([3, 1]), pd.Series([3, 1], dtype="Int64"), np.array([3, 1], dtype=object)],
)
def test_positions_are_whole_numbers_of_any_kind(given: object) -> None:
    found = positions(given, 4, "item")
    assert found.tolist() == [3, 1] and found.dtype == np.int64


def test_one_position_and_none() -> None:
    assert positions(2, 4, "item").tolist() == [2]
    assert positions([], 4, "item").tolist() == []


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1.5], TypeError, r"items are given by their number, from 0 to 3, not by 1\.5 \(float\)"),
        ([0, "b"], TypeError, "not by"),
        ([0, None], TypeError, "not by None"),
        ([True], TypeError, "not by True"),
        ([-1], IndexError, "item -1 is not one of the 4 items"),
        ([0, 4], IndexError, "item 4 is not one of the 4 items"),
        ([2**64 - 1], IndexError, "is not one of"),
        ([[0]], ValueError, "an array of shape"),
    ],
)
def test_what_is_no_position_is_named(given: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        positions(given, 4, "item")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array(["a", None], dtype=object), "label of user 1 is missing"),
        (np.array([1.0, np.nan]), "label of user 1 is missing"),
        (np.array(["a", 1], dtype=object), "1 is a number, but 'a' before it is text"),
        (np.array([1, "a"], dtype=object), "'a' is text, but 1 before it is a number"),
        (np.array([3, 5, 3]), "two users have the label 3: user 0 and user 2"),
        (np.array(["b", "a", "a"], dtype=object), "two users have the label 'a': user 1 and user 2"),
        (np.array([np.inf, 1.0]), "inf is no label"),
        (np.array([[1, 2]]), "must be a list"),
        (np.array([("a", 1), None], dtype=object)[:1], r"must be text or a number, not \('a', 1\)"),
    ],
)
def test_labels_that_name_nothing_are_refused(labels: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_labels(labels, "user")


def test_labels_of_every_usual_kind_pass() -> None:
    dates = pd.date_range("2024-01-01", periods=3)
    for labels in (["b", "a"], [2, 1], [1.5, 2.0], [1, 2.5], dates, [], ["nan", ""]):
        check_labels(pd.Index(labels).to_numpy(), "item")


def test_a_row_is_called_by_its_place_and_by_its_index_where_that_differs() -> None:
    assert row_of(pd.DataFrame({"x": [1, 2]}), 1) == "row 1"
    assert row_of(pd.DataFrame({"x": [1, 2]}, index=["p", "q"]), 1) == "row 1 (index 'q')"
