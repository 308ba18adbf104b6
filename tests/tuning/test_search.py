"""The search for settings: the same for every system, and the same whether or not it was interrupted."""

import dataclasses
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trial_book import Recorder, run, write_notebook

from musicrec import code_digest, datasets, evaluation
from musicrec.datasets.interactions import Interactions
from musicrec.files import BusyError, locked
from musicrec.models import registry
from musicrec.models.factors.bpr import BPR
from musicrec.models.linear.ease import EASE
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.space import Choice, Range
from musicrec.site import staleness
from musicrec.site.notebooks import Chapter
from musicrec.tuning import search
from musicrec.tuning.trials import edges
from musicrec.tuning.trials import trials as trials_of

KEPT = registry.SETTINGS
SEARCHED = registry.searched()


@pytest.fixture
def data(listens: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Sixty listeners that pass for `lastfm-2k`, and folders of their own for all that is written."""
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(registry, "SETTINGS", tmp_path / "kept")
    provenance = SimpleNamespace(fingerprint="0123456789abcdef")
    dataset = SimpleNamespace(name="lastfm-2k", interactions=listens, provenance=provenance, simulated=False)
    monkeypatch.setattr(datasets, "load", lambda *_, **__: dataset)
    return dataset


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path.with_suffix(".csv")).drop(columns="seconds")


def test_the_first_trial_is_the_defaults_measured_as_everywhere_and_the_best_is_chosen(data):
    record, path = search.tune("ease", data, trials=4, replace_shipped=True)
    trials = trials_of("ease")
    assert (
        list(trials.columns) == ["l2", "damping", "strength", "ndcg@10", "recall@10", "seconds", "state"]
        and len(trials) == 4
    )
    assert trials["l2"].iloc[0] == EASE().l2
    by_hand = evaluation.validate({"ease": EASE}, data.interactions)
    assert trials["ndcg@10"].iloc[0] == by_hand["ndcg@10"].iloc[0]
    best = trials["ndcg@10"].idxmax()
    assert record["trial"] == best and registry.tuned("ease") == {
        n: trials[n][best] for n in ("l2", "damping", "strength")
    }
    assert registry.build("ease").l2 == trials["l2"][best]
    assert record == registry.record("ease") == json.loads(path.read_text())
    assert record["dataset"]["fingerprint"] == "0123456789abcdef" and record["budget"]["trials"] == 4
    assert record["space"]["l2"] == {"low": 1.0, "high": 10_000.0, "log": True}


def test_a_search_that_was_stopped_goes_on_to_the_same_table(data, tmp_path: Path, monkeypatch):
    _, path = search.tune("rp3beta", data, trials=12)
    whole = table(path)
    assert whole["n_neighbours"].dtype == int
    (tmp_path / "build").rename(tmp_path / "elsewhere")
    attempt = search._attempt

    def stop_at(number: int):
        calls = iter(range(100))

        def maybe(model, split):
            if next(calls) == number:
                raise KeyboardInterrupt
            return attempt(model, split)

        return maybe

    for number in (3, 6):  # before and after the search has begun to learn
        monkeypatch.setattr(search, "_attempt", stop_at(number))
        with pytest.raises(KeyboardInterrupt):
            search.tune("rp3beta", data, trials=12)
        assert not path.exists()
    monkeypatch.setattr(search, "_attempt", attempt)
    search.tune("rp3beta", data, trials=12)
    pd.testing.assert_frame_equal(table(path), whole)
    search.tune("rp3beta", data, trials=5)
    pd.testing.assert_frame_equal(table(path), whole[:5])


def test_an_unfinished_search_goes_on_only_where_it_fits(data, monkeypatch):
    _, path = search.tune("ease", data, trials=3)
    monkeypatch.setattr(
        search, "_attempt", lambda *_: {"ndcg@10": 0.5, "recall@10": 0.5, "seconds": 0, "state": "complete"}
    )
    search.tune("ease", data, trials=3)
    assert (table(path)["ndcg@10"] != 0.5).all()
    data.provenance.fingerprint = "other data"
    search.tune("ease", data, trials=3)
    assert (table(path)["ndcg@10"] == 0.5).all()


def test_seeds_differ(data):
    one, two = (table(search.tune("ease", data, trials=3, seed=seed)[1]) for seed in (0, 1))
    assert one["l2"][0] == two["l2"][0] and one["l2"][1] != two["l2"][1]


@pytest.mark.filterwarnings("ignore:a trial failed")
def test_a_trial_that_fails_counts_and_is_kept(data, monkeypatch):
    fit = ItemKNN.fit

    def diverge(self, train, *, rng):
        if self.n_neighbours != ItemKNN().n_neighbours:
            raise FloatingPointError("diverged")
        return fit(self, train, rng=rng)

    monkeypatch.setattr(ItemKNN, "fit", diverge)
    record, path = search.tune("item-knn", data, trials=4)
    assert record["budget"]["failed"] == 3 and record["trial"] == 0
    assert table(path)["state"].tolist() == ["complete", *["failed"] * 3]
    assert table(path)["ndcg@10"].isna().sum() == 3

    def never(self, train, *, rng):
        raise ValueError("some scores are not numbers")

    monkeypatch.setattr(ItemKNN, "fit", never)
    with pytest.raises(ValueError, match="none of 2 trials succeeded"):
        search.tune("item-knn", data, trials=2, seed=9)


@pytest.mark.parametrize("name", ["lastfm-2k", "simulated"])
def test_shipped_settings_are_replaced_only_when_told_to(data, tmp_path: Path, name: str):
    data.name = name
    _, path = search.tune("ease", data, trials=2)
    assert path == tmp_path / "build" / "settings" / name / "ease.json"
    assert not registry.SETTINGS.exists()
    with pytest.raises(LookupError, match="ease has not been tuned; run `musicrec tune ease`"):
        registry.build("ease")
    if name == "lastfm-2k":
        _, path = search.tune("ease", data, trials=2, replace_shipped=True)
        assert path == registry.SETTINGS / "ease.json"
    else:
        with pytest.raises(ValueError, match="chosen on lastfm-2k, not on simulated"):
            search.tune("ease", data, trials=2, replace_shipped=True)
        assert not registry.SETTINGS.exists()


def test_two_processes_do_not_make_the_same_search(data, tmp_path: Path):
    of = registry.find("ease")
    lock = tmp_path / "build" / "settings" / "unfinished" / f"ease-{search._key(of, data, 0)}.lock"
    with locked(lock, "held"), pytest.raises(BusyError, match="another process searches for the settings of ease"):
        search.tune("ease", data, trials=2)
    assert not list(tmp_path.rglob("*.csv"))


def test_a_search_through_a_small_space_ends_when_everything_was_tried(data, monkeypatch):
    of = dataclasses.replace(registry.find("ease"), space={"l2": Range(1, 3), "strength": Choice(("equal", "log"))})
    monkeypatch.setattr(registry, "find", lambda name: of)
    monkeypatch.setattr(type(of), "defaults", lambda self, side=None: {"l2": 2, "strength": "equal"})
    told = Recorder()
    record, path = search.tune("ease", data, trials=20, progress=told)
    rows = pd.read_csv(path.with_suffix(".csv"))
    assert len(rows) == 6 and not rows.duplicated(["l2", "strength"]).any()
    assert record["budget"]["trials"] == 6 and record["budget"]["asked"] == 20
    assert "all 6 settings there are were tried" in told.notes["ease"]


def test_unequal_searches_are_told(data):
    search.tune("ease", data, trials=2)
    with pytest.warns(UserWarning, match="item-knn was not searched as ease"):
        search.tune("item-knn", data, trials=3)


def test_a_setting_at_the_end_of_its_range_is_flagged():
    space = {"a": Range(1.0, 1000.0, log=True), "b": Range(0.0, 10.0), "c": Range(1, 4), "d": Choice(("x", "y"))}
    inner = {"a": 30.0, "b": 5.0, "c": 2, "d": "x"}
    assert search._edges(space, inner) == []
    assert search._edges(space, {**inner, "a": 990.0}) == ["a = 990 lies at the upper end of 1 to 1000"]
    low = search._edges(space, {**inner, "b": 0.1, "c": 1})
    assert low == [
        "b = 0.1 lies at the lower end of 0 to 10; it cannot be below zero",
        "c = 1 lies at the lower end of 1 to 4",
    ]


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=[pytest.mark.slow] if system.family == "networks" else [])
    for name, system in registry.systems().items()
])  # fmt: skip
def test_every_system_can_be_built_and_its_defaults_lie_in_the_space(name: str):
    system = registry.systems()[name]
    side: Any = "side information"
    assert system.create({}, side).name == name
    assert system.space or system.unsearched
    for setting, value in system.defaults(side).items():
        values = system.space[setting]
        assert value in values.names if isinstance(values, Choice) else values.low <= value <= values.high, setting
        assert not isinstance(values, Range) or not values.integer or isinstance(value, int), setting


def test_wrong_names_are_refused(data):
    for function in (registry.tuned, registry.build, trials_of, edges):
        with pytest.raises(LookupError, match="no system is called 'item-kn'; did you mean item-knn"):
            function("item-kn")
    assert registry.tuned("random") == {} and edges("popularity") == []
    assert registry.build("popularity").name == "popularity"
    with pytest.raises(ValueError, match=r"tag-content is built with the side information of a data set"):
        registry.build("tag-content")
    with pytest.raises(ValueError, match="popularity has no settings: there is nothing to tune"):
        search.tune("popularity", data)


@pytest.mark.parametrize("name", sorted(path.stem for path in KEPT.glob("*.json")))
def test_what_the_book_reads_was_searched_alike_and_fits_the_code(name: str):
    record = json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))
    rows = pd.read_csv(KEPT / f"{name}.csv")
    assert record["system"] == name and record["space"] == search._plain(registry.systems()[name].space)
    assert record["dataset"]["name"] == "lastfm-2k" and not record["dataset"]["simulated"]
    assert len(rows) == record["budget"]["trials"] == search.TRIALS and record["search"]["seed"] == 0
    assert rows["number"].tolist() == list(range(len(rows)))
    best = rows.loc[rows["ndcg@10"].idxmax()]
    assert {setting: best[setting] for setting in record["settings"]} == record["settings"]
    assert math.isclose(best["ndcg@10"], record["ndcg@10"])
    assert record["edges"] == search._edges(registry.systems()[name].space, record["settings"])
    fingerprints = {json.loads(p.read_text(encoding="utf-8"))["dataset"]["fingerprint"] for p in KEPT.glob("*.json")}
    assert len(fingerprints) == 1


def test_nothing_is_searched_that_a_class_does_not_have():
    assert all(dataclasses.is_dataclass(system) for system in registry.systems().values())
    assert "als" in SEARCHED and "random" not in SEARCHED
    assert registry.searched(["all"]) == SEARCHED and registry.searched(["als", "als"]) == ["als"]


def test_a_chapter_that_builds_tuned_models_depends_on_their_code_and_settings(tmp_path: Path, monkeypatch):
    package = tmp_path / "musicrec"
    for name in ("models/registry.py", "models/als.py", "models/settings/als.json"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "notebooks").mkdir()
    tuned = Chapter(write_notebook(tmp_path, "12_leaderboard", "from musicrec.models import registry"), tmp_path)
    other = Chapter(write_notebook(tmp_path, "01_eda", "from musicrec.chapters import eda"), tmp_path)
    monkeypatch.setattr(code_digest, "SOURCE", package)

    def code(chapter: Chapter) -> str:
        return staleness.inputs(chapter, run(), tmp_path)["code"]

    before = code(tuned), code(other)
    for name in ("models/als.py", "models/settings/als.json"):
        (package / name).write_text(name)
        now = code(tuned), code(other)
        assert now[0] != before[0] and now[1] == before[1]
        before = now


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bpr_says_when_it_diverges(listens: Interactions):
    with pytest.raises(FloatingPointError, match=r"bpr: training diverged: the learning rate 1e\+06 is too high"):
        BPR(learning_rate=1e6).fit(listens, rng=np.random.default_rng(0))
