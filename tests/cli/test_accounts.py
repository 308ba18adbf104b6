"""`musicrec recommend` with an account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from account_server import Asked, Server, serve
from typer.testing import CliRunner

from musicrec.cli.app import app


@pytest.fixture
def listenbrainz(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    names = ["Radiohead", "Portishead", "Nobody Known"] * 20
    rows = [
        {"listened_at": 1_700_000_000 + 300 * i, "track_metadata": {"artist_name": name, "track_name": f"song {i}"}}
        for i, name in enumerate(names)
    ]

    def handle(asked: Asked):
        before = int(asked.query.get("max_ts", 2_000_000_000))
        return 200, {"payload": {"listens": [row for row in rows if row["listened_at"] < before]}}

    with serve(handle) as server:
        monkeypatch.setattr("musicrec.accounts.listenbrainz.ADDRESS", server.address)
        yield server


def test_listens_of_an_account_are_answered(
    listenbrainz: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = []
    monkeypatch.setattr("musicrec.serving.cache.serve", lambda *_: None)
    monkeypatch.setattr("musicrec.cli.history.tell", lambda history, *_, **__: told.append(history))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["recommend", "--listenbrainz", "somebody"])
    assert result.exit_code == 0, result.output
    assert len(told[0].plays) == 60 and told[0].plays.artists == ["Radiohead", "Portishead", "Nobody Known"]
    assert listenbrainz.asked[0].path == "/1/user/somebody/listens"
    assert list(tmp_path.iterdir()) == []


def test_an_account_or_artists() -> None:
    result = CliRunner().invoke(app, ["recommend", "Radiohead", "--listenbrainz", "somebody"])
    assert result.exit_code == 2
    result = CliRunner().invoke(app, ["recommend", "--listenbrainz", " "])
    assert result.exit_code == 1 and "has a name" in result.stderr
