"""Ten categories of playlists that were cut off."""

from dataclasses import replace

import numpy as np
import pytest
from few_playlists import few_playlists

from musicrec.splits.challenge import CATEGORIES, LEAST, Challenge, hold_out

LISTS = few_playlists(600)


@pytest.fixture(scope="module")
def challenge() -> Challenge:
    return hold_out(LISTS, 0, each=5)


def test_the_categories_are_those_of_the_challenge() -> None:
    assert [category.seeds for category in CATEGORIES] == [0, 1, 5, 5, 10, 10, 25, 25, 100, 100]
    assert [place for place, category in enumerate(CATEGORIES) if not category.title] == [3, 5]
    assert [place for place, category in enumerate(CATEGORIES) if not category.first] == [7, 9]


def test_every_category_gives_what_it_says(challenge: Challenge) -> None:
    assert np.bincount(challenge.category).tolist() == [5] * 10
    given = np.diff(challenge.asked.seeds.indptr)
    for place, category in enumerate(CATEGORIES):
        assert (given[challenge.category == place] == category.seeds).all()
        titles = challenge.asked.titles[challenge.category == place]
        assert all(titles) if category.title else not any(titles)
    assert (challenge.held_out.history_sizes() >= LEAST).all()


def test_nothing_is_given_and_asked_and_learnt_at_once(challenge: Challenge) -> None:
    assert challenge.asked.seeds.multiply(challenge.held_out.matrix).nnz == 0
    asked = challenge.held_out.users
    assert len(set(asked)) == len(asked) and not np.isin(asked, challenge.train.tracks.users).any()
    assert len(challenge.train) == len(LISTS) - len(asked)
    popularity = challenge.train.tracks.popularity()
    assert popularity[challenge.asked.seeds.indices].all() and popularity[challenge.held_out.matrix.indices].all()
    for row, pid in enumerate(asked):  # together they are the playlist
        both = challenge.asked.seeds[[row]].toarray() + challenge.held_out.matrix[[row]].toarray()
        np.testing.assert_array_equal(both[0], LISTS.tracks.matrix[[pid]].toarray()[0])


def test_the_first_are_the_first_and_random_ones_are_not(challenge: Challenge) -> None:
    seeds = challenge.asked.seeds
    for row, place in enumerate(challenge.category):
        places = np.sort(challenge.places[seeds.indptr[row] : seeds.indptr[row + 1]])
        assert (places == np.arange(len(places))).all() == (CATEGORIES[place].first or not len(places))
        own = slice(*LISTS.tracks.matrix.indptr[challenge.held_out.users[row] :][:2])
        where = dict(zip(LISTS.tracks.matrix.indices[own], LISTS.places[own], strict=True))
        tracks = seeds.indices[seeds.indptr[row] : seeds.indptr[row + 1]]
        assert [where[track] for track in tracks] == challenge.places[
            seeds.indptr[row] : seeds.indptr[row + 1]
        ].tolist()


def test_by_time_nothing_later_is_learnt_from() -> None:
    challenge = hold_out(LISTS, 0, each=2, how="temporal")
    times = dict(zip(LISTS.tracks.users, LISTS.modified_at, strict=True))
    earliest = min(times[pid] for pid in challenge.held_out.users)
    assert challenge.train.modified_at.max() < earliest
    assert len(challenge.train) == 540


def test_the_seed_names_the_draw() -> None:
    same, again, other = (hold_out(LISTS, seed, each=3).held_out.users.tolist() for seed in (1, 1, 2))
    assert same == again != other


def test_short_playlists_leave_categories_empty() -> None:
    challenge = hold_out(few_playlists(600, longest=20), 0)
    counts = np.bincount(challenge.category, minlength=10)
    assert counts[0] == 6 and not counts[8:].any()


def test_what_cannot_be_held_out_is_refused() -> None:
    with pytest.raises(ValueError, match="random or temporal, not 'later'"):
        hold_out(LISTS, 0, how="later")
    with pytest.raises(ValueError, match="nobody knows when"):
        hold_out(replace(LISTS, modified_at=np.zeros(len(LISTS), np.int64)), 0, how="temporal")
    with pytest.raises(ValueError, match="all of these playlists were changed at one time"):
        hold_out(replace(LISTS, modified_at=np.ones(len(LISTS), np.int64)), 0, how="temporal")
    with pytest.raises(ValueError, match="too small to split"):
        hold_out(LISTS.rows(np.arange(2)), 0)
