"""People who are in no training data, and what is found for them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.newcomers import FIRST, measure
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.neighbours.item_knn import ItemKNN


def blocks() -> Interactions:
    """Forty people of two tastes: everybody has eight of the ten items of one taste."""
    rng = np.random.default_rng(0)
    rows = [(person, 10 * (person % 2) + item) for person in range(40) for item in rng.choice(10, 8, replace=False)]
    users, items = np.array(rows).T
    return Interactions.from_frame(pd.DataFrame({"user": users, "item": items}))


def test_who_listens_to_what_is_given_finds_the_taste_of_a_newcomer() -> None:
    groups = {"even": np.arange(0, 40, 2), "odd": np.arange(1, 40, 2)}
    builds = {"item-knn": partial(ItemKNN, 20, 0.0), "popularity": Popularity, FIRST: partial(ItemKNN, 20, 0.0)}
    measured = measure(builds, blocks(), groups, seeds=(0, 1), sizes=(1, 3))
    assert measured.index.names == ["system", "people", "given", "seed"] and len(measured) == 3 * 2 * 2 * 2
    mean = measured["ndcg@10"].groupby(["system", "given"]).mean()
    assert mean["item-knn", 3] > mean["popularity", 3]
    assert mean["item-knn", 1] == pytest.approx(mean[FIRST, 1])  # both are told of one item
    assert (measured["hit@10"] <= 1).all()


def test_the_same_with_one_process_and_two() -> None:
    groups = {"all": np.arange(40)}
    one, two = (
        measure({"item-knn": partial(ItemKNN, 20, 0.0)}, blocks(), groups, seeds=(0, 1), sizes=(2,), jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.equals(two)
