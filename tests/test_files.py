from pathlib import Path

import pytest

from musicrec.files import whole


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
