"""Overlap of lists, by hand."""

import numpy as np
import pytest

from musicrec.chapters import real_example, real_example_crowd


def test_overlap_of_equal_lists_is_one() -> None:
    lists = {name: np.tile(np.arange(10), (4, 1)) for name in ("nncf", "popularity")}
    lists["ease"] = lists["nncf"] + 100
    crowd = real_example_crowd.mean_overlap(lists)
    own = {name: ids[0] for name, ids in lists.items()}
    found = real_example_crowd.overlap(crowd, real_example.pairwise(own, real_example.rank_biased_overlap), own)
    assert {found.first, found.second} == {"nncf", "popularity"} and found.popular == pytest.approx(1)
    assert found.mean == pytest.approx(1 / 3) and found.different and np.isnan(crowd.loc["ease", "ease"])
