import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from musicrec.evaluation import RESAMPLES, holm
from musicrec.page.table import table_html


def cells(markup):
    return [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(markup)[0].iter("tr")]


def test_table_escapes_text_and_aligns_numbers():
    frame = pd.DataFrame({"<i>": ["<b>x</b>", None], "n": [1234, 5], "share": [0.25, np.nan], "done": [True, False]})
    text = table_html(frame.set_index("<i>"), caption="a < b", formats={"share": "{:.0%}"})
    table = ET.fromstring(text)[0]
    assert table.get("class") == "dataframe"
    assert table.findtext("caption") == "a < b"
    assert cells(text) == [["<i>", "n", "share", "done"], ["<b>x</b>", "1,234", "25%", "yes"], ["–", "5", "–", "no"]]
    aligned = ["right" in cell.get("style") for cell in table.find("tbody")[0]]
    assert aligned == [False, True, True, False]


def test_row_labels_read_as_names():
    frame = pd.DataFrame({"n": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 2009), ("b", 2010)]))
    root = ET.fromstring(table_html(frame, caption="c"))
    assert [node.text for node in root.iter("th") if node.get("scope") == "row"] == ["a, 2009", "b, 2010"]


def test_table_names_an_unknown_column():
    with pytest.raises(KeyError, match="'share'"):
        table_html(pd.DataFrame({"n": [1]}), caption="c", formats={"share": "{}"})


def test_a_p_value_is_as_exact_as_the_bootstrap():
    p = [2 / (RESAMPLES + 1), 4 / (RESAMPLES + 1), 0.3, np.nan]
    rows = cells(table_html(pd.DataFrame({"p": p, "p (Holm)": holm(p)}), caption="c", index=False))
    assert rows[1] == ["< 0.002", "≤ 0.003"]  # no mean beyond zero; times three tests
    assert rows[2] == ["0.002", "0.004"]
    assert rows[3:] == [["0.300", "0.300"], ["–", "–"]]


def test_p_values_keep_digits_and_what_the_caller_asks_for():
    frame = pd.DataFrame({"p": [2 / (RESAMPLES + 1)]})
    assert cells(table_html(frame, caption="c", digits=4, index=False))[1] == ["< 0.0020"]
    assert cells(table_html(frame, caption="c", digits=1, index=False))[1] == ["< 0.002"]
    assert cells(table_html(frame, caption="c", formats={"p": "{:.1e}"}, index=False))[1] == ["1.0e-03"]
    assert cells(table_html(pd.DataFrame({"p (Holm)": [0.5]}), caption="c", index=False))[1] == ["0.500"]
