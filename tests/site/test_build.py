"""Building the site, on a trial book of two tiny notebooks."""

from pathlib import Path

import nbformat
import pytest
from trial_book import FIGURE, ROOT, chapters, dataset, html_output, pretend, run, score
from trial_book import book as book

from musicrec.site import build
from musicrec.site.notebooks import BookError, Run


def test_the_site_is_built_once_and_a_bad_page_leaves_it_as_it_was(book: Path):
    figure = html_output(FIGURE.format("A rising line"))
    for chapter in chapters(book):
        pretend(chapter, run(), book, figure)
    said: list[str] = []
    site = build.build_site(book, run(), said.append)
    assert site.rebuilt and site.figures == 2 and site.index == book / "build" / "lastfm-2k" / "html" / "index.html"
    index = site.index.read_text(encoding="utf-8")
    assert "bd-header-announcement" not in index
    assert "<math" in (site.index.parent / "protocol.html").read_text(encoding="utf-8")
    assert (site.index.parent / "_sources" / "notebooks" / "01_eda.ipynb").exists(), "for the download button"
    assert (site.index.parent / "vendor/d3/d3.min.js").exists() and "d3.min.js" not in index, "for who asks"
    assert not build.build_site(book, run(), said.append).rebuilt

    (book / "book" / "glossary.md").write_text("# Glossary\n\n{doc}`nowhere`\n", encoding="utf-8")
    with pytest.raises(BookError, match=r"(?s)could not be built.*glossary\.md.*nowhere"):
        build.build_site(book, run(), said.append)
    assert site.index.read_text(encoding="utf-8") == index and not list(run().folder.glob(".site-*"))


@pytest.mark.parametrize(
    ("simulated", "quick", "words"),
    [
        (False, False, []),
        (True, False, ["Simulated data"]),
        (False, True, ["Quick run"]),
        (True, True, ["Simulated data", "Quick run"]),
    ],
)
def test_the_banner_says_what_the_numbers_are_worth(simulated: bool, quick: bool, words: list[str]):
    made = Run(dataset("simulated", simulated=True) if simulated else dataset(), dataset("spotify-songs"), quick=quick)
    settings = {"html": {}, "launch_buttons": {}, "repository": {}}
    banner = build.run_config(settings, made, ROOT)["html"].get("announcement", "")
    assert bool(banner) == bool(words) and all(word in banner for word in words)
    assert [w.lower() for w in words] == ([part for part in made.label.split(", ") if part])
    assert settings["html"] == {}, "the settings it was given stay as they are"


def test_buttons_lead_to_the_repository_only_where_it_is_known(book: Path, monkeypatch: pytest.MonkeyPatch):
    settings = {"html": {}, "launch_buttons": {}, "repository": {}}
    assert "use_repository_button" not in build.run_config(settings, run(), book)["html"]
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/musicrec")
    config = build.run_config(settings, run(), book)
    assert config["repository"]["url"] == "https://github.com/someone/musicrec"
    assert config["html"]["use_repository_button"] and config["launch_buttons"]["binderhub_url"]


def test_a_chapter_that_was_not_executed_or_is_old_says_so_on_its_page(book: Path):
    first, second = chapters(book)
    pretend(first, run(), book)
    newer = Run(dataset(fingerprint="f" * 16), dataset("spotify-songs"))
    build.stage(book, book / "staged", newer, [first, second])
    assert "is older than the rest (changed: data)" in (book / "staged/notebooks/01_eda.ipynb").read_text()
    assert "has not been executed in this build" in (book / "staged/notebooks/02_baseline.ipynb").read_text()
    build.stage(book, book / "staged", run(), [first, second])
    assert "is older" not in (book / "staged/notebooks/01_eda.ipynb").read_text()


def test_scores_that_are_foreign_or_of_chapters_that_are_gone_are_not_shown(book: Path):
    first, second = chapters(book)
    pretend(first, run(), book, scores=[score("item-knn", 0.2, chapter="01_eda")])
    pretend(second, run(), book, scores=[score("popularity", 0.5)])
    second.scores_path.write_text(second.scores_path.read_text().replace("0.5", "0.99"))
    build.stage(book, book / "staged", run(), [first, second])
    board = (book / "staged" / "generated" / "leaderboard.md").read_text()
    assert "item-knn" in board and "popularity" not in board
    assert "has not been executed in this build" not in (book / "staged/notebooks/01_eda.ipynb").read_text()
    assert "not as the book wrote it" in (book / "staged/provenance.md").read_text()


def test_a_page_of_a_notebook_without_kernel_has_one(book: Path):
    path = book / "notebooks" / "01_eda.ipynb"
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["kernelspec"]
    nbformat.write(notebook, path)
    build.stage(book, book / "staged", run(), chapters(book))
    assert nbformat.read(book / "staged/notebooks/01_eda.ipynb", as_version=4).metadata.kernelspec.name == "python3"
