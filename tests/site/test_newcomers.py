"""The curves of the page "Try it"."""

import re

import pytest
from trial_book import score

from musicrec.site import newcomers


def measured() -> list:
    rows = {"blend, 1 given, listeners": 0.1, "blend, 1 given, playlists": 0.2, "blend, 20 given, listeners": 0.3,
            "popularity, 1 given, listeners": 0.05, "popularity, 20 given, listeners": 0.29,
            "ease, 1 given, listeners": 0.9,
            "blend": 0.7}  # fmt: skip
    return [score(name, value, protocol="newcomers") for name, value in rows.items()]


def test_people_count_alike_and_only_models_of_the_page_are_shown():
    assert newcomers.curves(measured()) == {
        "blend": {1: pytest.approx(0.15), 20: 0.3}, "popularity": {1: 0.05, 20: 0.29}
    }  # fmt: skip
    assert newcomers.curves([score("blend, 1 given, listeners", 0.1)]) == {}, "of another protocol"


def test_the_page_shows_a_figure_and_its_numbers():
    page = newcomers.curve_page(measured())
    assert "| 1 | 0.150 | 0.050 |" in page and "0.300 with 20" in page
    labels = [float(y) for y in re.findall(r'<text x="286" y="([\d.]+)">', page)]
    assert len(labels) == 2 and abs(labels[0] - labels[1]) > 14.9
    assert "has not been executed" in newcomers.curve_page([])
