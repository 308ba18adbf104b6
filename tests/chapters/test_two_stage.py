"""Two stages: what is held out, what must not leak, guards, rankers, the playlist file."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import two_stage
from musicrec.datasets import songs as songs_module
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated.songs import songs as simulated_songs
from musicrec.evaluation import continuation
from musicrec.evaluation.ranking import Evaluation
from musicrec.models.rankers import pairs as pairs_module
from musicrec.models.rankers.lambdamart import LambdaMART
from musicrec.models.rankers.pairs import Pairs, SongFeatures
from musicrec.models.side.genre_match import GenreMatch
from musicrec.splits import playlists as playlists_module

N = 120


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return simulated_songs(seed=0)


@pytest.fixture(scope="module")
def small() -> tuple[Interactions, SongFeatures]:
    """40 playlists of two tastes; a song's first feature says whose it is, an artist has four songs of a taste."""
    taste = np.arange(N) % 2
    matrix = np.zeros((40, N), np.float32)
    for user in range(40):
        matrix[user, rng(user).choice(np.flatnonzero(taste == user % 2), 24, replace=False)] = 1
    audio = rng().normal(size=(N, 23)).astype(np.float32)
    audio[:, 0] += 4 * (taste - 0.5)
    genre = np.eye(2, dtype=np.float32)[taste]
    playlists = Interactions(sp.csr_array(matrix), np.arange(40), np.arange(N))
    return playlists, SongFeatures(audio, np.arange(N) // 8 * 2 + taste, genre)


# ---- protocol


def test_held_out_parts(data: Dataset) -> None:
    playlists = data.interactions
    split = playlists_module.hold_out(playlists, seed=0)
    sizes = playlists.history_sizes()
    large = sizes >= 20
    assert (split.test.history_sizes() == np.where(large, np.floor(0.3 * sizes + 1e-9), 0)).all()
    assert (split.valid.history_sizes() == np.where(large, np.floor(0.2 * sizes + 1e-9), 0)).all()
    whole = split.train + split.valid + split.test
    assert (whole.matrix != playlists.matrix).nnz == 0
    with pytest.raises(ValueError, match="from 1000 on"):
        playlists_module.hold_out(playlists, seed=0, least=1000)


def test_metrics_by_hand() -> None:
    held_out = Interactions(sp.csr_array([[0, 0, 0, 0], [1.0, 0, 0, 1]]), np.arange(2), np.arange(4))
    result = continuation.measure(np.array([[1, 3, 2]]), held_out).per_user.iloc[0]
    gain = 1 / np.log2(3)
    assert result["recall@3"] == 0.5 and result["r-precision"] == 0.5 and result["clicks"] == 0
    assert result["ndcg@50"] == pytest.approx(gain / (1 + gain))
    assert continuation.measure(np.array([[1, 2, -1]]), held_out).per_user["clicks"].tolist() == [51]


def test_ties_do_not_follow_the_file(small) -> None:
    known, _ = small
    model = GenreMatch(np.zeros((N, 2), np.float32)).fit(known, rng=rng())  # scores everything alike
    lists = continuation.best_lists(model, np.arange(40), k=50)
    assert abs(lists.mean() - N / 2) < 5  # in file order the mean would be about 30
    assert not known.matrix[np.repeat(np.arange(40), 50), lists.ravel()].any()  # none of their own


# ---- what is known of a song


def test_a_guarded_feature_stays_in_range(data: Dataset) -> None:
    songs = data.tables["songs"]
    hours = songs_module.hour_long(songs, 5, seed=0)
    column = songs_module.NUMBERS.index("duration_ms")
    inside = songs_module.audio(songs)[:, column]
    assert np.isclose(songs_module.audio_like(songs, hours)[:, column], inside.max(), atol=1e-5).all()
    assert (songs_module.audio_like(songs, hours, guard=False)[:, column] > 20).all()
    np.testing.assert_allclose(songs_module.audio_like(songs, songs), songs_module.audio(songs))
    assert songs_module.too_long(hours, songs).all() and songs_module.too_long(songs).mean() < 0.02
    no_key = songs.head(3).assign(key=-1)
    assert not songs_module.audio_like(songs, no_key)[:, -12:].any()


def test_genres_know_nothing_of_held_out_songs(data: Dataset) -> None:
    """Moving held-out songs to other playlists must not change the genre of any song."""
    split = playlists_module.hold_out(data.interactions, seed=0)
    honest = songs_module.genre_profiles(data, split.train)
    moved = split.test.matrix.tocoo()
    users = rng().permutation(moved.coords[0])
    other = Interactions(sp.csr_array((moved.data, (users, moved.coords[1])), shape=moved.shape), *labels(split.test))
    changed = replace(data, interactions=joined(split.train + split.valid, other))
    np.testing.assert_array_equal(songs_module.genre_profiles(changed, split.train), honest)
    assert (songs_module.genre_profiles(changed, split.train, leak=True) != songs_module.genre_profiles(
        data, split.train, leak=True)).any()  # fmt: skip
    np.testing.assert_allclose(honest.sum(axis=1)[honest.any(axis=1)], 1, rtol=1e-5)


def test_a_genre_is_that_of_the_artists_other_songs(data: Dataset) -> None:
    """A known song and a held-out one are treated alike: a song's own playlists never count."""
    known = data.interactions
    artist = songs_module.artist_codes(data.tables["songs"])
    alone = np.bincount(artist)[artist] == 1
    assert alone.any() and not songs_module.genre_profiles(data, known)[alone].any()


def joined(first: Interactions, second: Interactions) -> Interactions:
    """Return what is in either; a song may be moved to where it was."""
    return Interactions(first.binary() + second.binary(), *labels(first))


def labels(interactions: Interactions):
    return interactions.users, interactions.items


def test_features_do_not_tell_what_is_known(small) -> None:
    """A ranker sees the same song alike, however many other playlists hold it."""
    playlists, about = small
    lists, scores = np.array([[1, 3, 5]]), np.zeros((1, 3), np.float32)
    alone = playlists.select(playlists.coordinates()[0] == 0)
    a, names = pairs_module.pair_features(lists, scores, playlists, np.array([0]), about)
    b, _ = pairs_module.pair_features(lists, scores, alone, np.array([0]), about)
    np.testing.assert_array_equal(a, b)
    assert a.shape == (1, 3, len(names)) and np.isfinite(a).all()
    only, few = pairs_module.pair_features(lists, scores, playlists, np.array([0]), SongFeatures(about.audio))
    np.testing.assert_array_equal(only, a[:, :, : len(few)])


# ---- candidates


@pytest.mark.parametrize("k", [10, 119, 500])
def test_retrieval_is_exact(small, k: int) -> None:
    known, _ = small
    playlists, songs = rng().normal(size=(40, 8)).astype(np.float32), rng(1).normal(size=(N, 8)).astype(np.float32)
    users = np.arange(40)
    lists, scores = continuation.retrieve(playlists, songs, known, users, k)
    product = np.where(known.matrix.toarray() > 0, -np.inf, playlists @ songs.T)
    wanted = -np.sort(-product, axis=1)[:, :k]
    np.testing.assert_allclose(scores[:, : wanted.shape[1]], wanted, rtol=1e-5)
    assert lists.shape == (40, k) and ((lists >= 0).sum(axis=1) == min(k, N - 24)).all()


def test_training_lists(small) -> None:
    playlists, _ = small
    lists = np.tile(np.arange(1, N, 2), (40, 1))  # songs of one taste only
    songs, given = pairs_module.sampled_lists(lists, playlists, 10, rng())
    assert (given[::2] != 1).all()  # playlists of the other taste have no right answer among them
    assert ((given[1::2] == 1).sum(axis=1) == 24).all() and (songs[given >= 0] % 2 == 1).all()
    songs, given = pairs_module.sampled_lists(lists, playlists, 10, rng(), only_retrieved=False)
    assert ((given == 1).sum(axis=1) == 24).all() and ((given == 0).sum(axis=1) == 10).all()
    assert ((songs < 0) == (given < 0)).all()


def pairs_to_learn() -> Pairs:
    values = rng().normal(size=(60, 30, 4)).astype(np.float32)
    given = (values[:, :, 1] > 1).astype(np.int8)
    given[:, -2:] = -1
    return Pairs(np.where(given < 0, -1, 7), values, given, ("a", "b", "c", "d"))


def test_trees_learn_an_order() -> None:
    pairs = pairs_to_learn()
    first, again = (LambdaMART(20).fit(pairs, rng=rng()) for _ in range(2))
    np.testing.assert_array_equal(first.scores(pairs.inputs), again.scores(pairs.inputs))
    assert first.gains().index[0] == "b" and first.gains().sum() == pytest.approx(1)
    scores = first.scores(pairs.inputs)
    assert scores[pairs.labels == 1].min() > np.median(scores[pairs.labels == 0])


# ---- the playlist


def test_no_title_twice_and_none_of_an_hour(data: Dataset) -> None:
    songs = data.tables["songs"].head(40).copy()
    songs.loc[5, ["name", "artist"]] = songs.loc[2, ["name", "artist"]].to_numpy()  # single and album
    songs.loc[6, ["name", "artist"]] = songs.loc[30, ["name", "artist"]].to_numpy()  # in the playlist already
    songs.loc[7, "duration_ms"] = 3_600_000
    ranked = np.array([5, 2, 6, 7, 8, 9, -1])
    assert two_stage.first_songs(ranked, songs, np.array([30])).tolist() == [5, 8, 9]
    assert two_stage.first_songs(ranked, songs, np.array([30]), k=2).tolist() == [5, 8]


def test_the_file_is_text(tmp_path: Path, data: Dataset) -> None:
    songs = data.tables["songs"].head(3).copy()
    songs["name"] = ["=cmd()", 'say "hi", twice\n', None]
    table = two_stage.song_table(songs, np.array([2, 0, 1, -1]))
    path, plain = two_stage.write_playlist(table, tmp_path / "new" / "list.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert [row["Track Name"] for row in rows] == ["", "'=cmd()", 'say "hi", twice']
    assert plain.read_text().splitlines() == [row["Track URI"] for row in rows] == table["Track URI"].tolist()
    assert all(row["Track URI"].startswith("spotify:track:") for row in rows)
    with pytest.raises(ValueError, match="no address of a song"):
        two_stage.write_playlist(pd.DataFrame({"Track URI": ["spotify:track:../x"]}), tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists() and not (tmp_path / "bad.txt").exists()


def test_the_playlist_in_the_middle() -> None:
    result = Evaluation(np.arange(5), pd.DataFrame({"ndcg@50": [0.5, 0.1, 0.9, 0.3, 0.2]}), np.zeros((5, 3), np.int64))
    assert two_stage.average_playlist(result) == 3


def test_a_page_shows_lengths_and_what_is_right(data: Dataset) -> None:
    songs = data.tables["songs"].head(2).assign(duration_ms=[65_000, 600_999])
    page = two_stage.shown(two_stage.song_table(songs, np.array([1, 0])), np.array([False, True]))
    assert page["length"].tolist() == ["10:00", "1:05"] and page["held out"].tolist() == [False, True]
    assert page.index.tolist() == [1, 2] and "Track URI" not in page


# ---- networks


@pytest.mark.slow
def test_towers_learn_repeat_and_reload(small, tmp_path: Path) -> None:
    from musicrec.chapters import two_stage_search
    from musicrec.models.rankers import two_tower

    playlists, about = small
    split = playlists_module.hold_out(playlists, 0)
    build = lambda: two_tower.TwoTower(dim=8, hidden=16, batch_size=64, epochs=6, shown=5)  # noqa: E731
    curve: dict[int, float] = {}
    watch = two_stage_search.recall_watcher(curve, split.train, split.test, every=3)
    towers = build().fit(split.train, about, rng=rng(), watch=watch)
    again = build().fit(split.train, about, rng=rng())
    np.testing.assert_array_equal(towers.songs(), again.songs())
    assert list(curve) == [3, 6] and towers.losses[-1] < towers.losses[0]
    users = np.arange(40)
    vectors = towers.playlists(split.train, users), towers.songs()
    lists, _ = continuation.retrieve(*vectors, split.train, users, 20)
    assert (lists % 2 == users[:, None] % 2).mean() > 0.9
    by_layer, scores = two_tower.brute_force(*vectors, split.train, users, 20)
    np.testing.assert_array_equal(by_layer, lists)
    assert (np.diff(scores) <= 0).all()

    towers.save(tmp_path / "towers.npz")
    loaded = two_tower.TwoTower.load(tmp_path / "towers.npz", about)
    np.testing.assert_array_equal(loaded.playlists(split.train, users), vectors[0])
    with pytest.raises(ValueError, match="its towers know"):
        two_tower.TwoTower.load(tmp_path / "towers.npz", SongFeatures(about.audio))
    with pytest.raises(ValueError, match="learning_rate must be above zero"):
        two_tower.TwoTower(learning_rate=0)


@pytest.mark.slow
def test_rankers(small) -> None:
    from musicrec.models.rankers import pairwise
    from musicrec.models.rankers.original_ranker import OriginalRanker

    pairs = pairs_to_learn()
    ranker = pairwise.PairwiseRanker(epochs=15, learning_rate=0.01).fit(pairs, rng=rng())
    scores = ranker.scores(pairs.inputs)
    assert scores[pairs.labels == 1].mean() > scores[pairs.labels == 0].mean() + 1
    same = pairwise.PairwiseRanker(epochs=15, learning_rate=0.01).fit(pairs, rng=rng())
    np.testing.assert_array_equal(same.scores(pairs.inputs), scores)

    playlists, about = small  # labels that are all 1 are learned as such
    first = OriginalRanker(epochs=20).fit(playlists, about, rng=rng())
    ratings = first.scores(np.array([[0, 1, 2]]), np.array([3]))
    assert first.losses[-1] < 0.05 and np.abs(ratings - 1).max() < 0.6
