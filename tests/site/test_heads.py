"""Descriptions of pages."""

import re
from pathlib import Path

from musicrec.site.heads import LONGEST, describe, description


def test_every_page_is_described_once_and_safely(tmp_path: Path) -> None:
    path = tmp_path / "a" / "page.html"
    path.parent.mkdir()
    body = '<article><p> </p><p>Say "no" to <code>&lt;script&gt;</code> &amp; co.</p></article>'
    path.write_text(f"<head><title>A &amp; B</title></head><body>{body}</body>")
    describe(tmp_path)
    text = path.read_text()
    assert '<meta name="description" content="Say &quot;no&quot; to &lt;script&gt; &amp; co.">' in text
    assert '<meta property="og:title" content="A &amp; B">' in text
    describe(tmp_path)
    assert path.read_text() == text
    assert len(re.findall('name="description"', text)) == 1


def test_a_page_without_a_paragraph_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<head></head><body><p>menu</p></body>")
    describe(tmp_path)
    assert (tmp_path / "page.html").read_text() == "<head></head><body><p>menu</p></body>"


def test_a_long_paragraph_is_cut_at_a_word() -> None:
    said = description(f"<article><p>{'word ' * 60}</p></article>")
    assert len(said) <= LONGEST + 1 and said.endswith("word …")
