"""`musicrec recommend --history`."""

import json
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
from musicrec.histories.simulated import invent_plays, write_examples

ARTISTS = ["Björk", "Portishead", "Radiohead", "The Knife", "Slayer", "Air"]
LISTENS = np.float32([[1, 1, 1, 0, 0, 1], [1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 0, 1], [0, 0, 0, 0, 1, 0]])


@pytest.fixture(autouse=True)
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    listens = Interactions(sp.csr_array(LISTENS), np.arange(4), np.arange(6))
    provenance = Provenance("a test", "", "1", "none", "", "test", "0" * 16)
    data = Dataset("lastfm-2k", listens, pd.DataFrame({"name": ARTISTS}), provenance)
    songs = pd.DataFrame({"id": ["1"], "artist": ["RADIOHEAD"], "name": ["Creep"], "album": [""], "popularity": [1]})
    of_songs = Dataset("spotify-songs", listens, pd.DataFrame({"name": ARTISTS}), provenance, tables={"songs": songs})
    monkeypatch.setattr(datasets, "load", lambda name="auto", **_: of_songs if "songs" in name else data)
    monkeypatch.setattr("musicrec.datasets.identity.identity", lambda name="auto", **_: ("lastfm-2k", "a digest"))
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    return tmp_path / "build"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    plays = invent_plays(["Björk", "Portishead", "Nobody Known"], 200, np.random.default_rng(0))
    return write_examples(tmp_path, plays, ["spotify_extended.zip"])[0]


def call(*arguments: str):
    return CliRunner().invoke(app, ["recommend", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def test_a_history_is_answered_like_its_artists(export: Path) -> None:
    result = call("--history", str(export), "--json")
    answer = json.loads(result.stdout)
    listed = json.loads(call("björk", "portishead", "--json").stdout)
    assert {row["artist"] for row in answer["recommended"]} == {row["artist"] for row in listed}
    assert [row["score"] for row in answer["recommended"]] == pytest.approx([row["score"] for row in listed])
    assert [row["artist"] for row in answer["unknown"]] == ["Nobody Known"]
    text = call("--history", str(export))
    assert "Radiohead" in text.stdout and "Nobody Known" in text.stderr and "skips" in text.stderr


def test_every_example_is_understood(tmp_path: Path) -> None:
    plays = invent_plays(["Björk", "Portishead"], 60, np.random.default_rng(1))
    for path in write_examples(tmp_path / "all", plays):
        rows = json.loads(call("--history", str(path), "--json").stdout)["recommended"]
        assert {row["artist"] for row in rows} >= {"Radiohead", "The Knife"}, path.name


def test_nothing_of_a_history_is_written_unless_asked(export: Path, build: Path, tmp_path: Path) -> None:
    assert call("--history", str(export)).exit_code == 0
    assert [path.name for path in build.rglob("*") if path.is_file()] == [f"{'0' * 16}-blend.npz"]
    for path in build.rglob("*.npz"):
        assert b"Nobody Known" not in path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "spotify_extended.zip"]


def test_what_is_asked_for_is_written(export: Path, tmp_path: Path) -> None:
    result = call(
        "--history", str(export), "--playlist", str(tmp_path / "new.csv"), "--html", str(tmp_path / "me.html")
    )
    assert "Creep,Radiohead" in (tmp_path / "new.csv").read_text(encoding="utf-8")
    assert "no song is known of" in result.stderr and "The Knife" in result.stderr
    page = (tmp_path / "me.html").read_text(encoding="utf-8")
    assert "Radiohead" in page and "http" not in page.replace("http-equiv", "")


def test_wrong_uses_are_explained_before_anything_is_read(export: Path, tmp_path: Path) -> None:
    assert "with --history" in call().stderr
    assert call("muse", "--history", str(export)).exit_code == 2
    assert call("muse", "--playlist", "x.csv").exit_code == 2
    assert ".csv or .txt" in call("--history", str(export), "--playlist", "x.mp3").stderr
    assert ".html" in call("--history", str(export), "--html", "x.pdf").stderr
    result = call("--history", str(tmp_path / "no.zip"))
    assert result.exit_code == 1 and "there is no such file" in result.stderr
    (tmp_path / "a.txt").write_text("Nobody\nNo one\n")
    result = call("--history", str(tmp_path / "a.txt"))
    assert result.exit_code == 1 and "none of the artists of this history" in result.stderr


def test_examples_are_written_into_an_empty_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    environment = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    result = CliRunner().invoke(app, ["example-history", str(folder), "--plays", "50"], env=environment)
    assert result.exit_code == 0 and "INVENTED" in result.stdout and len(list(folder.iterdir())) == 12
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = CliRunner().invoke(app, ["example-history", str(folder)], env=environment)
    assert result.exit_code == 1 and "not an empty folder" in result.stderr
    assert before == {path: path.read_bytes() for path in folder.iterdir()}
