"""Lighter pages: icons as drawings in the page, a font of the few signs that are left, nothing that no page loads."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

BUNDLE = "_static/scripts/fontawesome.js"
SCRIPT = re.compile(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"[^>]*></script>')
ICON = re.compile(r'<i class="([^"]*\bfa(?:s|b|-solid|-brands)\b[^"]*)"([^>]*)></i>')
NAME = re.compile(r"\bfa-(?!solid\b|brands\b|lg\b|fw\b|sm\b|xs\b)([a-z0-9-]+)")
CREDIT = "<!-- icons: Font Awesome Free, fontawesome.com/license/free (CC BY 4.0) -->"
# What debugs stylesheets and scripts, and what speaks other languages; patterns below `_static`.
NEEDLESS = ("**/*.map", "locales", "*webpack-macros.html", ".gitignore")
FONTS = "_static/vendor/fontawesome/webfonts"
FACE = re.compile(r"@font-face\{[^}]*?webfonts/(fa-[a-z]+-\d+)\.[^}]*\}")
SIGN = re.compile(r"\\([ef][0-9a-f]{3})\b|([\ue000-\uf8ff])")  # the fonts of icons use the private area of Unicode
SIGN_RULE = re.compile(r"(?:\.fa-[\w-]+::?before,?)+\{content:[^}]*\}")  # for icons as letters: ours are drawings


def lighten(html: Path) -> None:
    """Draw the icons into the pages of a built site and take away what no page loads any more.

    Where an icon is not in the script of the theme, the script stays, and with it every icon.
    """
    static = html / "_static"
    for needless in {path for pattern in NEEDLESS for path in static.glob(pattern)}:
        shutil.rmtree(needless) if needless.is_dir() else needless.unlink(missing_ok=True)
    _draw_icons(html)
    _fewer_signs(html)


def _draw_icons(html: Path) -> None:
    bundle = html / BUNDLE
    if not bundle.is_file():
        return
    known = bundle.read_text(encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html")}
    wanted = {name for text in pages.values() for classes, _ in ICON.findall(text) for name in NAME.findall(classes)}
    icons = {name: drawing for name in wanted if (drawing := icon(known, name))}
    if len(icons) < len(wanted):
        return
    for path, text in pages.items():
        text = ICON.sub(lambda found: _drawn(found, icons), SCRIPT.sub("", text))
        path.write_text(text.replace("</body>", f"{CREDIT}\n</body>", 1), encoding="utf-8")
    bundle.unlink()


def _fewer_signs(html: Path) -> None:
    """Leave in the fonts of icons the signs that the stylesheets show, and no font without one."""
    fonts, sheets = html / FONTS, sorted((html / "_static").rglob("*.css"))
    if not fonts.is_dir() or (html / BUNDLE).exists():
        return
    styles = {sheet: SIGN_RULE.sub("", sheet.read_text(encoding="utf-8")) for sheet in sheets}
    signs = {int(code, 16) if code else ord(sign) for text in styles.values() for code, sign in SIGN.findall(text)}
    made = {path.stem: _subset(path, signs) for path in sorted(fonts.glob("*.ttf"))}
    for path in list(fonts.iterdir()):
        if path.suffix != ".woff":
            path.unlink()
    for sheet, text in styles.items():
        sheet.write_text(FACE.sub(lambda face: _face(face, made), text), encoding="utf-8")


def _subset(path: Path, signs: Iterable[int]) -> bool:
    """Write the signs that a font has of those wanted beside it; return whether it has any."""
    with TTFont(path) as font:
        kept = sorted(set(signs) & set(font.getBestCmap()))
        if not kept:
            return False
        subsetter = subset.Subsetter(subset.Options(hinting=False, notdef_outline=False, layout_features=[]))
        subsetter.populate(unicodes=kept)
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(path.with_suffix(".woff"))
    return True


def _face(face: re.Match[str], made: dict[str, bool]) -> str:
    """Return the rule of a font with its one file, "" where nothing of the font is shown."""
    name = face[1]
    if name not in made:
        return face[0]
    source = f'src:url(../vendor/fontawesome/webfonts/{name}.woff) format("woff")'
    return re.sub(r"src:[^}]*", source, face[0]) if made[name] else ""


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
