"""Tables of one listener and of a crowd."""

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import real_example, real_example_crowd, real_example_kinds, real_example_results
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.linear.ease import EASE
from musicrec.serving import quantisation
from musicrec.splits.by_user import split_by_user


@pytest.fixture(scope="module")
def data() -> Dataset:
    return listeners(0, Shape(120, 600, 5_000, 700, 3_000, 480, 10, 4, 4))


@pytest.fixture(scope="module")
def parts(data: Dataset):
    split = split_by_user(data.interactions, 0)
    return split.train, split.valid + split.test


@pytest.fixture(scope="module")
def models(parts):
    fitted = [Popularity(), EASE()]
    return {model.name: model.fit(parts[0], rng=np.random.default_rng(0)) for model in fitted}


def test_the_first_artists_are_those_played_most(data: Dataset, parts) -> None:
    first = real_example_results.first_artists(data, parts[1], 3)
    assert first["plays"].is_monotonic_decreasing and first["plays"].iloc[0] == data.interactions.matrix[[3]].data.max()
    counted = real_example_results.played(data.interactions, parts[1], 3)
    assert counted.hidden == parts[1].history_sizes()[3] and counted.n == data.interactions.history_sizes()[3]
    hidden = real_example_results.hidden_artists(3, *parts, data.item_names)
    assert len(hidden) == counted.hidden and hidden["listeners in training"].is_monotonic_decreasing


def test_orders_of_an_answer() -> None:
    found = real_example_results.orders(list("abc"), {"x": list("abc"), "y": list("cba"), "z": list("cba")})
    assert found == (3, 2, ["1", "3", "3"], ["3", "1", "1"], 3)


@pytest.mark.parametrize(("change", "verdict"), [(-0.1, "worth having"), (0.1, "beats"), (0.0, "hardly better")])
def test_what_an_order_costs(change: float, verdict: str) -> None:
    by_score = pd.DataFrame({"ndcg@10": np.full(20, 0.5)})
    assert verdict in real_example_results.cost(by_score, by_score + change).verdict


def test_lists_are_checked(data: Dataset, parts, models) -> None:
    train, hidden = parts
    users = real_example_results.crowd(hidden, 0, 30)
    lists = {name: model.recommend(users, 10).ids for name, model in models.items()}
    own = {name: model.recommend([users[0]], 10).ids[0] for name, model in models.items()}
    card = real_example_results.card(own, users[0], train, hidden, data.item_names)
    shown = real_example_results.side_by_side(own, users[0], hidden, data.item_names)
    assert shown["ease"].str.endswith("✓").sum() == card.loc["ease", "found"]
    checked = real_example_results.checked(own["ease"], own["popularity"], users[0], train, hidden)
    assert checked.found == card.loc["ease", "found"] and checked.own == card.loc["ease", "Jaccard with own"]
    assert len(real_example_results.checked_table(checked)) == 4
    table = real_example_results.reason_table(models, own, users[0], data.item_names)
    assert table["system"].tolist() == ["popularity"] * 3 + ["ease"] * 3
    assert real_example_results.exact(models["ease"], users[0], int(own["ease"][0])).apart < 1e-4

    quality = real_example_crowd.quality(lists, users, hidden, train)
    intervals = real_example_crowd.intervals(quality)
    won = real_example_crowd.winners(card, intervals, quality)
    assert won.lead == quality.mean().idxmax() and won.k == 2 and won.n == card["found"].max()
    assert won.top + won.share >= 1  # of two, one is always the best
    assert real_example_crowd.by_taste(quality, users, train).shape == (2, 3)
    assert real_example_crowd.takeaways(real_example_results.orders(["a"], {"x": ["a"]}), won).orders == 1


def test_three_kinds(data: Dataset, parts, models) -> None:
    train, hidden = parts
    kinds = real_example.kinds(train, hidden)
    lists = {kind: {name: m.recommend([user], 10).ids[0] for name, m in models.items()} for kind, user in kinds.items()}
    lists = {kind: {**found, "nncf": found["ease"]} for kind, found in lists.items()}
    cards = real_example_kinds.cards(kinds, lists, train, hidden)
    faces = real_example_kinds.faces(cards)
    assert faces.mainstream == faces.network_mainstream == cards.loc[("mainstream", "ease")].iloc[1]
    assert faces.counted == bool(hidden.history_sizes()[kinds["few artists"]])
    assert list(real_example_kinds.who(kinds, train, hidden, data.item_names).index) == list(kinds)
    few = kinds["few artists"]
    parts_of = real_example_kinds.reason_map(models["ease"], few, lists["few artists"]["ease"], data.item_names)
    assert parts_of.shape[0] == 10 and parts_of.shape[1] <= 8
    size = int(train.history_sizes()[few])
    assert ("adds up" in real_example_kinds.reason_caption(parts_of, size)) == (parts_of.shape[1] == size)


def test_somebody_new(data: Dataset) -> None:
    names = [str(name) for name in data.item_names]
    served, popular = (quantisation.fit(data.interactions, names, system) for system in ("als", "popularity"))
    asked = real_example.asked_for(served)
    answered = real_example.answer(served, asked)
    assert real_example_kinds.folded(answered).apart < 1e-3
    assert real_example_kinds.typed(answered, served, asked).same  # capitals do not matter
    assert len(real_example_kinds.shared(answered, popular, served, asked)) == 1 + len(asked)
