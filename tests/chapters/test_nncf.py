"""Chapter 05: answers to cells, what was reported, and what the sentences say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import nncf
from musicrec.chapters.nncf import reported
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.networks.nncf import NNCF
from musicrec.page.prose import prose_text
from musicrec.scores.records import ScoreBook
from musicrec.splits.cells import Cells, CellSplit


@pytest.fixture
def book(tmp_path, monkeypatch) -> ScoreBook:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    listens = Interactions(sp.csr_array(np.eye(3, dtype=np.float32)), np.arange(3), np.arange(3))
    items = pd.DataFrame({"id": np.arange(3), "name": ["a", "b", "c"]})
    return ScoreBook("05_nncf", Dataset("tiny", listens, items, Provenance("", "", "", "", "", "", "")))


def reports(seeded: float = 0.8, random: float = 0.7) -> pd.DataFrame:
    rows = {"accuracy": 0.9, "sensitivity": 0.5, "specificity": 0.95, "label auc": 0.6}
    return pd.DataFrame(
        {"seeded": {**rows, "balanced accuracy": seeded}, "random": {**rows, "balanced accuracy": random}}
    )


# ---- Answers


def test_precision_follows_from_density_sensitivity_and_specificity():
    """Of 1,000 cells 100 are ones: half of them and 45 of 900 zeros are called ones."""
    table = nncf.against_saying_no(reports(), {"random": 0.1, "seeded": 0.001})
    assert table.index.tolist() == ["random", "seeded"]
    assert table.loc["random", "right when it says yes"] == pytest.approx(50 / (50 + 45))
    assert table.loc["seeded", "always no"] == 0.999


def test_precision_is_the_one_that_is_counted():
    draw = np.random.default_rng(0)
    labels = draw.random(5000) < 0.03
    cells = Cells(labels, (draw.normal(size=5000) + labels).astype(np.float32), np.zeros(5000, np.int32))
    report = nncf.cell_report(cells, 0.5)
    table = nncf.against_saying_no(report.to_frame("all"), {"all": labels.mean()})
    assert table.loc["all", "right when it says yes"] == pytest.approx(report["precision"])


def test_cells_are_answered_from_the_threshold_of_the_validation_cells(listens: Interactions):
    split = CellSplit(listens, 0)
    model = Popularity().fit(split.train, rng=np.random.default_rng(0))
    threshold = nncf.best_threshold(split.cells(model.scores, "valid"))
    expected = nncf.cell_report(split.cells(model.scores), threshold, split.train)
    pd.testing.assert_series_equal(nncf.answer_cells(model, split), expected)


def test_two_curves_of_one_system_have_the_areas_they_name():
    draw = np.random.default_rng(1)
    labels = draw.random(4000) < 0.3
    cells = Cells(labels, (draw.normal(size=4000) + labels).astype(np.float32), np.zeros(4000, np.int32))
    lines, report = nncf.roc_lines(cells, 0.8), nncf.cell_report(cells, 0.8)
    scores, answers = (float(np.trapezoid(lines[name], lines.index)) for name in lines)
    assert scores == pytest.approx(report["auc"], abs=1e-3)
    assert answers == pytest.approx(report["label auc"], abs=3e-3)
    assert all(f"{area:.3f}" in name for area, name in zip(report[["auc", "label auc"]], lines, strict=True))


def test_hit_rates_fall_with_more_candidates_and_say_their_place():
    ranks = {
        "good": pd.DataFrame({"user": [0, 1], "item": [4, 5], "rank": [1, 30], "others": [250, 250]}),
        "bad": pd.DataFrame({"user": [0, 1], "item": [4, 5], "rank": [200, 240], "others": [250, 250]}),
    }
    sizes = nncf.candidate_sizes(250)
    hits = nncf.among_candidates(ranks, sizes, "hit@10", seed=0)
    assert hits.index.tolist() == sizes and (hits["good"] >= hits["bad"]).all()
    assert hits.loc[250].tolist() == [0.5, 0.0]
    written = nncf.with_places(hits.loc[[100, 250]])
    assert written.columns.tolist() == ["among 100", "among all"]
    assert written["among all"].tolist() == ["0.500 (1)", "0.000 (2)"]
    assert written.index.tolist() == ["good", "bad"]


# ---- Samples and what was reported


def test_sizes_of_samples(listens: Interactions):
    part = nncf.sample(listens, [0, 3])
    sizes = nncf.sample_sizes({"seeded": part})
    assert sizes.loc["seeded", "listeners"] == 2
    assert (
        sizes.loc["seeded", "ones"] == len(part) == sizes.loc["seeded", "artists"] * 2 * sizes.loc["seeded", "density"]
    )


def test_every_reported_figure_gets_a_record(book: ScoreBook):
    sizes = pd.DataFrame(
        {"listeners": [10.0, 12], "artists": [20.0, 30], "ones": [40.0, 50], "density": [0.2, 0.5]},
        index=["seeded", "random"],
    )
    nncf.record_sizes(book, sizes)
    nncf.record_parameters(book, 7)
    nncf.record_scores(book, reports(), pd.Series({"accuracy": 0.4, "balanced accuracy": 0.6}), seed=3)
    nncf.record_jaccard(book, {kind: np.array([0.1, 0.3]) for kind in reported.JACCARD})
    scores = {score.metric: score for score in book.scores}
    assert len(scores) == 7 + 1 + 11 + 4
    assert scores["density (%), seeded sample"].value == 20 and scores["density (%), seeded sample"].reported == 0.138
    assert "density (%), random sample" not in scores
    assert scores["balanced accuracy, random"].value == 0.7 and scores["balanced accuracy, random"].seeds == (3,)
    assert scores["accuracy at the lowest validation loss, seeded"].value == 0.4
    assert scores["Jaccard, own × own, one user"].value == pytest.approx(0.2)
    assert scores["parameters"].system == "nncf" and "here tiny" in scores["items, random sample"].note


def test_jaccard_indices_side_by_side():
    means = pd.DataFrame({kind: [0.2, 0.4] for kind in reported.JACCARD})
    table = nncf.jaccard_table({kind: np.array([0.5]) for kind in reported.JACCARD}, means)
    assert table.columns.tolist() == ["reported, one playlist", "one listener", "mean of 2 listeners"]
    assert table.loc["own × own"].tolist() == [0.0469, 0.5, pytest.approx(0.3)]


@pytest.mark.slow
def test_layers_with_parameters_and_the_size():
    layers = nncf.layer_table(NNCF().build(n_users=10_000, n_items=74_450))
    size = nncf.network_size(layers)
    assert size.as_reported and size.parameters == reported.PARAMETERS
    assert set(layers.loc[layers["activation"] != "none", "layer"]) == {"relu_20", "relu_1", "answer"}
    assert size.active == 3 and size.beyond == 42_193
    other = nncf.network_size(nncf.layer_table(NNCF(factors=4).build(n_users=10, n_items=20)))
    assert not other.as_reported and other.in_embeddings < size.in_embeddings


# ---- Facts


def test_samples_compare_both_ways():
    assert nncf.compare_samples(reports(0.8, 0.7)) == (0.8, 0.7, True)
    assert not nncf.compare_samples(reports(0.7, 0.8)).seeded_better


def test_likeness_above_and_below_the_own():
    columns = ["recommended × own", "own × own", "not recommended × own"]
    above = nncf.likeness(pd.DataFrame([[0.4, 0.2, 0.1], [0.2, 0.2, 0.1]], columns=columns))
    assert above.times == pytest.approx(3) and above.above_own
    assert not nncf.likeness(pd.DataFrame([[0.1, 0.2, 0.1]], columns=columns)).above_own


@pytest.mark.parametrize(
    ("ours", "text"),
    [([0.95, 0.95], "neither sample"), ([0.95, 0.2], "one of the two samples"), ([0.2, 0.2], "both samples")],
)
def test_on_how_many_samples_saying_no_wins(ours: list[float], text: str):
    table = pd.DataFrame({"accuracy": [0.8, *ours], "always no": 0.9, "right when it says yes": [0.018, 0.5, 0.5]})
    facts = nncf.saying_no(table)
    assert facts.ours_lose == text and facts.loses and facts.right == pytest.approx(1.8)


def test_popularity_beside_the_network():
    columns = ["balanced accuracy", "auc", "matched auc"]
    table = pd.DataFrame(
        [[0.8, 0.7, 0.5], [0.81, 0.75, 0.6], [0.803, 0.9, 0.55]], ["popularity", "pure-svd", "nncf"], columns
    )
    facts = nncf.on_cells(table)
    assert facts.as_good and facts.explained == pytest.approx(0.5)
    assert (facts.matched, facts.matched_network, facts.matched_svd) == (0.5, 0.55, 0.6)
    table.loc["nncf", "balanced accuracy"] = 0.9
    assert not nncf.on_cells(table).as_good


@pytest.mark.slow
def test_the_collapsed_network_is_compared_with_its_layers(listens: Interactions):
    networks = {
        name: NNCF(epochs=1, batch_size=256).fit(listens, rng=np.random.default_rng(seed))
        for seed, name in enumerate(("seeded", "random"))
    }
    facts = nncf.collapse_check(networks, n_users=5)
    assert facts.apart < 1e-4 and facts.numbers == 444 and facts.times > 0
    assert facts.seeded == networks["seeded"].speaking()
    saved = nncf.save_and_load(networks["seeded"], np.arange(4))
    assert saved.same and 0 < saved.megabytes < 1


def test_the_check_and_who_passes_it():
    table = pd.DataFrame(
        {"Jaccard with own": [0.2, 0.4, 0.5], "held-out found": [0.3, 0.2, 0.1]}, ["popularity", "nncf", "item-knn"]
    )
    assert nncf.passed_check(table) == (0.2, 0.4, 0.5, "item-knn", 0.1, 0.3)


def test_the_last_epoch_decides_what_the_leak_is_worth():
    curves = pd.DataFrame({"nncf-neighbourhood": [0.3, 0.1], "nncf-neighbourhood, leak open": [0.1, 0.099]})
    facts = nncf.chosen(8, 0.01, curves)
    assert (facts.closed, facts.leaky, facts.no_use) == (0.1, 0.099, False)
    assert nncf.chosen(8, 0.01, curves.iloc[:1]).no_use


def test_the_shared_protocol_both_ways():
    systems = {
        "nncf": [SimpleNamespace(fit_seconds=s) for s in (4.0, 8.0)],
        "pure-svd": [SimpleNamespace(fit_seconds=2)],
    }
    facts = nncf.shared_protocol(pd.Series({"nncf": 0.1, "pure-svd": 0.2, "popularity": 0.05}), systems)
    assert facts.behind and facts.times == 3 and facts.beats_popularity
    better = nncf.shared_protocol(pd.Series({"nncf": 0.3, "pure-svd": 0.2, "popularity": 0.4}), systems)
    assert not better.behind and not better.beats_popularity


def test_systems_that_change_places_are_named_and_others_are_not():
    hits = pd.DataFrame({"nncf": [0.9, 0.6, 0.1], "a": [0.8, 0.5, 0.2], "b": [0.7, 0.4, 0.05]}, index=[20, 100, 999])
    facts = nncf.sampled_ranking(hits, hits - 0.01)
    assert facts.swapped and (facts.ahead, facts.behind) == ("nncf", "a")
    assert (facts.ahead_few, facts.behind_everything) == (0.6, 0.2)
    assert facts.drift == pytest.approx(0.8)
    steady = nncf.sampled_ranking(hits.assign(a=[0.4, 0.3, 0.01]), hits)
    assert not steady.swapped and np.isnan(steady.ahead_few)
    text = prose_text("{swapped:{ahead} loses to {behind} ({ahead_few:.1f})|the same order}", facts)
    assert text == "nncf loses to a (0.6)"
    assert prose_text("{swapped:{ahead} loses ({ahead_few:.1f})|the same order}", steady) == "the same order"
