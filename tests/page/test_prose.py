"""Sentences with computed numbers: names are shown as they are, whatever marks they hold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from docutils import nodes
from myst_parser.parsers.docutils_ import Parser

from musicrec.page import prose as module
from musicrec.page.prose import prose, prose_text

NAMES = [
    "A$AP Rocky",
    "Ke$ha",
    "$uicideboy$",
    "*NSYNC",
    "[unknown]",
    "AC_DC_",
    "P!nk",
    "<b>",
    "`x`",
    "a|b",
    "~t~",
    r"\o",
]


def shown(text: str) -> nodes.document:
    """Read Markdown with the extensions of the book."""
    from docutils.frontend import get_default_settings
    from docutils.utils import new_document

    settings = get_default_settings(Parser)
    settings.myst_enable_extensions = {"amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"}
    settings.report_level = 5
    document = new_document("page", settings)
    Parser().parse(text, document)
    return document


def words(document: nodes.document) -> str:
    return "".join(node.astext() for node in document.findall(nodes.Text) if not isinstance(node.parent, nodes.raw))


@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", ["Ke$ha", "Sade"])
@pytest.mark.parametrize("template", ["Most love {a} and {b}.", "**{a}** before *{b}*", "{a}{b}", "{names}"])
def test_names_are_shown_as_they_are(first: str, second: str, template: str):
    document = shown(prose_text(template, a=first, b=second, names=[first, second]))
    assert not list(document.findall(nodes.math)), "a name is no formula"
    plain = template.replace("*", "").format(a=first, b=second, names=f"{first} and {second}")
    assert words(document) == plain


def test_between_two_dollar_signs_there_is_always_an_element():
    text = prose_text("{a} and {b}", a="Ke$ha", b="A$AP")
    assert text.count("<span>&#36;</span>") == 2 and "$" not in text


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Index, pd.Series])
def test_every_list_of_names_reads_as_a_sentence(kind):
    assert prose_text("{names}", names=kind(["a*", "b", "c"])) == "a&#42;, b and c"


def test_what_is_no_number_is_text():
    class Odd:
        def __format__(self, _: str) -> str:
            return "<script>"

    assert "<script>" not in prose_text("{odd}", odd=Odd())
    assert prose_text("{n:,} {x:.2f} {i}", n=1234, x=np.float64(0.125), i=np.int64(3)) == "1,234 0.12 3"


@dataclass
class Facts:
    n: int
    top: str


def test_fields_come_from_a_named_object_and_the_plain_text_is_plain(monkeypatch: pytest.MonkeyPatch):
    seen: list[dict] = []
    monkeypatch.setattr(module, "display", lambda data, raw: seen.append(data))
    prose("{n:,} love {top}, {m}.", Facts(1200, "Ke$ha"), m=3)
    assert seen[0]["text/plain"] == "1,200 love Ke$ha, 3."
    with pytest.raises(KeyError, match="gone"):
        prose("{gone}", Facts(1, "a"))
