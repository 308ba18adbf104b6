"""Invented playlists in memory are those of the tables."""

from pathlib import Path

import numpy as np

from musicrec.playlists.in_memory import simulated_playlists
from musicrec.playlists.load import load
from musicrec.playlists.simulate import simulate


def test_the_same_playlists_as_in_the_tables(tmp_path: Path) -> None:
    simulate(tmp_path, 1200, 3)
    tables, memory = load(tmp_path), simulated_playlists(1200, 3)
    assert tables.tracks.matrix.shape == memory.tracks.matrix.shape and len(tables.tracks) == len(memory.tracks)
    np.testing.assert_array_equal(tables.tracks.history_sizes(), memory.tracks.history_sizes())
    np.testing.assert_array_equal(np.sort(tables.tracks.popularity()), np.sort(memory.tracks.popularity()))
    assert tables.titles.tolist() == memory.titles.tolist()
    np.testing.assert_array_equal(tables.modified_at, memory.modified_at)
    for row in (0, 1199):
        own = slice(*memory.tracks.matrix.indptr[row : row + 2])
        ordered = memory.tracks.items[memory.tracks.matrix.indices[own][np.argsort(memory.places[own])]]
        there = tables.tracks.matrix.indices[own][np.argsort(tables.places[own])]
        assert [f"spotify:track:{track:022d}" for track in ordered] == tables.tracks.items[there].tolist()


def test_fewer_playlists_are_the_first_ones() -> None:
    few, more = simulated_playlists(300, 0), simulated_playlists(2000, 0)
    assert len(few) == 300 and len(more) == 2000 and few.tracks.users.tolist() == list(range(300))
    assert simulated_playlists(300, 1).titles.tolist() != few.titles.tolist()
