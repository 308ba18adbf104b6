"""Stamps: nothing but what an execution wrote is taken for it."""

import json
from pathlib import Path

import pytest

from musicrec.scores.stamps import changed_outputs, digests, read_stamp, stamp_path, stamped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scores" / "02_x").mkdir(parents=True)
    files = [tmp_path / "scores" / "02_x.json", tmp_path / "scores" / "02_x" / "als.npz"]
    for path in files:
        path.write_text(path.name)
    stamp_path(tmp_path, "02_x").parent.mkdir()
    record = {"inputs": {}, "parameters": {}, "seconds": 1.0, "cells": 1, "outputs": digests(tmp_path, files)}
    stamp_path(tmp_path, "02_x").write_text(json.dumps(record))
    return tmp_path


def test_a_stamp_vouches_for_its_files(folder: Path):
    assert {p.name for p in stamped(folder)["02_x"]} == {"02_x.json", "als.npz"}


@pytest.mark.parametrize("name", ["scores/02_x.json", "scores/02_x/als.npz"])
@pytest.mark.parametrize("how", ["changed", "gone", "emptied", "a folder"])
def test_a_file_that_is_not_as_it_was_is_noticed(folder: Path, name: str, how: str):
    path = folder / name
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "gone":
        path.write_text("" if how == "emptied" else "other")
    stamp = read_stamp(folder, "02_x")
    assert stamp
    assert changed_outputs(folder, stamp) == [name]
    assert stamped(folder) == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": {}, "seconds": 1, "cells": 3, "parameters": {}}', "{"])
def test_a_stamp_without_digests_is_none(folder: Path, text: str):
    stamp_path(folder, "02_x").write_text(text)
    assert read_stamp(folder, "02_x") is None
    assert stamped(folder) == {}


def test_a_file_no_stamp_names_is_nobodys(folder: Path):
    (folder / "scores" / "02_x" / "foreign.npz").write_text("x")
    assert "foreign.npz" not in {p.name for p in stamped(folder)["02_x"]}
