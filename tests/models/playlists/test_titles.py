"""Titles as people write them."""

import numpy as np
import pytest
import scipy.sparse as sp
from few_playlists import few_playlists

from musicrec.datasets.playlists import Playlists
from musicrec.models.playlists.titles import TitleMatch, normalise
from musicrec.splits.challenge import Asked

LISTS = few_playlists(200)


def ask(system: TitleMatch, title: str) -> np.ndarray:
    empty = sp.csr_array((1, LISTS.tracks.n_items), dtype=np.float32)
    return system.candidates(Asked(empty, np.array([title], dtype=object)), 20).ids[0]


def titled(*titles: str) -> Playlists:
    names = np.array([titles[pid % len(titles)] for pid in range(len(LISTS))], dtype=object)
    return Playlists(LISTS.tracks, LISTS.places, names, LISTS.artists, LISTS.modified_at)


@pytest.mark.parametrize(
    ("title", "normal"),
    [("Gym.", "gym"), (" GYM ", "gym"), ("lazy__day", "lazy day"), ("???", "???"), ("🏋", "🏋"), ("...", ""), ("", "")],
)
def test_normal_forms(title: str, normal: str) -> None:
    assert normalise(title) == normal


def test_the_same_title_comes_before_one_that_shares_a_word() -> None:
    system = TitleMatch().fit(titled("gym rap", "sleep", "gym", "road", "country"), rng=np.random.default_rng(0))
    own = LISTS.tracks.n_items // 5
    assert np.mean(ask(system, "Gym!") // own == 2) > 0.8
    assert np.mean(ask(system, "gym rap") // own == 0) > 0.8
    assert np.mean(np.isin(ask(system, "gym songs") // own, (0, 2))) > 0.8  # a word that nobody wrote


def test_no_title_is_like_no_other() -> None:
    system = TitleMatch().fit(titled("", "sleep", "...", "road", "rap"), rng=np.random.default_rng(0))
    for title in ("", "!!", "never seen"):
        assert (ask(system, title) == -1).all()
    nobody = TitleMatch().fit(titled(""), rng=np.random.default_rng(0))
    assert (ask(nobody, "rap") == -1).all()


def test_a_title_keeps_its_most_frequent_tracks() -> None:
    system = TitleMatch(each=5).fit(LISTS, rng=np.random.default_rng(0))
    assert (ask(system, "rap") >= 0).sum() == 5
