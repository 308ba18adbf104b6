"""What search engines and shared links show of a page: a description, taken from its first paragraph."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

ARTICLE = re.compile(r"<article\b.*?</article>", re.DOTALL)
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
LONGEST = 160  # letters; what is longer is cut by whoever shows it


def describe(html: Path) -> None:
    """Give every page of a built site that lacks one a description, and what a shared link shows."""
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if '<meta name="description"' in text or "</head>" not in text or not (said := description(text)):
            continue
        found = TITLE.search(text)
        title = escape(unescape(found[1].strip()) if found else "", quote=True)
        tags = (
            f'<meta name="description" content="{escape(said, quote=True)}">\n'
            f'<meta property="og:title" content="{title}">\n'
            f'<meta property="og:description" content="{escape(said, quote=True)}">\n'
            '<meta property="og:type" content="article">\n'
        )
        path.write_text(text.replace("</head>", tags + "</head>", 1), encoding="utf-8")


def description(page: str) -> str:
    """Return the first paragraph of a page as plain text, cut at a word; "" where there is none.

    Examples
    --------
    >>> description('<article><h1>A</h1><p>Artists &amp; <em>friends</em>.</p><p>More.</p></article>')
    'Artists & friends.'
    """
    article = ARTICLE.search(page)
    for paragraph in PARAGRAPH.findall(article[0] if article else ""):
        text = " ".join(unescape(re.sub(r"<[^>]*>", "", paragraph)).split())
        if text:
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return ""
