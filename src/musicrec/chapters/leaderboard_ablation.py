"""What each ingredient adds to the hybrid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from musicrec.evaluation.ranking import Evaluation, evaluate
from musicrec.evaluation.statistics import paired_difference
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.splits.by_user import Split

WHOLE = "everything"
INGREDIENTS = ("tags", "friends", "plays", "popularity")


def forms(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Return what `Hybrid.ablated` is told for each form: all, no trees, one ingredient less; fewer in a quick run."""
    found: dict[str, dict[str, Any]] = {WHOLE: {}, "without trees": {"rounds": 0}}
    for ingredient in INGREDIENTS[: 1 if quick else None]:
        found[f"without {ingredient}"] = {"without": [ingredient]}
    return found


def ablate(
    forms: Mapping[str, Mapping[str, Any]], hybrid: Hybrid, split: Split, *, seed: int = 0
) -> dict[str, tuple[Evaluation, pd.DataFrame]]:
    """Fit a hybrid to the training part of a split, and evaluate forms of it on the validation part.

    Returns
    -------
    dict of str to tuple of Evaluation and pandas.DataFrame
        The evaluation of each form, and the importance of its features.
    """
    hybrid.fit(split.train, rng=np.random.default_rng(seed))
    ablated = {}
    for name, form in tqdm(forms.items(), desc="forms of the hybrid", disable=None, leave=False):
        model = hybrid.ablated(**form) if form else hybrid
        ablated[name] = (evaluate(model, split, part="valid"), model.importance)
    return ablated


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
