"""What the command prints reaches every terminal, and a message never undoes what was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = "from musicrec.cli import app; app()"
TERMINALS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


def call(*arguments: object, stdout: int | object = subprocess.PIPE, **environment: str):
    return subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)], stdout=stdout, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, env=os.environ | environment,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> str:
    (tmp_path / "t.csv").write_text("name,n\nБьорк 音,1\n", encoding="utf-8")
    return str(tmp_path / "c.duckdb")


@pytest.mark.parametrize("terminal", TERMINALS, ids=str)
def test_a_catalogue_is_used_on_every_terminal(tmp_path: Path, place: str, terminal: dict[str, str]):
    more = {**terminal, "MUSICREC_CATALOG": place}
    added = call("catalog", "add", tmp_path / "t.csv", "--name", "音 б", "--description", "ä音", **more)
    assert added.returncode == 0, added.stderr
    for command in (["list"], ["show", "音 б"], ["head", "音 б"]):
        assert call("catalog", *command, **more).returncode == 0
    shown = call("catalog", "head", "音 б", "--json", **more)
    assert json.loads(shown.stdout.decode()) == [{"name": "Бьорк 音", "n": 1}]
    assert call("catalog", "export", "音 б", tmp_path / "音.json", **more).returncode == 0
    assert call("catalog", "remove", "音 б", "--yes", **more).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_was_done_is_no_failure_because_nobody_can_be_told(tmp_path: Path, place: str):
    with Path("/dev/full").open("w") as full:
        for command in (["add", tmp_path / "t.csv"], ["export", "t", tmp_path / "out.csv"], ["remove", "t", "--yes"]):
            done = call("catalog", *command, stdout=full, MUSICREC_CATALOG=place)
            assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "out.csv").exists()
