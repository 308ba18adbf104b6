"""`musicrec tune`."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from musicrec import datasets
from musicrec.cli.app import app
from musicrec.datasets.interactions import Interactions
from musicrec.models import registry


@pytest.fixture
def data(listens: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Sixty listeners that pass for `lastfm-2k`, and folders of their own for all that is written."""
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(registry, "SETTINGS", tmp_path / "kept")
    provenance = SimpleNamespace(fingerprint="0123456789abcdef")
    dataset = SimpleNamespace(name="lastfm-2k", interactions=listens, provenance=provenance, simulated=False)
    monkeypatch.setattr(datasets, "load", lambda *_, **__: dataset)
    return dataset


def call(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def test_command(data, tmp_path: Path):
    result = call("tune", "ease", "pure-svd", "--trials", "3")
    assert result.exit_code == 0, result.output
    assert "[1/2] ease: step 3 of 3: NDCG@10" in result.stderr and "kept in" in result.stderr
    assert "the book goes on with the shipped settings" in result.stderr and not registry.SETTINGS.exists()
    assert "l2" in result.stdout and "rank" in result.stdout
    (row,) = json.loads(call("tune", "ease", "--trials", "3", "--json").stdout)
    assert row["system"] == "ease" and row["budget"]["trials"] == 3
    listed = call("tune", "--list").stdout
    assert all(name in listed for name in registry.systems())
    assert "1 to 10000, log" in listed and "not tuned yet" in listed and "has no settings" in listed
    assert {row["system"] for row in json.loads(call("tune", "--list", "--json").stdout)} == set(registry.systems())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name a system, or all"),
        (("esae",), 1, "no system is called 'esae'; did you mean ease"),
        (("my-own-model",), 1, "becomes known by `musicrec.models.registry.register`"),
        (("random",), 1, "random has no settings"),
        (("ease", "--trials", "0"), 2, "--trials"),
    ],
)
def test_command_refuses(data, arguments: tuple[str, ...], code: int, message: str):
    result = call("tune", *arguments)
    assert result.exit_code == code and message in result.stderr
    assert not registry.SETTINGS.exists()


def test_the_shipped_settings_are_replaced_when_told_to(data):
    result = call("tune", "ease", "--trials", "2", "--replace-shipped")
    assert result.exit_code == 0 and (registry.SETTINGS / "ease.json").exists()
    data.name = "simulated"
    result = call("tune", "ease", "--trials", "2", "--replace-shipped")
    assert result.exit_code == 1 and "chosen on lastfm-2k, not on simulated" in result.stderr
