"""The table of names and lists that Python and the scripts of the pages must read alike; Python's side."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicrec.names import Names, is_placeholder, plain, read_list

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
ARTISTS, KNOWN = zip(*sorted(CASES["catalogue"], key=lambda each: -each[1]), strict=True)
names = Names(ARTISTS, KNOWN)


def find(text: str) -> int | None:
    found = names.look_up(text)
    return found.item if found else None


def name(item: int | None) -> str | None:
    return None if item is None else ARTISTS[item]


@pytest.mark.parametrize(("text", "folded"), CASES["plain"])
def test_plain(text: str, folded: str) -> None:
    assert plain(text) == folded


@pytest.mark.parametrize("text", CASES["placeholders"])
def test_placeholders_are_no_artists(text: str) -> None:
    assert is_placeholder(text) and find(text) is None


@pytest.mark.parametrize("text", CASES["artists"])
def test_artists_with_odd_names_are_no_placeholders(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(("text", "meant"), CASES["find"])
def test_find(text: str, meant: str | None) -> None:
    assert name(find(text)) == meant


@pytest.mark.parametrize(("text", "others"), CASES["others"])
def test_where_two_are_two_both_are_offered(text: str, others: list[str]) -> None:
    assert [name(item) for item in names.match(text).others] == others


@pytest.mark.parametrize(("text", "first"), CASES["suggest"])
def test_the_first_suggestion(text: str, first: str | None) -> None:
    assert (names.suggest(text) or [None])[0] == first


@pytest.mark.parametrize(("text", "found", "missing"), CASES["lists"])
def test_lists(text: str, found: list[str], missing: list[str]) -> None:
    listing: Any = read_list(text, find)
    assert [name(item) for item in listing.found] == found
    assert [looked_for for _, looked_for in listing.missing] == missing


BESIDE = ["12", "1.", "[5]", "(304 plays)", ",", ", ", ";", "\t", " - ", " – ", '"', "\n", " ", "\0", "feat. "]
PIECES = st.sampled_from([*ARTISTS, *BESIDE])


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_any_list_is_read_and_no_line_is_lost(text: str) -> None:
    listing = read_list(text, find)
    assert listing.lines <= len(re.split(r"[\r\n\u2028\u2029]", text))
    assert all(item is not None and 0 <= item < len(ARTISTS) for item in listing.found)
    assert all(line.strip() for line, _ in listing.missing)
    for line in text.split("\n"):
        if (item := find(line)) is not None and "\n" not in text.strip():
            assert listing.found == [item]


@settings(deadline=None)
@given(st.sampled_from(ARTISTS), st.integers(1, 99_999), st.integers(1, 500))
def test_counts_and_places_never_hide_a_name(artist: str, plays: int, place: int) -> None:
    beside = ("A,P", "A\tP", "A (P plays)", "N. A", "[N] A", '"A",P', "- A", 'N,"A",P', "N\tA\tP", "• N) A – P plays")
    for pattern in beside:
        line = pattern.replace("P", f"{plays}").replace("N", f"{place}").replace("A", artist)
        assert [name(item) for item in read_list(line, find).found] == [name(find(artist))], line
