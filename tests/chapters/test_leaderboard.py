"""The rows of the leaderboard: what is read, what is fitted, and who stands where."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.chapters import leaderboard as lb
from musicrec.chapters.leaderboard_groups import Found
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.evaluation.protocols import cross_evaluate, cross_evaluate_all
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.storage import save_evaluations
from musicrec.files import write_text
from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.factors.als import ALS
from musicrec.models.linear.ease import EASE
from musicrec.models.space import Range
from musicrec.page.chapter import Chapter
from musicrec.scores.records import ScoreBook
from musicrec.scores.stamps import digests, stamp_path

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def listens() -> Interactions:
    rng = np.random.default_rng(0)
    chance = 1 / (1 + np.arange(200))
    matrix = np.zeros((60, 200), np.float32)
    for user in range(60):
        matrix[user, rng.choice(200, 20, replace=False, p=chance / chance.sum())] = 1
    return Interactions(sp.csr_array(matrix), np.arange(60), np.arange(200))


@pytest.fixture(scope="module")
def systems(listens: Interactions) -> dict[str, list[Evaluation]]:
    return {"popularity": cross_evaluate(Popularity, listens, seeds=SEEDS)}


@pytest.fixture
def data() -> Dataset:
    return listeners(0, Shape(120, 600, 5_000, 700, 3_000, 480, 10, 4, 4))


@pytest.fixture
def registered():
    class Newest(Recommender):
        """The items with the highest numbers, for everybody."""

        name = "newest"
        task = "listeners"
        space = {"offset": Range(0.1, 1.0)}  # noqa: RUF012

        def __init__(self, offset: float = 0.5) -> None:
            self.offset = offset

        def scores(self, users: ArrayLike) -> NDArray[np.float32]:
            return np.tile(np.arange(self.train.n_items, dtype=np.float32) + self.offset, (len(users), 1))

    yield registry.register(Newest)
    registry.unregister("newest")


def chapter(data: Dataset, name: str = "12_leaderboard", *, quick: bool = False) -> Chapter:
    return Chapter(data, ScoreBook(name, data, quick=quick), 0, SEEDS, quick)


def leave(folder: Path, chapter: str, **systems: list) -> None:
    """Leave what an execution of a chapter leaves of its systems."""
    for name, evaluations in systems.items():
        save_evaluations(evaluations, folder / "scores" / chapter / f"{name}.npz")
    stamp = {"inputs": {}, "parameters": {}, "seconds": 1.0, "cells": 1}
    stamp["outputs"] = digests(folder, (folder / "scores" / chapter).glob("*.npz"))
    write_text(stamp_path(folder, chapter), json.dumps(stamp))


def test_only_what_other_stamped_chapters_wrote_is_compared(systems: dict, data: Dataset, tmp_path: Path) -> None:
    both = systems["popularity"]
    leave(tmp_path, "02_x", popularity=both, oracle=both)  # the oracle is no competitor
    leave(tmp_path, "12_leaderboard", own=both)
    save_evaluations(both, tmp_path / "scores" / "02_x" / "foreign.npz")
    save_evaluations(both, tmp_path / "scores" / "99_gone" / "gone.npz")
    assert set(lb.stored(chapter(data), tmp_path)) == {"popularity"}
    leave(tmp_path, "03_x", changed=both)
    (tmp_path / "scores" / "03_x" / "changed.npz").write_bytes(b"other")
    assert set(lb.stored(chapter(data), tmp_path)) == {"popularity"}


def test_nothing_is_left_out_silently(systems: dict, data: Dataset, tmp_path: Path) -> None:
    both = systems["popularity"]
    leave(tmp_path, "02_x", popularity=both)
    leave(tmp_path, "03_x", popularity=both)  # the same twice is no contradiction
    assert set(lb.stored(chapter(data), tmp_path)) == {"popularity"}
    leave(tmp_path, "04_x", popularity=both[::-1])
    with pytest.raises(ValueError, match="and 04_x both stored popularity"):
        lb.stored(chapter(data), tmp_path)
    leave(tmp_path / "other", "04_x", short=both[:1])
    with pytest.raises(ValueError, match="04_x stored short on 1 splits"):
        lb.stored(chapter(data), tmp_path / "other")


def test_everything_registered_is_fitted_once() -> None:
    alone = lb.entries([])
    names = [entry.name for entry in alone]
    assert {entry.system for entry in alone if not entry.with_valid} == set(registry.systems())
    assert len(set(names)) == len(names) and not any(entry.searched for entry in alone)
    assert {entry.name for entry in alone if entry.protocol == "listeners+valid"} == {
        "hybrid, with validation",
        "ease, with validation",
        "ease-side, with validation",
    }
    assert alone[0].system == "hybrid"  # takes longest


def test_what_is_stored_is_fitted_again_only_with_other_settings_and_when_quick() -> None:
    rows = lb.entries(["item-knn", "als", "nncf", "popularity", "unheard-of"])
    again = [row.name for row in rows if row.searched]
    assert again == ["item-knn, searched"]
    fitted = {row.system for row in rows if not row.searched and not row.with_valid}
    assert not fitted & {"item-knn", "als", "nncf", "popularity", "unheard-of"} and "user-knn" in fitted


def test_a_registered_model_is_fitted_without_another_line(registered, data: Dataset) -> None:
    rows = [row for row in lb.entries(set(registry.systems()) - {"newest"}) if row.system == "newest"]
    assert [row.name for row in rows] == ["newest"]
    build = lb.builds(rows, SideInformation(data))["newest"]
    assert isinstance(build(), registered) and build().offset == 0.5  # nothing is tuned yet
    results = cross_evaluate_all({"newest": build}, data.interactions, seeds=SEEDS[:1], jobs=2)
    assert "newest" in lb.board(results).index
    assert lb.effort()[1].loc["newest", "why not"] == "was not searched yet"


def test_builds_have_the_settings_of_the_search(data: Dataset) -> None:
    side = SideInformation(data)
    rows = [lb.Entry("item-knn", searched=True), lb.Entry("tag-content"), lb.Entry("mf-regularized", searched=True)]
    built = {name: build() for name, build in lb.builds(rows, side).items()}
    tuned = registry.tuned("item-knn")
    assert {name: getattr(built["item-knn, searched"], name) for name in tuned} == tuned
    assert built["tag-content"].side is side
    assert built["mf-regularized, searched"].name == "mf-regularized"


def test_a_quick_run_trains_shorter(data: Dataset) -> None:
    side = SideInformation(data)
    build = lb.builds([lb.Entry("hybrid")], side, quick=True)["hybrid"]
    assert (build().folds, build().rounds) == (1, 20)
    assert lb.builds([lb.Entry("hybrid")], side)["hybrid"]().folds > 1


def test_two_jobs_give_the_scores_of_one(listens: Interactions, systems: dict) -> None:
    learned = {"ease": EASE, "als": partial(ALS, dim=8), "random": Random}
    builds = {"first": Popularity, "later": Popularity, **learned}
    again = cross_evaluate_all(builds, listens, seeds=SEEDS, with_valid=["later"], jobs=2)
    for one, two in zip(systems["popularity"], again["first"], strict=True):
        pd.testing.assert_frame_equal(one.per_user, two.per_user)
    for one, two in zip(cross_evaluate(Popularity, listens, seeds=SEEDS, with_valid=True), again["later"], strict=True):
        pd.testing.assert_frame_equal(one.per_user, two.per_user)
    assert not again["first"][0].per_user.equals(again["later"][0].per_user)
    for name, build in learned.items():
        for one, two in zip(cross_evaluate(build, listens, seeds=SEEDS), again[name], strict=True):
            np.testing.assert_array_equal(one.lists, two.lists)


def test_training_on_validation_listens_needs_the_test_part(listens: Interactions) -> None:
    with pytest.raises(ValueError, match="validation"):
        cross_evaluate(Popularity, listens, seeds=SEEDS, part="valid", with_valid=True)
    more = cross_evaluate(Popularity, listens, seeds=SEEDS, with_valid=True)
    assert len(more) == 2


def test_what_was_searched_is_told() -> None:
    table, others = lb.effort()
    assert {"NDCG@10", "trials", "settings", "at an edge"} <= set(table.columns)
    assert table["NDCG@10"].is_monotonic_decreasing
    assert "popularity" in others.index and not set(others.index) & set(table.index)
    assert lb.search_effort(pd.DataFrame({"trials": [20, 35, 20]})) == (3, "20 to 35")
    assert lb.search_effort(pd.DataFrame({"trials": [20, 20]})) == (2, "20")


def constant(value: float) -> list[Evaluation]:
    users = np.arange(8)
    frame = pd.DataFrame({"ndcg@10": np.full(8, value) + users / 1000})
    return [Evaluation(users, frame, np.zeros((8, 10), np.int64)) for _ in SEEDS]


def test_the_best_of_the_others_is_found() -> None:
    names = {"hybrid": 0.5, "ease-side": 0.4, "item-knn, searched": 0.3, "additive-network-resampled": 0.2}
    results = {name: constant(value) for name, value in names.items()}
    rows = {name: lb.Entry(name) for name in names} | {"item-knn, searched": lb.Entry("item-knn", searched=True)}
    board = lb.board(results)
    assert list(board.index) == list(names) and (board["sd"] == 0).all()
    found = lb.standing(board, rows)
    assert (found.single, found.pure) == ("ease-side", "item-knn, searched")
    assert found.hybrid == pytest.approx(0.5035)
    assert lb.kinds(rows.values()) == ["this book", "reads tags, friends or plays", "listens alone", "listens alone"]
    assert lb.shown(rows, {"additive-network-resampled"}) >= {"hybrid", "ease-side"}
    assert "item-knn, searched" not in lb.shown(rows, {})


def test_the_hybrid_with_validation_listens() -> None:
    late = {"hybrid": constant(0.5), "ease": constant(0.3), "ease-side": constant(0.4)}
    splits = lb.by_split(late, SEEDS)
    assert list(splits.columns) == ["mean", "split 0", "split 1"]
    found = lb.late_standing(splits, late)
    assert found.other == "ease-side" and found.gap == pytest.approx(0.1) and found.worst == pytest.approx(0.5035)
    table = lb.beside_published(0.2068, 0.4136)
    assert table["times the best published"].tolist() == [1, 2]


def test_takeaways_come_from_the_tables() -> None:
    values = {"hybrid": 0.5, "ease": 0.3, "ease-side": 0.4, "lightgcn": 0.1, "mult-vae": 0.2}
    board = pd.DataFrame({"ndcg@10": values})
    splits = pd.DataFrame({"mean": {"hybrid": 0.6}})
    effects = pd.DataFrame({"difference": {"without tags": -0.02, "without trees": 0.01}})
    found = lb.takeaways(board, splits, effects, Found(0.1, "x", 0.2, 0.3, True))
    assert found == (0.3, 0.2, 0.4, 0.5, 0.6, 0.02, 0.1, 0.3)


def test_intervals_hold_the_mean(systems: dict) -> None:
    row = lb.interval_table(systems, "ndcg@10").loc["popularity"]
    assert row["low"] <= row["value"] <= row["high"]


def test_the_best_published_figure_is_drawn_over_real_listeners_only():
    drawn = {simulated: lb.published_line(SimpleNamespace(simulated=simulated)) for simulated in (False, True)}
    assert drawn == {False: (0.2068, "best published"), True: None}
