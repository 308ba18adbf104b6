"""Reported figures beside measured ones, and the leaderboard."""

from pathlib import Path

import pytest
from trial_book import dataset

from musicrec.scores.builds import EXECUTION
from musicrec.scores.records import ScoreBook
from musicrec.scores.reproduction import leaderboard, reproduction


@pytest.fixture(autouse=True)
def _execution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXECUTION, str(tmp_path / "running"))


def test_a_figure_is_reproduced_to_the_digits_it_was_printed_with() -> None:
    book = ScoreBook("01_x", dataset("lastfm-2k"))
    book.reproduce("lastfm-mf", "mean", 745.2444, 745.24)
    book.reproduce("lastfm-mf", "mean, wrong", 745.246, 745.24)
    book.reproduce("lastfm-mf", "users", 1892, 1892)
    book.reproduce("lastfm-mf", "users, wrong", 1893, 1892)
    drawn = {"seeds": (0, 1, 2), "sd": 0.01}  # 95 % of means within .0248, of further runs within .0497
    for name, error in {"within": 0.278, "beside": 0.30, "beyond": 0.31}.items():
        book.reproduce("lastfm-mf", name, error, 0.254, **drawn)
    statuses = {row["quantity"]: row["status"] for row in reproduction(book.scores, only="lastfm-mf")}
    assert statuses == {
        "mean": "reproduced",
        "mean, wrong": "differs",
        "users": "reproduced",
        "users, wrong": "differs",
        "within": "reproduced",
        "beside": "close",
        "beyond": "differs",
    }
    notes = {row["quantity"]: row["note"] for row in reproduction(book.scores)}
    assert "one further run" in notes["beside"] and not notes["beyond"]


def test_other_data_are_not_applicable_and_say_so() -> None:
    book = ScoreBook("01_x", dataset("simulated", simulated=True)).reproduce("lastfm-mf", "users", 1892, 1892)
    [row] = reproduction(book.scores)
    assert row["status"] == "not-applicable"
    assert "simulated" in row["note"]
    with pytest.raises(ValueError, match="no original is called 'nonsense'; choose from spotifier"):
        reproduction([], only="nonsense")


def test_the_leaderboard_is_sorted_and_may_be_empty() -> None:
    book = ScoreBook("02_x", dataset("lastfm-2k"))
    book.add("popularity", "ndcg@10", 0.07).add("item-knn", "ndcg@10", 0.19).add("item-knn", "recall@10", 0.2)
    table = leaderboard(book.scores)
    assert table.index.tolist() == ["item-knn", "popularity"]
    assert table.columns.tolist() == ["ndcg@10", "recall@10"]
    assert leaderboard([]).empty


def test_a_quick_run_that_misses_a_figure_says_why() -> None:
    book = ScoreBook("06_x", dataset("lastfm-2k"), quick=True)
    book.reproduce("lastfm-mf", "error", 9.0, 0.254, seeds=(0, 1), sd=0.1, system="mf-plain")
    book.reproduce("lastfm-mf", "users", 1892, 1892)
    missed, met = reproduction(book.scores)
    assert (missed["status"], met["status"]) == ("not-applicable", "reproduced")
    assert "quick look" in missed["note"]
