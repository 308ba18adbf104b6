"""What each ingredient adds to the hybrid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from musicrec.datasets.side_information import SideInformation
from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.evaluation.statistics import paired_difference
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.parallel import parallel_map
from musicrec.splits.by_user import Split

WHOLE = "everything"
INGREDIENTS = ("tags", "friends", "plays", "popularity")
QUICK = {"folds": 1, "rounds": 20}  # what shortens the training


def variants(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Return the settings of the hybrid as it is, and without one ingredient at a time; fewer in a quick run."""
    shorter = QUICK if quick else {}
    settings: dict[str, dict[str, Any]] = {WHOLE: shorter, "without trees": {**shorter, "rounds": 0}}
    for ingredient in INGREDIENTS[: 1 if quick else None]:
        settings[f"without {ingredient}"] = {**shorter, "without": [ingredient]}
    return settings


def ablate(
    variants: Mapping[str, Mapping[str, Any]], side: SideInformation, split: Split, *, seed: int = 0, jobs: int = 1
) -> dict[str, tuple[Evaluation, pd.DataFrame]]:
    """Evaluate forms of the hybrid, by their settings, on the validation part of a split, `jobs` at a time.

    Returns
    -------
    dict of str to tuple of Evaluation and pandas.DataFrame
        The evaluation of each form, and the importance of its features.
    """

    def one(settings: Mapping[str, Any]) -> tuple[Evaluation, pd.DataFrame]:
        model = Hybrid(side, **settings).fit(split.train, rng=np.random.default_rng(seed))
        return evaluate(model, split, part="valid"), model.importance

    return dict(zip(variants, parallel_map(one, variants.values(), jobs), strict=True))


def effects(ablated: Mapping[str, tuple[Evaluation, pd.DataFrame]]) -> pd.DataFrame:
    """Return `NDCG@10` and its `difference` to the hybrid as it is, with its interval; what costs most first."""
    whole = ablated[WHOLE][0]
    rows = {
        name: {"NDCG@10": result.means()["ndcg@10"], **paired_difference([result], [whole])._asdict()}
        for name, (result, _) in ablated.items()
    }
    table = pd.DataFrame(rows).T.drop(index=WHOLE).rename(columns={"mean": "difference"})
    return table[["NDCG@10", "difference", "low", "high"]].sort_values("difference").rename_axis("hybrid")


def heaviest(ablated: Mapping[str, tuple[Evaluation, pd.DataFrame]], n: int = 12) -> pd.DataFrame:
    """Return the features that weigh most in the sum of the hybrid as it is, and their share in the trees."""
    importance = ablated[WHOLE][1]
    return importance.sort_values("weight", key=np.abs, ascending=False).head(n).rename_axis("feature")


def score(ablated: Mapping[str, tuple[Evaluation, pd.DataFrame]]) -> float:
    """Return NDCG@10 of the hybrid as it is."""
    return float(ablated[WHOLE][0].means()["ndcg@10"])
