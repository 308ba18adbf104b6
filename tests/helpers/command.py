"""Calling the command in a test."""

import pytest
from trial_book import run
from typer.testing import CliRunner, Result

from musicrec.cli.app import app
from musicrec.site import notebooks


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial data, whatever the machine has."""
    monkeypatch.setattr(notebooks, "resolve", lambda name="auto", seed=0, quick=False, **_: run(seed=seed, quick=quick))
