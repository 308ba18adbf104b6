"""How a figure, a table or a sentence with computed numbers gets onto a page.

Figures are drawn in matplotlib's black, which becomes the colour of the page's own text, so that the same graphic is
right in light and in dark mode. Whatever comes from the data is escaped: a song title is text, never markup.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter, NullFormatter, ScalarFormatter

INK = "#000000"  # whatever is drawn in it takes the colour of the page's text

# What must hold when a figure is written, whatever a chapter has set.
_SVG_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "musicrec", "text.parse_math": False}
_PX_PER_PT = 4 / 3
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def show(fig: Figure | Axes, *, alt: str, caption: str | None = None) -> None:
    """Show a figure on the page, as one inline SVG, and close it.

    Parameters
    ----------
    fig : matplotlib Figure or Axes
        With a title, and a label with its unit on every axis. A drawing without axes (a map of embeddings) says so
        with ``ax.set_axis_off()``.
    alt : str
        What the figure shows, for a reader who cannot see it.
    caption : str, optional
        Stands below the figure.

    Raises
    ------
    ValueError
        When the title, the label of an axis or the alternative text is missing.
    """
    markup = figure_html(fig, alt=alt, caption=caption)
    display({"text/html": markup, "text/plain": alt}, raw=True)
    plt.close(_figure(fig))


def figure_html(fig: Figure | Axes, *, alt: str, caption: str | None = None) -> str:
    """Return a figure as ``<figure><svg>…</svg><figcaption>…</figcaption></figure>``; see `show`.

    The same figure always gives the same text; its ids differ from those of other figures on the page.
    """
    figure = _figure(fig)
    if not alt.strip():
        raise ValueError("the figure has no alternative text: say in `alt` what it shows")
    _require_labels(figure)
    _plain_numbers(figure)
    buffer = io.StringIO()
    with mpl.rc_context(_SVG_STYLE), any_script():
        figure.savefig(buffer, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None}, dpi=120)
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="musicrec-figure" style="margin:1em 0">{_inline_svg(buffer.getvalue(), alt)}{below}</figure>'


@contextmanager
def any_script() -> Iterator[None]:
    """Draw names in scripts that matplotlib's font lacks, in silence: on the page the browser sets the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(Glyph .* missing from|Matplotlib currently does not support)")
        yield


def _figure(fig: Figure | Axes) -> Figure:
    figure = fig.get_figure(root=True) if isinstance(fig, Axes) else fig
    if not isinstance(figure, Figure):
        raise TypeError(f"expected a matplotlib figure or axes, not {type(fig).__name__}")
    return figure


def _require_labels(figure: Figure) -> None:
    """Raise an error unless the figure has a title and every visible axis a label."""
    every = [ax for ax in figure.axes if ax.get_visible()]
    titles = [any(ax.get_title(loc) for loc in ("left", "center", "right")) for ax in every]
    name = figure.get_suptitle() or next((ax.get_title(loc="left") or ax.get_title() for ax in every), "")
    missing = [] if figure.get_suptitle() or any(titles) else ["a title"]
    for place, ax in enumerate(every, start=1):
        if not ax.axison:
            continue
        where = "" if len(every) == 1 else f" of panel {place}"
        if hasattr(ax, "_colorbar"):  # a colour scale has one axis
            if not (ax.get_xlabel() or ax.get_ylabel()):
                missing.append("the label of the colour scale")
            continue
        # inner panels may leave a shared axis to the outermost one
        for axis, shared, whole in (
            ("x", ax.get_shared_x_axes(), figure.get_supxlabel()),
            ("y", ax.get_shared_y_axes(), figure.get_supylabel()),
        ):
            labels = [whole, *(getattr(other, f"get_{axis}label")() for other in shared.get_siblings(ax))]
            if not any(labels):
                missing.append(f"the {axis} label{where}")
    if missing:
        raise ValueError(
            f"figure {name!r} lacks {', '.join(missing)}: every figure needs a title, and a label with its unit on "
            "each axis (a map without axes calls ax.set_axis_off())"
        )


def _plain_numbers(figure: Figure) -> None:
    """Write 1,000 for 10³ and for 1000: log axes set powers in mathematical type, which a page cannot inherit."""
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(map(abs, axis.get_view_interval()))
            formatter = axis.get_major_formatter()
            if isinstance(formatter, LogFormatter) or (type(formatter) is ScalarFormatter and high >= 1000):
                axis.set_major_formatter(FuncFormatter(_plain))
            if isinstance(axis.get_minor_formatter(), LogFormatter) and high > 10 * low:
                axis.set_minor_formatter(NullFormatter())


def _plain(value: float, _: int | None = None) -> str:
    return f"{value:,.0f}" if value % 1 == 0 else np.format_float_positional(value, precision=10, trim="-")


def _inline_svg(source: str, alt: str) -> str:
    """Turn matplotlib's SVG file into an element of a page that takes over the page's text colour and font."""
    root = ET.fromstring(source)
    for parent in list(root.iter()):
        for child in list(parent):
            # A style sheet inside an inline SVG would restyle the whole page.
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    values = [value for node in root.iter() for value in node.attrib.values()]
    linked = {value[1:] for value in values if value.startswith("#")}
    linked.update(link for value in values for link in REFERENCE.findall(value))
    prefix = f"f{hashlib.sha256((alt + source).encode()).hexdigest()[:8]}-"
    for node in root.iter():
        _clean(node, prefix, linked)
    view_box = root.get("viewBox", "")
    width = float(view_box.split()[2]) * _PX_PER_PT
    root.attrib.clear()
    root.attrib.update(
        {
            "role": "img",
            "aria-label": alt,
            "viewBox": view_box,
            "fill": "currentColor",  # matplotlib writes no fill where it is black
            "font-family": "inherit",
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
            "style": f"display:block;width:100%;max-width:{width:.0f}px;height:auto",
        }
    )
    return ET.tostring(root, encoding="unicode")


def _clean(node: ET.Element, prefix: str, linked: set[str]) -> None:
    """Drop namespaces, blank text and ids nobody links to; make the other ids the figure's own; free the ink."""
    node.tag = node.tag.rpartition("}")[2]
    if not (node.text or "").strip():
        node.text = None
    if not (node.tail or "").strip():
        node.tail = None
    attributes = {name.rpartition("}")[2]: value for name, value in node.items()}
    node.attrib.clear()
    for name, value in attributes.items():
        if name == "id":
            value = prefix + value if value in linked else ""
        elif name == "href" and value.startswith("#"):
            value = f"#{prefix}{value[1:]}"
        elif name == "d":
            value = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", " ".join(value.split()))
        elif name == "style":
            value = re.sub(r"font-family:[^;]*;?\s*", "", value).replace(INK, "currentColor")
        if value:
            node.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))


REFERENCE = re.compile(r"url\(#([^)]+)\)")
