"""Score records, and who may write those of the book."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.scores.builds import EXECUTION
from musicrec.scores.records import ScoreBook, read_file, read_scores
from musicrec.scores.reproduction import reproduction
from musicrec.scores.stamps import digests, stamp_path


@pytest.fixture(autouse=True)
def _build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An execution by the book, as far as a score book can tell."""
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    monkeypatch.setenv(EXECUTION, str(tmp_path / "running"))


def a_dataset(name: str, *, simulated: bool = False) -> Dataset:
    listens = Interactions(sp.csr_array(np.ones((1, 1))), np.arange(1), np.arange(1))
    provenance = Provenance("s", "", "1", "l", "", "test", "0" * 16, simulated)
    return Dataset(name, listens, pd.DataFrame({"name": ["a"]}), provenance)


def test_records_hold_what_scripts_read() -> None:
    book = ScoreBook("02_x", a_dataset("simulated", simulated=True))
    book.add("popularity", "ndcg@10", 0.5, low=0.4, high=0.6)
    [row] = json.loads(book.path.read_text())
    assert read_file(book.path) == book.scores
    wanted = {"chapter", "system", "dataset", "simulated", "protocol", "metric", "value"}
    wanted |= {"low", "high", "seeds", "reported", "tolerance"}
    assert wanted <= set(row)
    assert row["simulated"] is True
    assert row["protocol"] == "listeners"


def test_data_that_only_some_have_count_as_the_originals_where_their_provenance_says_so() -> None:
    data = a_dataset("playlists")
    about = replace(data.provenance, originals=("spotifier",))
    for of, statuses in ((data, ["not-applicable"] * 3), (replace(data, provenance=about), ["reproduced", "differs"])):
        book = ScoreBook("02_x", of)
        book.reproduce("spotifier", "hit rate", 0.1663, 0.166).reproduce("spotifier", "other", 0.2, 0.166)
        book.reproduce("playlist-nncf", "accuracy", 0.9366, 0.9366).add("nncf", "ndcg@10", 0.1)
        found = [score.status for score in book.scores[:3]]
        assert found == [*statuses, "not-applicable"][:3], "the other original drew others"
        assert read_file(book.path) == book.scores
    [row, *_] = reproduction(ScoreBook("02_y", replace(data, provenance=about), quick=True).reproduce(
        "spotifier", "hit rate", 0.3, 0.166
    ).scores)  # fmt: skip
    assert row["status"] == "not-applicable" and row["note"] == "training was shortened for a quick look"


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="popularity ndcg@10 is nan"):
        ScoreBook("02_x", a_dataset("lastfm-2k")).add("popularity", "ndcg@10", float("nan"))


def stamp(folder: Path, chapter: str) -> None:
    """Leave the stamp of an execution that wrote what lies in the folder."""
    record = {"inputs": {}, "parameters": {}, "seconds": 1.0, "cells": 1}
    path = stamp_path(folder, chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = digests(folder, [folder / "scores" / f"{chapter}.json"])
    path.write_text(json.dumps({**record, "outputs": outputs}))


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scores" / "03_x.json"
    path.parent.mkdir(parents=True)
    path.write_text("[{]")
    stamp(tmp_path, "03_x")
    with pytest.raises(ValueError, match=r"03_x\.json does not hold score records"):
        read_scores(tmp_path)


def test_only_stamped_scores_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXECUTION, str(tmp_path / "scores"))
    for chapter in ("01_x", "02_x"):
        ScoreBook(chapter, a_dataset("lastfm-2k")).add("popularity", "ndcg@10", 0.5)
    assert read_scores(tmp_path) == []
    stamp(tmp_path, "01_x")
    assert [score.chapter for score in read_scores(tmp_path)] == ["01_x"]
    ScoreBook("01_x", a_dataset("lastfm-2k")).add("popularity", "ndcg@10", 0.99)
    assert read_scores(tmp_path) == []


def test_outside_the_book_scores_go_elsewhere_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EXECUTION)
    book = ScoreBook("02_x", a_dataset("lastfm-2k"), quick=True)
    with pytest.warns(UserWarning, match="those of the book stay as they are") as told:
        book.add("popularity", "ndcg@10", 0.5).add("popularity", "recall@10", 0.5)
    assert len(told) == 1
    assert book.path == tmp_path / "build" / "scratch" / "lastfm-2k-quick" / "scores" / "02_x.json"
    assert len(read_file(book.path)) == 2
    assert book.build == tmp_path / "build" / "lastfm-2k-quick", "where a chapter reads what others measured"


@pytest.mark.parametrize(
    ("reported", "more", "tolerance", "why"),
    [
        (745.24, {}, 0.005, "half of the last printed digit"),
        (1892, {}, 0.0, "a whole number must be met"),
        (0.5, {"seeds": (0,), "sd": None}, 0.05, "half of the last printed digit"),
        # Student's t of two degrees of freedom, 4.3027, times .2 / √3, and half of .1
        (0.5, {"seeds": (0, 1, 2), "sd": 0.2}, 4.302653 * 0.2 / 3**0.5 + 0.05, "95 % interval of the mean of 3 seeds"),
        (230, {"seeds": (0, 1), "sd": 1.0}, 12.7062 / 2**0.5 + 0.5, "95 % interval of the mean of 2 seeds"),
    ],
)
def test_a_tolerance_says_where_it_comes_from(reported: float, more: dict, tolerance: float, why: str) -> None:
    book = ScoreBook("01_x", a_dataset("lastfm-2k")).reproduce("lastfm-mf", "figure", reported, reported, **more)
    [row] = reproduction(book.scores)
    assert row["tolerance"] == pytest.approx(tolerance)
    assert row["tolerance_from"] == why
