"""Notebooks to take home."""

import json
import zipfile
from pathlib import Path

from trial_book import book as book
from trial_book import chapters, html_output, pretend, run

from musicrec.site import downloads

PAGE = '<ul><li><a href="../_sources/api/models.rst" target="_blank">\n.rst</a></li><li><a>print</a></li></ul>'


def test_outputs_are_in_one_file_and_the_sources_of_generated_pages_go(book: Path, tmp_path: Path):
    first = chapters(book)[0]
    pretend(first, run(), book, html_output("<p>drawn</p>"))
    html = tmp_path / "html"
    for folder in ("_sources/notebooks", "_sources/api", "api"):
        (html / folder).mkdir(parents=True)
    source = html / "_sources" / "notebooks" / first.path.name
    source.write_bytes(first.executed.read_bytes())
    (html / "_sources" / "api" / "models.rst").write_text("models")
    (html / "api" / "models.html").write_text(PAGE)
    for _ in range(2):
        downloads.offer(html, [first])
        packed = (html / downloads.ZIP).read_bytes()
    with zipfile.ZipFile(html / downloads.ZIP) as opened:
        kept = json.loads(opened.read(f"notebooks/{first.path.name}"))
    executed = json.loads(first.executed.read_text(encoding="utf-8"))
    assert [cell["source"] for cell in kept["cells"]] == [cell["source"] for cell in executed["cells"]]
    assert "<p>drawn</p>" in str(kept["cells"])
    downloads.offer(html, [first])
    assert (html / downloads.ZIP).read_bytes() == packed
    plain = json.loads(source.read_text())
    assert plain["nbformat"] == 4 and not any(cell.get("outputs") for cell in plain["cells"])
    assert not (html / "_sources" / "api" / "models.rst").exists()
    assert (html / "api" / "models.html").read_text() == "<ul><li><a>print</a></li></ul>"


def test_what_papermill_put_in_is_taken_out_again():
    cell = {"cell_type": "code", "id": "a", "source": "x = 1", "outputs": [{}], "execution_count": 3}
    given = {"nbformat": 4, "metadata": {"papermill": {}, "kernelspec": {}}, "cells": [
        cell | {"metadata": {"tags": ["injected-parameters"]}},
        cell | {"metadata": {"papermill": {"duration": 1}, "tags": ["hide-input"]}},
        {"cell_type": "markdown", "id": "b", "source": "Text", "metadata": {}},
    ]}  # fmt: skip
    made = downloads.without_outputs(given)
    assert made["metadata"] == {"kernelspec": {}} and len(made["cells"]) == 2
    assert made["cells"][0]["metadata"] == {"tags": ["hide-input"]} and made["cells"][0]["outputs"] == []
    assert given["cells"][1]["outputs"] == [{}]
