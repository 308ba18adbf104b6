"""Traps and rulers, on lists whose answers are known."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import leaderboard_traps as traps
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.evaluation.protocols import cross_evaluate
from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.linear.ease import EASE
from musicrec.models.rankers.with_trap import WithTrap
from musicrec.splits.by_user import split_by_user

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return listeners(0, Shape(120, 600, 5_000, 700, 3_000, 480, 10, 4, 4))


def test_the_trap_helps_and_only_by_what_is_missing(data: Dataset) -> None:
    split = split_by_user(data.interactions, 0)
    model = Popularity().fit(split.train, rng=np.random.default_rng(0))
    held = split.test.matrix.toarray() > 0
    tagged = sp.csr_array((~held & (split.train.matrix.toarray() == 0)).astype(np.float32))  # all but the held-out ones
    told = evaluate(WithTrap(model, tagged), split).means()["ndcg@10"]
    assert told > 0.9 > evaluate(model, split).means()["ndcg@10"]


def test_numbers_tell_where_the_order_of_a_file_does() -> None:
    blocks = np.kron(np.eye(6), np.ones((5, 20))).astype(np.float32)  # neighbours in the file share their listeners
    told = split_by_user(Interactions(sp.csr_array(blocks), np.arange(30), np.arange(120)), 0)
    shuffled = np.random.default_rng(0).permutation(120)
    mixed = split_by_user(Interactions(sp.csr_array(blocks[:, shuffled]), np.arange(30), np.arange(120)), 0)
    high, low = (traps.id_neighbours(split, width=3.0).means()["ndcg@10"] for split in (told, mixed))
    assert high > 0.9
    assert low < 0.5


def test_leaks_are_measured_on_the_split(data: Dataset) -> None:
    split = split_by_user(data.interactions, 0)
    popularity = evaluate(Popularity().fit(split.train, rng=np.random.default_rng(0)), split)
    found = traps.leaks(EASE, SideInformation(data), split, popularity)
    honest = evaluate(EASE().fit(split.train, rng=np.random.default_rng(0)), split).means()["ndcg@10"]
    assert found.honest == honest and found.gain == found.told - honest
    assert found.beats_popularity == (found.numbers > found.popularity)
    counts = split.test.popularity()[split.train.popularity() == 1]
    assert found.one == pytest.approx(counts.mean())
    order = traps.FileOrder(0.2, 0.1, 30.0, 5.0)
    table = traps.leak_table(found, "ease", order)
    assert table.loc["ease, honest", "NDCG@10"] == honest and table["NDCG@10"].tolist()[-2:] == [0.2, 0.1]


def test_samples_flatter(data: Dataset) -> None:
    split = split_by_user(data.interactions, 0)
    table = traps.sampled({"ease": EASE, "popularity": Popularity}, split, sizes=(100, 20))
    assert list(table.columns) == ["all artists", "100 sampled", "20 sampled"]
    assert (table["20 sampled"] > table["100 sampled"]).all() and (table["100 sampled"] > table["all artists"]).all()
    again = traps.sampled({"popularity": Popularity}, split, sizes=(100, 20))
    pd.testing.assert_frame_equal(again, table.loc[["popularity"]])  # one system's samples do not depend on another's


def test_definitions_agree_on_a_perfect_list_but_for_its_length(data: Dataset) -> None:
    listens = data.interactions
    perfect = []
    for seed in SEEDS:
        test = split_by_user(listens, seed).test
        users = np.flatnonzero(test.history_sizes())
        lists = np.full((len(users), 10), -1)
        for row, user in enumerate(users):
            items = test.matrix[[user]].indices[:10]
            lists[row, : len(items)] = items
        perfect.append(Evaluation(users, pd.DataFrame({"ndcg@10": np.ones(len(users))}), lists))
    systems = {"perfect": perfect, "popularity": cross_evaluate(Popularity, listens, seeds=SEEDS)}
    table = traps.other_definitions(systems, listens, SEEDS)
    assert table.loc["perfect", "ours"] == 1
    assert table.loc["perfect", "hits only"] == pytest.approx(1)
    assert table.loc["perfect", "full ideal"] < 1  # few held-out items cannot fill ten places
    assert table.loc["popularity", "hits only"] > table.loc["popularity", "ours"]


def test_rulers_compare_with_the_first_system() -> None:
    sampled = pd.DataFrame({"all artists": [0.2, 0.1], "100 sampled": [0.6, 0.7]}, ["ease-side", "popularity"])
    definitions = pd.DataFrame({"ours": [1.0, 2.0, 3.0], "hits only": [3.0, 2.0, 1.0]}, ["a", "b", "c"])
    found = traps.rulers(sampled, definitions)
    assert found.best == "ease-side" and found.best_times == pytest.approx(3)
    assert found.popularity == pytest.approx(7) and found.order == pytest.approx(-1)


def test_equal_scores_rank_by_the_order_of_the_file() -> None:
    matrix = np.zeros((40, 200), np.float32)
    matrix[:, :20] = 1  # what everybody plays comes first
    matrix[:, 20 + np.arange(40)] += np.eye(40, dtype=np.float32)
    listens = Interactions(sp.csr_array(matrix), np.arange(40), np.arange(200))
    split = split_by_user(listens, 0)
    random = evaluate(Random().fit(split.train, rng=np.random.default_rng(0)), split)
    found = traps.file_order(split, listens, random)
    assert found.same > 0.9 > found.random
    assert found.first == pytest.approx((20 * 40 + 40) / 100) and found.all == pytest.approx(21 * 40 / 200)


def test_the_rule_of_the_published_table_tests_more_listeners() -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.random((60, 90)) < 0.3).astype(np.float32)
    matrix[:3] = 0
    for user, n in enumerate((1, 2, 9)):
        matrix[user, :n] = 1
    listens = Interactions(sp.csr_array(matrix), np.arange(60), np.arange(90))
    split = split_by_user(listens, 0)
    ours = evaluate(Popularity().fit(split.train, rng=np.random.default_rng(0)), split).means()["ndcg@10"]
    found = traps.short_histories(Popularity, listens, split, ours)
    assert (found.short, found.more, found.tested) == (3, 2, 57)
    table = traps.tested_table(found)
    assert table["listeners tested"].tolist() == [57, 59]
    assert table["NDCG@10"].tolist() == [found.ours, found.theirs]
    assert found.ours == ours
