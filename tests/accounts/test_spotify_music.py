"""A Spotify account, against a local server that behaves as documented since February 2026."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from account_server import LOST, Asked, Server, serve

from musicrec.accounts import AccountError
from musicrec.accounts.spotify import READ, WRITE, Spotify
from musicrec.accounts.spotify_music import Library, playlist_id, songs_from, songs_in, write_songs
from musicrec.histories import read_history

MINE, THEIRS = "m" * 22, "t" * 22


def track(i: int, artist: str = "Air") -> dict:
    return {"type": "track", "uri": uri(i), "name": f"song {i}", "artists": [{"name": artist}], "album": {"name": "A"}}


def uri(i: int) -> str:
    return f"spotify:track:{i:022d}"


class World:
    """What the server knows."""

    def __init__(self) -> None:
        self.saved = [{"track": track(i, "Björk")} for i in range(70)] + [{"track": None}]
        self.playlists: dict[str, dict] = {
            MINE: {"owner": "me", "name": "mine", "description": "", "public": False,
                   "uris": [uri(i) for i in range(60, 180)]},
            THEIRS: {"owner": "them", "name": "theirs", "description": "", "public": True, "uris": [uri(900)]},
        }  # fmt: skip
        self.tokens = {"first"}
        self.refreshes = ["second", "third"]

    def handle(self, asked: Asked):
        path = asked.path.rstrip("/")
        if path == "/token":
            if not self.refreshes:
                return 400, {"error": "invalid_grant", "error_description": "Refresh token revoked"}
            self.tokens = {self.refreshes.pop(0)}
            return 200, {"access_token": next(iter(self.tokens)), "expires_in": 3600, "scope": " ".join(READ + WRITE)}
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": {"status": 401, "message": "The access token expired"}}
        if path == "/v1/me":
            return 200, {"id": "me"}
        if path == "/v1/me/tracks":
            return self.page(asked, self.saved)
        if path == "/v1/me/playlists" and asked.method == "GET":
            return self.page(asked, [
                {"id": key, "owner": {"id": each["owner"]}, "description": each["description"]}
                for key, each in self.playlists.items()
            ])  # fmt: skip
        if path == "/v1/me/playlists":
            key = f"{len(self.playlists):022d}"
            self.playlists[key] = {"owner": "me", "uris": [], **asked.json}
            return 201, {"id": key}
        _, _, kind, key, what = path.split("/")
        assert kind == "playlists" and what == "items", f"an endpoint that is closed: {path}"
        found = self.playlists.get(key)
        if found is None:
            return 404, {"error": {"status": 404, "message": "Resource not found"}}
        if found["owner"] != "me":
            return 403, {"error": {"status": 403, "message": "Forbidden"}}
        if asked.method == "GET":
            return self.page(asked, [{"item": track(int(each[-22:]))} for each in found["uris"]])
        added = asked.json if isinstance(asked.json, list) else asked.json["uris"]
        assert len(added) <= 100
        found["uris"] += added
        return 201, {"snapshot_id": "x"}

    def page(self, asked: Asked, rows: list):
        start, n = int(asked.query.get("offset", 0)), int(asked.query["limit"])
        assert n <= 50
        more = "https://elsewhere.invalid/" if start + n < len(rows) else None  # never to be followed
        return 200, {"items": rows[start : start + n], "next": more, "total": len(rows)}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with serve(world.handle) as found:
        yield found


@pytest.fixture
def account(server: Server, tmp_path: Path) -> Spotify:
    path = tmp_path / "token.json"
    token = {"access_token": "first", "refresh_token": "r", "expires_at": int(time.time()) + 3000,
             "scope": " ".join(READ + WRITE)}  # fmt: skip
    path.write_text(json.dumps(token))
    waits: list[float] = []
    made = Spotify("app", write=True, browser=False, path=path, sleep=waits.append)
    made.client.prefix, made.auth.OAUTH_TOKEN_URL = f"{server.address}/v1/", f"{server.address}/token"
    made.waits = waits  # type: ignore[attr-defined]
    return made


def test_the_library_is_saved_songs_and_own_playlists(account: Spotify, server: Server) -> None:
    history = read_history([], sources=[Library(account)])
    # songs 0..69 saved by Björk, 60..179 by Air in the playlist; another artist's song is another song
    assert dict(zip(history.plays.artists, history.plays.counts, strict=True)) == {"Björk": 70, "Air": 120}
    assert history.left_out["podcasts and songs that are gone"] == 1
    assert not any(THEIRS in asked.path for asked in server.asked)


def test_a_playlist_of_ones_own(account: Spotify) -> None:
    songs = songs_in(account, f"https://open.spotify.com/intl-de/playlist/{MINE}?si=abc")
    assert len(songs) == 120 and songs[0] == ("Air", "song 60", "A", uri(60))
    with pytest.raises(AccountError, match="only playlists you own"):
        songs_in(account, f"spotify:playlist:{THEIRS}")
    with pytest.raises(AccountError, match="404"):
        songs_in(account, "n" * 22)
    with pytest.raises(AccountError, match="no link"):
        playlist_id(f"https://example.org/playlist/{MINE}")


def test_a_token_that_ends_is_renewed(account: Spotify, world: World, tmp_path: Path) -> None:
    world.tokens = set()
    assert len(songs_in(account, MINE)) == 120
    kept = json.loads((tmp_path / "token.json").read_text())
    assert kept["access_token"] == "second" and kept["refresh_token"] == "r"
    world.tokens, world.refreshes = set(), []
    with pytest.raises(AccountError, match="musicrec spotify login"):
        songs_in(account, MINE)


@pytest.mark.parametrize("failure", [LOST, (429, {}, {"Retry-After": "9"}), (503, {}), (502, b"<html>")])
def test_reading_is_tried_again(account: Spotify, server: Server, failure) -> None:
    server.failures = [None, failure, failure]
    assert len(songs_in(account, MINE)) == 120
    assert account.waits == ([9.0, 9.0] if failure[0] == 429 else [1.0, 2.0])  # type: ignore[attr-defined]


def test_nobody_waits_a_day(account: Spotify, server: Server) -> None:
    server.failures = [(429, {}, {"Retry-After": "80000"})]
    with pytest.raises(AccountError, match="1333 minutes"):
        songs_in(account, MINE)


def test_a_playlist_is_made_private_and_once(account: Spotify, world: World) -> None:
    uris = [uri(i) for i in range(250)]
    link, added = write_songs(account, "new", uris)
    assert added == 250 and len(world.playlists) == 3
    made = world.playlists[playlist_id(link)]
    assert made["uris"] == uris and made["public"] is False and made["name"] == "new"
    assert write_songs(account, "new", uris) == (link, 0) and len(world.playlists) == 3


@pytest.mark.parametrize("kept", [False, True], ids=["not done", "done but not answered"])
@pytest.mark.parametrize("failure", [LOST, (500, {})], ids=["lost", "500"])
@pytest.mark.parametrize("at", range(1, 9))
def test_no_song_and_no_playlist_is_there_twice(
    account: Spotify, world: World, server: Server, at: int, failure, kept: bool
) -> None:
    """The request number `at` fails, whatever it is; at last everything is there once, in order."""
    handle, n = server.handle, 0

    def failing(asked: Asked):
        nonlocal n
        n += 1
        if n != at:
            return handle(asked)
        if kept:
            handle(asked)
        return failure

    server.handle = failing
    uris = [uri(i) for i in range(250)]
    try:
        link, _ = write_songs(account, "new", uris)
    except AccountError as error:
        assert "the same command goes on" in str(error)  # making it is the one request that is never repeated
        link, _ = write_songs(account, "new", uris)
    assert len(world.playlists) == 3 and world.playlists[playlist_id(link)]["uris"] == uris


def test_what_is_missing_is_said(account: Spotify, world: World, server: Server) -> None:
    handle = server.handle
    added = 0

    def failing(asked: Asked):
        nonlocal added
        if asked.method == "POST" and asked.path.endswith("/items"):
            added += 1
            return handle(asked) if added == 1 else LOST
        return handle(asked)

    server.handle = failing
    uris = [uri(i) for i in range(250)]
    with pytest.raises(AccountError, match="At least 100 of 250 songs are in https://open"):
        write_songs(account, "new", uris)
    server.handle = handle
    link, added_now = write_songs(account, "new", uris)
    assert added_now == 150 and world.playlists[playlist_id(link)]["uris"] == uris


def test_songs_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text(f"Track name,Artist name,Album,Spotify URI\na,b,,{uri(1)}\na,b,,{uri(1)}\nc,d,,\n=x,y,,spotify:x\n")
    assert songs_from(path) == ([uri(1)], 2)
    path.write_text("Track name,Spotify URI\na,\n")
    with pytest.raises(AccountError, match="none of the 1 songs"):
        songs_from(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(AccountError, match='no column "Spotify URI"'):
        songs_from(path)
