"""Names of a history in a catalogue, by the rules of `musicrec.names`."""

from pathlib import Path

import pytest

from musicrec.histories import read_history
from musicrec.histories.matching import Matched, match_artists, played_items
from musicrec.names import Names

CATALOGUE = ["Drake", "Rihanna", "Björk", "Earth, Wind & Fire", "Simon & Garfunkel", "Earth", "Kendrick Lamar",
             "The Knife", "Muse", "P!nk", "Garfunkel"]  # fmt: skip


def match(tmp_path: Path, *lines: str, rare: str = "") -> tuple[Matched, dict[str, int]]:
    """Match artists that were each played once, or "Name|7" seven times."""
    rows = "".join(f'"{name}",{count or 1}\n' for name, _, count in (line.partition("|") for line in lines))
    path = tmp_path / "a.csv"
    path.write_text(f"artist,plays\n{rows}", encoding="utf-8")
    names = Names(CATALOGUE, range(len(CATALOGUE), 0, -1))

    def find(name: str) -> int | None:
        found = names.look_up(name)
        return found.item if found else None

    matched = match_artists(read_history([path]), find, lambda name: name == rare, CATALOGUE.__getitem__)
    return matched, {CATALOGUE[item]: n for item, n in zip(matched.items, matched.counts, strict=True)}


@pytest.mark.parametrize(
    ("written", "artists"),
    [
        ("drake", ["Drake"]), ("BJORK", ["Björk"]), ("Knife", ["The Knife"]), ("Pink", ["P!nk"]),
        ("Drake feat. Rihanna", ["Drake", "Rihanna"]), ("Drake (ft. Rihanna)", ["Drake", "Rihanna"]),
        ("Drake; Rihanna", ["Drake", "Rihanna"]), ("Drake x Rihanna", ["Drake", "Rihanna"]),
        ("Drake & Rihanna", ["Drake", "Rihanna"]), ("Drake, Rihanna & Björk", ["Drake", "Rihanna", "Björk"]),
        ("Earth, Wind & Fire", ["Earth, Wind & Fire"]), ("earth wind and fire", ["Earth, Wind & Fire"]),
        ("Simon and Garfunkel", ["Simon & Garfunkel"]), ("Earth, Moon & Sun", []), ("Garfunkel & Oates", []),
        ("Kendrick Lamar & Nobody", ["Kendrick Lamar"]), ("Nobody feat. Drake", ["Drake"]),
        ("Nobody", []), ("Various Artists", []), ("[unknown]", []),
    ],
)  # fmt: skip
def test_who_is_meant(tmp_path: Path, written: str, artists: list[str]) -> None:
    assert sorted(match(tmp_path, written)[1]) == sorted(artists)


def test_a_part_counts_when_the_history_has_it_alone(tmp_path: Path) -> None:
    assert match(tmp_path, "Muse & Nobody")[1] == {}
    assert match(tmp_path, "Muse & Nobody", "Muse")[1] == {"Muse": 2}


def test_spellings_add_up_and_shares_are_of_plays(tmp_path: Path) -> None:
    matched, counts = match(tmp_path, "Muse|5", "MUSE|2", "Nobody|2", "Rare|1", "[unknown]|10", rare="Rare")
    assert counts == {"Muse": 7}
    assert matched.shares == {"known": 7 / 20, "too rare": 1 / 20, "unknown": 2 / 20, "no artist": 10 / 20}
    assert matched.unknown == [("Nobody", 2)] and matched.rare == [("Rare", 1)]


def test_names_read_otherwise_are_told(tmp_path: Path) -> None:
    matched, _ = match(tmp_path, "Pink", "The Knife")
    assert [(name, CATALOGUE[item]) for name, item in matched.read_as] == [("Pink", "P!nk")]


def test_lists_are_read_by_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("1. Muse\n2. Earth, Wind & Fire\n3. Drake, Rihanna\n4. Nobody\n", encoding="utf-8")
    names = Names(CATALOGUE, range(len(CATALOGUE), 0, -1))

    def find(name: str) -> int | None:
        found = names.look_up(name)
        return found.item if found else None

    matched = match_artists(read_history([path]), find, lambda _: False, CATALOGUE.__getitem__)
    assert [CATALOGUE[item] for item in matched.items] == ["Muse", "Earth, Wind & Fire", "Drake", "Rihanna"]
    assert matched.unknown == [("Nobody", 1)]


def test_some_rows_alone(tmp_path: Path) -> None:
    matched, _ = match(tmp_path, "Muse|3", "Drake|2", "Nobody|9")
    plays = read_history([tmp_path / "a.csv"]).plays
    assert [CATALOGUE[item] for item in played_items(matched, plays.artist[2:4])] == ["Muse", "Drake"]
