"""The leaderboard's questions, on lists whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import leaderboard as lb
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import cross_evaluate, cross_evaluate_all
from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.evaluation.storage import save_evaluations
from musicrec.files import write_text
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.rankers.with_trap import WithTrap
from musicrec.scores.stamps import digests, stamp_path
from musicrec.splits.by_user import split_by_user

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def listens() -> Interactions:
    rng = np.random.default_rng(0)
    chance = 1 / (1 + np.arange(200))
    rows = [rng.choice(200, 20, replace=False, p=chance / chance.sum()) for _ in range(60)]
    matrix = np.zeros((60, 200), np.float32)
    for user, items in enumerate(rows):
        matrix[user, items] = 1
    return Interactions(sp.csr_array(matrix), np.arange(60), np.arange(200))


@pytest.fixture(scope="module")
def systems(listens: Interactions) -> dict[str, list[Evaluation]]:
    return {"popularity": cross_evaluate(Popularity, listens, seeds=SEEDS)}


def perfect(listens: Interactions) -> list[Evaluation]:
    """Lists that begin with whatever is held out."""
    evaluations = []
    for seed in SEEDS:
        test = split_by_user(listens, seed).test
        users = np.flatnonzero(test.history_sizes())
        lists = np.full((len(users), 10), -1)
        for row, user in enumerate(users):
            items = test.matrix[[user]].indices
            lists[row, : len(items)] = items
        evaluations.append(Evaluation(users, pd.DataFrame({"ndcg@10": np.ones(len(users))}), lists))
    return evaluations


def leave(folder: Path, chapter: str, **systems: list) -> None:
    """Leave what an execution of a chapter leaves of its systems."""
    for name, evaluations in systems.items():
        save_evaluations(evaluations, folder / "scores" / chapter / f"{name}.npz")
    stamp = {"inputs": {}, "parameters": {}, "seconds": 1.0, "cells": 1}
    stamp["outputs"] = digests(folder, (folder / "scores" / chapter).glob("*.npz"))
    write_text(stamp_path(folder, chapter), json.dumps(stamp))


def test_only_what_stamped_chapters_wrote_is_compared(systems: dict, tmp_path: Path) -> None:
    both = systems["popularity"]
    leave(tmp_path, "02_x", popularity=both)
    save_evaluations(both, tmp_path / "scores" / "02_x" / "foreign.npz")
    save_evaluations(both, tmp_path / "scores" / "99_gone" / "gone.npz")
    assert set(lb.stored(2, tmp_path)) == {"popularity"}
    leave(tmp_path, "03_x", changed=both)
    (tmp_path / "scores" / "03_x" / "changed.npz").write_bytes(b"other")
    assert set(lb.stored(2, tmp_path)) == {"popularity"}


def test_nothing_is_left_out_silently(systems: dict, tmp_path: Path) -> None:
    both = systems["popularity"]
    leave(tmp_path, "02_x", popularity=both)
    leave(tmp_path, "04_x", popularity=both)
    assert set(lb.stored(2, tmp_path)) == {"popularity"}, "the same twice is once"
    with pytest.raises(ValueError, match="02_x stored popularity on 2 splits, which cannot be compared with 1"):
        lb.stored(1, tmp_path)
    leave(tmp_path, "05_x", popularity=both[::-1])
    with pytest.raises(ValueError, match="04_x and 05_x both stored popularity, with different results"):
        lb.stored(2, tmp_path)


def test_two_jobs_give_the_scores_of_one(listens: Interactions, systems: dict) -> None:
    builds = {"first": Popularity, "later": Popularity}
    again = cross_evaluate_all(builds, listens, seeds=SEEDS, with_valid=["later"], jobs=2)
    for one, two in zip(systems["popularity"], again["first"], strict=True):
        pd.testing.assert_frame_equal(one.per_user, two.per_user)
    for one, two in zip(cross_evaluate(Popularity, listens, seeds=SEEDS, with_valid=True), again["later"], strict=True):
        pd.testing.assert_frame_equal(one.per_user, two.per_user)
    assert not again["first"][0].per_user.equals(again["later"][0].per_user)


def test_training_on_validation_listens_needs_the_test_part(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="validation"):
        cross_evaluate(Popularity, listens, seeds=SEEDS, part="valid", with_valid=True)
    more = cross_evaluate(Popularity, listens, seeds=SEEDS, with_valid=True)
    assert len(more) == 2


def test_groups_are_thirds_ordered_by_fame(listens: Interactions, systems: dict) -> None:
    groups = lb.user_groups(listens)
    assert groups.value_counts().to_dict() == {"niche": 20, "between": 20, "mainstream": 20}
    table = lb.by_group(systems, groups, "ndcg@10")
    assert table.loc["popularity", "mainstream"] > table.loc["popularity", "niche"]


def test_bands_of_a_list_that_finds_everything(listens: Interactions, systems: dict) -> None:
    table = lb.by_band({"perfect": perfect(listens), **systems}, listens, SEEDS)
    shares = table.loc["share of held-out listens"]
    assert shares.sum() == pytest.approx(1)
    assert (table.loc["perfect"][shares > 0] == 1).all()
    assert table.loc["popularity", "cold"] == 0


def test_definitions_agree_on_a_perfect_list_but_for_its_length(listens: Interactions, systems: dict) -> None:
    table = lb.other_definitions({"perfect": perfect(listens), **systems}, listens, SEEDS)
    assert table.loc["perfect", "ours"] == 1
    assert table.loc["perfect", "hits only"] == pytest.approx(1)
    assert table.loc["perfect", "full ideal"] < 0.6  # two held-out items cannot fill ten places
    assert table.loc["popularity", "hits only"] > table.loc["popularity", "ours"]


def test_the_trap_helps_and_only_by_what_is_missing(listens: Interactions) -> None:
    split = split_by_user(listens, 0)
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
    high, low = (lb.id_neighbours(split, width=3.0).means()["ndcg@10"] for split in (told, mixed))
    assert high > 0.9
    assert low < 0.5


def test_what_was_searched_is_told(systems: dict) -> None:
    table, others = lb.effort()
    assert {"NDCG@10", "trials", "settings", "at an edge"} <= set(table.columns)
    assert table["NDCG@10"].is_monotonic_decreasing
    assert "popularity" in others


def test_beyond_accuracy_and_intervals(systems: dict) -> None:
    assert lb.beyond_accuracy(systems).loc["popularity", "coverage@10"] < 0.5
    row = lb.interval_table(systems, "ndcg@10").loc["popularity"]
    assert row["low"] <= row["value"] <= row["high"]
