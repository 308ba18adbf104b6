"""What chapter 10 finds, on results whose answers are known."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import two_stage_results as found
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated.songs import songs as simulated_songs
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import Interval
from musicrec.splits.playlists import hold_out

VALUES = {
    "popularity": 0.01,
    "same-artist": 0.3,
    "sound-knn": 0.05,
    "two-tower-audio": 0.04,
    "two-stage-pairwise-audio": 0.06,
    "two-stage-trees-audio": 0.02,
    "two-tower": 0.4,
    "two-stage-pairwise": 0.5,
    "two-stage-trees": 0.35,
    "two-stage-original": 0.0,
}


def result(value: float) -> Evaluation:
    users = np.arange(20)
    columns = {name: np.full(20, value) + users / 1e5 for name in found.METRICS}
    lists = np.where(users[:, None] < 5, 0, 1) * np.ones((20, 3), np.int64) + np.arange(3)
    return Evaluation(users, pd.DataFrame(columns), lists)


@pytest.fixture(scope="module")
def results() -> dict[str, Evaluation]:
    return {name: result(value) for name, value in VALUES.items()}


def test_the_task_is_counted() -> None:
    playlists = Interactions(sp.csr_array(np.float32([[1, 1, 0, 0], [0, 1, 1, 1]])), np.arange(2), np.arange(4))
    assert found.task(playlists) == (250, 0.75)
    data = simulated_songs(seed=0)
    split = hold_out(data.interactions, 0, least=20)
    table = found.task_table(data.interactions, split, 20)
    assert table["number"].tolist()[2:] == [int((data.interactions.history_sizes() >= 20).sum()), len(split.test)]
    assert found.leaks(pd.Series({"recall@1000": 0.3}), 0.1).times == pytest.approx(3)


def test_a_ranker_without_an_order() -> None:
    lists = np.arange(60).reshape(6, 10)
    ratings = [np.float32(np.random.default_rng(seed).normal(1, 0.1, (6, 10))) for seed in (0, 1)]
    orders = found.original_orders(lists, ratings, 0)
    assert all(sorted(order[2]) == lists[2].tolist() for order in orders.values())
    assert (orders["ranker"] != lists).any() and (orders["shuffled"] != orders["ranker"]).any()
    same = result(0.2)
    flat = found.constant([0.1, 0.3], ratings, {"ranker": same, "shuffled": same})
    assert flat.loss == pytest.approx(0.2) and flat.mean == pytest.approx(1, abs=0.1) and not flat.better
    assert found.constant([0.1], ratings, {"ranker": result(0.3), "shuffled": result(0.2)}).better
    assert found.agreement(Interval(0.8, 0.7, 0.9), flat) == (0.8, 0.7, 0.9, flat.rho)


def test_what_is_too_long() -> None:
    songs = simulated_songs(seed=0).tables["songs"]
    lengths = found.lengths(songs)
    assert lengths.fair == 50 * 100 / (len(songs) + 100)
    assert lengths.left_out == (songs["duration_ms"] > lengths.minutes * 60_000).sum()


def test_the_board_and_its_charts(results: dict) -> None:
    board = found.board(results)
    assert board.index[0] == "two-stage-pairwise" and list(board.columns) == found.METRICS
    assert list(found.spans(results, "ndcg@50").index) == list(board.index)
    first_stage = found.spans(results, "recall@1000")
    assert "two-tower" in first_stage.index and not set(found.RANKED) & set(first_stage.index)
    assert "two-stage-original" in first_stage.index


def test_names_of_systems_are_those_of_the_records() -> None:
    assert set(found.NAMES.values()) | {"popularity", "same-artist", "sound-knn", "two-stage-original"} == set(VALUES)


def test_comparisons_and_what_they_say(results: dict) -> None:
    board, comparisons = found.board(results), found.comparisons(results)
    assert comparisons.loc[("two-tower", "same-artist"), "difference"] == pytest.approx(0.1)
    again = found.again(board, comparisons)
    assert (again.pairwise, again.trees) == ("better", "worse") and again.recall == pytest.approx(0.4, abs=1e-3)


def test_sound_is_the_best_that_knows_nothing_else(results: dict) -> None:
    board = found.board(results)
    held_out = Interactions(sp.csr_array(np.float32([[1, 0, 0, 0]] * 20)), np.arange(20), np.arange(4))
    sound = found.sound(board, results, held_out, chance=0.02)
    assert sound.best == "two-stage-pairwise-audio" and sound.times == pytest.approx(2, abs=0.01)
    assert sound.hits == 0.25 and sound.empty == 0.75  # the first five lists hold item 0
    flat = found.constant([0.1], [np.float32([[1, 2]])] * 2, {"ranker": result(0.3), "shuffled": result(0.2)})
    end = found.takeaways(board, flat, sound, found.Task(0.02, 0.5))
    assert end.ranked == pytest.approx(0.5, abs=1e-3) and end.chance == 0.02
