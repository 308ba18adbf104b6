"""The hybrid without one ingredient at a time."""

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import leaderboard_ablation as ablation
from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.evaluation.ranking import Evaluation
from musicrec.splits.by_user import split_by_user


def test_every_ingredient_is_left_out_once() -> None:
    settings = ablation.variants()
    assert settings[ablation.WHOLE] == {} and settings["without trees"] == {"rounds": 0}
    assert [how["without"] for how in settings.values() if "without" in how] == [[i] for i in ablation.INGREDIENTS]
    quick = ablation.variants(quick=True)
    assert len(quick) == 3 and all(how["folds"] == 1 for how in quick.values())
    assert quick["without trees"]["rounds"] == 0 < quick["without tags"]["rounds"]


def test_effects_are_differences_to_the_whole() -> None:
    users, lists = np.arange(6), np.zeros((6, 10), np.int64)
    importance = pd.DataFrame({"weight": [0.1, -3.0, 2.0], "gain": 0.0}, index=["a", "b", "c"])
    scores = {"everything": 0.5, "without trees": 0.4, "without tags": 0.2}
    ablated = {
        name: (Evaluation(users, pd.DataFrame({"ndcg@10": np.full(6, value)}), lists), importance)
        for name, value in scores.items()
    }
    table = ablation.effects(ablated)
    assert list(table.index) == ["without tags", "without trees"]
    assert table["difference"].tolist() == pytest.approx([-0.3, -0.1])
    assert ablation.score(ablated) == 0.5
    assert list(ablation.heaviest(ablated, 2).index) == ["b", "c"]


def test_two_forms_are_fitted_on_the_same_split() -> None:
    data = listeners(0, Shape(60, 200, 2_000, 300, 1_000, 120, 10, 4, 4))
    small = {"folds": 1, "scorers": ("ease", "als"), "n_candidates": 10, "min_leaf": 20}
    forms = {"everything": {**small, "rounds": 2}, "without trees": {**small, "rounds": 0}}
    ablated = ablation.ablate(forms, SideInformation(data), split_by_user(data.interactions, 0), seed=0)
    assert list(ablated) == list(forms)
    assert ablated["without trees"][1]["gain"].sum() == 0 < ablated["everything"][1]["gain"].sum()
