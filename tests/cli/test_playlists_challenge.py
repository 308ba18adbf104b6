"""`musicrec playlists challenge` and `check`."""

import gzip
import json
from pathlib import Path

import pytest
from command import call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("challenge")
    made = call("playlists", "challenge", str(folder), "--dataset", "simulated-songs", "--each", "2", "--json")
    assert made.exit_code == 0 and json.loads(made.stdout)["simulated"]
    return folder


def submission(folder: Path, *, seeds: bool = False) -> Path:
    """Write lists of tracks that exist nowhere, or the seeds among them."""
    given = json.loads((folder / "challenge_set.json").read_text())["playlists"]
    lines = ["team_info, us, us@example.org"]
    for playlist in given:
        tracks = [f"spotify:track:{number:022d}" for number in range(500)]
        if seeds and playlist["tracks"]:
            tracks[0] = playlist["tracks"][0]["track_uri"]
        lines.append(", ".join([str(playlist["pid"]), *tracks]))
    path = folder / f"{seeds}.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_a_submission_is_checked_and_scored(folder: Path) -> None:
    files = ("--challenge", str(folder / "challenge_set.json"), "--answers", str(folder / "answers.json"))
    done = call("playlists", "check", str(submission(folder)), *files)
    assert done.exit_code == 0 and "nothing wrong" in done.stdout and "ndcg@500" in done.stdout
    rows = json.loads(call("playlists", "check", str(submission(folder)), *files, "--json").stdout)["scores"]
    assert rows[-1]["given"] == "all" and rows[-1]["clicks"] == 51


def test_one_wrong_line_rejects_the_file(folder: Path) -> None:
    path = submission(folder, seeds=True)
    done = call("playlists", "check", str(path), "--challenge", str(folder / "challenge_set.json"))
    assert done.exit_code == 1 and "line " in done.stderr and "was given with playlist" in done.stderr
    found = json.loads(
        call("playlists", "check", str(path), "--challenge", str(folder / "challenge_set.json"), "--json").stdout
    )
    assert not found["accepted"] and found["problems"][0]["line"] > 1
    assert call("playlists", "check", str(path)).exit_code == 0  # nobody knows what was given


def test_wrong_uses_say_what_to_do(folder: Path, tmp_path: Path) -> None:
    path = submission(folder)
    assert "--challenge FILE" in call("playlists", "check", str(path), "--answers", str(folder / "answers.json")).stderr
    assert call("playlists", "check", str(tmp_path / "none.csv.gz")).exit_code == 1
    wrong = call("playlists", "challenge", str(tmp_path), "--dataset", "simulated-small")
    assert wrong.exit_code == 1 and "has no playlists" in wrong.stderr
    wrong = call("playlists", "challenge", str(tmp_path), "--tables", str(tmp_path / "none"))
    assert wrong.exit_code == 1 and "holds no playlists" in wrong.stderr and not list(tmp_path.iterdir())
