"""Where files come from: folder, cache, download; nothing half-written, no network noticed soon."""

import io
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from musicrec.datasets import sources
from musicrec.datasets.sources import DataError, DataUnavailableError, File, Source

GOOD = b"a good file\n"


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_dat", ".dat"), data)
    return buffer.getvalue()


SOURCE = Source("toy", ("one.dat", "two.dat"), "toy.zip", "http://127.0.0.1:9/toy.zip", "MUSICREC_TOY_URL", ("toys",))


def parse(files: dict[str, File]) -> bytes:
    for file in files.values():
        if b"good" not in file.data:
            raise DataError(f"{file.label}, line 1: expected something good")
    return b"".join(file.data for file in files.values())


class Server(ThreadingHTTPServer):
    """Answers GET with the next of its scripted answers: (status, body, how much of the body to send)."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, int | None]] = []
        self.asked = 0
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/toy.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.send_response(405)
        self.end_headers()

    def do_GET(self) -> None:
        self.server.asked += 1
        status, body, sent = self.server.answers.pop(0) if self.server.answers else (500, b"", None)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("MUSICREC_TOY_URL", server.url)
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data folder, an empty cache, and no proxy between the tests and their own server."""
    for name in ("MUSICREC_DATA", "MUSICREC_OFFLINE", "MUSICREC_TOY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("MUSICREC_CACHE", str(tmp_path / "cache"))
    return tmp_path


def cached(places: Path) -> Path:
    return places / "cache" / "toy" / "toy.zip"


def left_over(places: Path) -> list[str]:
    return sorted(str(p.relative_to(places)) for p in (places / "cache").rglob("*") if p.is_file())


WHOLE = archive(one_dat=GOOD, two_dat=GOOD)


@pytest.mark.parametrize("folder", ["toy", "toys", "."])
@pytest.mark.parametrize("zipped", [True, False])
def test_the_readers_folder_comes_first(
    places: Path, monkeypatch: pytest.MonkeyPatch, folder: str, zipped: bool
) -> None:
    target = places / "mine" / folder
    target.mkdir(parents=True)
    if zipped:
        (target / "toy.zip").write_bytes(WHOLE)
    else:
        (target / "one.dat").write_bytes(GOOD)
        (target / "two.dat").write_bytes(GOOD)
    monkeypatch.setenv("MUSICREC_DATA", str(places / "mine"))
    assert sources.fetch(SOURCE, parse) == (GOOD * 2, "MUSICREC_DATA")
    assert not (places / "cache").exists()


def test_a_bad_file_of_the_readers_is_an_error_and_is_left_alone(
    places: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    server.answers = [(200, WHOLE, None)]
    folder = places / "mine" / "toy"
    folder.mkdir(parents=True)
    (folder / "one.dat").write_bytes(b"bad\n")
    monkeypatch.setenv("MUSICREC_DATA", str(places / "mine"))
    with pytest.raises(DataError, match=r"toy lacks two\.dat"):
        sources.fetch(SOURCE, parse)
    (folder / "two.dat").write_bytes(GOOD)
    with pytest.raises(DataError, match=r"one\.dat, line 1: expected something good"):
        sources.fetch(SOURCE, parse)
    assert (folder / "one.dat").read_bytes() == b"bad\n"
    assert server.asked == 0


def test_a_download_is_cached_and_used_again(places: Path, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, WHOLE, None)]
    assert sources.fetch(SOURCE, parse) == (GOOD * 2, "download")
    assert "100%" in capfd.readouterr().err  # the progress bar
    assert left_over(places) == ["cache/toy/toy.zip"]
    assert sources.fetch(SOURCE, parse) == (GOOD * 2, "cache")
    assert server.asked == 1


def test_a_plain_file_is_downloaded_too(places: Path, server: Server) -> None:
    server.answers = [(200, GOOD, None)]
    source = Source("toy", ("toy.csv",), "toy.csv", "", "MUSICREC_TOY_URL")
    assert sources.fetch(source, parse, progress=False) == (GOOD, "download")
    assert left_over(places) == ["cache/toy/toy.csv"]


@pytest.mark.parametrize("fault", [(500, b"", None), (503, b"busy", None), (200, WHOLE, 40)])
def test_a_passing_fault_is_tried_again(server: Server, fault: tuple[int, bytes, int | None]) -> None:
    server.answers = [fault, (200, WHOLE, None)]
    assert sources.fetch(SOURCE, parse, progress=False) == (GOOD * 2, "download")
    assert server.asked == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((404, b"", None), "404"),
        ((200, WHOLE, 40), "IncompleteRead"),
        ((200, b"<html>log in first</html>", None), r"the file from http://127.* is not a whole zip archive"),
        ((200, WHOLE[:60], None), "not a whole zip archive"),
        ((200, archive(one_dat=GOOD, two_dat=b"bad"), None), r"two\.dat, line 1: expected something good"),
        ((200, archive(one_dat=GOOD), None), r"expected one two\.dat in the archive, found 0"),
    ],
)
def test_a_lasting_fault_leaves_nothing(
    places: Path, server: Server, fault: tuple[int, bytes, int | None], said: str
) -> None:
    server.answers = [fault] * 9
    with pytest.raises(DataUnavailableError, match=said):
        sources.fetch(SOURCE, parse, progress=False)
    assert left_over(places) == []
    assert server.asked <= 1 + sources.RETRIES


