"""Which results are out of date."""

import dataclasses
import shutil
from pathlib import Path

import nbformat
import pytest
from trial_book import ROOT, SCORE, chapters, dataset, pretend, run, write_notebook
from trial_book import book as book

from musicrec import code_digest
from musicrec.code_digest import code_closure
from musicrec.site import staleness
from musicrec.site.notebooks import BookError, Run
from musicrec.site.staleness import why_stale


def test_no_chapter_depends_on_how_the_book_is_published():
    found = {p for path in (ROOT / "notebooks").rglob("*.ipynb") for p in code_closure(staleness.python_cells(path))}
    assert not [path for path in found if path.relative_to(code_digest.SOURCE).parts[0] in ("cli", "site")]
    assert "dataset.py" in {p.name for p in code_closure(["from musicrec.scores.records import ScoreBook"])}


def test_a_chapter_is_stale_when_anything_it_depends_on_changes_and_only_then(
    book: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = chapters(book)
    write_notebook(book, "02_baseline", "from musicrec.models.baselines import popularity", SCORE.format("02_baseline"))
    for chapter in (first, second):
        assert why_stale(chapter, run(), book) == "never executed"
        pretend(chapter, run(), book)
        assert why_stale(chapter, run(), book) == ""
    assert why_stale(first, run(quick=True), book) == "changed: parameters"
    assert why_stale(first, Run(dataset(fingerprint="f" * 16), dataset("spotify-songs")), book) == "changed: data"
    other_songs = Run(dataset(), dataset("spotify-songs", fingerprint="f" * 16))
    assert why_stale(first, other_songs, book) == "", "a chapter without songs does not depend on them"

    with_playlists = dataclasses.replace(run(), playlists=dataset("mpd"))
    assert why_stale(first, with_playlists, book) == "", "nor one without playlists on them"
    write_notebook(book, "01_eda", 'from musicrec import datasets\ndatasets.load("mpd")', SCORE.format("01_eda"))
    pretend(first, run(), book)
    assert why_stale(first, with_playlists, book) == "changed: data"
    write_notebook(book, "01_eda")
    pretend(first, run(), book)

    fake = book / "musicrec"
    shutil.copytree(code_digest.SOURCE, fake)
    monkeypatch.setattr(code_digest, "SOURCE", fake)
    (fake / "models" / "baselines" / "popularity.py").write_text("changed = True\n")
    assert (why_stale(first, run(), book), why_stale(second, run(), book)) == ("", "changed: code")

    notebook = nbformat.read(first.path, as_version=4)
    notebook.cells[-1].outputs = []
    notebook.cells[-1].metadata["collapsed"] = True
    nbformat.write(notebook, first.path)
    assert why_stale(first, run(), book) == "", "how an editor saves a notebook is no change"
    notebook.cells[0].source += " more"
    nbformat.write(notebook, first.path)
    assert why_stale(first, run(), book) == "changed: notebook"
    (book / "requirements.lock").write_text("numpy==1\n")
    assert why_stale(second, run(), book) == "changed: code, environment"
    second.scores_path.write_text("[ ]")
    assert why_stale(second, run(), book) == "not as the book wrote it: scores/02_baseline.json"
    second.stamp_path.unlink()
    assert why_stale(second, run(), book) == "never executed"


def test_a_cell_that_is_not_python_is_named(book: Path):
    write_notebook(book, "01_eda", "def broken(:")
    with pytest.raises(BookError, match="a cell is not valid Python"):
        staleness.inputs(chapters(book)[0], run(), book)
    write_notebook(book, "01_eda", "%matplotlib inline\n!true\nx = 1")
    staleness.inputs(chapters(book)[0], run(), book)


def test_a_chapter_that_reads_scores_depends_on_what_the_others_wrote_and_on_nothing_else(book: Path):
    write_notebook(book, "01_eda", reads_scores=True)
    reader, other = chapters(book)
    pretend(other, run(), book)
    pretend(reader, run(), book)
    (reader.folder / "scores" / "99_foreign.json").write_text("[]")
    assert why_stale(reader, run(), book) == ""
    other.scores_path.write_text("[ ]")  # no longer what the book wrote: it counts as nothing
    assert why_stale(reader, run(), book) == "changed: scores"
