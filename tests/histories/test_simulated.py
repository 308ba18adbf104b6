"""Invented histories."""

import numpy as np

from musicrec.histories.simulated import EXAMPLES, SKIPPED, invent_artists, invent_plays


def test_the_same_seed_invents_the_same() -> None:
    first, second = (invent_plays(["A", "B"], 50, np.random.default_rng(1)) for _ in range(2))
    assert first == second != invent_plays(["A", "B"], 50, np.random.default_rng(2))
    assert all(write(first) for write in EXAMPLES.values())


def test_plays_are_in_order_and_favourites_come_first() -> None:
    plays = invent_plays(invent_artists(20, np.random.default_rng(0)), 4000, np.random.default_rng(0))
    assert [play.at for play in plays] == sorted(play.at for play in plays)
    assert abs(np.mean([play.skipped for play in plays]) - SKIPPED) < 0.02
    assert len({play.artist for play in plays}) == 20


def test_names_are_all_different() -> None:
    assert len(set(invent_artists(500, np.random.default_rng(0)))) == 500
