"""`musicrec data`."""

import json

import pytest
from command import call
from trial_book import dataset


def test_data_says_where_from_and_under_which_licence(monkeypatch: pytest.MonkeyPatch):
    import musicrec.datasets

    monkeypatch.setattr(musicrec.datasets, "load", lambda name, **_: dataset("simulated", simulated=True))
    text = call("data", "--dataset", "simulated").output
    for expected in ("simulated — SIMULATED", "A | B", "free", "cache", "0123456789abcdef", "table tags"):
        assert expected in text
    (about,) = json.loads(call("data", "--dataset", "simulated", "--json").output)
    assert about["simulated"] is True and about["tables"] == {"tags": 3} and about["interactions"] == 6
