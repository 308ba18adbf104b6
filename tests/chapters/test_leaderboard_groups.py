"""Who is helped, on lists whose answers are known."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import leaderboard_groups as groups
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import cross_evaluate
from musicrec.evaluation.ranking import Evaluation
from musicrec.models.baselines.popularity import Popularity
from musicrec.splits.by_user import split_by_user

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


def test_groups_are_thirds_ordered_by_popularity(listens: Interactions, systems: dict) -> None:
    thirds = groups.user_groups(listens)
    assert thirds.value_counts().to_dict() == {"niche": 20, "between": 20, "mainstream": 20}
    table = groups.by_group(systems, thirds, "ndcg@10")
    assert table.loc["popularity", "mainstream"] > table.loc["popularity", "niche"]


def test_bands_of_a_list_that_finds_everything(listens: Interactions, systems: dict) -> None:
    table = groups.by_band({"perfect": perfect(listens), **systems}, listens, SEEDS)
    shares = table.loc[groups.SHARE]
    assert shares.sum() == pytest.approx(1)
    assert (table.loc["perfect"][shares > 0] == 1).all()
    assert table.loc["popularity", "cold"] == 0


@pytest.mark.parametrize("niche", [True, False])
def test_what_is_found(niche: bool) -> None:
    bands = pd.DataFrame(
        [[0.1, 0.5], [0.3, 0.2], [0.9, 0.1]], ["hybrid", "tag-content", groups.SHARE], ["cold", groups.BANDS[-1]]
    )
    by_taste = pd.DataFrame({"niche": {"hybrid": 0.3}, "mainstream": {"hybrid": 0.2 if niche else 0.4}})
    assert groups.found(bands, by_taste) == (0.9, "tag-content", 0.3, 0.1, niche)  # the share is no system


def test_beyond_accuracy(systems: dict) -> None:
    assert groups.beyond_accuracy(systems).loc["popularity", "coverage@10"] < 0.5


def test_the_front_and_its_labels() -> None:
    columns = ["ndcg@10", "coverage@10", "training seconds"]
    rows = {
        "hybrid": [0.5, 0.3, 100.0],
        "slow": [0.4, 0.1, 200.0],
        "ease": [0.3, 0.1, 1.0],
        "popularity": [0.1, 0.01, 0.01],
        "untimed": [0.2, 0.1, 0.0],
    }
    beyond = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    found = groups.price(beyond.drop(index="untimed"))
    assert found == (["hybrid", "ease", "popularity"], 0.3, 0.01)
    points, names = groups.price_points(beyond, found.front, also=["slow"])
    assert "untimed" not in points.index
    assert names == {0: "hybrid", 1: "slow", 2: "ease"}  # popularity takes no time worth a label
    assert points.loc["slow", "group"] == "something is"
