"""Shorter markup for the same page: dots as circles, images as WebP, styles of cells as classes, code without wrappers.

What matplotlib, pandas and Sphinx write is several times as long as what it shows.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

NUMBER = r"(-?[\d.]+)"
# matplotlib draws a dot as eight curves, from its lowest point
DOT = re.compile(rf'<path d="M {NUMBER} {NUMBER} ((?:C(?: -?[\d.]+){{6}} ){{8}})z"([^>]*?) ?/>')
CIRCLES = re.compile(
    r'(?:<circle cx="[^"]*" cy="[^"]*" r="[^"]*"([^>]*)/>)(?:<circle cx="[^"]*" cy="[^"]*" r="[^"]*"\1/>)+'
)
PLACE = re.compile(r' [xy]="(-?\d+\.\d{3,})"')
ROTATED = re.compile(r' transform="rotate\(-?0 [^)]*\)"')  # by nothing
SVG = re.compile(r'<figure class="musicrec-figure.*?</figure>', re.DOTALL)
PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
CELL = re.compile(r'(<t[hd][^>]*?) style="padding:0\.2em 0\.6em;text-align:(left;min-width:6em|right;[^"]*)"')
WRAPPED = re.compile(r'<span class="pre">([^<]*)</span>')
SIGNATURE = re.compile(r'(<dt class="sig[^>]*>)(.*?)(</dt>)', re.DOTALL)
SPAN = re.compile(r"<span(?P<more>[^>]*)>(?P<text>[^<]*)</span>")
KEPT = ("sig-name", "sig-prename")
ENTRY_LINK = re.compile(r'<a class="headerlink" href="#musicrec\.[^>]*>#</a>')  # the search leads to each entry
ARGUMENT = re.compile(r'<em class="sig-param">((?:(?!</em>).)*)</em>', re.DOTALL)
PARAGRAPH = re.compile(r"<li><p>((?:(?!</?(?:p|li|ul|ol|div|dl)\b).)*)</p>\s*</li>", re.DOTALL)
COLON = '<span class="colon">:</span>'
PLAIN_WORD = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')  # the styles of code give these no colour
SHOWN_CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
INDENT = re.compile(r"\n\s+")
STYLE = re.compile(r' style="([^"]*)"')
Change = Callable[[str], str]
LINK_TITLE = re.compile(r'(<a class="reference internal" href="[^"]*") title="[^"]*"')


def compact(html: Path) -> None:
    """Shorten every page of a built site."""
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(shorter(text), encoding="utf-8")


def shorter(page: str) -> str:
    """Return a page that shows the same with less markup.

    Examples
    --------
    >>> shorter('<td style="padding:0.2em 0.6em;text-align:left;min-width:6em">a</td>')
    '<td>a</td>'
    >>> shorter('<code class="code docutils literal notranslate"><span class="pre">a</span></code>')
    '<code class="literal">a</code>'
    """
    page = lighter_figures(page)
    page = CELL.sub(lambda cell: cell[1] + (' class="number"' if cell[2].startswith("right") else ""), page)
    page = WRAPPED.sub(r"\1", page.replace('class="code docutils literal notranslate"', 'class="literal"'))
    page = PARAGRAPH.sub(r"<li>\1</li>", ENTRY_LINK.sub("", page.replace(COLON, ":")))
    page = LINK_TITLE.sub(r"\1", SIGNATURE.sub(lambda found: found[1] + _signature(found[2]) + found[3], page))
    return _outside(SHOWN_CODE, page, lambda text: INDENT.sub("\n", text), lambda code: PLAIN_WORD.sub(r"\1", code))


def _outside(inner: re.Pattern[str], text: str, change: Change, within: Change) -> str:
    """Change what a pattern finds one way, and all between in another."""
    parts, end = [], 0
    for found in inner.finditer(text):
        parts += [change(text[end : found.start()]), within(found[0])]
        end = found.end()
    return "".join([*parts, change(text[end:])])


def lighter_figures(text: str) -> str:
    """Return markup whose figures are the same in fewer letters."""
    return SVG.sub(lambda figure: _figure(figure[0]), text)


def _figure(figure: str) -> str:
    figure = ROTATED.sub("", DOT.sub(_circle, PNG.sub(_webp, figure)))
    figure = STYLE.sub(lambda style: f' style="{re.sub(": | ?; ?", _tight, style[1]).rstrip(";")}"', figure)
    return CIRCLES.sub(_group, PLACE.sub(lambda place: f'{place[0][:4]}{float(place[1]):.2f}"', figure))


def _tight(mark: re.Match[str]) -> str:
    return mark[0].strip()


def _circle(dot: re.Match[str]) -> str:
    """Return a circle for eight curves that lie on one, else the curves as they are."""
    x, bottom = float(dot[1]), float(dot[2])
    numbers = [float(number) for number in re.findall(NUMBER, dot[3])]
    xs, ys = numbers[4::6], numbers[5::6]
    y, r = (max(ys) + min(ys)) / 2, (max(ys) - min(ys)) / 2
    if abs(bottom - max(ys)) > 0.02 or any(
        abs(((a - x) ** 2 + (b - y) ** 2) ** 0.5 - r) > 0.03 for a, b in zip(xs, ys, strict=True)
    ):
        return dot[0]
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.2f}"{dot[4]}/>'


def _group(circles: re.Match[str]) -> str:
    """Say once what is the same for all of a row of circles."""
    return f"<g{circles[1]}>{circles[0].replace(circles[1], '')}</g>" if circles[1] else circles[0]


def _webp(image: re.Match[str]) -> str:
    """Return the same image as WebP, in the 256 colours that are nearest to its own, if that is shorter.

    The dots of a figure have few colours and many shades at their rims: the file becomes half as long.
    """
    data = base64.b64decode(image[1])
    made = io.BytesIO()
    with Image.open(io.BytesIO(data)) as opened:
        few = opened.convert("RGBA").quantize(256, method=Image.Quantize.FASTOCTREE).convert("RGBA")
        few.save(made, "WEBP", lossless=True, quality=80, method=4)
    if made.tell() >= len(data):
        return image[0]
    return f"data:image/webp;base64,{base64.b64encode(made.getvalue()).decode()}"


def _signature(text: str) -> str:
    """Leave of the spans within a signature those that show its name."""

    def plain(span: re.Match[str]) -> str:
        return span[0] if any(name in span["more"] for name in KEPT) else span["text"]

    while (shorter_ := SPAN.sub(plain, text)) != text:
        text = shorter_
    return ARGUMENT.sub(r"\1", text)
