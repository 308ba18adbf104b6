"""Choosing the settings of the two stages."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import two_stage_search as search
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated.songs import songs
from musicrec.models.rankers.pairs import SongFeatures
from musicrec.models.side.sound_knn import SoundKNN
from musicrec.models.side.unlisted import Unlisted
from musicrec.splits import playlists

N = 120


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def small() -> tuple[playlists.Split, SongFeatures]:
    """40 playlists of two tastes; a song's first feature says whose it is."""
    taste = np.arange(N) % 2
    matrix = np.zeros((40, N), np.float32)
    for user in range(40):
        matrix[user, rng(user).choice(np.flatnonzero(taste == user % 2), 24, replace=False)] = 1
    audio = rng().normal(size=(N, 23)).astype(np.float32)
    audio[:, 0] += 4 * (taste - 0.5)
    split = playlists.hold_out(Interactions(sp.csr_array(matrix), np.arange(40), np.arange(N)), 0)
    return split, SongFeatures(audio, np.arange(N) // 8 * 2 + taste, np.eye(2, dtype=np.float32)[taste])


def by_hand(split: playlists.Split) -> search.Found:
    """What towers would find that know the taste and nothing else."""
    users = np.flatnonzero(split.valid.history_sizes())
    taste = np.eye(2, dtype=np.float32)
    embeddings = taste[users % 2], taste[np.arange(N) % 2]
    return search.Found(*search.retrieve(*embeddings, split.train, users, 60), embeddings)


def test_descriptions_leave_the_artist_out_for_audio() -> None:
    data = songs(seed=0)
    about = search.describe(data, data.interactions)
    assert about["audio"].artist is None and about["all"].artist is not None
    np.testing.assert_array_equal(about["audio"].audio, about["all"].audio)


def test_quality_is_better_for_what_sounds_alike(small) -> None:
    split, about = small
    sound = search.quality(SoundKNN(about.audio, None).fit(split.train, rng=rng()), split.valid)
    assert sound["ndcg@50"] > search.quality(Unlisted().fit(split.train, rng=rng()), split.valid)["ndcg@50"]


def test_simple_settings_are_those_with_the_best_score(small) -> None:
    split, about = small
    found = search.simple_settings(about.audio, split.train, split.valid, seed=0)
    scores = {
        k: search.quality(SoundKNN(about.audio, k).fit(split.train, rng=rng()), split.valid)["ndcg@50"]
        for k in (1, 5, None)
    }
    assert scores[found.nearest] == max(scores.values()) and found.shrinkage in (0.0, 5.0, 20.0)
    table = search.chosen_table(pd.DataFrame({"audio": {2: 0.1, 4: 0.3}, "all": {2: 0.5, 4: 0.3}}), found)
    assert table["chosen"].tolist()[:2] == [4, 2]


def test_parts_are_three_quarters_and_one() -> None:
    learn, check = search.parts(41, seed=0)
    assert len(check) == 10 and sorted([*learn, *check]) == list(range(41))


def test_best_setting_looks_at_one_kind_and_at_what_was_retrieved() -> None:
    rows = [
        (search.ALONE, None, None, 0.9),
        ("pairwise", 5, search.RETRIEVED, 0.3),
        ("pairwise", 15, search.RETRIEVED, 0.2),
        ("pairwise", 30, search.EVERY, 0.8),
        ("trees", 30, search.RETRIEVED, 0.1),
        ("trees", 100, search.RETRIEVED, 0.7),
        ("trees", 30, search.EVERY, 0.4),
    ]
    tried = pd.DataFrame(rows, columns=["ranker", "size", "right answers", "ndcg@50"]).astype({"size": "Int64"})
    assert search.best_setting(tried, "pairwise") == 5 and search.best_setting(tried, "trees") == 100
    orders = search.best_orders({"audio": tried})
    assert orders.loc["audio"].tolist() == [0.9, 0.7, 0.8]


def test_rank_correlations_by_row() -> None:
    a = np.float32([[1, 2, 3], [1, 2, 3]])
    assert search.rank_correlations(a, np.float32([[2, 4, 9], [3, 2, 1]])) == pytest.approx([1, -1])


@pytest.mark.slow
def test_rankers_are_tried_on_both_kinds_of_right_answers(small) -> None:
    split, about = small
    found = by_hand(split)
    learn, check = search.parts(len(found.lists), 0)
    tried = search.try_rankers(found, split.train, split.valid, about, learn=learn, check=check, seed=0, quick=True)
    assert tried["ranker"].tolist() == [search.ALONE, "pairwise", "trees", "pairwise", "trees"]
    assert tried["right answers"].tolist()[1:] == [search.RETRIEVED] * 2 + [search.EVERY] * 2
    assert list(tried.columns[:3]) == ["ranker", "size", "right answers"] and tried["ndcg@50"].notna().all()
    assert search.best_setting(tried, "trees") == 10
    same = search.seed_agreement(2, found, split.train, split.valid, about, check=check, seed=0)
    assert -1 <= same.low <= same.mean <= same.high <= 1
