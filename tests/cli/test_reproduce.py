"""`musicrec reproduce`."""

import json
from pathlib import Path

import pytest
from command import call
from command import data as data
from trial_book import Recorder, chapters, pretend, run, score, write_notebook
from trial_book import book as book

from musicrec import progress
from musicrec.scores.records import Score
from musicrec.scores.release import save_release


def figure(name: str, value: float, reported: float, chapter: str = "01_eda") -> Score:
    return score(
        "data", value, name, chapter, protocol="original/lastfm-mf", reported=reported, tolerance=0.005,
        tolerance_from="half of the last printed digit",
    )  # fmt: skip


@pytest.mark.parametrize(("value", "code", "status"), [(745.2434, 0, "reproduced"), (746.0, 1, "differs")])
def test_reproduce_compares_and_its_exit_code_tells(book: Path, data: None, value: float, code: int, status: str):
    write_notebook(book, "01_eda", originals=("lastfm-mf",))
    first, second = chapters(book)
    pretend(first, run(), book, scores=[figure("mean play count", value, 745.24)])
    pretend(second, run(), book, scores=[figure("other", 1.0, 2.0, "02_baseline")])  # its chapter does not claim it
    result = call("reproduce", "--only", "lastfm-mf", "--json")
    assert result.exit_code == code
    (row,) = json.loads(result.stdout)
    assert row == {
        "key": "lastfm-mf", "quantity": "mean play count", "chapter": "01_eda", "reported": 745.24,
        "reproduced": value, "low": None, "high": None, "tolerance": 0.005,
        "tolerance_from": "half of the last printed digit", "status": status, "note": "",
    }  # fmt: skip
    table = call("reproduce")
    assert table.exit_code == code and "745.24" in table.stdout and status in table.stdout
    assert "±0.005 (half of the last printed digit)" in table.stdout
    assert "1 figures: " in table.stdout and "how many there should be is not known" in table.stdout


def test_reproduce_refuses_what_no_chapter_does(book: Path, data: None):
    assert "no original is called 'nobody'; choose from spotifier" in call("reproduce", "--only", "nobody").stderr
    result = call("reproduce", "--only", "two-stage")
    assert result.exit_code == 1 and "no chapter of this book reproduces 'two-stage'" in result.stderr


@pytest.fixture
def two(book: Path) -> Path:
    """Two chapters with a figure each, as released."""
    for name in ("01_eda", "02_baseline"):
        write_notebook(book, name, originals=("lastfm-mf",))
    released = [figure("users", 1.0, 1.0), figure("mean play count", 2.0, 2.0, "02_baseline")]
    save_release(book / "results", released, {"build": "lastfm-2k"}, {"01_eda": 60.0, "02_baseline": 240.0})
    return book


def test_a_figure_that_is_missing_is_named_and_counts(two: Path, data: None):
    first, second = chapters(two)
    pretend(first, run(), two, scores=[figure("users", 1.0, 1.0)])
    pretend(second, run(), two, scores=[])
    result = call("reproduce")
    assert (
        result.exit_code == 1
        and "1 figures: 1 reproduced, 0 close, 0 differs, 0 not-applicable, 1 missing" in result.stdout
    )
    assert "missing: lastfm-mf, mean play count (02_baseline)" in result.stderr
    as_json = call("reproduce", "--json")
    assert as_json.exit_code == 1 and len(json.loads(as_json.stdout)) == 1 and "1 missing" in as_json.stderr
    pretend(second, run(), two, scores=[figure("mean play count", 2.0, 2.0, "02_baseline")])
    result = call("reproduce")
    assert result.exit_code == 0 and "2 figures: 2 reproduced" in result.stdout and "0 missing" in result.stdout


def test_one_figure_needs_one_chapter(two: Path, data: None, monkeypatch: pytest.MonkeyPatch):
    told = Recorder()
    monkeypatch.setattr(progress, "progress_on", lambda _: told)
    first, second = chapters(two)
    pretend(second, run(), two, scores=[figure("mean play count", 2.0, 2.0, "02_baseline")])
    result = call("reproduce", "--figure", "Play Count", "--json")
    assert result.exit_code == 0 and [row["quantity"] for row in json.loads(result.stdout)] == ["mean play count"]
    assert told.names == ["02_baseline"] and told.executed == [] and not first.executed.exists()
    assert told.seconds == {"01_eda": 60.0, "02_baseline": 1.5}, "as released, and where it was executed as here"
    result = call("reproduce", "--figure", "usres")
    assert result.exit_code == 1 and "did you mean 'users'?" in result.stderr
