"""Chapter 02: pools, orders of guesses, places in a list, and the bar for later chapters."""

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import baseline
from musicrec.evaluation.guesses import by_popularity, candidates, hit_rates

# item 9 comes first on three lists; each other item is on one list
FEW = pd.DataFrame({"list": [1, 1, 2, 2, 3, 3, 4], "item": [9, 1, 9, 2, 9, 3, 4]})


@pytest.fixture
def lists() -> pd.DataFrame:
    """60 lists of 8 of 30 items: too few items on a pool for a hundred guesses to miss any."""
    rng = np.random.default_rng(0)
    return pd.DataFrame([(n, item) for n in range(60) for item in rng.permutation(30)[:8]], columns=["list", "item"])


def test_popularity_by_place_by_hand() -> None:
    # first entries are on 3, 3, 3 and 1 lists, last ones on one each; random ones on (3 + 1) / 2 and 1
    assert baseline.popularity_by_place(FEW).tolist() == [2.5, 1.75, 1.0]


def test_orders_share_the_pool_and_agree_with_the_protocol(lists: pd.DataFrame) -> None:
    table = baseline.guess_orders({"a": lists, "b": lists.iloc[::-1]}, [0, 1])
    assert table.index.get_level_values("lists").tolist() == ["a"] * 4 + ["b"] * 4
    rates = table.loc["a", "value"]
    assert rates["random (original)"] == hit_rates(lists, [0, 1]).mean()
    votes = hit_rates(lists, [0, 1], rank=lambda task, seed: candidates(task, seed, order="votes"))
    popular = hit_rates(lists, [0, 1], rank=lambda task, seed: by_popularity(task, candidates(task, seed)))
    assert rates["votes"] == votes.mean() and rates["popularity"] == popular.mean()
    assert (rates <= rates["whole pool (ceiling)"]).all()
    # the pool has fewer items than guesses, so that no order loses any
    assert np.ptp(rates) == 0


def test_the_lottery_loses_what_is_not_drawn() -> None:
    facts = baseline.lottery(pd.Series({"random": 0.2, "votes": 0.3, "popularity": 0.35, "pool": 0.8}))
    assert facts.lost == pytest.approx(0.75) and facts.votes == 0.3 and facts.ceiling == 0.8


def test_places_are_those_of_the_row(lists: pd.DataFrame) -> None:
    row = baseline.hidden_places(lists, [0, 1])
    facts = baseline.places(row)
    assert facts.rate_first == hit_rates(lists, [0, 1], hide="first").mean()
    assert facts.rate_last == hit_rates(lists, [0, 1], hide="last").mean()
    by_place = baseline.popularity_by_place(lists)
    assert (facts.lists_first, facts.lists_last) == (by_place.iloc[0], by_place.iloc[2])


def test_rates_are_named() -> None:
    assert baseline.rates(pd.DataFrame({"value": [0.1, 0.2], "low": [0, 0]})) == baseline.Rates(artists=0.1, songs=0.2)


def test_every_setting_builds_the_system_it_is_listed_under() -> None:
    found = baseline.settings()
    assert {name: len(grid) for name, grid in found.items()} == {
        "playlist-similarity-votes": 4,
        "user-knn": 4,
        "item-knn": 12,
    }
    for name, grid in found.items():
        assert {build().name for build in grid.values()} == {name}
    knn = found["item-knn"]["200 items, shrinkage 20"]()
    assert (knn.n_neighbours, knn.shrinkage) == (200, 20)


@pytest.mark.parametrize("oracle", [{}, {"oracle": 0.9}])
def test_the_bar_is_the_best_that_anybody_has(oracle: dict[str, float]) -> None:
    values = {"popularity": 0.1, "playlist-similarity": 0.05, "playlist-similarity-votes": 0.2, "user-knn": 0.3}
    bar = baseline.bar(pd.Series(values | oracle))
    assert (bar.winner, bar.best, bar.popularity, bar.original, bar.repaired) == ("user-knn", 0.3, 0.1, 0.05, 0.2)
