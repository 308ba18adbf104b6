"""Chapter 04: what its sentences and tables say of the networks."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import neural_network
from musicrec.chapters.neural_network.experiments import Rows
from musicrec.chapters.neural_network.facts import PAIRS, REPORTED
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.protocols import cross_evaluate_all
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.networks.dot_network import DotNetwork
from musicrec.scores.records import ScoreBook

NOWHERE = Provenance("a test", "", "1", "none", "", "made up", "", simulated=True)


@pytest.fixture
def data(listens: Interactions) -> Dataset:
    items = pd.DataFrame({"name": [f"artist {n}" for n in range(listens.n_items)]})
    return Dataset("few", listens, items, NOWHERE)


@pytest.fixture
def rows(listens: Interactions) -> Rows:
    return neural_network.original_rows(listens, seed=1, negatives="uniform")


@pytest.fixture
def network(listens: Interactions, rows: Rows) -> AdditiveNetwork:
    network = AdditiveNetwork(epochs=5, batch_size=64)
    return network.fit_examples(listens, rows.train, rng=np.random.default_rng(0), valid=rows.valid)


@pytest.fixture
def book(data: Dataset, tmp_path, monkeypatch) -> ScoreBook:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    return ScoreBook("04_neural_network", data)


@pytest.mark.slow
def test_the_parameters_are_those_reported(book: ScoreBook) -> None:
    assert neural_network.count_parameters(book) == (1_429_211, True)
    assert book.scores[0].system == "additive-network" and book.scores[0].reported == 1_429_211


def test_sweeps_are_best_where_validation_is_lowest() -> None:
    def losses(values: list[float], index: list[float]) -> pd.DataFrame:
        return pd.DataFrame({"loss": 0.0, "valid_loss": values}, index=index)

    facts = neural_network.sweeps(
        losses([0.6, 0.4, 0.5], [1, 10, 50]), losses([0.3, 0.9], [0.001, 0.1]), losses([0.5, 0.4, 0.45], [1, 2, 3])
    )
    assert facts == (10, 0.001, 2, 0.4, 0.45)


@pytest.mark.slow
def test_what_was_reported_is_measured_and_written_down(network, rows: Rows, book: ScoreBook) -> None:
    table = neural_network.measured({0: network}, {0: rows})
    assert list(table) == list(REPORTED)
    assert table.loc[0, "test accuracy"] == network.test(rows.test)[1]
    assert table.loc[0, "validation loss, epoch 5"] == network.history["valid_loss"][5]
    neural_network.record_measured(book, pd.concat([table, table + 1]).set_axis([0, 1]), "other lists")
    score = book.scores[1]
    assert (score.metric, score.reported, score.seeds, score.note) == ("test accuracy", 0.75, (0, 1), "other lists")
    assert score.sd == pytest.approx(np.sqrt(0.5))
    neural_network.record_measured(book, table, "")
    assert book.scores[1].sd is None  # of one draw


@pytest.mark.parametrize(("later", "rises"), [([0.5, 0.6], True), ([0.5, 0.3], False)])
def test_the_loss_rises_when_it_does_for_every_draw(later: list[float], rises: bool) -> None:
    table = pd.DataFrame({name: [0.4, 0.4] for name in REPORTED}).assign(**{"validation loss, epoch 5": later})
    assert neural_network.likeness(table) == (0.4, 0.4, rises)


@pytest.mark.slow
def test_a_network_that_adds_has_one_order(network, rows: Rows, data: Dataset) -> None:
    order = neural_network.one_order(network, rows, np.arange(10))
    assert order.low == pytest.approx(1, abs=1e-6) and order.low <= order.mean and -1 <= order.popularity <= 1
    artists = neural_network.artist_table(network, rows, data, 3)
    assert artists["listeners"].sum() == artists["draws as a negative"].sum() + (
        (rows.train.labels > 0).sum() - (rows.train.labels == 0).sum()
    )
    np.testing.assert_array_equal(artists["log-odds"], network.scores([3])[0])


def test_the_luck_of_the_draw_by_hand() -> None:
    listeners, drawn = np.arange(20, 0, -1), np.arange(20) % 5
    artists = pd.DataFrame({"artist": "x", "listeners": listeners, "draws as a negative": drawn})
    artists["log-odds"] = np.log(neural_network.listeners_per_negative(artists))
    facts = neural_network.luck(artists)
    assert facts.luck == pytest.approx(1) and facts.mean == 2 and facts.popular == 2 and facts.best < 2
    assert neural_network.top_ten(artists, "listeners")["listeners"].tolist() == list(range(20, 10, -1))
    assert neural_network.top_ten(artists.head(3), "listeners").index.tolist() == [1, 2, 3]


@pytest.mark.slow
def test_patience_starts_from_the_sweep(listens: Interactions, rows: Rows) -> None:
    swept = pd.Series([0.9, 0.8, 0.6], index=[1, 10, 50])
    table = neural_network.patience(listens, rows, swept, seed=0)
    assert table["after 3 epochs of the sweep"].tolist() == [0.9, 0.8, 0.6]
    assert table["best epoch"].dtype.kind == "i" and table["best epoch"].between(1, 20).all()
    assert neural_network.loss_ranges(table).before == pytest.approx(0.3)


@pytest.mark.slow
def test_slips_are_measured_with_their_own_negatives_and_even_ones(listens: Interactions) -> None:
    table = neural_network.slips(listens, seed=0)
    assert list(table) == ["its own test", "even negatives"] and len(table) == 3
    assert table.to_numpy().min() >= 0 and table.to_numpy().max() <= 1


def test_a_slip_by_hand(listens: Interactions) -> None:
    facts = neural_network.slip(listens)  # 60 users with 20 of 80 items
    assert facts.collide == 0.25 and facts.n_users == 60
    assert facts.everyone == 60 * 20 / 80 < facts.head  # the first items are the popular ones


def test_three_tests_are_named(rows: Rows, listens: Interactions) -> None:
    table = pd.DataFrame([[0.8, 0.7, 0.5], [0.6, 0.4, 0.5], [0.3, 0.2, 0.9]])
    facts = neural_network.own_and_other_tests(table, rows, listens.n_items)
    assert facts[1:] == (0.8, 0.7, 0.6, 0.3, 0.9)
    assert facts.limit == neural_network.popularity_limit(rows, listens.n_items)


def test_the_gain_that_popularity_brings(listens: Interactions) -> None:
    names = ["random", "popularity", "network", "all by popularity", "all by network"]
    rates = pd.DataFrame([[0.1, 0.25, 0.3, 0.2, 0.22], [0.1, 0.25, 0.3, 0.2, 0.22]], columns=names)
    facts = neural_network.gain(rates)
    assert facts == pytest.approx((0.1, 0.3, 0.25, 0.75, 0.2, 0.22))


def test_the_highest_point_of_all_curves_is_chosen() -> None:
    curve = pd.DataFrame({0.0: [0.1, 0.3, 0.2], 1e-5: [0.1, 0.2, np.nan]}, index=[2, 4, 6])
    assert neural_network.best_settings({"dot-network": curve}) == {"dot-network": {"penalty": 0.0, "epochs": 4}}


def test_the_resampled_network_is_trained_like_the_dot_network() -> None:
    chosen = {"dot-network": {"penalty": 1e-5, "epochs": 3}, "concat-network": {"penalty": 0.0, "epochs": 2}}
    built = {name: build() for name, build in neural_network.builders(chosen).items()}
    dot, adding = built["dot-network"], built["additive-network-resampled"]
    for setting in ("learning_rate", "batch_size", "n_negatives", "redraw", "epochs"):
        assert getattr(dot, setting) == getattr(adding, setting)
    assert (dot.penalty, dot.epochs, built["concat-network"].epochs) == (1e-5, 3, 2)
    assert built["additive-network"].negatives == "original" and {a for a, _ in PAIRS} < set(built)


def test_pairs_are_compared_and_multiplying_pays() -> None:
    rng = np.random.default_rng(0)
    listens = Interactions(sp.csr_array((rng.random((40, 60)) < 0.4).astype(np.float32)), np.arange(40), np.arange(60))
    fitted = cross_evaluate_all({"random": Random, "popularity": Popularity}, listens, seeds=[0])
    systems = {name: fitted["random"] for pair in PAIRS for name in pair} | {"popularity": fitted["popularity"]}
    systems["additive-network-resampled"] = fitted["popularity"]
    table = neural_network.comparisons(systems)
    assert table.index.tolist() == [f"{a} minus {b}" for a, b in PAIRS]
    assert table["difference"].iloc[1] == 0 and (table["p (Holm)"] >= table["p"]).all()
    ndcg = pd.Series({"additive-network-resampled": 0.3, "popularity": 0.3, "dot-network": 0.1})
    facts = neural_network.multiplying(ndcg, systems)
    assert (facts.adding, facts.popularity, facts.dot) == (0.3, 0.3, 0.1)
    assert facts.alike > facts.apart  # popularity gives everybody the same, chance does not


def test_the_dot_network_has_the_settings_that_are_copied() -> None:
    assert {"learning_rate", "batch_size", "n_negatives", "redraw", "epochs"} <= set(vars(DotNetwork()))
