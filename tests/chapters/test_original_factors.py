"""Read-outs of "Recommender Systems Assignment" (2021) that two chapters share; see also the models' own tests."""

import numpy as np

from musicrec.chapters import original_factors as original
from musicrec.evaluation.statistics import Interval
from musicrec.page import plots


def test_intervals_become_what_a_chart_draws():
    rows = original.interval_rows({"a": Interval(2.0, 1.0, 3.0), "b": Interval(5.0, 4.0, 6.0)})
    assert rows.loc["b"].to_dict() == {"value": 5.0, "low": 4.0, "high": 6.0}
    assert plots.intervals(rows, title="t", xlabel="x", ylabel="y").get_xlabel() == "x"


def test_lists_of_names():
    names = np.array(["a", "b", "c"], dtype=object)
    table = original.name_lists(names, {"one": np.array([[0, 2], [1, 1]]), "two": np.array([[2], [0]])}, ["x", "y"])
    assert table.loc["x"].tolist() == ["a, c", "c"] and table.loc["y", "one"] == "b, b"
