"""Names and roles that the theme leaves out."""

from pathlib import Path

from musicrec.site.access import mend, open_to_all

BAR = '<a class="reference" href="api.html">The "API"</a><details><summary><span></span></summary><ul></ul></details>'


def test_a_bar_is_named_after_its_entry_and_quotes_do_not_end_the_name() -> None:
    assert '<summary aria-label="Pages of The &quot;API&quot;"><span>' in mend(BAR)


def test_bars_with_words_or_a_name_of_their_own_stay() -> None:
    for page in ("<p>A</p><details><summary>All systems</summary></details>", mend(BAR)):
        assert mend(page) == page


def test_every_reference_becomes_an_item_of_its_list() -> None:
    page = '<div role="list">' + '<div class="citation" id="a" role="doc-biblioentry"></div>' * 2 + "</div>"
    assert mend(page).count('role="listitem"') == 2 and "biblioentry" not in mend(page)


def test_arguments_become_a_list_and_definitions_stay() -> None:
    arguments = "<dl>\n<dd><em>a</em>,</dd>\n<dd><em>b</em>,</dd>\n</dl>"
    defined = '<dl class="field-list"><dt>Raises</dt>\n<dd>x</dd>\n</dl><dl>\n<dt>t</dt>\n<dd>y</dd>\n</dl>'
    page = mend(f"<dt>f({arguments})</dt>{defined}")
    assert page.count("<li>") == page.count("</li>") == 2 and page.endswith(defined)
    assert page.startswith('<dt>f(<ul class="sig-arguments"><li>')


def test_pages_in_folders_are_mended_too(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "index.html").write_text(BAR)
    open_to_all(tmp_path)
    assert (tmp_path / "api" / "index.html").read_text() == mend(BAR) != BAR
