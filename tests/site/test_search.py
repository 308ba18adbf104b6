"""What the search looks through."""

from pathlib import Path

from bs4 import BeautifulSoup

from musicrec.site import search
from musicrec.site.packing import unpacked

PAGE = """<html><head></head><body><article class="bd-article"><section id="top">
<h1>Factors<a class="headerlink">#</a></h1>
<p>What a page says. <code>als</code> too.</p><div class="highlight"><pre>import x</pre></div>
<table><tr><td>1</td><td>2</td></tr></table>
<section id="pull"><h2><span class="section-number">6.1. </span>Gravity</h2>
<ul><li><p>It pulls.</p></li></ul><figure><svg><text>.5</text></svg><figcaption>A figure.</figcaption></figure>
<dl class="glossary simple"><dt id="term-AUC">AUC</dt><dd><p>An area.</p></dd></dl></section></section></article>
<script>end()</script></body></html>"""
CODE = """<article class="bd-article"><section id="a"><h1>models</h1><p>All.</p>
<dl class="py class"><dt class="sig" id="musicrec.models.als.ALS"><em>class</em> ALS<span>(</span>dim<span>)</span></dt>
<dd><p>Least squares.</p><p>More.</p><dl class="py method"><dt class="sig" id="musicrec.models.als.ALS.fit">fit(x)</dt>
<dd><p>Fit it.</p></dd></dl></dd></dl></section></article>"""


def pieces(markup: str) -> list[tuple[str, str, str, str]]:
    article = BeautifulSoup(markup, "html.parser").article
    assert article
    return [(piece.id, piece.title, piece.kind, piece.text) for piece in search.read(article)]


def test_a_section_has_its_own_sentences_and_nothing_that_is_no_sentence():
    assert pieces(PAGE) == [
        ("term-AUC", "AUC", "term", "An area."),
        ("", "Factors", "page", "What a page says. als too."),
        ("pull", "Gravity", "section", "It pulls. A figure."),
    ]


def test_functions_are_found_by_their_name_with_their_first_sentence():
    assert pieces(CODE) == [
        ("musicrec.models.als.ALS", "ALS", "code", "Least squares."),
        ("musicrec.models.als.ALS.fit", "fit", "code", "Fit it."),
        ("", "models", "page", "All."),
    ]


def site(tmp_path: Path) -> Path:
    for name in (
        "scripts/search.js",
        "scripts/search.css",
        "scripts/unpack.js",
        "searchindex.js",
        "_static/searchtools.js",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "one.html").write_text(PAGE)
    scripts = '<script src="_static/searchtools.js"></script><script src="searchindex.js"></script>'
    (tmp_path / "search.html").write_text(f"<head></head><body>{scripts}<script src='kept.js'></script></body>")
    return tmp_path


def test_the_page_of_the_search_loads_the_pieces_and_sphinx_s_own_files_go(tmp_path: Path):
    search.make_searchable(site(tmp_path))
    text = (tmp_path / "search.html").read_text()
    (data,) = (tmp_path / "scripts" / "data").glob("search-*.js")
    assert data.name in text and "kept.js" in text and "searchtools" not in text and "searchindex" not in text
    assert not (tmp_path / "searchindex.js").exists() and not (tmp_path / "_static" / "searchtools.js").exists()
    ((place, title, found),) = unpacked(data.read_text())
    assert (place, title) == ("one.html", "Factors") and [kind for kind, *_ in found] == ["term", "page", "section"]
    assert (tmp_path / "one.html").read_text() == PAGE


def test_a_site_without_a_search_is_left_alone(tmp_path: Path):
    (tmp_path / "one.html").write_text(PAGE)
    search.make_searchable(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["one.html"]
