"""Nearest playlists by hand, against a plain computation, and how the work grows."""

import time

import numpy as np
import pytest
import scipy.sparse as sp
from few_playlists import few_playlists

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists
from musicrec.models.playlists.neighbours import PlaylistKNN, TrackKNN
from musicrec.splits.challenge import Asked, hold_out


def plain_votes(train: Playlists, seeds: np.ndarray, knn: PlaylistKNN) -> np.ndarray:
    """Return the votes for every track, as the docstring of `PlaylistKNN` has it."""
    bank = train.tracks.binary().toarray().astype(float)
    popularity = np.maximum(bank.sum(axis=0), 1)
    weights = np.log1p(len(bank) / popularity) ** knn.rarity
    alike = (bank * weights) @ (seeds * weights)
    alike /= np.sqrt(((bank * weights) ** 2).sum(axis=1)) ** knn.hubs
    nearest = np.argsort(-alike, kind="stable")[: knn.n_neighbours]
    return (alike[nearest] ** knn.amplify) @ bank[nearest] / popularity**knn.damping


@pytest.mark.parametrize("n_neighbours", [5, 50, 1000])
def test_the_same_as_a_plain_computation(n_neighbours: int) -> None:
    challenge = hold_out(few_playlists(600), 0, each=2)
    knn = PlaylistKNN(n_neighbours).fit(challenge.train, rng=np.random.default_rng(0))
    given = np.flatnonzero(np.diff(challenge.asked.seeds.indptr))
    found = knn.candidates(challenge.asked.rows(given), 50)
    for row, place in enumerate(given):
        seeds = challenge.asked.seeds[[place]].toarray()[0]
        votes = plain_votes(challenge.train, seeds, knn) * (seeds == 0)
        assert not seeds[found.ids[row][found.ids[row] >= 0]].any()
        expected = np.sort(votes)[::-1][:50]
        np.testing.assert_allclose(found.scores[row], expected, rtol=1e-4)
        np.testing.assert_allclose(votes[found.ids[row]], expected, rtol=1e-4)


def test_nearest_tracks_share_most_playlists() -> None:
    """Of a seed in three playlists, two of which hold track 1 and one track 2."""
    matrix = sp.csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]], np.float32))
    train = few_playlists(4, tracks=30)
    tracks = Interactions(matrix, np.arange(4), np.arange(4))
    train = Playlists(tracks, np.zeros(len(tracks), int), train.titles, np.arange(4), train.modified_at)
    knn = TrackKNN(damping=0.5, length=0).fit(train, rng=np.random.default_rng(0))
    found = knn.candidates(Asked(sp.csr_array(np.eye(4, dtype=np.float32)[[0]]), np.array([""], object)), 3)
    assert found.ids.tolist() == [[1, 2, -1]]
    np.testing.assert_allclose(found.scores[0, :2], [2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)], rtol=1e-5)


def test_reach_bounds_the_playlists_that_are_looked_at() -> None:
    train = few_playlists(500, tracks=60)  # every track is in many playlists
    asked = Asked(train.tracks.matrix[[0]], np.array([""], dtype=object))
    wide, near = (PlaylistKNN(reach=reach).fit(train, rng=np.random.default_rng(0)) for reach in (10_000, 2))
    seeds = len(train.tracks.matrix[[0]].indices)
    assert wide.candidates(asked, 60).scores[0, 0] > near.candidates(asked, 60).scores[0, 0] > 0
    assert seeds * 2 < train.tracks.popularity()[asked.seeds.indices].sum()


def test_the_work_grows_with_what_is_touched_not_with_all_playlists() -> None:
    """Playlists of other tracks that are added cost next to nothing."""
    few = few_playlists(1000, tracks=2000)
    times = []
    for copies in (1, 20):
        blocks = [few.tracks.matrix] * copies
        tracks = Interactions(
            sp.csr_array(sp.block_diag(blocks, format="csr")),
            np.arange(copies * len(few)),
            np.arange(copies * few.tracks.n_items),
        )
        many = Playlists(
            tracks,
            np.tile(few.places, copies),
            np.tile(few.titles, copies),
            np.tile(few.artists, copies),
            np.tile(few.modified_at, copies),
        )
        knn = PlaylistKNN(hubs=0, rarity=0).fit(many, rng=np.random.default_rng(0))
        asked = Asked(sp.csr_array(many.tracks.matrix[:200]), np.array([""] * 200, dtype=object))
        knn.candidates(asked, 500)
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            knn.candidates(asked, 500)
            rounds.append(time.perf_counter() - start)
        times.append(min(rounds))
    assert times[1] < 3 * times[0]
