"""The dataset catalogue in a Firebase Realtime Database: as in one file, over a net that fails now and then.

`firebase-server`, a package of Node.js, speaks the protocol; it is installed into the build folder, and only when
MUSICREC_NPM_INSTALL is set. What it cannot do (token, broken connections, a full quota) a pretend database does.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from catalog_files import HOSTILE, rows, write
from npm import BUILD, npm_install

from musicrec.catalog import CatalogError, open_catalog
from musicrec.catalog.firebase import STALE, TRIES, FirebaseCatalog
from musicrec.catalog.loopback import Loopback, loopback

HOME = BUILD / "firebase-server"
PACKAGE = {"dependencies": {"firebase-server": "1.1.0"}, "overrides": {"firebase": "8.10.1"}}
PROGRAM = "node_modules/.bin/firebase-server"


@pytest.fixture(scope="module")
def firebase_server() -> Iterator[str]:
    """The address of a firebase-server."""
    if not shutil.which("node"):
        pytest.skip("Node.js is not installed")
    if reason := npm_install(HOME, PACKAGE, PROGRAM):
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(HOME / PROGRAM), "-e", "-p", str(port), "-a", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                requests.get(f"{address}/.json", timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        else:
            pytest.skip("firebase-server does not start here")
        yield address
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def pretend() -> Iterator[Loopback]:
    with loopback() as database:
        yield database


@pytest.fixture(params=["firebase-server", "pretend"])
def address(request: pytest.FixtureRequest) -> str:
    if request.param == "pretend":
        return str(request.getfixturevalue("pretend").address)
    address = request.getfixturevalue("firebase_server")
    requests.put(f"{address}/.json", data="null", timeout=5)
    return str(address)


def table(path: Path, n: int = 200) -> Path:
    """A file with missing values, rows without any, hostile cells and columns that no Firebase key can be."""
    records = [
        {"n": i, "a.b/c": HOSTILE[i % len(HOSTILE)], "100%": i / 8 if i % 3 else None, "[#$]": ""} for i in range(n)
    ]
    records[7] = dict.fromkeys(records[7])
    records[0] = {**records[0], "ü": None}
    return write(path / "hostile.json", json.dumps(records))


def test_it_is_the_same_catalogue_as_in_one_file(address: str, tmp_path: Path):
    remote, local = FirebaseCatalog(address + "/books", limit=4000), open_catalog(tmp_path / "c.duckdb")
    assert remote.entries() == [] and remote.place == address + "/books"
    path = table(tmp_path)
    for catalog in (remote, local):
        catalog.add(path, "Ä name, 100% hostile", "<i>")
    there, here = remote.show("Ä name, 100% hostile"), local.show("Ä name, 100% hostile")
    same = ("name", "description", "file", "type", "size", "rows", "features")
    assert [getattr(there, name) for name in same] == [getattr(here, name) for name in same]
    assert rows(remote, there.name) == rows(local, here.name)
    for method in ("head", "tail"):
        assert getattr(remote, method)(there.name, 3).equals(getattr(local, method)(here.name, 3))
    assert remote.sample(there.name, 20, seed=4).equals(local.sample(here.name, 20, seed=4))
    one, two = remote.export(there.name, tmp_path / "1.json"), local.export(here.name, tmp_path / "2.json")
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(CatalogError, match="already"):
        remote.add(path, there.name)
    remote.add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    assert [entry.name for entry in remote.entries()] == ["t", there.name]
    remote.remove(there.name)
    remote.remove("t")
    assert requests.get(f"{address}/books.json", timeout=5).json() is None, "nothing is left"


def test_what_is_refused_leaves_no_trace(address: str, tmp_path: Path):
    catalog = FirebaseCatalog(address)
    for name, content in {"ragged.csv": "a,b\n1\n", "list.json": '[{"a": [1]}]', "no.txt": "x"}.items():
        with pytest.raises(CatalogError):
            catalog.add(write(tmp_path / name, content))
    for name in ("a/b", "a.b", "$", "#", "[", "]", "\n"):
        with pytest.raises(CatalogError, match="name"):
            catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"), name)
    assert requests.get(f"{address}/.json", timeout=5).json() is None


def test_a_body_is_never_larger_than_allowed(pretend: Loopback, tmp_path: Path):
    catalog = FirebaseCatalog(pretend.address, limit=3000)
    pretend.limit = 3000
    catalog.add(table(tmp_path))
    assert len([1 for method, path, _ in pretend.requests if method == "PUT" and "/rows/" in path]) > 5
    pretend.requests.clear()
    catalog.tail("hostile", 1)
    assert len(pretend.requests) == 3, "index, places, one batch: not the whole table"
    long = write(tmp_path / "long.csv", f"a,b\n1,2\n{'x' * 4000},2\n")
    with pytest.raises(CatalogError, match="row 2 has 4,0"):
        catalog.add(long)
    assert sorted(pretend.tree) == ["datasets", "rows"] and len(pretend.tree["rows"]) == 1


def test_one_request_publishes_and_one_withdraws(pretend: Loopback, tmp_path: Path):
    catalog = FirebaseCatalog(pretend.address, limit=3000)
    catalog.add(table(tmp_path))
    changing = [(method, path) for method, path, _ in pretend.requests if method != "GET"]
    assert changing[0][1].startswith("/unfinished/") and changing[-1] == ("PATCH", "/.json")
    assert all(path.startswith("/rows/") for _, path in changing[1:-1])
    pretend.requests.clear()
    catalog.remove("hostile")
    assert next((method, path) for method, path, _ in pretend.requests if method != "GET") == ("PATCH", "/.json")
    assert pretend.tree == {}


@pytest.mark.parametrize("failures", [[503], [0], [429, 500, 502, 504], [0, 503, 0, 503, 0]])
def test_a_busy_database_is_asked_again(pretend: Loopback, tmp_path: Path, failures: list[int]):
    pretend.failures = list(failures)
    catalog = FirebaseCatalog(pretend.address, wait=0.001)
    catalog.add(table(tmp_path))
    assert pretend.failures == [] and catalog.show("hostile").rows == 200


@pytest.mark.parametrize("status", [0, 503, 400, 413])
def test_a_database_that_fails_for_good_is_told_and_keeps_nothing_half(pretend: Loopback, tmp_path: Path, status: int):
    catalog = FirebaseCatalog(pretend.address, token="secret-token", limit=3000, wait=0.001)
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    ask, sent = catalog._ask, []

    def failing(method: str, node: str, *more, **query):
        sent.append(node)
        if node.endswith("/3") and method == "PUT":
            pretend.failures = [status] * (TRIES if status in (0, 503) else 1)  # others are not worth another try
        return ask(method, node, *more, **query)

    catalog._ask = failing  # type: ignore[method-assign]
    with pytest.raises(CatalogError) as raised:
        catalog.add(table(tmp_path))
    pretend.failures = []
    assert "127.0.0.1" in str(raised.value) and "secret-token" not in str(raised.value)
    assert raised.value.__cause__ is None, "the address with the token is not told"
    assert [entry.name for entry in catalog.entries()] == ["t"]
    assert len(pretend.tree["rows"]) == 1 and "unfinished" not in pretend.tree


def test_the_token_is_sent_and_its_absence_is_explained(pretend: Loopback, tmp_path: Path, monkeypatch):
    pretend.token = "secret-token"
    monkeypatch.setenv("MUSICREC_FIREBASE_TOKEN", "secret-token")
    assert open_catalog(pretend.address).add(write(tmp_path / "t.csv", "a,b\n1,2\n")).rows == 1
    monkeypatch.setenv("MUSICREC_FIREBASE_TOKEN", "wrong-token")
    with pytest.raises(CatalogError, match="MUSICREC_FIREBASE_TOKEN") as raised:
        open_catalog(pretend.address).entries()
    assert "wrong-token" not in str(raised.value)


@pytest.mark.parametrize(
    "place", ["http://example.org/", "ftp://127.0.0.1/", "https://", "https://a/?x=1", "https://u:p@a/"]
)
def test_an_address_that_is_none_or_not_encrypted_is_refused(place: str):
    with pytest.raises(CatalogError, match="address") as raised:
        open_catalog(place)
    assert "u:p" not in str(raised.value)


def test_an_answer_that_is_not_of_a_catalogue_is_told(pretend: Loopback):
    pretend.tree["datasets"] = "text"
    with pytest.raises(CatalogError, match="not a catalogue"):
        open_catalog(pretend.address).entries()
    pretend.tree["datasets"] = {"x": {"y": 1}}
    with pytest.raises(CatalogError, match="another program"):
        open_catalog(pretend.address).entries()


def test_a_killed_upload_shows_nowhere_and_is_swept_up_later(pretend: Loopback, tmp_path: Path, monkeypatch):
    catalog = open_catalog(pretend.address)
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    before = json.dumps(pretend.tree)
    code = (
        "import sys, time\nfrom musicrec.catalog.firebase import FirebaseCatalog\n"
        "def stop(what, share):\n    if what == 'sending' and share > 0: print(flush=True); time.sleep(60)\n"
        "FirebaseCatalog(sys.argv[1], limit=3000).add(sys.argv[2], progress=stop)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, pretend.address, table(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [entry.name for entry in catalog.entries()] == ["t"] and len(pretend.tree["rows"]) == 2
    catalog.add(write(tmp_path / "u.csv", "a,b\n1,2\n"))
    assert len(pretend.tree["rows"]) == 3, "an upload that may still go on is left alone"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + STALE + 60)
    catalog.add(write(tmp_path / "v.csv", "a,b\n1,2\n"))
    assert len(pretend.tree["rows"]) == 3 and "unfinished" not in pretend.tree
    catalog.remove("u")
    catalog.remove("v")
    assert json.dumps(pretend.tree) == before
