"""Side information must not leak what is held out, neither by what it holds nor by what it lacks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import Known, SideInformation
from musicrec.datasets.simulated import listeners, shapes
from musicrec.models.base import Recommender
from musicrec.models.rankers.features import Description
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.models.side.als_side import ALSSide
from musicrec.models.side.ease_side import EASESide
from musicrec.models.side.friends import Friends
from musicrec.models.side.kernel_users import KernelUsers
from musicrec.models.side.tag_content import TagContent
from musicrec.splits.by_user import Split, split_by_user

SYSTEMS = {
    "ease-side": lambda side: EASESide(side, min_items=2),
    "als-side": lambda side: ALSSide(side, dim=8, min_items=2),
    "kernel-users": KernelUsers,
    "tag-content": TagContent,
    "friends": Friends,
    "hybrid": lambda side: Hybrid(side, folds=1, n_candidates=10, rounds=5, min_leaf=20),
}


@pytest.fixture(scope="module")
def data() -> Dataset:
    shape = shapes.Shape(
        users=80,
        artists=300,
        listens=3_000,
        tags=600,
        tag_assignments=4_000,
        friends=400,
        artists_without_picture=3,
    )
    data = listeners.listeners(5, shape)
    # Simulated users tag what they listen to; some tags on anything else, as real users give, make the trap.
    rng = np.random.default_rng(0)
    given = data.tables["tag_assignments"]
    more = given.sample(1_000, random_state=1).assign(artist=rng.choice(data.interactions.items, 1_000))
    tables = {**data.tables, "tag_assignments": pd.concat([given, more], ignore_index=True)}
    return replace(data, tables=tables)


@pytest.fixture(scope="module")
def split(data: Dataset) -> Split:
    return split_by_user(data.interactions, 0)


def codes(data: Dataset) -> np.ndarray:
    """Number the pair of user and item of every tag assignment, -1 where the item is not listed."""
    given, listens = data.tables["tag_assignments"], data.interactions
    user, item = (
        pd.Index(listens.users).get_indexer(given["user"]),
        pd.Index(listens.items).get_indexer(given["artist"]),
    )
    return np.where((user >= 0) & (item >= 0), user * listens.n_items + item, -1)


def keys(listens: Interactions) -> np.ndarray:
    rows, columns = listens.coordinates()
    return rows * listens.n_items + columns


def without(data: Dataset, drop: np.ndarray) -> Dataset:
    given = data.tables["tag_assignments"][~drop]
    return replace(data, tables={**data.tables, "tag_assignments": given})


def fit(name: str, side: SideInformation, train: Interactions) -> Recommender:
    return SYSTEMS[name](side).fit(train, rng=np.random.default_rng(3))


def test_the_world_of_these_tests_has_both_traps(data: Dataset, split: Split) -> None:
    pairs = codes(data)
    assert np.isin(pairs, keys(split.test)).sum() > 50
    assert (~np.isin(pairs[pairs >= 0], keys(data.interactions))).sum() > 500


@pytest.mark.parametrize("name", SYSTEMS)
def test_tags_of_held_out_listens_change_no_score(name: str, data: Dataset, split: Split) -> None:
    clean = without(data, np.isin(codes(data), keys(split.valid + split.test)))
    users = np.arange(data.interactions.n_users)
    leaky, honest = (fit(name, SideInformation(d), split.train).scores(users) for d in (data, clean))
    np.testing.assert_array_equal(leaky, honest)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_check_fails_when_someone_stops_cleaning(
    name: str, data: Dataset, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "friends":
        pytest.skip("uses no tags")
    known = SideInformation.known
    monkeypatch.setattr(SideInformation, "known", lambda self, train: known(self, self.listens))  # the mistake
    users = np.arange(data.interactions.n_users)
    clean = without(data, np.isin(codes(data), keys(split.valid + split.test)))
    leaky, honest = (fit(name, SideInformation(d), split.train).scores(users) for d in (data, clean))
    assert not np.array_equal(leaky, honest)


@pytest.mark.parametrize("name", ["ease-side", "als-side", "kernel-users", "tag-content", "friends"])
def test_own_tags_never_describe_own_candidates(name: str, data: Dataset, split: Split) -> None:
    pairs = codes(data)
    given = without(data, np.zeros(len(pairs), dtype=bool))
    untrained = (pairs >= 0) & ~np.isin(pairs, keys(split.train))
    model = fit(name, SideInformation(given), split.train)
    users = pairs // data.interactions.n_items
    busiest = np.bincount(users[untrained]).argsort()[-3:]
    for user in busiest:
        mine = untrained & (users == user)
        assert mine.sum() > 10
        other = fit(name, SideInformation(without(data, mine)), split.train)
        np.testing.assert_allclose(model.scores([user]), other.scores([user]), rtol=2e-3, atol=2e-5)


def test_own_tags_are_in_no_other_feature(data: Dataset, split: Split) -> None:
    pairs, n_items = codes(data), data.interactions.n_items
    untrained = (pairs >= 0) & ~np.isin(pairs, keys(split.train))
    user = np.bincount(pairs[untrained] // n_items).argmax()
    mine = untrained & (pairs // n_items == user)
    users, items = np.full(n_items, user), np.arange(n_items)
    before, after = (Description(SideInformation(d), split.train)(users, items) for d in (data, without(data, mine)))
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


@pytest.mark.parametrize("name", ["ease-side", "kernel-users", "tag-content", "friends"])
def test_the_order_of_items_in_the_file_says_nothing(name: str, data: Dataset, split: Split) -> None:
    shuffled = np.random.default_rng(1).permutation(data.interactions.n_items)

    def reorder(listens: Interactions) -> Interactions:
        return Interactions(listens.matrix[:, shuffled], listens.users, listens.items[shuffled])

    other = replace(
        data, interactions=reorder(data.interactions),
        tables={**data.tables, "artists": data.tables["artists"].iloc[shuffled].reset_index(drop=True)},
    )  # fmt: skip
    users = np.arange(20)
    here = fit(name, SideInformation(data), split.train).scores(users)
    there = fit(name, SideInformation(other), reorder(split.train)).scores(users)
    np.testing.assert_allclose(here[:, shuffled], there, rtol=1e-3, atol=1e-5)


def test_known_counts_by_hand(data: Dataset, split: Split) -> None:
    known: Known = SideInformation(data).known(split.train)
    pairs, listens = codes(data), data.interactions
    given = data.tables["tag_assignments"]
    item = int(known.item_tags.sum(axis=1).argmax())
    trained = np.isin(pairs, keys(split.train)) & (pairs % listens.n_items == item)
    assert known.item_tags[[item]].sum() == len(given[trained].drop_duplicates(["user", "artist", "tag"]))
    assert not np.isin(keys(Interactions(known.tagged, listens.users, listens.items)), keys(listens)).any()
    assert (known.friends != known.friends.T).nnz == 0
    places, rows = known.of(np.array([3, 1]))
    assert set(known.given[rows[places == 0], 0]) == {3}
    assert set(known.given[rows[places == 1], 0]) == {1}


def test_refusals(data: Dataset, split: Split) -> None:
    with pytest.raises(KeyError, match="friends"):
        SideInformation(replace(data, tables={k: t for k, t in data.tables.items() if k != "friends"}))
    fewer = Interactions(split.train.matrix[:10], split.train.users[:10], split.train.items)
    with pytest.raises(ValueError, match="other users"):
        SideInformation(data).known(fewer)
    with pytest.raises(ValueError, match="no such ingredient: magic"):
        Hybrid(SideInformation(data), without=["magic"])
    with pytest.raises(ValueError, match="folds"):
        Hybrid(SideInformation(data), folds=0)


@pytest.mark.parametrize("ingredient", ["tags", "friends", "popularity", "plays"])
def test_an_ingredient_can_be_left_out(ingredient: str, data: Dataset, split: Split) -> None:
    model = Hybrid(SideInformation(data), without=[ingredient], folds=1, n_candidates=10, rounds=2, min_leaf=20)
    model.fit(split.train, rng=np.random.default_rng(0))
    assert not any(ingredient.rstrip("s") in name for name in model.importance.index if ingredient != "plays")
    assert model.recommend(np.arange(5), 10).ids.shape == (5, 10)
