"""Which chapters there are, and what is refused of them."""

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from trial_book import ROOT, chapters, dataset, run, write_notebook
from trial_book import book as book

from musicrec.site import notebooks, reference
from musicrec.site.notebooks import BookError, Run, find_chapters


def test_chapters_come_in_the_order_of_the_table_of_contents(book: Path):
    assert [c.name for c in chapters(book)] == ["01_eda", "02_baseline"]


@pytest.mark.parametrize("name", ["2", "02", "baseline", "02_baseline", "notebooks/02_baseline.ipynb"])
def test_one_chapter_can_be_named_in_many_ways(book: Path, name: str):
    assert [c.name for c in find_chapters(book, book, name)] == ["02_baseline"]


def test_the_books_own_contents_name_only_what_is_there():
    pages_ = {p.stem for p in (ROOT / "book").glob("*.md")} | {"provenance"}
    pages_ |= {place.rpartition(".")[0] for place in reference.pages()}
    for file in notebooks.toc_files(ROOT):
        assert (ROOT / f"{file}.ipynb").exists() if file.startswith("notebooks/") else file in pages_


def test_what_is_wrong_with_a_chapter_is_said(book: Path):
    path = book / "notebooks" / "02_baseline.ipynb"
    with pytest.raises(BookError, match="'7'; choose from 01_eda, 02_baseline"):
        find_chapters(book, book, "7")
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    with pytest.raises(BookError, match="no cell tagged `parameters`"):
        chapters(book)
    write_notebook(book, "02_baseline", originals=("nobody",))
    with pytest.raises(BookError, match="names nobody; known: spotifier"):
        chapters(book)
    path.write_text("[]")
    with pytest.raises(BookError, match="is not a notebook"):
        chapters(book)
    path.unlink()
    with pytest.raises(BookError, match=r"there is no .*02_baseline\.ipynb"):
        chapters(book)


def test_outside_the_book_the_message_says_where_to_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BookError, match="is not inside the book"):
        notebooks.book_root()


PARAMETERS = 'dataset = "auto"\nseed = 0\nquick = False'


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([PARAMETERS, PARAMETERS], r"02_baseline\.ipynb has 2 cells tagged `parameters` \(cells 1, 2\)"),
        ([PARAMETERS] * 3, r"has 3 cells tagged `parameters` \(cells 1, 2, 3\)"),
        (['dataset = "auto"'], r"02_baseline\.ipynb: the cell tagged `parameters` does not set seed, quick"),
        (["dataset = "], "the cell tagged `parameters` is not valid Python"),
    ],
)
def test_parameters_are_one_cell_that_sets_all_of_them(book: Path, cells: list[str], message: str):
    path = book / "notebooks" / "02_baseline.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [new_code_cell(source, metadata={"tags": ["parameters"]}) for source in cells]
    nbformat.write(notebook, path)
    with pytest.raises(BookError, match=message):
        chapters(book)


@pytest.mark.parametrize("kernel", [None, {}, {"name": "my-own", "display_name": "Mine"}])
def test_a_notebook_may_be_saved_without_a_kernel_of_this_machine(book: Path, kernel: dict | None):
    path = book / "notebooks" / "02_baseline.ipynb"
    text = json.loads(path.read_text())
    text["metadata"]["kernelspec"] = kernel
    path.write_text(json.dumps(text))
    assert len(chapters(book)) == 2


def test_another_language_is_refused_by_name(book: Path):
    path = book / "notebooks" / "02_baseline.ipynb"
    path.write_text(path.read_text().replace('"language": "python"', '"language": "R"'))
    with pytest.raises(BookError, match=r"02_baseline\.ipynb is written in R; the book executes Python"):
        chapters(book)


def test_nothing_is_chosen_silently(book: Path):
    toc = book / "_toc.yml"
    write_notebook(book, "02_other")
    before = toc.read_text()
    toc.write_text(before + "  - file: notebooks/02_other\n")
    with pytest.raises(BookError, match="'2' may be 02_baseline or 02_other: name one of them"):
        find_chapters(book, book, "2")
    assert [c.name for c in find_chapters(book, book, "other")] == ["02_other"]
    toc.write_text(before + "  - file: notebooks/02_baseline\n")
    with pytest.raises(BookError, match="names notebooks/02_baseline twice"):
        chapters(book)


def test_every_data_set_seed_and_mode_has_a_folder_of_its_own(book: Path):
    made = [
        run(), run(quick=True), run(seed=1), Run(dataset("simulated", simulated=True), dataset()),
        Run(dataset("simulated", simulated=True), dataset(), quick=True, seed=2),
    ]  # fmt: skip
    names = [each.folder.relative_to(book / "build").as_posix() for each in made]
    assert names == ["lastfm-2k", "lastfm-2k-quick", "lastfm-2k-seed-1", "simulated", "simulated-seed-2-quick"]
