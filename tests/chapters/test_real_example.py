"""Whom the real example is about, in which order a list is shown, why, and how lists differ."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

from musicrec import datasets
from musicrec.chapters import real_example
from musicrec.cli.app import app
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.factors.als import ALS
from musicrec.models.linear.ease import EASE
from musicrec.models.neighbours.user_knn import UserKNN
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.serving import quantisation
from musicrec.splits.by_user import split_by_user


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def small() -> Dataset:
    return listeners(0, Shape(120, 600, 5_000, 700, 3_000, 480, 10, 4, 4))


def three(friends: list[tuple[int, int]] | None) -> Dataset:
    listens = Interactions(
        sp.csr_array(np.float32([[3, 1, 0], [2, 0, 0], [0, 1, 5]])), np.array([7, 8, 9]), np.arange(3)
    )
    tables = {} if friends is None else {"friends": pd.DataFrame(friends, columns=["user", "friend"])}
    about = Provenance("a test", "", "1", "none", "", "test", "0" * 16)
    return Dataset("a test", listens, pd.DataFrame({"name": list("abc")}), about, tables)


def test_the_best_connected_have_most_different_friends() -> None:
    data = three([(9, 7), (9, 7), (9, 9), (9, 8), (8, 9), (7, 9)])
    table = real_example.most_connected(data, 2)
    assert table.index.tolist() == [9, 7] and table["row"].tolist() == [2, 0]  # 7 and 8 tie: the first stands first
    assert table["friends"].tolist() == [2, 1] and table["plays"].tolist() == [6, 4]
    assert table["listeners of the median artist"].tolist() == [1.5, 2.0]


def test_without_friends_nobody_is_connected() -> None:
    with pytest.raises(KeyError, match="a test has no table 'friends'"):
        real_example.most_connected(three(None))


def test_three_kinds_are_what_they_are_called(small: Dataset) -> None:
    split = split_by_user(small.interactions, 0)
    hidden = split.valid + split.test
    who = real_example.kinds(split.train, hidden)
    fame, sizes = real_example.median_popularity(split.train), split.train.history_sizes()
    able = (hidden.history_sizes() > 0) & (sizes >= np.median(sizes))
    assert (fame[able] >= fame[who["mainstream"]]).mean() < 0.15
    assert (fame[able] <= fame[who["niche"]]).mean() < 0.15
    assert able[who["mainstream"]] and able[who["niche"]]
    shared = (split.train.binary() @ (split.train.popularity() > 1)).astype(int)
    assert shared[who["few artists"]] >= 3 and sizes[who["few artists"]] == sizes[shared >= 3].min()


def test_too_few_listeners_for_three_kinds_is_told(small: Dataset) -> None:
    nothing = small.interactions.select(np.zeros(len(small.interactions), bool))
    with pytest.raises(ValueError, match="0 have something held out"):
        real_example.kinds(small.interactions, nothing)
    two = Interactions(sp.csr_array(np.ones((2, 4))), np.arange(2), np.arange(4))
    with pytest.raises(ValueError, match="the same listener"):
        real_example.kinds(two, two)


def test_one_query_gives_the_order_of_whatever_holds_the_rows() -> None:
    names, ids = ["d", "c'", "b", "a"], [3, 0, 1, -1]  # best first, the list padded
    assert real_example.unordered(names, ids) == ["d", "c'", "a"]
    assert real_example.unordered(names, ids, by_name=True) == ["a", "c'", "d"]
    assert real_example.unordered(names, ids, by_name=True, index=True) == ["d", "c'", "a"]
    assert real_example.unordered(names, []) == []


def test_file_order_is_what_a_plain_table_returns() -> None:
    names, lists = [f"n{i}" for i in range(30)], rng().permuted(np.tile(np.arange(30), (5, 1)), axis=1)[:, :10]
    lists[0, -2:] = -1
    for ids, ordered in zip(lists, real_example.in_file_order(lists), strict=True):
        assert [names[i] for i in ordered if i >= 0] == real_example.unordered(names, ids)


def test_rank_biased_overlap_by_hand() -> None:
    # of the first 1, 2 and 3 places 0, 2 and 2 items are common
    shares = [0, 2 / 2, 2 / 3]
    by_hand = shares[-1] * 0.9**3 + 0.1 / 0.9 * sum(s * 0.9**d for d, s in enumerate(shares, start=1))
    assert real_example.rank_biased_overlap([1, 2, 3], [2, 1, 4]) == pytest.approx(by_hand)


def test_rank_biased_overlap_weighs_the_top_and_knows_the_ends() -> None:
    rbo, ten = real_example.rank_biased_overlap, np.arange(10)
    swapped_top, swapped_end = ten[[1, 0, *range(2, 10)]], ten[[*range(8), 9, 8]]
    assert rbo(ten, ten) == pytest.approx(1) and rbo(ten, ten + 10) == 0
    assert rbo(ten, swapped_top) < rbo(ten, swapped_end) < 1
    assert rbo(ten, swapped_top) == rbo(swapped_top, ten)
    assert rbo([1, 2, -1], [1, 2, 3]) == pytest.approx(1)  # the longer is cut
    assert rbo([-1], [-1]) == 1 and rbo([-1], [1]) == 0
    with pytest.raises(ValueError, match="p must lie between"):
        rbo(ten, ten, p=1)
    with pytest.raises(ValueError, match="twice"):
        rbo([1, 1], [1, 2])


def test_pairwise_is_symmetric_with_ones_on_the_diagonal() -> None:
    table = real_example.pairwise({"a": [1, 2], "b": [2, 3], "c": [-1, -1]})
    np.testing.assert_allclose(table.to_numpy(), [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize("model", [ALS(dim=8), EASE()], ids=["als", "ease"])
def test_reasons_name_the_largest_parts_of_the_score(small: Dataset, model: ALS | EASE) -> None:
    model.fit(small.interactions, rng=rng())
    ids = model.recommend([4], 3).ids[0]
    told = real_example.reasons(model, 4, ids, small.item_names)
    parts = model.explain(small.interactions.matrix[[4]], int(ids[0]))
    assert len(told) == 3 and told[0].startswith(f"{small.item_names[parts.index[0]]} {parts.iloc[0]:+.2f}, ")


def test_reasons_of_systems_that_add_nothing_up(small: Dataset) -> None:
    fame = Popularity().fit(small.interactions, rng=rng())
    ids = fame.recommend([0], 2).ids[0]
    most = small.interactions.popularity()[ids]
    assert real_example.reasons(fame, 0, [*ids, -1], small.item_names) == [f"{n} listeners" for n in most]
    neighbours = UserKNN().fit(small.interactions, rng=rng())
    assert real_example.reasons(neighbours, 0, ids, small.item_names) == ["cannot say", "cannot say"]


def test_a_hybrid_names_the_systems_that_propose(small: Dataset) -> None:
    model = Hybrid(SideInformation(small), scorers=("ease", "item-knn"), folds=1, rounds=3, min_leaf=5)
    model.fit(small.interactions, rng=rng())
    first = model.systems[0].recommend([2], 10).ids[0]
    places = real_example.proposers(model, 2, [int(first[0]), int(first[3])])
    assert [row["ease"] for row in places] == [1, 4]
    own = set(small.interactions.matrix[[2]].indices)
    told = real_example.reasons(model, 2, [int(first[0]), *own], small.item_names)
    assert "ease #1" in told[0] and told[1] == "no system's first ten"  # nobody recommends what one has


def test_the_answer_is_that_of_the_command(small: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = replace(small, name="lastfm-2k")
    monkeypatch.setattr(datasets, "load", lambda name="auto", **_: data)
    monkeypatch.setattr("musicrec.datasets.identity.identity", lambda name="auto", **_: ("lastfm-2k", "a digest"))
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    served = quantisation.fit(data.interactions, data.item_names.tolist(), "ease")
    asked = real_example.asked_for(served)
    assert asked == served.names[:3]
    answer = real_example.answer(served, asked, 5)
    result = CliRunner().invoke(app, ["recommend", *asked, "--model", "ease", "--k", "5", "--because", "--json"])
    rows = json.loads(result.stdout)
    assert answer["artist"].tolist() == [row["artist"] for row in rows]
    assert answer["score"].tolist() == [row["score"] for row in rows]
    for (_, mine), row in zip(answer.iterrows(), rows, strict=True):
        assert {each["artist"]: each["adds"] for each in row["adds"]} == mine[asked].to_dict()


def test_answers_to_names_as_people_type_them(small: Dataset) -> None:
    served = quantisation.fit(small.interactions, small.item_names.tolist(), "popularity")
    first = served.names[0]
    once, twice = (real_example.answer(served, texts) for texts in ([first], [first.upper(), first]))
    pd.testing.assert_frame_equal(once, twice)
    with pytest.raises(LookupError, match="no artist is called 'qqqqq'"):
        real_example.answer(served, ["qqqqq"])
    with pytest.raises(LookupError, match="too few listeners"):
        real_example.answer(served, [served.names[served.n]])


def test_what_somebody_might_type_is_used_where_it_exists(small: Dataset) -> None:
    names = small.item_names.copy()
    best = np.argsort(-small.interactions.popularity(), kind="stable")
    names[best[5:8]] = real_example.EVERYDAY
    served = quantisation.fit(small.interactions, names.tolist(), "popularity")
    assert real_example.asked_for(served) == list(real_example.EVERYDAY)
