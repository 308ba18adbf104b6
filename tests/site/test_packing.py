"""Data in a script."""

from pathlib import Path

import pytest

from musicrec.site.packing import unpacked, version, write_packed


def test_data_come_out_as_they_went_in_and_the_same_data_have_the_same_name(tmp_path: Path):
    data = {"names": ["Björk", "</script>", "عمرو دياب", '"'], "x": [1, 2.5, None]}
    place = write_packed(tmp_path, "map", "musicrecMap", data)
    text = (tmp_path / place).read_text()
    assert unpacked(text) == data and text.startswith('window.musicrecMap = "') and "<" not in text
    assert write_packed(tmp_path, "map", "musicrecMap", data) == place != write_packed(tmp_path, "map", "x", [1])


def test_what_json_cannot_hold_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="JSON"):
        write_packed(tmp_path, "map", "x", [float("nan")])


def test_a_changed_script_has_another_version(tmp_path: Path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.js").write_text("1")
    before = version(tmp_path, ("a.js",))
    (tmp_path / "scripts" / "a.js").write_text("2")
    assert version(tmp_path, ("a.js",)) != before
