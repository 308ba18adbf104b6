"""What a build was made from."""

from pathlib import Path

from trial_book import book as book
from trial_book import chapters, pretend, run

from musicrec.hardware import machine
from musicrec.site import provenance


def test_provenance_says_what_the_book_was_made_from(book: Path):
    found = chapters(book)
    pretend(found[0], run(), book)
    text = provenance.provenance_page(run(), found, book)
    for expected in (
        "0123456789abcdef",
        "A \\| B",
        "free",
        "not a git checkout",
        "numpy",
        "1.5",
        "never executed",
        machine()["processor"],
    ):
        assert expected in text
    assert all(line in text for line in machine().values())
