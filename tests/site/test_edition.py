"""The edition about playlists: which chapters it has, what stands for the others, and what its first page says."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from trial_book import FIGURE, dataset, html_output, pretend, run, score, write_notebook
from trial_book import book as book

from musicrec.playlists.simulate import simulate
from musicrec.progress import Silent
from musicrec.site import build, edition
from musicrec.site.execution import execute
from musicrec.site.notebooks import BookError, Run, find_chapters, resolve
from musicrec.site.staleness import why_stale


@pytest.fixture
def with_edition(book: Path) -> Path:
    """The trial book, whose second chapter is in the edition, too."""
    stored = write_notebook(book, "02_baseline_of_playlists", "import os", originals=("spotifier",))
    (book / "notebooks" / "playlists").mkdir()
    shutil.move(stored, book / "notebooks" / "playlists" / "02_baseline.ipynb")
    return book


def of_playlists(folder: Path, **more: object) -> Run:
    data = dataset("playlists", simulated=True)
    return Run(data, None, tables=folder / "tables", size=100, **more)


def test_the_edition_has_the_chapters_that_have_a_notebook_in_its_folder(with_edition: Path):
    made = of_playlists(with_edition)
    (chapter,) = find_chapters(with_edition, made.folder, edition=made.edition)
    assert chapter.name == "02_baseline" and chapter.path.parent.name == "playlists"
    assert chapter.originals == ("spotifier",) and made.folder.name == "playlists"
    for name in ("2", "baseline", "notebooks/playlists/02_baseline.ipynb"):
        assert find_chapters(with_edition, made.folder, name, made.edition) == [chapter]
    with pytest.raises(BookError, match="no chapter of the edition about playlists is called '1'; choose from 02_base"):
        find_chapters(with_edition, made.folder, "1", made.edition)
    assert [c.path.parent.name for c in find_chapters(with_edition, with_edition)] == ["notebooks"] * 2


def test_a_chapter_is_told_its_sample_and_only_its_kernel_where_the_tables_lie(with_edition: Path):
    made = of_playlists(with_edition)
    assert made.parameters == {"dataset": "playlists", "seed": 0, "quick": False, "size": 100}
    assert made.environment == {"MUSICREC_PLAYLISTS": str(with_edition / "tables")}
    assert run().environment == {} and "size" not in run().parameters
    (chapter,) = find_chapters(with_edition, made.folder, edition=made.edition)
    pretend(chapter, made, with_edition)
    assert why_stale(chapter, made, with_edition) == ""
    assert why_stale(chapter, replace(made, tables=with_edition / "moved"), with_edition) == ""
    assert why_stale(chapter, replace(made, size=50), with_edition) == "changed: parameters"
    other = replace(made, data=dataset("playlists", simulated=True, fingerprint="f" * 16))
    assert why_stale(chapter, other, with_edition) == "changed: data"


def test_its_site_has_no_dead_entries_and_says_what_it_is(with_edition: Path):
    made = of_playlists(with_edition)
    (chapter,) = find_chapters(with_edition, made.folder, edition=made.edition)
    figure = score("playlist-similarity", 0.2, "hit rate", protocol="original/spotifier", reported=0.166)
    pretend(chapter, made, with_edition, html_output(FIGURE.format("A rising line")), scores=[figure])
    html = build.build_site(with_edition, made, lambda text: None).index.parent
    left_out = (html / "notebooks" / "01_eda.html").read_text(encoding="utf-8")
    assert "Chapter 01_eda" in left_out and "belongs to the edition about listeners" in left_out
    assert "A rising line" in (html / "notebooks" / "02_baseline.html").read_text(encoding="utf-8")
    index = (html / "index.html").read_text(encoding="utf-8")
    assert "Every score on these pages is about invented playlists" in index
    assert "none of them counts as reproduced" in index and "run again on a sample of yours" in index
    for page in html.glob("map.html"), html.glob("try.html"):
        assert all("belongs to the edition about listeners" in path.read_text(encoding="utf-8") for path in page)
    assert not list((html / "scripts").glob("data/try-*")), "nothing to recommend with"
    assert str(with_edition / "tables") not in (html / "provenance.html").read_text(encoding="utf-8")


def test_the_first_page_counts_what_is_reproduced_only_on_the_originals_data(with_edition: Path):
    data = dataset("playlists")
    made = Run(data, None, tables=with_edition, size=100)
    reported = {"protocol": "original/spotifier", "reported": 0.166, "tolerance": 0.001}
    scores = [score("a", 0.166, "hit rate", **reported), score("a", 0.3, "other", **reported)]
    assert "none of them counts as reproduced" in edition.opening(made, scores)
    assert "not the playlists of the originals" in build.banner_text(made)
    same = [replace(each, same_data=True) for each in scores]
    assert "reproduced or close: 1 of 2." in edition.opening(made, same)
    of_originals = replace(data, provenance=replace(data.provenance, originals=("spotifier",)))
    assert build.banner_text(replace(made, data=of_originals)) == ""


def test_playlists_are_found_by_what_is_named(with_edition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    simulate(tmp_path / "some", 300, 0, jobs=1)
    monkeypatch.delenv("MUSICREC_PLAYLISTS", raising=False)
    with pytest.raises(ValueError, match="no playlists are named"):
        resolve("playlists")
    made = resolve("playlists", tables=tmp_path / "some", size=100, seed=1)
    assert made.data.interactions.n_users == 100 and made.edition == "playlists" and made.label == "simulated data"
    assert made.folder.name == "playlists-seed-1" and made.datasets == [made.data]
    monkeypatch.setenv("MUSICREC_PLAYLISTS", str(tmp_path / "some"))
    assert resolve("playlists", quick=True).size == 1_000 and resolve("playlists").size == 10_000
    for wrong in ({"tables": tmp_path}, {"size": 100}):
        with pytest.raises(BookError, match="add --dataset playlists"):
            resolve("simulated-small", **wrong)


@pytest.mark.usefixtures("with_edition")
def test_a_chapter_of_the_edition_is_executed_on_its_tables(book: Path, tmp_path: Path):
    simulate(tmp_path / "some", 300, 0, jobs=1)
    write_notebook(
        book, "02_of_playlists",
        "size = 0",
        "from musicrec.page.playlist_chapter import open_playlists",
        'chapter = open_playlists("02_baseline", size or 100, seed=seed, quick=quick)',
        'chapter.book.add("data", "playlists", chapter.data.interactions.n_users);',
    )  # fmt: skip
    shutil.move(book / "notebooks" / "02_of_playlists.ipynb", book / "notebooks" / "playlists" / "02_baseline.ipynb")
    made = resolve("playlists", tables=tmp_path / "some", size=100, quick=True)
    (chapter,) = find_chapters(book, made.folder, edition=made.edition)
    execute(chapter, made, book, Silent())
    (written,) = json.loads(chapter.scores_path.read_text(encoding="utf-8"))
    assert (written["value"], written["dataset"], written["simulated"]) == (100.0, "playlists", True)
    assert str(tmp_path / "some") not in chapter.executed.read_text(encoding="utf-8")
