import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.files import build_dir
from musicrec.scores.records import ScoreBook, read_scores
from musicrec.scores.reproduction import leaderboard, reproduction


@pytest.fixture(autouse=True)
def _build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))


def a_dataset(name: str, *, simulated: bool = False) -> Dataset:
    listens = Interactions(sp.csr_array(np.ones((1, 1))), np.arange(1), np.arange(1))
    provenance = Provenance("s", "", "1", "l", "", "test", "0" * 16, simulated)
    return Dataset(name, listens, pd.DataFrame({"name": ["a"]}), provenance)


def test_records_hold_what_scripts_read() -> None:
    ScoreBook("02_x", a_dataset("simulated", simulated=True)).add("popularity", "ndcg@10", 0.5, low=0.4, high=0.6)
    [row] = json.loads((build_dir() / "scores" / "02_x.json").read_text())
    wanted = {"chapter", "system", "dataset", "simulated", "protocol", "metric", "value"}
    wanted |= {"low", "high", "seeds", "reported", "tolerance"}
    assert wanted <= set(row)
    assert row["simulated"] is True
    assert row["protocol"] == "listeners"


def test_a_figure_is_reproduced_to_the_digits_it_was_printed_with() -> None:
    book = ScoreBook("01_x", a_dataset("lastfm-2k"))
    book.reproduce("lastfm-mf", "mean", 745.2444, 745.24)
    book.reproduce("lastfm-mf", "mean, wrong", 745.246, 745.24)
    book.reproduce("lastfm-mf", "users", 1892, 1892)
    book.reproduce("lastfm-mf", "users, wrong", 1893, 1892)
    book.reproduce("lastfm-mf", "error", 0.263, 0.254, within=0.06, system="mf-plain")
    statuses = {row["quantity"]: row["status"] for row in reproduction(read_scores(), only="lastfm-mf")}
    assert statuses == {
        "mean": "reproduced",
        "mean, wrong": "differs",
        "users": "reproduced",
        "users, wrong": "differs",
        "mf-plain: error": "reproduced",
    }


def test_other_data_are_not_applicable_and_say_so() -> None:
    ScoreBook("01_x", a_dataset("simulated", simulated=True)).reproduce("lastfm-mf", "users", 1892, 1892)
    [row] = reproduction(read_scores())
    assert row["status"] == "not-applicable"
    assert "simulated" in row["note"]
    with pytest.raises(ValueError, match="no original is called 'nonsense'; choose from spotifier"):
        reproduction([], only="nonsense")


def test_the_leaderboard_is_sorted_and_may_be_empty() -> None:
    book = ScoreBook("02_x", a_dataset("lastfm-2k"))
    book.add("popularity", "ndcg@10", 0.07).add("item-knn", "ndcg@10", 0.19).add("item-knn", "recall@10", 0.2)
    table = leaderboard(read_scores())
    assert table.index.tolist() == ["item-knn", "popularity"]
    assert table.columns.tolist() == ["ndcg@10", "recall@10"]
    assert leaderboard([]).empty


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="popularity ndcg@10 is nan"):
        ScoreBook("02_x", a_dataset("lastfm-2k")).add("popularity", "ndcg@10", float("nan"))


def test_a_broken_file_is_named() -> None:
    path = build_dir() / "scores" / "03_x.json"
    path.parent.mkdir(parents=True)
    path.write_text("[{]")
    with pytest.raises(ValueError, match=r"03_x\.json does not hold score records"):
        read_scores()


def test_a_quick_run_that_misses_a_figure_says_why() -> None:
    book = ScoreBook("06_x", a_dataset("lastfm-2k"), quick=True)
    book.reproduce("lastfm-mf", "error", 9.0, 0.254, within=0.06, system="mf-plain")
    book.reproduce("lastfm-mf", "users", 1892, 1892)
    missed, met = reproduction(read_scores())
    assert (missed["status"], met["status"]) == ("not-applicable", "reproduced")
    assert "quick look" in missed["note"]
