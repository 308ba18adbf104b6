"""Listeners and playlists side by side."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.joined import PLAYLIST_COUNTS, artist_sets, join, joined, listener_rows, repeated, times_of

ABOUT = Provenance(
    source="a test", url="", version="1", licence="none", citation="", found="here", fingerprint="0" * 16
)


def listeners() -> Dataset:
    frame = pd.DataFrame({"user": [1, 1, 2], "item": [10, 11, 10], "plays": [5, 2, 7]})
    items = pd.DataFrame({"name": ["The Killers", "Björk"]})
    return Dataset("few", Interactions.from_frame(frame, weight="plays"), items, ABOUT)


def playlists() -> Dataset:
    frame = pd.DataFrame({"user": ["p", "p", "p", "q"], "item": ["s1", "s2", "s3", "s3"]})
    songs = pd.DataFrame({"id": ["s1", "s2", "s3"], "artist": ["Killers", "Dua Lipa", "Various Artists"]})
    return Dataset("lists", Interactions.from_frame(frame), songs, ABOUT, {"songs": songs})


def test_an_artist_that_both_name_is_one_column() -> None:
    joined = join([listener_rows(listeners()), artist_sets(playlists())], listeners())
    assert joined.item_names.tolist() == ["The Killers", "Björk", "Dua Lipa"]
    assert joined.interactions.users.tolist() == ["listener 1", "listener 2", "playlist p", "playlist q"]
    assert joined.interactions.matrix.toarray().tolist() == [[5, 2, 0], [7, 0, 0], [1, 0, 1], [0, 0, 0]]
    assert joined.tables["people"]["part"].tolist() == [0, 0, 1, 1]


def test_a_person_stands_in_one_part_only() -> None:
    rows = listener_rows(listeners())
    with pytest.raises(ValueError, match="'listener 1' is in two of the tables"):
        join([rows, rows], listeners())


def test_rows_can_count_more() -> None:
    counted = repeated(listeners().interactions, np.array([1, 2]))
    assert counted.matrix.toarray().tolist() == [[5, 2], [7, 0], [7, 0]] and counted.users.tolist() == [0, 1, 2]


def test_a_playlist_counts_more_than_a_listener_in_a_fit() -> None:
    both = joined(listeners(), playlists())
    times = times_of(both)
    assert times is not None and times.tolist() == [1, 1, PLAYLIST_COUNTS, PLAYLIST_COUNTS]
    assert repeated(both.interactions, times).n_users == 2 + 2 * PLAYLIST_COUNTS
    assert times_of(listeners()) is None and repeated(both.interactions, None) is both.interactions


def test_joined_playlists_play_what_listeners_typically_do() -> None:
    both = joined(listeners(), playlists())
    assert both.name == "joined" and both.items["id"].tolist() == both.interactions.items.tolist() == [0, 1, 2, 3]
    assert both.item_names.tolist() == ["The Killers", "Björk", "Killers", "Dua Lipa"]  # spellings stay apart
    plays = both.interactions.matrix.toarray()[2]
    typical = np.expm1(np.log1p([5, 2, 7]).mean())
    np.testing.assert_allclose(plays, [0, 0, typical, typical], rtol=1e-6)
    other = replace(playlists(), provenance=replace(ABOUT, fingerprint="1" * 16))
    assert joined(listeners(), other).provenance.fingerprint != both.provenance.fingerprint
