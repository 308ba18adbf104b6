"""Files: where they go, and that they are whole."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from musicrec.files import BusyError, book_folder, build_dir, cache_dir, locked, whole, write_text


def test_writes_text_and_bytes_and_makes_the_folder(tmp_path: Path) -> None:
    with whole(tmp_path / "new" / "a.txt") as file:
        file.write("Björk")
    assert (tmp_path / "new" / "a.txt").read_text(encoding="utf-8") == "Björk"
    with whole(tmp_path / "b.bin", "wb") as file:
        file.write(b"\x00\xff")
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fails_halfway() -> None:
        with whole(path) as file:
            file.write("new")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fails_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full_disk(*_: object) -> None:
        raise OSError("No space left on device")

    def write() -> None:
        with whole(path) as file:
            file.write("new")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be written") as caught:
        write_text(tmp_path / "file" / "a.txt", "new")
    assert str(caught.value).startswith(str(tmp_path / "file"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"folder cannot be written: is a directory"):
        write_text(tmp_path / "folder", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".a.txt.1234"))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError, match=f"^{tmp_path} cannot be written: permission denied$"):
        write_text(tmp_path / "a.txt", "new")
    with pytest.raises(PermissionError, match=f"^{tmp_path} cannot be written"), locked(tmp_path / "lock", ""):
        pass


def test_a_full_disk_names_the_file_and_not_a_temporary_one(tmp_path: Path) -> None:
    def fill() -> None:
        with whole(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"a\.txt cannot be written: no space left on device") as caught:
        fill()
    assert caught.value.errno == errno.ENOSPC


def test_other_errors_in_the_block_stay_what_they_are(tmp_path: Path) -> None:
    def read() -> None:
        with whole(tmp_path / "a.txt"):
            (tmp_path / "missing").read_text()

    with pytest.raises(FileNotFoundError, match="missing"):
        read()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="no such rights")
def test_a_new_file_has_the_rights_of_any_other(tmp_path: Path) -> None:
    write_text(tmp_path / "ours", "")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_who_fails_deletes_nothing_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(RuntimeError, match="first"), whole(path) as first:
        first.write("first")
        write_text(path, "second")
        raise RuntimeError("first")
    assert path.read_text() == "second"


def test_a_lock_is_held_by_one_and_freed_by_death(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = "import sys; from musicrec.files import locked\n"
    code += f"with locked({str(path)!r}, 'held'): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert isinstance(other.stdout, io.BufferedReader)
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="wait for it"), locked(path, "wait for it"):
            pass
        other.kill()
    with locked(path, "wait for it"):
        pass


def test_the_folder_of_the_book_is_found_from_below_and_no_other_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSICREC_BUILD", raising=False)
    monkeypatch.setenv("MUSICREC_CACHE", str(tmp_path / "cache"))
    ours, below = tmp_path / "ours", tmp_path / "ours" / "notebooks" / "deep"
    below.mkdir(parents=True)
    for folder, settings in ((ours, "extensions: [musicrec.site.formulas]"), (tmp_path, "title: another book")):
        (folder / "_toc.yml").write_text("")
        (folder / "_config.yml").write_text(settings)
    monkeypatch.chdir(below)
    assert book_folder() == ours
    assert build_dir() == ours / "build"
    monkeypatch.chdir(tmp_path)
    assert book_folder() is None
    assert build_dir() == tmp_path / "cache" / "build"
    assert cache_dir() == tmp_path / "cache"
    monkeypatch.setenv("MUSICREC_BUILD", "~/elsewhere")
    assert build_dir() == Path.home() / "elsewhere"
