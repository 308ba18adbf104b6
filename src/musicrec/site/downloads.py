"""What readers take home: each notebook to execute, and all of them as they were executed, in one file."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from musicrec.files import whole, write_text
from musicrec.site.compact import lighter_figures
from musicrec.site.notebooks import Chapter

ZIP = "notebooks.zip"
EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same notebooks make the same file
REFERENCE_SOURCE = re.compile(r'<li>\s*<a href="[^"]*_sources/api/[^"]*\.rst".*?</li>', re.DOTALL)


def offer(html: Path, chapters: Sequence[Chapter]) -> None:
    """Make the downloads of a built site light: outputs are in the one zip, and sources made by the build in none."""
    with whole(html / ZIP, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for chapter in chapters:
            entry = zipfile.ZipInfo(f"notebooks/{chapter.path.name}", EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, lighter(json.loads(chapter.executed.read_text(encoding="utf-8"))))
    for path in (html / "_sources").rglob("*.ipynb"):
        write_text(
            path, json.dumps(without_outputs(json.loads(path.read_text(encoding="utf-8"))), ensure_ascii=False) + "\n"
        )
    for path in (html / "_sources" / "api").glob("*.rst"):
        path.unlink()
    for path in (html / "api").glob("*.html"):
        write_text(path, REFERENCE_SOURCE.sub("", path.read_text(encoding="utf-8")))


def lighter(notebook: dict[str, Any]) -> str:
    """Return the text of a notebook whose figures are drawn in fewer letters."""
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", ())):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = lighter_figures("".join(output["data"]["text/html"]))
    return json.dumps(notebook, ensure_ascii=False)


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook without what its execution left in it."""
    kept = ("kernelspec", "language_info", "musicrec")
    cells = []
    for cell in notebook["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            continue
        tags = {"tags": cell["metadata"]["tags"]} if cell["metadata"].get("tags") else {}
        cell = cell | {"metadata": tags}
        cells.append(cell | {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell)
    return notebook | {"metadata": {k: v for k, v in notebook["metadata"].items() if k in kept}, "cells": cells}
