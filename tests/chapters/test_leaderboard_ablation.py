"""The hybrid without one ingredient at a time."""

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import leaderboard_ablation as ablation
from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.evaluation.ranking import Evaluation
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.splits.by_user import split_by_user


def test_every_ingredient_is_left_out_once() -> None:
    forms = ablation.forms()
    assert forms[ablation.WHOLE] == {} and forms["without trees"] == {"rounds": 0}
    assert [form["without"] for form in forms.values() if "without" in form] == [[i] for i in ablation.INGREDIENTS]
    assert list(ablation.forms(quick=True)) == [ablation.WHOLE, "without trees", "without tags"]


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


def test_the_forms_of_one_fitted_hybrid_are_compared() -> None:
    data = listeners(0, Shape(60, 200, 2_000, 300, 1_000, 120, 10, 4, 4))
    split = split_by_user(data.interactions, 0)
    side = SideInformation(data)
    model = Hybrid(side, folds=1, scorers=("ease", "friends"), n_candidates=10, min_leaf=20, rounds=2)
    forms = {"everything": {}, "without trees": {"rounds": 0}}
    ablated = ablation.ablate(forms, model, split, seed=0)
    assert list(ablated) == list(forms)
    assert ablated["without trees"][1]["gain"].sum() == 0 < ablated["everything"][1]["gain"].sum()
