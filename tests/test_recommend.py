"""`musicrec recommend` and `musicrec neighbours` on a handful of listeners."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

from musicrec import datasets
from musicrec.cli import app
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.interactions import Interactions

ARTISTS = ["Björk", "Portishead", "Radiohead", "The Knife", "Slayer", "Nobody"]
LISTENS = np.float32([[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]])


@pytest.fixture(autouse=True)
def _few_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    listens = Interactions(sp.csr_array(LISTENS), np.arange(4), np.arange(6))
    provenance = Provenance("a test", "", "1", "none", "", "test", "0" * 16)
    data = Dataset("lastfm-2k", listens, pd.DataFrame({"name": ARTISTS}), provenance)
    monkeypatch.setattr(datasets, "load", lambda name="auto", **_: data)


def call(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def test_recommends_what_is_not_given_and_says_why() -> None:
    rows = json.loads(call("recommend", "bjork", "portishead", "--json").output)
    assert [row["artist"] for row in rows] == ["Radiohead", "The Knife"]
    assert set(rows[0]["because"]) == {"Björk", "Portishead"}
    assert rows[0]["score"] >= rows[1]["score"] > 0
    text = call("recommend", "bjork", "portishead").output
    assert "because you love" in text
    assert "The Knife" in text


def test_the_same_artist_twice_counts_once() -> None:
    assert call("recommend", "bjork", "Björk", "--json").output == call("recommend", "Björk", "--json").output


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    result = call("recommend", "portished")
    assert result.exit_code == 1
    assert "did you mean Portishead?" in result.output


def test_nothing_in_common_is_said_not_shown_as_an_empty_table() -> None:
    assert json.loads(call("recommend", "slayer", "--json").output) == []
    result = call("recommend", "slayer")
    assert result.exit_code == 1
    assert "add another artist" in result.output
    assert "listens to anything else" in call("neighbours", "nobody").output


def test_neighbours_are_sorted_and_exclude_the_artist() -> None:
    rows = json.loads(call("neighbours", "the knife", "--json").output)
    assert rows[0]["artist"] == "Portishead"
    assert rows[0]["listeners"] == 3
    assert "The Knife" not in [row["artist"] for row in rows]
    assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)
    assert len(json.loads(call("neighbours", "the knife", "--k", "1", "--json").output)) == 1
