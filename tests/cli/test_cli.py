"""The musicrec command: what it prints, where, and with which exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from trial_book import book as book
from trial_book import dataset, pretend, run, write_notebook
from typer.testing import CliRunner

from musicrec.cli.app import app
from musicrec.datasets import DataError
from musicrec.scores.records import ScoreBook
from musicrec.site import notebooks
from musicrec.site.notebooks import Run

COMMANDS = ("data", "book", "scores", "reproduce", "tune", "serve")


def call(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch):
    """The trial data, whatever the machine has."""
    monkeypatch.setattr(notebooks, "resolve", lambda name="auto", seed=0, quick=False: run(seed=seed, quick=quick))


def test_help_lists_every_command_and_each_shows_an_example():
    text = call("--help").output
    assert all(command in text for command in COMMANDS)
    for command in COMMANDS:
        result = call(command, "--help")
        assert result.exit_code == 0 and "Example" in result.output and f"musicrec {command}" in result.output
    assert call().exit_code == 2 and "Usage" in call().output


def test_help_is_immediate():
    heavy = "{'numpy', 'pandas', 'scipy', 'papermill', 'sphinx', 'tensorflow', 'matplotlib'}"
    code = "import sys; from musicrec.cli import app\n"
    code += f"try: app(['--help'])\nfinally: assert not {heavy} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_version():
    assert call("--version").output.strip() == "0.1.0"


def test_scores_are_one_json_array(book: Path):
    assert json.loads(call("scores", "--json").output) == []
    ScoreBook("01_eda", dataset()).add("item-knn", "ndcg@10", 0.187, low=0.18, high=0.19, seeds=(0, 1))
    (row,) = json.loads(call("scores", "--json").output)
    assert (
        row["system"] == "item-knn" and row["value"] == 0.187 and row["seeds"] == [0, 1] and row["chapter"] == "01_eda"
    )
    assert {"simulated", "protocol", "metric", "low", "high", "reported", "tolerance", "dataset"} <= set(row)
    text = call("scores").output
    assert "item-knn" in text and "0.1870" in text
    assert call("scores", "--protocol", "continuation", "--json").output.strip() == "[]"


def test_no_scores_yet_is_said(book: Path):
    result = call("scores")
    assert result.exit_code == 1 and "no scores yet; `musicrec book` measures them" in result.stderr


def test_broken_scores_name_the_file(book: Path):
    path = book / "build" / "scores" / "01_eda.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    result = call("scores")
    assert result.exit_code == 1 and str(path) in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(("value", "code", "status"), [(745.2434, 0, "reproduced"), (746.0, 1, "differs")])
def test_reproduce_compares_and_its_exit_code_tells(book: Path, data: None, value: float, code: int, status: str):
    write_notebook(book, "01_eda", originals=("lastfm-mf",))
    (chapter, _) = notebooks.find_chapters(book)
    pretend(chapter, run(), book)
    ScoreBook("01_eda", dataset()).reproduce("lastfm-mf", "mean play count", value, 745.24)
    ScoreBook("02_baseline", dataset()).reproduce("lastfm-mf", "other", 1.0, 2.0)  # its chapter does not claim it
    result = call("reproduce", "--only", "lastfm-mf", "--json")
    assert result.exit_code == code
    (row,) = json.loads(result.stdout)
    assert row == {
        "key": "lastfm-mf", "quantity": "mean play count", "reported": 745.24, "reproduced": value, "low": None,
        "high": None, "tolerance": 0.005, "status": status, "note": "",
    }  # fmt: skip
    table = call("reproduce")
    assert table.exit_code == code and "745.24" in table.stdout and status in table.stdout


def test_reproduce_refuses_what_no_chapter_does(book: Path, data: None):
    assert "no original is called 'nobody'; choose from spotifier" in call("reproduce", "--only", "nobody").stderr
    result = call("reproduce", "--only", "two-stage")
    assert result.exit_code == 1 and "no chapter of this book reproduces 'two-stage'" in result.stderr


def test_data_says_where_from_and_under_which_licence(monkeypatch: pytest.MonkeyPatch):
    import musicrec.datasets

    monkeypatch.setattr(musicrec.datasets, "load", lambda name, **_: dataset("simulated", simulated=True))
    text = call("data", "--dataset", "simulated").output
    for expected in ("simulated — SIMULATED", "A | B", "free", "cache", "0123456789abcdef", "table tags"):
        assert expected in text
    (about,) = json.loads(call("data", "--dataset", "simulated", "--json").output)
    assert about["simulated"] is True and about["tables"] == {"tags": 3} and about["interactions"] == 6


def test_an_error_is_one_message_and_exit_code_1(monkeypatch: pytest.MonkeyPatch):
    import musicrec.datasets

    def load(name: str, **_: object) -> None:
        raise DataError("artists.dat, line 7: expected 4 columns, found 3")

    monkeypatch.setattr(musicrec.datasets, "load", load)
    result = call("data")
    assert result.exit_code == 1
    assert result.stderr == "musicrec: error: artists.dat, line 7: expected 4 columns, found 3\n"
    with pytest.raises(DataError):
        CliRunner().invoke(app, ["--debug", "data"], catch_exceptions=False)


@pytest.mark.parametrize("arguments", [("nonsense",), ("book", "--nonsense"), ("serve", "--port", "99999")])
def test_a_wrong_use_is_exit_code_2(arguments: tuple[str, ...]):
    result = call(*arguments)
    assert result.exit_code == 2 and "Usage" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "9"), "no chapter is called '9'; choose from 01_eda, 02_baseline"),
        (("--dataset", "nothing"), "cannot be made with data 'nothing'; choose from auto, lastfm-2k, simulated"),
    ],
)
def test_book_refuses_wrong_names_before_doing_anything(book: Path, arguments: tuple[str, ...], message: str):
    result = call("book", *arguments)
    assert result.exit_code == 1 and message in result.stderr and not (book / "build").exists()


def test_book_says_where_it_is_and_what_data_it_used(book: Path, monkeypatch: pytest.MonkeyPatch):
    made = Run(dataset("simulated", simulated=True), dataset("simulated-songs", simulated=True))
    monkeypatch.setattr(notebooks, "resolve", lambda *_, **__: made)
    for chapter in notebooks.find_chapters(book):
        pretend(chapter, made, book)
    result = call("book")
    assert result.exit_code == 0, result.stderr
    assert str(book / "build" / "html" / "index.html") in result.stdout
    assert "simulated" in result.stdout and "0123456789abcdef" in result.stdout and "SIMULATED DATA" in result.stdout
    assert "[1/2] 01_eda: up to date" in result.stderr
    html = book / "build" / "html"
    for page in [*html.glob("*.html"), *html.glob("notebooks/*.html")]:
        assert "Simulated data." in page.read_text(encoding="utf-8"), f"{page.name} lacks the banner"
    assert "unchanged" in call("book").stdout
