"""The catalogue's file: what its name means, two processes at once, a full disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from catalog_files import rows, write

from musicrec.catalog import CatalogError, open_catalog
from musicrec.catalog.embedded import _shrink, _state
from musicrec.catalog.staging import explaining


@pytest.mark.parametrize(
    "place", ["", " ", ":memory:", ":memory:x", "md:x", "postgres:dbname=x", "sqlite:x.db", "duckdb:x", "http:/x"]
)
def test_names_that_mean_something_else_to_a_database_are_refused(place: str):
    with pytest.raises(CatalogError, match=r"not the name of a file|address"):
        open_catalog(place)


def test_a_data_file_cannot_be_a_catalogue(tmp_path: Path):
    for name in ("t.csv", "t.json", "t.csv.gz"):
        with pytest.raises(CatalogError, match="name of a data file"):
            open_catalog(tmp_path / name)


def test_tilde_is_the_home_for_python_and_for_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    open_catalog("~/c.duckdb").add(write(tmp_path / "t.csv", "a,b\n1,x\n"))
    assert (home / "c.duckdb").exists() and not (tmp_path / "~").exists()
    assert open_catalog(home / "c.duckdb").show("t").rows == 1
    with pytest.raises(CatalogError, match=r"\./~"):
        open_catalog("~nobody-of-this-name/c.duckdb")
    odd = open_catalog("a b*[c] 'd'.duckdb")
    odd.add(tmp_path / "t.csv")
    assert odd.show("t").rows == 1 and (tmp_path / "a b*[c] 'd'.duckdb").exists()
    with pytest.raises(CatalogError, match="question mark"):
        open_catalog("a?access_mode=READ_ONLY.duckdb")
    if os.sep == "/":
        with pytest.raises(CatalogError, match="backslash"):
            open_catalog("folder\\c.duckdb")


def test_what_was_found_instead_of_a_catalogue_is_said_and_left_alone(tmp_path: Path):
    table = write(tmp_path / "t.csv", "a,b\n1,x\n")
    with sqlite3.connect(tmp_path / "s.db") as database:
        database.execute("CREATE TABLE x (i)")
    with duckdb.connect(str(tmp_path / "d.duckdb")) as connection:
        connection.execute("CREATE TABLE datasets (i INTEGER)")
    (tmp_path / "folder.duckdb").mkdir()
    write(tmp_path / "text.duckdb", "a,b\n1,2\n")
    write(tmp_path / "empty.duckdb", "")
    found = {"s.db": "SQLite", "d.duckdb": "other tables", "folder.duckdb": "a folder", "text.duckdb": "another kind"}
    found["empty.duckdb"] = "an empty file"
    for name, what in found.items():
        before = (tmp_path / name).read_bytes() if (tmp_path / name).is_file() else b""
        for work in (lambda c: c.entries(), lambda c: c.add(table)):
            with pytest.raises(CatalogError, match=f"not a catalogue, but .*{what}"):
                work(open_catalog(tmp_path / name))
        assert not before or (tmp_path / name).read_bytes() == before


def test_who_fails_deletes_nothing_that_another_process_made(tmp_path: Path):
    good, bad = write(tmp_path / "good.csv", "a,b\n1,x\n"), write(tmp_path / "bad.csv", "a,b\n")
    code = (
        "import sys\nfrom musicrec.catalog import open_catalog\nprint(flush=True); sys.stdin.readline()\n"
        "for place in sys.argv[2:]:\n"
        "    try: open_catalog(place).add(sys.argv[1])\n"
        "    except ValueError as error: print(error)"
    )
    places = [str(tmp_path / f"{i}.duckdb") for i in range(6)]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path), *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for path in (good, bad)
    ]
    for process in both:
        assert process.stdout and process.stdout.readline()
    told = [process.communicate("\n")[0] for process in both]
    assert told[0] == "" and told[1].count("no rows") == len(places)
    for place in places:
        assert [entry.name for entry in open_catalog(place).entries()] == ["good"]
    assert not list(tmp_path.glob(".*")), "nothing is left of either"


def test_what_a_failed_add_let_the_file_grow_is_taken_back(tmp_path: Path):
    catalog = open_catalog(tmp_path / "c.duckdb")
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,x\n"))
    before, size = _state(tmp_path / "c.duckdb"), (tmp_path / "c.duckdb").stat().st_size
    assert before is not None
    with (tmp_path / "c.duckdb").open("ab") as file:
        file.write(b"x" * 100_000)
    _shrink(tmp_path / "c.duckdb", before)
    assert (tmp_path / "c.duckdb").stat().st_size == size and rows(catalog, "t") == [("1", "x")]
    catalog.add(tmp_path / "t.csv", "u")
    after = (tmp_path / "c.duckdb").read_bytes()
    _shrink(tmp_path / "c.duckdb", before)
    assert (tmp_path / "c.duckdb").read_bytes() == after, "what was committed since is not cut off"


def test_after_a_failed_add_on_a_full_disk_a_small_one_succeeds(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk cannot be made here")
    try:
        catalog = open_catalog(disk / "c.duckdb")
        catalog.add(write(tmp_path / "t.csv", "a,b\n1,x\n"))
        size = (disk / "c.duckdb").stat().st_size
        big = write(tmp_path / "big.csv", "a,b\n" + "".join(f"{i},{hash((i, 1)):x}\n" for i in range(300_000)))
        with pytest.raises(CatalogError, match="full"):
            catalog.add(big)
        assert (disk / "c.duckdb").stat().st_size == size
        assert catalog.add(tmp_path / "t.csv", "u").rows == 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_who_may_not_write_is_told_what_to_do(error: OSError):
    with pytest.raises(CatalogError, match=r"cannot be written by you.*--catalog"), explaining("c.duckdb"):
        raise error


def test_an_export_that_fails_names_the_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    catalog = open_catalog(tmp_path / "c.duckdb")
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,x\n"))

    def full(entry: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("musicrec.catalog.base._csv_writer", lambda entry: full)
    with pytest.raises(CatalogError, match="no space left") as failed:
        catalog.export("t", tmp_path / "out.csv")
    assert str(failed.value).count("out.csv") == 1 and not (tmp_path / "out.csv").exists()
