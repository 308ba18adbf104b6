"""Chapter 06: runs by their errors, neighbours of artists, and what the sentences say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import matrix_factorization as mf
from musicrec.chapters import original_factors as original
from musicrec.chapters.matrix_factorization import neighbours
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions, history_of
from musicrec.models.baselines.mean_rating import MeanRating
from musicrec.models.factors.als import ALS
from musicrec.models.factors.matrix_factorization import SETTINGS
from musicrec.names import Names
from musicrec.page.prose import prose_text
from musicrec.scores.records import ScoreBook
from musicrec.splits.entries import hold_out, rated

HISTORY = ["error", "regularization", "gravity", "valid_error"]


def figures(seeds: int = 2, change: float = 0.0) -> dict[str, pd.DataFrame]:
    """Return what the original reported, with the test errors of all runs changed."""
    rows = {name: pd.DataFrame([reported] * seeds) for name, reported in original.REPORTED.items()}
    return {name: table.assign(**{"test MSE": table["test MSE"] + change}) for name, table in rows.items()}


def stopped() -> dict[str, list]:
    errors = {"mf-plain": [9.0, 9.0], "mf-low-init": [6.0, 7.0], "mf-regularized": [6.5, 7.5]}
    return {
        name: [(SimpleNamespace(best_iteration=40 + n), e) for n, e in enumerate(es)] for name, es in errors.items()
    }


@pytest.fixture
def dataset() -> Dataset:
    listens = Interactions(sp.csr_array(np.eye(3, dtype=np.float32)), np.arange(3), np.arange(3))
    items = pd.DataFrame({"id": np.arange(3), "name": ["a", "b", "c"]})
    return Dataset("lastfm-2k", listens, items, Provenance("", "", "", "", "", "", ""))


# ---- Runs


def test_means_over_seeds_are_recorded_with_intervals(dataset: Dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    book = ScoreBook("06_matrix_factorization", dataset)
    by_run = figures()
    by_run["mf-plain"]["test MSE"] = [10.9, 11.1]
    mf.record_runs(book, by_run)
    assert len(book.scores) == sum(len(reported) for reported in original.REPORTED.values())
    plain = next(s for s in book.scores if s.system == "mf-plain" and s.metric == "test MSE")
    assert plain.value == 11 and plain.sd == pytest.approx(0.02**0.5) and plain.seeds == (0, 1)
    assert plain.low < 10 < 12 < plain.high and plain.tolerance == pytest.approx(plain.high - 11 + 5e-7)
    facts = mf.reproduced(book, by_run)
    assert facts.met == facts.n - 1 and facts.differ == 1 and facts.close == 0
    assert facts.several and facts.varies == pytest.approx(0.02**0.5 / 11)
    one = figures(seeds=1)
    mf.record_runs(book, one)
    assert all(score.low is None and score.sd is None for score in book.scores)
    assert not mf.reproduced(book, one).several


def test_figures_and_histories_of_runs():
    histories = [pd.DataFrame([[4.0, 1, 2, 9], [2.0, 1, 2, 5], [1.0, 1, 2, n]], columns=HISTORY) for n in (7.0, 9.0)]
    models = [SimpleNamespace(history=history) for history in histories]
    table = mf.read_figures({"run": models}, [5, 6])["run"]
    assert table.index.tolist() == [5, 6] and table["test MSE"].tolist() == [7, 9]
    assert table[original.LOWEST].tolist() == [5, 5] and table[original.LOWEST_AT].tolist() == [1, 1]
    assert mf.mean_history(models)["valid_error"].tolist() == [9, 5, 8]
    assert mf.last_parts(histories[0]) == (1, 2, 1, 3, 3)


def test_mean_ratings_as_the_model_has_them(listens: Interactions):
    ratings = rated(listens)
    errors = mf.mean_rating_errors(ratings, [3], 2)
    train, test = hold_out(ratings, 3)
    own = MeanRating(2, "user").fit(train, rng=np.random.default_rng(0))
    assert errors["listener's mean"] == [original.squared_error(own, test)] and len(errors) == 4


def test_errors_beside_those_without_factors():
    table = mf.error_table({"mean rating": [9.0, 9.0], "listener's mean": [4.0, 6.0]}, figures())
    assert table.loc["listener's mean", ["value", "kind"]].tolist() == [5.0, "no factorization"]
    assert table.loc["mf-plain, best iteration", ["value", "kind"]].tolist() == [13.06, "at its lowest"]
    assert mf.without_factors(table) == (9.0, 5.0, 6.857, 2)


def test_when_runs_stop():
    table = mf.stopping_table(figures(), stopped())
    assert table.loc["mf-low-init"].tolist() == [pytest.approx(7.582612), pytest.approx(6.857), 6.5, 40.5]


def test_two_runs_are_compared_seed_by_seed():
    differences = mf.run_differences(figures(), stopped(), "mf-regularized", "mf-low-init")
    assert differences["value"].tolist() == pytest.approx([10.193214 - 7.582612, 7.83 - 6.857, 0.5])
    assert differences.loc["stopped on validation", ["low", "high"]].tolist() == [0.5, 0.5]
    gap = mf.run_gap(differences)
    assert gap.worse_end and gap.worse_stopped and gap.stopped == 0.5
    back = mf.run_gap(mf.run_differences(figures(), stopped(), "mf-low-init", "mf-regularized"))
    assert not back.worse_end and back.end == gap.end


# ---- Neighbours


@pytest.fixture
def artists() -> SimpleNamespace:
    draw = np.random.default_rng(0)
    n = 60
    return SimpleNamespace(
        factors=draw.normal(size=(n, 5)).astype(np.float32),
        ids=np.arange(1, n + 1),
        names=np.array([f"artist {place:02}" for place in range(n)], dtype=object),
        popularity=np.where(np.arange(n) < 20, 30 - np.arange(n), 2),
        tags=sp.csr_array(draw.integers(0, 3, (n, 4)).astype(np.float32)),
        best=np.arange(6),
    )


def test_neighbours_in_seven_ways(artists: SimpleNamespace):
    lists = mf.neighbour_lists(artists.factors, artists.ids, artists.best, artists.popularity, seed=0)
    assert [one.label for one in lists][:3] == ["six at random", "cosine, as printed", "cosine, corrected"]
    assert len(lists) == 7 and all(one.ids.shape == (6, 6) for one in lists)
    assert (artists.popularity[lists[3].ids] >= neighbours.HEARD).all()
    table = mf.likeness_table(artists.tags, artists.best, artists.popularity, lists)
    assert table.columns.tolist() == ["value", "low", "high", "listeners", "how"]
    alike = original.tag_likeness(artists.tags, artists.best, lists[2].ids).mean()
    assert table.loc["cosine, corrected", "value"] == pytest.approx(alike)
    facts = mf.corrected(table)
    assert facts.cosine == np.median(artists.popularity[lists[2].ids]) and facts.before == pytest.approx(alike)
    assert facts.after == table["value"].iloc[3]
    repaired = mf.repaired_neighbours(artists.tags, artists.best, artists.popularity, lists[2].ids, table)
    assert repaired.mean == repaired.before and repaired.n == 6


def test_why_nobody_noticed(artists: SimpleNamespace):
    where = (artists.factors, artists.ids, artists.best, artists.tags)
    facts = mf.unnoticed(artists.names, "artist 03", *where, 0.1)
    assert facts.line == 3 and len(facts.lines) == 5 and "3" not in facts.lines and facts.random == 0.1
    printed = original.neighbours_as_the_original_printed_them(artists.factors, artists.ids, artists.best)[:, 1:]
    assert facts.close == np.mean(np.abs(printed - artists.best[:, None]) <= 20)
    assert 0 < facts.nearby < 1


def test_first_matches_that_are_somebody_else():
    names = np.array(["Jay-Z feat. U2", "U2", "Muse", "Muse Hill"], dtype=object)
    popularity = np.array([12, 50, 40, 11])
    found = mf.first_matches(names, popularity, ["U2", "Muse"], Names(names, popularity))
    assert (found.wrong, found.n, found.share, found.unlucky, found.repaired) == (1, 4, 0.25, 1, 1.0)
    assert found.table.iloc[0].tolist() == ["U2", 50, "Jay-Z feat. U2", 12]
    missing = np.array(["Muse", "Soundtrack"], dtype=object)
    half = mf.first_matches(missing, popularity[:2], ["Muse"], Names(missing, popularity[:2]))
    assert half.repaired == 0.5, "a name that stands for a missing one finds nobody"
    luck = mf.first_matches(names[2:], popularity[2:], ["Muse"], Names(names[2:], popularity[2:]))
    assert luck.wrong == 0 and luck.table.empty


def test_artists_of_tags_and_their_neighbours(artists: SimpleNamespace):
    items = pd.DataFrame({"corrected": [0, -1]}, index=["rock", "none"])
    written = mf.tag_neighbours(artists.names, artists.factors, artists.popularity, items)
    assert written.loc["rock", "corrected"].startswith("artist 00: artist ") and written.isna().loc["none", "corrected"]
    right = pd.DataFrame({"item": [0, 0, 2], "artist": ["a", "a", "c"]})
    wrong, mainly = right.assign(item=[0, 1, 2]), right.assign(artist=["a", "b", "c"])
    assert mf.tag_lookups(wrong, right, mainly) == (1, 3, "a", 2, 3)


def test_reasons_account_for_the_score(listens: Interactions):
    model = ALS(dim=4, iterations=3).fit(listens, rng=np.random.default_rng(0))
    names = np.array([f"n{item}" for item in range(listens.n_items)], dtype=object)
    table = mf.reasons_table(model, history_of([0, 1, 2, 3], listens.n_items), names, 3)
    np.testing.assert_allclose(table["score"], table["sum of all reasons"], rtol=1e-4)
    assert len(table) == 3 and table["most of it because of"].str.count("n").eq(3).all()


# ---- Facts


def test_lengths_of_artists_with_one_listener():
    norms = dict.fromkeys(SETTINGS, np.float32([3, 1, 2, 9]))
    table = mf.lengths_of_rare(norms, np.array([1, 1, 1, 7]))
    assert table.loc["mf-plain", ["artists", "at the end (median)"]].tolist() == [3, 2]
    assert table.loc["mf-plain", "at the start"] == pytest.approx(0.5 * 30**0.5)


def test_a_sweep_that_pulls_apart_and_one_that_agrees():
    sweep = pd.DataFrame({"error": [1.0, 2, 3], "ndcg@10": [0.1, 0.3, 0.2]}, index=[0.0, 10, 100])
    facts = mf.sweep_facts(sweep, 0.15)
    assert (facts.ndcg, facts.best, facts.best_ndcg, facts.best_error) == (0.1, 10, 0.3, 2)
    assert facts.opposed and facts.rank_correlation == pytest.approx(0.5)
    assert not mf.sweep_facts(sweep.assign(error=[3.0, 1, 2]), 0.15).opposed


def test_how_nearly_losses_agree_and_back(listens: Interactions):
    losses = pd.DataFrame({"gravity, rescaled": [10.0, 99], "implicit, all pairs": [10.0, 100], "library": [11.0, 100]})
    facts = mf.equality(losses, listens, gravity=1.0, confidence=5.0)
    assert facts.apart == pytest.approx(0.01) and facts.library == pytest.approx(0.1)
    bridge = mf.Bridge.between(listens, gravity=facts.back, regularization=1)
    assert bridge.confidence == pytest.approx(1 + facts.alpha)


def test_settings_are_tried_and_the_best_is_found(listens: Interactions):
    candidates = [{"dim": d, "alpha": 5.0, "regularization": 1.0, "strength": "equal"} for d in (1, 4)]
    tried = mf.try_settings(candidates, listens)
    assert tried["dim"].tolist() == [1, 4] and {"ndcg@10", "coverage@10"} <= set(tried)
    best = mf.best_settings(tried)
    assert best in candidates and type(best["dim"]) is int
    assert ALS(**best)


def test_what_the_search_found():
    rows = [
        (64, 10, 30, "equal", 0.2),
        (64, 10, 60, "equal", 0.3),
        (64, 5, 60, "equal", 0.1),
        (128, 10, 60, "equal", 0.31),
    ]
    tried = pd.DataFrame(rows, columns=["dim", "alpha", "regularization", "strength", "ndcg@10"])
    facts = mf.search_facts(tried, mf.best_settings(tried), dim=64)
    assert facts.by_dim.to_dict() == {64: 0.3, 128: 0.31}
    assert facts.doubling == pytest.approx(0.01) and facts.penalty == pytest.approx(0.1)


@pytest.mark.parametrize(("end", "overtaken", "after"), [(5.0, True, 2), (1.0, False, 3)])
def test_two_ways_down(end: float, overtaken: bool, after: int):
    solved = pd.Series([9.0, 4, 3], index=[1, 2, 3])
    paths = pd.DataFrame(
        {"gradient descent": pd.Series([9, 8, 7, end], index=[1, 2, 3, 4]), "alternating least squares": solved}
    )
    facts = mf.descent_facts(paths, np.array([1, 2, 3, 4]))
    assert (facts.steps, facts.iterations, facts.minimum, facts.rare) == (4, 3, 3, 0.5)
    assert (facts.overtaken, facts.after, facts.descent) == (overtaken, after, end)


def test_the_verdict_in_both_orders():
    ndcg = pd.Series({"als": 0.3, "mf-regularized": 0.2, "mf-plain": 0.1, "mf-low-init": 0.05})
    facts = mf.verdict(ndcg, figures())
    assert facts.by_error == ["mf-low-init", "mf-regularized", "mf-plain"] and facts.right and facts.best_run == 0.2
    assert facts.by_rank == ["mf-regularized", "mf-plain", "mf-low-init"]
    assert not mf.verdict(ndcg.drop("mf-regularized"), {"mf-plain": figures()["mf-plain"]}).right
    assert prose_text("{right:yes|no}, {ndcg[als]:.1f}", facts) == "yes, 0.3"
