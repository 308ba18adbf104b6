"""`musicrec spotify`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from musicrec.accounts import spotify_music
from musicrec.cli.app import app
from musicrec.histories import read_history
from musicrec.serving.playlists import Song

URI = f"spotify:track:{'0' * 22}"
LINK = f"https://open.spotify.com/playlist/{'m' * 22}"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("musicrec.accounts.spotify.token_path", lambda: tmp_path / "token.json")
    monkeypatch.delenv("MUSICREC_SPOTIFY_CLIENT_ID", raising=False)


def call(*arguments: str, **more):
    return CliRunner().invoke(app, ["spotify", *arguments], **more)


def test_a_playlist_becomes_a_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spotify_music, "songs_in", lambda *_: [Song("Björk", "Jóga", "Homogenic", URI)] * 2)
    out = tmp_path / "mine.csv"
    result = call("playlist", LINK, "--client-id", "app", "--out", str(out))
    assert result.exit_code == 0 and "2 songs" in result.stdout
    assert read_history([out]).plays.artists == ["Björk"]
    assert "Jóga" in call("playlist", LINK, "--client-id", "app", "--json").stdout


def test_a_playlist_is_written_after_asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = []
    monkeypatch.setattr(
        spotify_music,
        "write_songs",
        lambda account, name, uris, *, public: made.append((name, uris, public)) or (LINK, 1),
    )
    path = tmp_path / "new.csv"
    path.write_text(f"Track name,Artist name,Album,Spotify URI\na,b,,{URI}\nc,d,,\n")
    result = call("write", str(path), "--client-id", "app", input="n\n")
    assert result.exit_code == 1 and not made and "private playlist" in result.stderr
    result = call("write", str(path), "--client-id", "app", input="y\n")
    assert result.exit_code == 0 and made == [("Recommended by musicrec", [URI], False)]
    assert LINK in result.stdout and "1 songs have no number" in result.stderr
    assert call("write", str(path), "--client-id", "app", "--yes", "--public").exit_code == 0 and made[-1][2] is True


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    for arguments, message in (
        (["playlist", LINK], "MUSICREC_SPOTIFY_CLIENT_ID"),
        (["playlist", "what"], "no link"),
        (["playlist", LINK, "--out", "x.json"], ".csv or .txt"),
        (["write", str(tmp_path / "none.csv")], "none.csv"),
    ):
        result = call(*arguments)
        assert result.exit_code == 1 and message in result.stderr, result.stderr


def test_logout_deletes_the_token(tmp_path: Path) -> None:
    (tmp_path / "token.json").write_text("{}")
    assert "is deleted" in call("logout").stdout and not (tmp_path / "token.json").exists()
    assert "no token" in call("logout").stdout
