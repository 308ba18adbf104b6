"""Signing in to Spotify: PKCE on the loopback address, and where the token lies."""

import base64
import hashlib
import json
import logging
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests
from account_server import Asked, Server, serve

from musicrec.accounts import AccountError
from musicrec.accounts.spotify import READ, Spotify, token_path


@pytest.fixture
def server() -> Iterator[Server]:
    def handle(asked: Asked):
        scope = " ".join(READ)
        return 200, {"access_token": "secret-a", "refresh_token": "secret-r", "expires_in": 3600, "scope": scope}

    with serve(handle) as found:
        yield found


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def browse(monkeypatch: pytest.MonkeyPatch, change: dict[str, str]) -> list[dict[str, list[str]]]:
    """Stand for the browser: somebody says yes, or what `change` makes of the answer."""
    opened: list[dict[str, list[str]]] = []

    def visit(address: str) -> bool:
        asked = parse_qs(urlsplit(address).query)
        opened.append(asked)
        answer = {"code": "the code", "state": asked["state"][0], **change}
        back = f"{asked['redirect_uri'][0]}/?{urlencode(answer)}"
        threading.Thread(target=requests.get, args=(back,), kwargs={"timeout": 10}).start()
        return True

    monkeypatch.setattr("webbrowser.open", visit)
    return opened


def account(server: Server, path: Path, port: int, *, keep: bool) -> Spotify:
    made = Spotify("app", keep=keep, port=port, path=path, sleep=lambda _: None)
    made.auth.OAUTH_TOKEN_URL = f"{server.address}/token"
    return made


@pytest.mark.parametrize("keep", [False, True])
def test_signing_in(
    server: Server, tmp_path: Path, port: int, keep: bool, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    opened = browse(monkeypatch, {})
    path = tmp_path / "settings" / "token.json"
    with caplog.at_level(logging.DEBUG, logger="musicrec"):
        account(server, path, port, keep=keep).sign_in()
    sent = dict(parse_qsl(server.asked[0].body))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert opened[0]["code_challenge"] == [challenge] and opened[0]["code_challenge_method"] == ["S256"]
    assert opened[0]["redirect_uri"] == [f"http://127.0.0.1:{port}"] and set(opened[0]["scope"][0].split()) == set(READ)
    assert sent["code"] == "the code" and "client_secret" not in sent
    assert "secret-" not in caplog.text + "".join(capfd.readouterr())
    assert path.is_file() is keep
    if keep:
        assert (
            stat.S_IMODE(path.stat().st_mode) == 0o600 and json.loads(path.read_text())["refresh_token"] == "secret-r"
        )
        account(server, path, port, keep=False).sign_in()
        assert len(opened) == 1  # the token is taken
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == (["token.json"] if keep else [])


@pytest.mark.parametrize("change", [{"state": "of somebody else"}, {"error": "access_denied"}])
def test_an_answer_that_is_none(
    server: Server, tmp_path: Path, port: int, change: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browse(monkeypatch, change)
    with pytest.raises(AccountError, match="did not sign you in"):
        account(server, tmp_path / "token.json", port, keep=True).sign_in()
    assert not server.asked and not list(tmp_path.iterdir())


def test_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    taken = int(server.address.rsplit(":", 1)[1])
    with pytest.raises(AccountError, match="another --port"):
        account(server, tmp_path / "token.json", taken, keep=False).sign_in()


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\xff"])
def test_a_file_that_holds_no_token(server: Server, tmp_path: Path, port: int, text: str) -> None:
    path = tmp_path / "token.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(AccountError, match="musicrec spotify logout"):
        account(server, path, port, keep=False).sign_in()


def test_no_app() -> None:
    with pytest.raises(AccountError, match="client id"):
        Spotify("")


def test_no_token_lies_in_the_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "book" / "settings" / name)
    monkeypatch.setattr("musicrec.files.book_folder", lambda: tmp_path / "elsewhere")
    assert token_path() == tmp_path / "book" / "settings" / "musicrec" / "spotify-token.json"
    monkeypatch.setattr("musicrec.files.book_folder", lambda: tmp_path / "book")
    with pytest.raises(AccountError, match="in the folder of the book"):
        token_path()
