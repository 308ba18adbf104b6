"""Which served artists texts mean."""

import time

import numpy as np

from musicrec.serving.lookup import MOST_TOLD, Lookup

NAMES = [
    "The Killers",
    "Björk",
    "P!nk",
    "Cold World",
    "ColdWorld",
    "21 Savage",
    "Tyler, The Creator",
    "Danny!",
    "Danny",
]
LISTENERS = np.array([304, 170, 300, 4, 3, 9, 3, 1, 1])
lookup = Lookup(NAMES, LISTENERS)


def test_names_and_lines_of_lists_mean_artists_each_once() -> None:
    meant = lookup.read(["killers", "bjork", "1. Pink (12)", "Björk", '"Tyler, The Creator",12\n21 Savage'])
    assert [NAMES[artist] for artist in meant.artists] == [
        "The Killers",
        "Björk",
        "P!nk",
        "Tyler, The Creator",
        "21 Savage",
    ]
    assert not (meant.notes or meant.rare or meant.problems)


def test_where_two_are_two_the_other_is_named() -> None:
    meant = lookup.read(["coldworld"])
    assert [NAMES[artist] for artist in meant.artists] == ["ColdWorld"]
    assert meant.notes == ["'coldworld' is read as ColdWorld (3 listeners); there is also Cold World (4 listeners)"]


def test_rare_and_unknown_names_are_told_apart() -> None:
    meant = lookup.read(["danny", "bjrk", "", "[unknown]"])
    assert meant.artists == [] and meant.rare == ["Danny"]
    assert meant.problems == [
        "no artist is called 'bjrk'; did you mean Björk?", "an artist's name is empty",
        "'[unknown]' stands for a name that is missing, not for an artist",
    ]  # fmt: skip


def test_two_thousand_unknown_names_are_told_in_about_a_second() -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnoprstuvw "))
    names = ["".join(rng.choice(letters, rng.integers(4, 20))).strip() or "a" for _ in range(7_000)]
    many = Lookup(names, np.arange(7_002, 2, -1))
    unknown = ["q" + "".join(rng.choice(letters, 12)) for _ in range(2_000)]
    start = time.process_time()
    meant = many.read(["\n".join(unknown)])
    assert time.process_time() - start < 4, "22 s once; half a second on a free machine"
    assert len(meant.problems) == MOST_TOLD + 1 and meant.problems[-1].startswith("… and ")
