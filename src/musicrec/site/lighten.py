"""Lighter pages: the few icons as drawings in the page, not a script of a megabyte; no source maps, no old fonts."""

from __future__ import annotations

import re
from pathlib import Path

BUNDLE = "_static/scripts/fontawesome.js"
SCRIPT = re.compile(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"[^>]*></script>')
ICON = re.compile(r'<i class="([^"]*\bfa(?:s|-solid)\b[^"]*)"([^>]*)></i>')
NAME = re.compile(r"\bfa-(?!solid\b|lg\b|fw\b|sm\b|xs\b)([a-z0-9-]+)")
CREDIT = "<!-- icons: Font Awesome Free, fontawesome.com/license/free (CC BY 4.0) -->"
NEEDLESS = ("*.map", "*.ttf", "*.eot")  # of stylesheets and scripts nobody debugs; fonts for browsers of long ago


def lighten(html: Path) -> None:
    """Draw the icons into the pages of a built site and take away what no page loads any more.

    Where an icon is not in the script of the theme, the script stays, and with it every icon.
    """
    bundle = html / BUNDLE
    if not bundle.is_file():
        return
    known = bundle.read_text(encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html")}
    wanted = {name for text in pages.values() for classes, _ in ICON.findall(text) for name in NAME.findall(classes)}
    icons = {name: drawing for name in wanted if (drawing := icon(known, name))}
    for needless in (path for pattern in NEEDLESS for path in (html / "_static").rglob(pattern)):
        needless.unlink()
    if len(icons) < len(wanted):
        return
    for path, text in pages.items():
        text = ICON.sub(lambda found: _drawn(found, icons), SCRIPT.sub("", text))
        path.write_text(text.replace("</body>", f"{CREDIT}\n</body>", 1), encoding="utf-8")
    bundle.unlink()


def icon(bundle: str, name: str) -> tuple[int, int, str] | None:
    """Return width, height and outline of an icon (the solid one, which is last) from the script of the theme, or None.

    Examples
    --------
    >>> icon('{sun:[512,512,[9728],"f185","M1 2"]},{sun:[512,510,[9728],"f185","M3 4"]}', "sun")
    (512, 510, 'M3 4')
    """
    found = re.findall(rf'[{{,]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]', bundle)
    if not found:
        return None
    width, height, outline = found[-1]
    return int(width), int(height), outline


def _drawn(found: re.Match[str], icons: dict[str, tuple[int, int, str]]) -> str:
    classes, more = " ".join(found[1].split()), found[2]
    width, height, outline = icons[NAME.findall(classes)[-1]]
    title = re.search(r'title="([^"]*)"', more)
    name = f"<title>{title[1]}</title>" if title else ""
    hidden = "" if title else ' aria-hidden="true"'
    return (
        f'<svg class="svg-inline--fa {classes}"{more} viewBox="0 0 {width} {height}" role="img"{hidden} '
        f'xmlns="http://www.w3.org/2000/svg">{name}<path fill="currentColor" d="{outline}"/></svg>'
    )
