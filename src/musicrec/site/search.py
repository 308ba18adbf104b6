"""The search: every page as titled pieces of text, in a file that only the page of the search loads.

Sphinx's own search opens each page it found to show some of it, and shows cells of tables and names of files run
together. Here a piece is a section, a definition or a function; its text is sentences, so that what is shown can be read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from musicrec.files import write_text

FILES = ("search.css", "search.js")  # of book/scripts
OWN = ("searchtools.js", "language_data.js", "searchindex.js")  # of Sphinx, and no longer loaded
SILENT = "table, script, style, svg, .highlight, .headerlink, .cell_input, .toctree-wrapper, details > summary, math, nav"
SPOKEN = ("p", "li", "dd", "figcaption")
Piece = dict[str, str | int]  # page (its place in the list of pages), id, title, kind, text


def make_searchable(html: Path) -> None:
    """Write what the search looks through beside the pages of a built site, and let its page load that alone."""
    page = html / "search.html"
    if not page.is_file():
        return
    pages: list[list[str]] = []
    pieces: list[Piece] = []
    for path in sorted(html.rglob("*.html")):
        place = path.relative_to(html).as_posix()
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.bd-article")
        heading = article and article.find("h1")
        if not article or not heading or place == "search.html":
            continue
        pieces += [{"page": len(pages), **piece} for piece in read(article)]
        pages.append([place, words(heading)])
    data = json.dumps({"pages": pages, "pieces": pieces}, ensure_ascii=False, separators=(",", ":"))
    script = f"window.musicrecSearch = {data};\n"
    name = f"search-{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
    write_text(html / "scripts" / "data" / name, script)
    ours = hashlib.sha256(b"".join((html / "scripts" / file).read_bytes() for file in FILES)).hexdigest()[:12]
    tags = (
        f'<link rel="stylesheet" href="scripts/search.css?v={ours}">\n'
        '<script defer src="vendor/minisearch/minisearch.js"></script>\n'
        f'<script defer src="scripts/data/{name}"></script>\n'
        f'<script defer src="scripts/search.js?v={ours}"></script>\n'
    )
    text = re.sub(rf'\s*<script[^>]*src="[^"]*(?:{"|".join(map(re.escape, OWN))})[^"]*"[^>]*></script>', "",
                  page.read_text(encoding="utf-8"))  # fmt: skip
    write_text(page, text.replace("</head>", tags + "</head>", 1))
    for old in (html / "searchindex.js", *(html / "_static" / file for file in OWN)):
        old.unlink(missing_ok=True)


def read(article: Tag) -> Iterator[Piece]:
    """Yield the pieces of a page: its sections, and what it defines (words of a glossary, functions and classes).

    Examples
    --------
    >>> page = BeautifulSoup('<section id="a"><h2>A</h2><p>Said <b>so</b>.</p><table><td>1</td></table></section>', "html.parser")
    >>> list(read(page))
    [{'id': 'a', 'title': 'A', 'kind': 'section', 'text': 'Said so.'}]
    """
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
        yield {"id": str(term.get("id") or _above(term)), "title": title,
               "kind": "code" if code else "term", "text": text}  # fmt: skip
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
        yield {"id": "" if kind == "page" else str(section.get("id", "")), "title": words(heading),
               "kind": kind, "text": text}  # fmt: skip


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
