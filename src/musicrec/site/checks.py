"""Checks of executed notebooks and built pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from musicrec.site.notebooks import BookError, Chapter

SHOWN = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")
FIGURE = "musicrec-figure"


def _outputs(chapter: Chapter) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number of cell (from 1) and output, of the cells whose output the page shows."""
    notebook = json.loads(chapter.executed.read_text(encoding="utf-8"))
    for position, cell in enumerate(notebook["cells"], start=1):
        if not {"remove-cell", "remove-output"} & set(cell["metadata"].get("tags", ())):
            yield from ((position, output) for output in cell.get("outputs", ()))


def check_notebook(chapter: Chapter) -> tuple[list[str], list[str]]:
    """Check the outputs of an executed notebook before it is published.

    Returns
    -------
    figures, warnings : list of str
        The label of every figure ("" where it has none), and what a cell wrote to its error stream.

    Raises
    ------
    BookError
        When an output holds a traceback, cannot be shown on a page, or is a figure without a label.
    """
    figures, warnings = [], []
    for position, output in _outputs(chapter):
        where = f"{chapter.path.name}, cell {position}"
        text = "".join(output.get("text", ""))
        if output["output_type"] == "error" or "Traceback (most recent call last)" in text:
            raise BookError(f"{where} shows a traceback; see {chapter.executed}")
        if output["output_type"] == "stream":
            if output["name"] == "stderr":
                warnings.append(
                    f"{where} wrote to its error stream: {text.strip().splitlines()[0] if text.strip() else ''}"
                )
            continue
        data = output["data"]
        if not any(kind in data for kind in SHOWN):
            raise BookError(f"{where} shows {', '.join(data)}, which no page can show; emit text/html")
        dropped = [kind for kind in data if kind.startswith("application/") and "json" in kind]
        if dropped and "text/html" not in data:
            raise BookError(f"{where} shows {dropped[0]}, which would be lost on the page; emit text/html")
        html = "".join(data.get("text/html", ""))
        labels = figure_labels(html)
        if "" in labels:
            raise BookError(f"{where} shows a figure without a label for those who cannot see it (aria-label)")
        figures += labels
        if not html and any(kind.startswith("image/") for kind in data):
            figures.append("")
    return figures, warnings


def check_page(chapter: Chapter, page: Path) -> None:
    """Check that every figure of an executed notebook is on its page.

    Raises
    ------
    BookError
        When one is lost.
    """
    wanted, _ = check_notebook(chapter)
    text = page.read_text(encoding="utf-8")
    shown = figure_labels(text)
    for label in filter(None, wanted):
        if label not in shown:
            raise BookError(f"{chapter.path.name}: the figure {label!r} is lost on the page {page.name}")
        shown.remove(label)
    images = len(re.findall(r'<img [^>]*src="[^"]*_images/', text))
    if images < wanted.count(""):
        raise BookError(
            f"{chapter.path.name}: {wanted.count('')} images were made, {images} are on the page {page.name}"
        )


class _Figures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.labels: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "figure":
            self.inside = FIGURE in (given.get("class") or "").split()
        elif tag in ("svg", "img") and self.inside:
            self.labels.append((given.get("aria-label") or given.get("alt") or "").strip())
            self.inside = False  # one graphic a figure


def figure_labels(html: str) -> list[str]:
    """Return the label of every figure in a piece of HTML, "" where one is missing."""
    parser = _Figures()
    parser.feed(html)
    return parser.labels
