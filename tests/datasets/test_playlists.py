"""Playlists with their order, titles, artists and dates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from few_playlists import few_playlists

from musicrec import datasets
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import playlists_of

ABOUT = Provenance("a test", "", "1", "none", "", "here", "0" * 16)


def two_lists() -> Dataset:
    """Two lists in the form of the Million Playlist Dataset, one with a track twice, one without a name."""
    entries = pd.DataFrame(
        [(9, 0, "c"), (9, 1, "a"), (9, 2, "c"), (9, 3, "b"), (4, 0, "b")], columns=["pid", "pos", "track"]
    )
    tables = {
        "entries": entries,
        "tracks": pd.DataFrame({"id": ["a", "b", "c"], "artist_uri": ["x", "y", "x"]}),
        "playlists": pd.DataFrame({"pid": [9, 4], "name": ["Gym", None], "modified_at": [7, 5]}),
    }
    pairs = entries.drop_duplicates(["pid", "track"])
    matrix = Interactions.from_frame(pairs, user="pid", item="track", users=np.array([9, 4]))
    return Dataset("few", matrix, pd.DataFrame({"name": ["a", "b", "c"]}), ABOUT, tables)


def test_a_track_that_comes_twice_stands_where_it_stands_first() -> None:
    lists = playlists_of(two_lists())
    assert lists.places.tolist() == [1, 3, 0, 0]  # a, b and c of the first, b of the second
    assert lists.titles.tolist() == ["Gym", ""] and lists.modified_at.tolist() == [7, 5]
    assert lists.artists[0] == lists.artists[2] != lists.artists[1]


def test_some_rows_in_another_order() -> None:
    lists = few_playlists(20)
    some = lists.rows(np.array([7, 2]))
    assert some.tracks.users.tolist() == [7, 2] and some.titles.tolist() == lists.titles[[7, 2]].tolist()
    matrix = lists.tracks.matrix
    np.testing.assert_array_equal(some.tracks.matrix.toarray(), matrix[[7, 2]].toarray())
    np.testing.assert_array_equal(
        some.places[: some.tracks.matrix.indptr[1]], lists.places[matrix.indptr[7] : matrix.indptr[8]]
    )
    assert len(lists.rows(np.array([], np.int64))) == 0


def test_songs_in_the_order_of_the_file() -> None:
    data = datasets.load("simulated-songs", seed=0)
    lists = playlists_of(data)
    rows = data.tables["rows"].drop_duplicates(["playlist_id", "track_id"])
    first = rows[rows["playlist_id"] == lists.tracks.users[3]]["track_id"].tolist()
    own = slice(*lists.tracks.matrix.indptr[3:5])
    ordered = lists.tracks.matrix.indices[own][np.argsort(lists.places[own])]
    assert lists.tracks.items[ordered].tolist() == first
    assert not lists.modified_at.any() and all(lists.titles)


def test_what_has_no_playlists_is_refused() -> None:
    with pytest.raises(ValueError, match="simulated-small has no playlists"):
        playlists_of(datasets.load("simulated-small", seed=0))
    with pytest.raises(ValueError, match="titles has 19 values where 20"):
        replace(few_playlists(20), titles=few_playlists(19).titles)
