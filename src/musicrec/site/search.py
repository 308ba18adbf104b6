"""The search: every page as titled pieces of text, in a file that only the page of the search loads.

Sphinx's own search opens each page it found to show some of it, and shows cells of tables and names of files run
together. Here a piece is a section, a definition or a function; its text is sentences, so that they can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bs4 import BeautifulSoup, Tag

from musicrec.files import write_text
from musicrec.site.packing import version, write_packed

FILES = ("search.css", "unpack.js", "search.js")  # of book/scripts
OWN = ("searchtools.js", "language_data.js")  # of Sphinx, and no longer loaded
OWN_SCRIPT = re.compile(r'\s*<script[^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>')
SILENT = (
    "table, script, style, svg, .highlight, .headerlink, .cell_input, .toctree-wrapper, details > summary, nav, "
    "dl.field-list"
)
SPOKEN = ("p", "li", "dd", "figcaption")


class Piece(NamedTuple):
    """What the search can find."""

    kind: str  # page, section, term or code
    id: str  # of its element; "" for a page
    title: str
    text: str


def make_searchable(html: Path) -> None:
    """Write what the search looks through beside the pages of a built site, and let its page load that alone."""
    page = html / "search.html"
    if not page.is_file():
        return
    pages: list[list[Any]] = []
    for path in sorted(html.rglob("*.html")):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.bd-article")
        heading = article and article.find("h1")
        if article and heading and path != page:
            pieces = [[piece.kind, piece.id, piece.title, piece.text] for piece in read(article)]
            pages.append([path.relative_to(html).as_posix(), words(heading), pieces])
    data = write_packed(html, "search", "musicrecSearch", pages)
    ours = version(html, FILES)
    tags = (
        f'<link rel="stylesheet" href="scripts/search.css?v={ours}">\n'
        '<script defer src="vendor/minisearch/minisearch.js"></script>\n'
        f'<script defer src="scripts/unpack.js?v={ours}"></script>\n'
        f'<script defer src="{data}"></script>\n'
        f'<script defer src="scripts/search.js?v={ours}"></script>\n'
    )
    text = OWN_SCRIPT.sub("", page.read_text(encoding="utf-8"))
    write_text(page, text.replace("</head>", tags + "</head>", 1))
    for old in (html / "searchindex.js", *(html / "_static" / file for file in OWN)):
        old.unlink(missing_ok=True)


def read(article: Tag) -> Iterator[Piece]:
    """Yield the pieces of a page: its sections, and what it defines (words of a glossary, functions and classes).

    Examples
    --------
    >>> page = '<section id="a"><h2>A</h2><p>Said <b>so</b>.</p><table><td>1</td></table></section>'
    >>> list(read(BeautifulSoup(page, "html.parser")))
    [Piece(kind='section', id='a', title='A', text='Said so.')]
    """
    for formula in article.select("math"):
        formula.replace_with("…")
    for silent in article.select(SILENT):
        silent.decompose()
    for term in article.select("dl.glossary > dt, dl.simple > dt, dl.py > dt"):
        about = term.find_next_sibling("dd")
        if not isinstance(about, Tag) or (not term.get("id") and not _above(term)):
            continue
        first = about.find("p", recursive=False)
        code = "py" in (term.parent.get("class") or []) if term.parent else False
        title = str(term["id"]).rpartition(".")[2] if code and term.get("id") else words(term)
        text = words(first) if isinstance(first, Tag) else words(about) if not code else ""
        yield Piece("code" if code else "term", str(term.get("id") or _above(term)), title, text)
        term.decompose()
        if not code:
            about.decompose()
    for described in article.select("dl.py"):
        described.decompose()
    for heading in article.find_all(["h1", "h2", "h3", "h4"]):
        section = heading.find_parent("section")
        if section is None:
            continue
        text = " ".join(filter(None, (words(part) for part in _own(section))))
        kind = "page" if heading.name == "h1" else "section"
        yield Piece(kind, "" if kind == "page" else str(section.get("id", "")), words(heading), text)


def words(tag: Tag) -> str:
    """Return the text of an element on one line, numbers of sections and marks of links taken away.

    Examples
    --------
    >>> words(BeautifulSoup('<h2><span class="section-number">6.1. </span>How <i>long</i> is it?</h2>', "html.parser"))
    'How long is it?'
    """
    for number in tag.select(".section-number, .headerlink, .caption-number"):
        number.decompose()
    return " ".join(tag.get_text().split())


def _own(section: Tag) -> Iterator[Tag]:
    """Yield what a section says itself, not the sections within it; of what lies in one another the outermost."""
    for part in section.find_all(SPOKEN):
        if part.find_parent("section") is section and not any(p.name in SPOKEN for p in part.parents):
            yield part


def _above(term: Tag) -> str:
    section = term.find_parent("section")
    return str(section.get("id", "")) if section else ""
