"""What may be published."""

from pathlib import Path

import pytest
from trial_book import FIGURE, chapters, html_output, pretend, run
from trial_book import book as book

from musicrec.site import checks
from musicrec.site.notebooks import BookError


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"output_type": "error", "ename": "E", "evalue": "", "traceback": []}, "shows a traceback"),
        ({"output_type": "stream", "name": "stdout", "text": "Traceback (most recent call last):\n"}, "a traceback"),
        ({"output_type": "display_data", "data": {"application/pdf": "x"}, "metadata": {}}, "no page can show"),
        ({"output_type": "display_data", "metadata": {},
          "data": {"application/vnd.plotly.v1+json": {}, "text/plain": "Figure"}}, "would be lost"),
        (html_output(FIGURE.format(" ")), "without a label"),
    ],
)  # fmt: skip
def test_an_output_that_must_not_be_published_is_refused(book: Path, output: dict, message: str):
    chapter = chapters(book)[0]
    pretend(chapter, run(), book, output)
    with pytest.raises(BookError, match=f"01_eda.ipynb, cell 3.*{message}"):
        checks.check_notebook(chapter)


def test_figures_are_counted_and_what_goes_to_the_error_stream_is_told(book: Path):
    chapter = chapters(book)[0]
    stderr = {"output_type": "stream", "name": "stderr", "text": "FutureWarning: soon\n"}
    image = {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "x"}, "metadata": {}}
    pretend(chapter, run(), book, stderr, image, html_output(FIGURE.format("one") + FIGURE.format("two")))
    figures, warnings = checks.check_notebook(chapter)
    assert figures == ["", "one", "two"]
    assert warnings == ["01_eda.ipynb, cell 3 wrote to its error stream: FutureWarning: soon"]


def test_a_figure_missing_from_the_page_is_an_error(book: Path):
    chapter, page = chapters(book)[0], book / "page.html"
    pretend(chapter, run(), book, html_output(FIGURE.format("A &amp; B") * 2))
    page.write_text(FIGURE.format("A &amp; B") * 2)
    checks.check_page(chapter, page)
    page.write_text(FIGURE.format("A &amp; B"))
    with pytest.raises(BookError, match="the figure 'A & B' is lost"):
        checks.check_page(chapter, page)
