import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions


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
