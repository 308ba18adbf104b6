import pandas as pd

from musicrec.page.words import in_words


def test_numbers_by_name() -> None:
    assert in_words(pd.Series({"ease": 0.2149, "als": 1.0})) == "ease 0.215; als 1.000"
    assert in_words(pd.Series({"share": 0.5}), ".0%") == "share 50%"