def test_a_damaged_cache_is_downloaded_again(places: Path, server: Server) -> None:
    server.answers = [(200, WHOLE, None)]
    cached(places).parent.mkdir(parents=True)
    cached(places).write_bytes(WHOLE[:-30])
    with pytest.warns(UserWarning, match=r"damaged .* toy\.zip|damaged.*toy\.zip"):
        assert sources.fetch(SOURCE, parse, progress=False)[1] == "download"
    assert cached(places).read_bytes() == WHOLE


def test_a_damaged_cache_without_network_is_named(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_OFFLINE", "1")
    cached(places).parent.mkdir(parents=True)
    cached(places).write_bytes(WHOLE[:-30])
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(DataUnavailableError, match=r"the cached file .*toy\.zip is damaged .* delete it"),
    ):
        sources.fetch(SOURCE, parse)
    assert cached(places).read_bytes() == WHOLE[:-30]


def test_the_error_says_where_it_looked(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_OFFLINE", "1")
    with pytest.raises(DataUnavailableError) as caught:
        sources.fetch(SOURCE, parse)
    for part in ("MUSICREC_DATA is not set", str(cached(places)), "MUSICREC_OFFLINE", SOURCE.url, "toy/one.dat"):
        assert part in str(caught.value)


def test_a_folder_that_is_not_there_is_said(places: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    server.answers = [(200, WHOLE, None)]
    monkeypatch.setenv("MUSICREC_DATA", str(places / "typo"))
    with pytest.warns(UserWarning, match="typo, which is not a folder"):
        assert sources.fetch(SOURCE, parse, progress=False)[1] == "download"


def test_a_closed_port_is_noticed_at_once() -> None:
    start = time.perf_counter()
    with pytest.raises(DataUnavailableError, match=r"no connection: .*refused"):
        sources.fetch(SOURCE, parse)
    assert time.perf_counter() - start < 5


def test_a_silent_network_is_noticed_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sources.PROBE_SECONDS < 8  # the rest of the ten seconds is for imports
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        monkeypatch.setenv("MUSICREC_TOY_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(sources, "PROBE_SECONDS", 0.3)
        start = time.perf_counter()
        with pytest.raises(DataUnavailableError, match=r"no answer within|timed out"):
            sources.fetch(SOURCE, parse)
    assert time.perf_counter() - start < 5


def test_a_name_look_up_that_blocks_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def blocked(*args: object) -> None:
        release.wait(20)
        raise OSError("nothing found")

    monkeypatch.setattr("socket.getaddrinfo", blocked)
    start = time.perf_counter()
    with pytest.raises(DataError, match=r"no answer within 0\.3 s"):
        sources.probe("http://music.example/", 0.3)
    assert time.perf_counter() - start < 5
    release.set()


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "toy.zip"
    path.parent.mkdir()
    path.write_bytes(archive(**{"../../one_dat": GOOD, "/etc__two_dat": GOOD}))
    files = sources.read_zip(path, SOURCE.files)
    assert files["one.dat"].data == GOOD
    assert files["one.dat"].label == f"{path}: one.dat"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["toy.zip"]


def test_an_archive_may_not_unpack_to_anything_huge(tmp_path: Path) -> None:
    path = tmp_path / "toy.zip"
    path.write_bytes(archive(one_dat=b"0" * 1_000_000, two_dat=GOOD))
    with pytest.raises(DataError, match=r"one\.dat unpacks to more than 1,000 bytes"):
        sources.read_zip(path, SOURCE.files, limit=1_000)


def test_an_archive_may_not_hold_a_file_twice(tmp_path: Path) -> None:
    path = tmp_path / "toy.zip"
    path.write_bytes(archive(one_dat=GOOD, a__one_dat=GOOD, two_dat=GOOD))
    with pytest.raises(DataError, match=r"expected one one\.dat in the archive, found 2"):
        sources.read_zip(path, SOURCE.files)


def test_every_flipped_byte_of_an_archive_is_read_right_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy.zip"
    for place in range(len(WHOLE)):
        path.write_bytes(WHOLE[:place] + bytes([WHOLE[place] ^ 0xFF]) + WHOLE[place + 1 :])
        try:
            files = sources.read_zip(path, SOURCE.files)
        except DataError as error:
            assert str(path) in str(error)
        else:
            assert {file.data for file in files.values()} == {GOOD}
