"""The musicrec command as a whole: help, version, errors and exit codes."""

import subprocess
import sys

import pytest
from command import call
from typer.testing import CliRunner

import musicrec
from musicrec.cli.app import app
from musicrec.datasets import DataError

COMMANDS = ("data", "book", "scores", "reproduce", "tune", "serve")


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
    assert call("--version").output.strip() == musicrec.__version__


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


@pytest.mark.parametrize(("command", "goes_on"), [("tune", True), ("data", False)])
def test_stopped_it_promises_no_more_than_it_keeps(command: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch):
    import musicrec.datasets

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(musicrec.datasets, "load", stop)
    result = call(command, *(["ease"] if command == "tune" else []))
    assert result.exit_code == 130 and "musicrec: stopped" in result.stderr
    assert ("the same command goes on" in result.stderr) == goes_on
