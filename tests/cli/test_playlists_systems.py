"""`musicrec playlists compare` and `submit`."""

import json
from pathlib import Path

import pytest
from command import call
from few_playlists import few_playlists

from musicrec.cli import playlists_challenge, playlists_systems


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few playlists in place of a data set."""
    loaded = playlists_challenge.Loaded(few_playlists(400), True, None, "few")
    for module in (playlists_challenge, playlists_systems):
        monkeypatch.setattr(module, "load_playlists", lambda *_: loaded)


def test_a_submission_passes_the_check(few: None, tmp_path: Path) -> None:
    made = call("playlists", "challenge", str(tmp_path), "--each", "2")
    assert made.exit_code == 0 and "SIMULATED" in made.stdout
    given, out = tmp_path / "challenge_set.json", tmp_path / "mine.csv.gz"
    team = ("--team", "us", "--email", "us@example.org", "-s", "playlist-knn")
    done = call("playlists", "submit", str(given), "--out", str(out), *team)
    assert done.exit_code == 0 and "SIMULATED" in done.stdout, done.stderr
    answers = str(tmp_path / "answers.json")
    checked = call("playlists", "check", str(out), "--challenge", str(given), "--answers", answers, "--json")
    assert checked.exit_code == 0 and json.loads(checked.stdout)["scores"][-1]["ndcg@500"] > 0
    wrong = call("playlists", "submit", str(given), "--out", str(tmp_path / "x.csv.gz"), "--team", "a,b", *team[2:])
    assert wrong.exit_code == 1 and not (tmp_path / "x.csv.gz").exists()


def test_systems_side_by_side(few: None) -> None:
    chosen = ("-s", "popularity", "-s", "playlist-knn")
    shown = call("playlists", "compare", *chosen, "--each", "2")
    assert shown.exit_code == 0 and "SIMULATED" in shown.stdout and "quarter" not in shown.stderr
    assert "(right tracks + ¼ · right artists) / G" in shown.stdout
    found = json.loads(call("playlists", "compare", *chosen, "--each", "2", "--json").stdout)
    rows = {row["system"]: row for row in found["systems"]}
    assert found["simulated"] and rows["playlist-knn"]["ndcg@500"] > rows["popularity"]["ndcg@500"]
    wrong = call("playlists", "compare", "-s", "playlist-kn")
    assert wrong.exit_code == 1 and "playlist-knn" in wrong.stderr


def test_tables_of_an_ingest_take_the_place_of_a_data_set(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert call("playlists", "simulate", "-n", "1500", "--into", str(tables)).exit_code == 0
    chosen = ("--tables", str(tables), "-s", "popularity", "-s", "title-match", "--hold-out", "temporal", "--json")
    found = json.loads(call("playlists", "compare", *chosen).stdout)
    rows = {row["system"]: row for row in found["systems"]}
    assert found["simulated"] and rows["title-match"]["ndcg@500"] > rows["popularity"]["ndcg@500"]
    made = call("playlists", "challenge", str(tmp_path), "--tables", str(tables), "--hold-out", "temporal", "--json")
    about = json.loads((tmp_path / "challenge_set.json").read_text())
    assert json.loads(made.stdout)["simulated"] and about["simulated"] and about["learn_before"] > 1_000_000_000


def test_costs_are_shown_and_kept(tmp_path: Path) -> None:
    out = tmp_path / "cost.csv"
    done = call("playlists", "cost", "1000", "-s", "popularity", "--out", str(out))
    assert done.exit_code == 0 and "SIMULATED" in done.stdout and "3 rows" in done.stdout
    assert out.read_text().startswith("stage,playlists,entries,tracks,seconds,peak,bytes")
    assert call("playlists", "cost", "10").exit_code == 2
    assert call("playlists", "cost", "1000", "-s", "nobody").exit_code == 1
