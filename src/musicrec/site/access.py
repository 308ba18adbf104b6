"""What the theme's pages lack for readers who hear a page or go through it by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

# A bar that opens the pages below an entry of the contents holds only an arrow, and no name.
UNNAMED = re.compile(r"(<a\b[^>]*>)([^<]*)(</a>\s*<details\b[^>]*>\s*<summary)(?=>)")
# A list may hold list items only; the role that Sphinx gives to references is deprecated, and no item of a list.
# A long signature lists what it takes, one a line, as descriptions of nothing: a list of definitions needs terms.
ARGUMENTS = re.compile(r"<dl>\s*((?:<dd>.*</dd>\s*)+)</dl>")
REFERENCE = re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"')


def open_to_all(html: Path) -> None:
    """Name the unnamed bars of the contents and give lists what makes them lists, in every page of a built site."""
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        mended = mend(text)
        if mended != text:
            path.write_text(mended, encoding="utf-8")


def mend(page: str) -> str:
    """Return a page with its bars named, its references as list items and the arguments of a signature as a list.

    Examples
    --------
    >>> mend('<a href="#">API</a><details><summary><svg/></summary></details>')
    '<a href="#">API</a><details><summary aria-label="Pages of API"><svg/></summary></details>'
    >>> mend('<div class="citation" id="a" role="doc-biblioentry">')
    '<div class="citation" id="a" role="listitem">'
    """
    # quotes may stand bare in text, not in an attribute
    named = UNNAMED.sub(lambda m: f'{m[0]} aria-label="Pages of {m[2].strip().replace(chr(34), "&quot;")}"', page)
    listed = ARGUMENTS.sub(lambda m: f'<ul class="sig-arguments">{_items(m[1])}</ul>', named)
    return REFERENCE.sub(r'\1 role="listitem"', listed)


def _items(described: str) -> str:
    return described.replace("<dd>", "<li>").replace("</dd>", "</li>")
