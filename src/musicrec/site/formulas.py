"""Sphinx extension: formulas as MathML, made when the book is built; pages need no script and no network for them."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)
# What the converter does not know, said in what it knows: aligned equations are a table, words are text.
REWRITE = (
    (re.compile(r"\\begin\{(?:aligned|align\*?|split)\}"), r"\\begin{array}{rl}"),
    (re.compile(r"\\end\{(?:aligned|align\*?|split)\}"), r"\\end{array}"),
    (re.compile(r"\\(?:mathrm|operatorname)\{([A-Za-z ]{2,})\}"), r"\\text{\1}"),
)


def to_mathml(latex: str, display: str = "inline") -> str:
    r"""Return a formula as MathML, with its source as the text alternative.

    Parameters
    ----------
    latex : str
        The formula, without dollar signs.
    display : str
        "inline" or "block".

    Raises
    ------
    ValueError
        When the converter does not know a command: it would otherwise show it as it was typed.

    Examples
    --------
    >>> to_mathml("k^2")
    '<math alttext="k^2" display="inline"><mrow><msup><mi>k</mi><mn>2</mn></msup></mrow></math>'
    """
    text = latex.strip()
    for pattern, replacement in REWRITE:
        text = pattern.sub(replacement, text)
    try:
        mathml = convert(text, display=display)
    except Exception as error:  # the converter has many small exceptions of its own
        raise ValueError(f"the formula {latex.strip()!r} cannot be read: {error!r}") from error
    if left := re.search(r">(\\[^<]*|&)<", mathml):
        raise ValueError(f"the formula {latex.strip()!r} uses {left[1]}, which cannot be turned into MathML")
    # bars as in |a| + |b|: without this, browsers set them apart like an operator
    mathml = mathml.replace('<mo stretchy="false">&#x0007C;</mo>', '<mo stretchy="false" lspace="0" rspace="0">|</mo>')
    start = f'<math alttext="{escape(latex.strip())}"'
    return mathml.replace('<math xmlns="http://www.w3.org/1998/Math/MathML"', start, 1)


def _render(node: nodes.Element, display: str) -> str:
    try:
        return to_mathml(node.astext(), display)
    except ValueError as error:
        logger.warning("%s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def _visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(_render(node, "inline") + "</span>")
    raise nodes.SkipNode


def _visit_block(self: Any, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(_render(node, "block") + "</div>\n")
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer under the name `mathml`, for `html_math_renderer`."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
