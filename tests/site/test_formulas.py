"""Formulas as MathML."""

import pytest

from musicrec.site.formulas import to_mathml


def test_formulas_become_mathml_or_an_error():
    assert "<mtable>" in to_mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")
    assert "<mtext>NDCG</mtext>" in to_mathml(r"\mathrm{NDCG}")
    assert 'alttext="a &lt; b"' in to_mathml("a < b")
    with pytest.raises(ValueError, match=r"uses \\foo"):
        to_mathml(r"\foo")
    with pytest.raises(ValueError, match="cannot be read"):
        to_mathml(r"\left( a")
