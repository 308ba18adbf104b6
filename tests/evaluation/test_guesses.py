import numpy as np
import pandas as pd
import pytest

from musicrec.evaluation.guesses import by_popularity, candidates, hit_rates, hits
from musicrec.splits.hidden_item import hide_one


@pytest.fixture
def lists() -> pd.DataFrame:
    """Forty lists in two camps that share nothing; the first entry of each list is the hit of its camp."""
    rng = np.random.default_rng(3)
    rows = []
    for n in range(40):
        camp = 1000 * (n % 2)
        rows += [(n, item) for item in [camp, *(camp + rng.choice(np.arange(1, 60), 20, replace=False))]]
    return pd.DataFrame(rows, columns=["list", "item"])


@pytest.mark.parametrize("hide", ["first", "last", "random"])
def test_one_entry_of_each_query_is_hidden(lists: pd.DataFrame, hide: str) -> None:
    task = hide_one(lists, seed=1, hide=hide)
    assert task.queries.n_users == len(task.hidden) == 4
    assert task.bank.n_users == 36
    assert set(task.bank.users) | set(task.queries.users) == set(range(40))
    for query, hidden in zip(task.queries.users, task.hidden, strict=True):
        entries = lists.loc[lists["list"] == query, "item"].tolist()
        left = task.queries.items[task.queries.matrix[[list(task.queries.users).index(query)]].indices]
        assert set(entries) - set(left) == {task.queries.items[hidden]}
        if hide != "random":
            assert task.queries.items[hidden] == entries[0 if hide == "first" else -1]


def test_only_one_copy_is_hidden() -> None:
    lists = pd.DataFrame({"list": [0, 0, 0, 1, 1], "item": ["a", "b", "a", "a", "b"]})
    task = hide_one(lists.replace({"list": {1: 1}}), seed=0, share=0.5)
    row = task.queries.matrix.toarray()[0]
    assert row.sum() == (2 if task.rows[0] == 0 else 1)


def test_the_hit_of_the_camp_is_always_found(lists: pd.DataFrame) -> None:
    assert hit_rates(lists, seeds=(0, 1)).tolist() == [1, 1]


def test_candidates_are_of_the_same_camp_and_not_on_the_query(lists: pd.DataFrame) -> None:
    task = hide_one(lists, seed=0)
    scores = candidates(task)
    rows, columns = np.nonzero(np.isfinite(scores))
    assert not task.queries.matrix[rows, columns].any()
    assert ((task.queries.items[columns] >= 1000) == (task.queries.users[rows] % 2 == 1)).all()


def test_popularity_keeps_the_candidates(lists: pd.DataFrame) -> None:
    task = hide_one(lists, seed=0)
    scores = candidates(task)
    ranked = by_popularity(task, scores)
    np.testing.assert_array_equal(np.isfinite(ranked), np.isfinite(scores))
    assert hits(ranked, task, n_guesses=1).all()


def test_bad_input(lists: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="'first', 'last' or 'random'"):
        hide_one(lists, seed=0, hide="second")
    with pytest.raises(ValueError, match="no queries or no bank"):
        hide_one(lists.head(3), seed=0)
