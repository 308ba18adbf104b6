"""The template of a chapter: stored clean, and executed as it is told to be used."""

import shutil
from pathlib import Path

import nbformat
from trial_book import ROOT, Recorder, chapters
from trial_book import book as book

from musicrec.scores.records import read_scores
from musicrec.site.execution import execute_all
from musicrec.site.notebooks import resolve

TEMPLATE = ROOT / "templates" / "chapter.ipynb"


def test_it_is_stored_clean_and_is_no_chapter_itself():
    notebook = nbformat.read(TEMPLATE, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert "templates" not in (ROOT / "_toc.yml").read_text(encoding="utf-8")


def test_a_copy_of_it_is_a_chapter(book: Path):
    shutil.copy(TEMPLATE, book / "notebooks" / "16_name.ipynb")
    toc = "format: jb-book\nroot: index\nchapters:\n  - file: notebooks/16_name\n"
    (book / "_toc.yml").write_text(toc, encoding="utf-8")
    run = resolve("simulated-small", quick=True)
    execute_all(chapters(book, run), run, book, Recorder())
    scores = read_scores(run.folder)
    assert {score.system for score in scores} == {"item-knn"} and {score.seeds for score in scores} == {(0,)}
    text = chapters(book, run)[0].executed.read_text(encoding="utf-8")
    assert "Neighbours reach an NDCG@10 of" in text
