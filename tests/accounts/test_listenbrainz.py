"""ListenBrainz, against a local server that pages, limits and fails."""

from collections.abc import Iterator

import pytest
from account_server import LOST, Asked, Server, serve

from musicrec.accounts import AccountError
from musicrec.accounts.listenbrainz import ListenBrainz
from musicrec.histories import read_history

START = 1_700_000_000


def listen(time: int, artist: str, track: str) -> dict:
    return {"listened_at": time, "recording_msid": f"{artist}/{track}",
            "track_metadata": {"artist_name": artist, "track_name": track, "release_name": ""}}  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # three listens a page; seconds with several listens lie across the ends of pages
    times = [0, 0, 1, 2, 2, 2, 2, 3, 9, 9]
    rows = [listen(START + time, "Björk" if i % 2 else "Air", f"song {i}") for i, time in enumerate(times)]
    monkeypatch.setattr("musicrec.accounts.listenbrainz.PAGE", 4)

    def handle(asked: Asked):
        if asked.path != "/1/user/some%20body/listens":
            return 404, {"code": 404, "error": "Cannot find user"}
        before = int(asked.query.get("max_ts", START + 100))
        found = sorted((r for r in rows if r["listened_at"] < before), key=lambda r: -r["listened_at"])
        listens = found[: int(asked.query["count"])]
        return 200, {"payload": {"count": len(listens), "listens": listens}}

    with serve(handle) as found:
        yield found


def account(server: Server, user: str = "some body") -> tuple[ListenBrainz, list[float]]:
    waits: list[float] = []
    return ListenBrainz(user, address=server.address, sleep=waits.append), waits


def test_every_listen_is_read_once(server: Server) -> None:
    source, waits = account(server)
    history = read_history([], sources=[source], now=START + 1000)
    assert sorted(title for _, title, _ in history.plays.titles) == [f"song {i}" for i in range(10)]
    assert len(history.plays) == 10 and history.plays.sources == ["ListenBrainz"]
    assert history.plays.time.max() == history.plays.time.min() + 9
    assert history.files == [("some body at ListenBrainz", "ListenBrainz", 10)]
    assert not waits and all("Authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize("failure", [LOST, (503, {}), (429, {}, {"X-RateLimit-Reset-In": "7"}), (502, b"<html>")])
def test_a_failure_in_the_middle_is_tried_again(server: Server, failure) -> None:
    source, waits = account(server)
    server.failures = [None, failure, failure]
    assert len(read_history([], sources=[source], now=START + 1000).plays) == 10
    assert waits == ([7.0, 7.0] if failure[0] == 429 else [1.0, 2.0])


def test_the_limit_is_kept(server: Server) -> None:
    source, waits = account(server)
    page = {"payload": {"listens": [listen(START + 50, "Air", "x")]}}
    server.failures = [(200, page, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "3"})]
    assert len(read_history([], sources=[source], now=START + 1000).plays) == 11
    assert waits == [3.0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (LOST, "cannot be reached"),
        ((500, {}), "answers 500"),
        ((403, {}), "answers 403"),
        ((302, {}, {"Location": "http://127.0.0.1:1/"}), "answers 302"),
        ((200, {"payload": []}), "not answer as documented"),
        ((200, b"<html>"), "not answer as documented"),
        ((429, {}, {"Retry-After": "86400"}), "1440 minutes"),
    ],
)
def test_what_cannot_be_mended_is_said(server: Server, answer, message: str) -> None:
    source, _ = account(server)
    server.failures = [answer] * 9
    with pytest.raises(AccountError, match=message):
        read_history([], sources=[source])


def test_a_service_that_ignores_where_to_go_on_is_left(server: Server) -> None:
    source, _ = account(server)
    server.failures = [(200, {"payload": {"listens": [listen(START, "Air", "a"), listen(START + 5, "Air", "b")]}})] * 9
    assert len(read_history([], sources=[source], now=START + 1000).plays) == 2


def test_nobody(server: Server) -> None:
    with pytest.raises(AccountError, match="no user 'no/body'"):
        read_history([], sources=[account(server, "no/body")[0]])
    assert server.asked[-1].path == "/1/user/no%2Fbody/listens"
    with pytest.raises(AccountError, match="has a name"):
        ListenBrainz(" ")
