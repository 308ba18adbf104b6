"""`musicrec recommend` and `musicrec neighbours` on a handful of listeners."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

from musicrec import datasets
from musicrec.cli.app import app
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions

ARTISTS = ["Björk", "Portishead", "Radiohead", "The Knife", "Slayer", "Nobody"]
LISTENS = np.float32([[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 0]])


@pytest.fixture(autouse=True)
def _few_listeners(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listens = Interactions(sp.csr_array(LISTENS), np.arange(4), np.arange(6))
    provenance = Provenance("a test", "", "1", "none", "", "test", "0" * 16)
    data = Dataset("lastfm-2k", listens, pd.DataFrame({"name": ARTISTS}), provenance)
    monkeypatch.setattr(datasets, "load", lambda name="auto", **_: data)
    monkeypatch.setattr("musicrec.datasets.identity.identity", lambda name="auto", **_: ("lastfm-2k", "a digest"))
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))


def call(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def rows_of(*arguments: str) -> list[dict]:
    return json.loads(call("recommend", *arguments, "--json").stdout)


@pytest.mark.parametrize("model", ["als", "item-knn", "ease"])  # to ials four listeners say too little
def test_recommends_what_is_not_given_and_says_why(model: str) -> None:
    rows = rows_of("bjork", "portishead", "--model", model)
    assert {row["artist"] for row in rows} == {"Radiohead", "The Knife"}
    assert set(rows[0]["because"]) == {"Björk", "Portishead"}
    assert rows[0]["score"] >= rows[1]["score"] > 0
    assert rows[0]["listeners"] == 2 and "adds" not in rows[0]
    text = call("recommend", "bjork", "portishead", "--model", model).output
    assert "because you love" in text
    assert "The Knife" in text


def test_popularity_listens_to_nobody() -> None:
    rows = rows_of("bjork", "--model", "popularity")
    assert [(row["artist"], row["score"], row["because"]) for row in rows] == [
        ("Portishead", 3, []), ("Radiohead", 2, []), ("The Knife", 2, []),
    ]  # fmt: skip
    assert "everyone does" in call("recommend", "bjork", "--model", "popularity", "--because").output


@pytest.mark.parametrize("model", ["blend", "als", "ials", "item-knn", "ease"])
def test_because_adds_up_to_the_score(model: str) -> None:
    for row in rows_of("bjork", "the knife", "--because", "--model", model):
        assert {each["artist"] for each in row["adds"]} == {"Björk", "The Knife"}
        assert sum(each["adds"] for each in row["adds"]) == pytest.approx(row["score"])
    assert "Björk +" in call("recommend", "bjork", "--because", "--model", model).output


def test_avoiding_the_popular_ranks_by_score_per_listener() -> None:
    (row, *_) = rows_of("bjork", "radiohead", "--model", "item-knn", "--avoid-popular", "1")
    assert row["adjusted"] == pytest.approx(row["score"] / row["listeners"])
    assert "per listener^A" in call("recommend", "bjork", "--avoid-popular", "0.5").output
    assert call("recommend", "bjork", "--avoid-popular", "2").exit_code == 2


def _named(monkeypatch: pytest.MonkeyPatch, names: list[str], listens: np.ndarray) -> None:
    data = Dataset(
        "lastfm-2k", Interactions(sp.csr_array(listens), np.arange(len(listens)), np.arange(len(names))),
        pd.DataFrame({"name": names}), Provenance("a test", "", "1", "none", "", "test", "1" * 16),
    )  # fmt: skip
    monkeypatch.setattr(datasets, "load", lambda name="auto", **_: data)


def test_spellings_of_one_artist_are_one_and_placeholders_none(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["blink-182", "Blink 182", "Green Day", "Green  Day", "[unknown]", "Sum 41"]
    listens = np.float32([[1, 0, 1, 0, 1, 1], [1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1]])
    _named(monkeypatch, names, listens)
    for typed in ("Blink 182", "blink182", "BLINK-182", "blink\u2010182"):
        found = json.loads(call("neighbours", typed, "--json").stdout)
        assert {row["artist"]: row["listeners"] for row in found} == {"Green Day": 4, "Sum 41": 3}
        assert {row["artist"] for row in rows_of(typed, "--model", "item-knn")} == {"Green Day", "Sum 41"}
    result = call("recommend", "[unknown]")
    assert result.exit_code == 1 and "stands for a name that is missing" in result.stderr


def test_where_two_artists_share_a_name_the_other_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["Cold World", "ColdWorld", "A", "B", "C", "D"]
    listens = np.float32([[1, 0, 1, 1, 0, 0]] * 4 + [[0, 1, 0, 0, 1, 1]] * 3)
    _named(monkeypatch, names, listens)
    result = call("recommend", "coldworld", "--model", "item-knn", "--json")
    assert {row["artist"] for row in json.loads(result.stdout)} == {"C", "D"}
    assert "'coldworld' is read as ColdWorld (3 listeners); there is also Cold World (4 listeners)" in result.stderr
    assert "there is also ColdWorld" in call("neighbours", "cold world").stderr


def test_lines_of_a_list_are_artists_too() -> None:
    assert rows_of("1. Björk (12 plays)", "Portishead – Roads") == rows_of("Björk", "Portishead")
    assert rows_of("Björk, Portishead") == rows_of("Björk\nPortishead,31") == rows_of("Björk", "Portishead")


def test_a_list_from_standard_input_leaves_out_what_is_not_found() -> None:
    environment = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    text = "artist,plays\nBjörk,12\nNonesuch,3\nSlayer,3\nPortishead,1\n"
    result = CliRunner().invoke(app, ["recommend", "-", "--json"], input=text, env=environment)
    assert json.loads(result.stdout) == rows_of("Björk", "Portishead")
    assert "no artist is called 'Nonesuch'" in result.stderr and "fewer than 2 listeners" in result.stderr
    assert CliRunner().invoke(app, ["recommend", "-"], input="Nonesuch\n", env=environment).exit_code == 1


def test_no_message_guesses_how_long_something_takes() -> None:
    assert "seconds" not in call("recommend", "--help").output


def test_the_same_artist_twice_counts_once() -> None:
    assert rows_of("bjork", "Björk", " BJORK ") == rows_of("Björk")


def test_the_first_answer_says_that_it_fits_and_the_next_comes_from_disk(tmp_path: Path) -> None:
    first = call("recommend", "bjork")
    assert "fitting blend; next time the answer comes at once" in first.stderr
    assert [path.name for path in (tmp_path / "models").iterdir()] == [f"{'0' * 16}-blend.npz"]
    again = call("recommend", "bjork")
    assert again.stderr == "" and again.stdout == first.stdout


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    result = call("recommend", "portished", "nonesuch", "bjork")
    assert result.exit_code == 1
    assert "did you mean Portishead?" in result.output and "no artist is called 'nonesuch'" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an artist's name is empty"),
        ("   ", "an artist's name is empty"),
        ("<script>alert(1)</script>", "no artist is called '<script>alert(1)</script>'"),
        ("🎵", "no artist is called '🎵'; and nothing comes close"),
        ("فيروز", "no artist is called 'فيروز'"),
        ("x" * 10_000, "nothing comes close"),
    ],
)
def test_what_is_no_artist_is_refused_in_one_message(text: str, message: str) -> None:
    result = call("recommend", text)
    assert result.exit_code == 1 and message in result.stderr and "Traceback" not in result.stderr


def test_no_artist_and_no_such_model_are_refused() -> None:
    assert call("recommend").exit_code == 2
    assert (
        "choose from blend, item-knn, ials, als, ease, popularity"
        in call("recommend", "bjork", "--model", "magic").stderr
    )


def test_an_artist_of_one_listener_is_left_out_and_said() -> None:
    result = call("recommend", "slayer")
    assert result.exit_code == 1 and "fewer than 2 listeners in these data have Slayer" in result.stderr
    result = call("recommend", "slayer", "bjork", "--json")
    assert result.exit_code == 0 and "left out" in result.stderr
    assert json.loads(result.stdout) == rows_of("bjork")


def test_nothing_in_common_is_said_not_shown_as_an_empty_table(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = ("bjork", "portishead", "radiohead", "the knife", "--model", "item-knn")
    assert rows_of(*everything) == []
    result = call("recommend", *everything)
    assert result.exit_code == 1
    assert "add another artist" in result.output
    assert "listens to anything else" in call("neighbours", "nobody").output


def test_the_way_to_a_kept_model_imports_nothing_slow(tmp_path: Path) -> None:
    call("recommend", "bjork")
    code = (
        "import sys\nfrom musicrec.datasets import identity\nidentity.identity = lambda *_, **__: ('', 'a digest')\n"
        "from musicrec.cli import app\n"
        "try: app(['recommend', 'bjork', 'portishead', '--because'])\n"
        "finally: print(*{'pandas', 'scipy', 'sklearn', 'numba', 'tensorflow', 'implicit'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert "The Knife" in result.stdout and result.stdout.endswith("\n\n"), result.stdout + result.stderr


def test_neighbours_are_sorted_and_exclude_the_artist() -> None:
    rows = json.loads(call("neighbours", "the knife", "--json").output)
    assert rows[0]["artist"] == "Portishead"
    assert rows[0]["listeners"] == 3
    assert "The Knife" not in [row["artist"] for row in rows]
    assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)
    assert len(json.loads(call("neighbours", "the knife", "--k", "1", "--json").output)) == 1


def test_a_file_of_ones_own_joins_and_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("user,artist\nann,Radiohead\nann,Billie Eilish\nbob,billie eilish\nbob,Radiohead\n")
    unknown = call("recommend", "Billie Eilish")
    assert unknown.exit_code == 1
    first = call("recommend", "Billie Eilish", "--join", str(own), "--json")
    assert json.loads(first.stdout)[0]["artist"] == "Radiohead" and "2 people with 2 artists" in first.stderr
    again = call("recommend", "Billie Eilish", "--join", str(own), "--json")
    assert again.stdout == first.stdout and "fitting" not in again.stderr
    own.write_text("nothing")
    assert "no people with artists" in call("recommend", "Muse", "--join", str(own)).stderr
