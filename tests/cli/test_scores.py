"""`musicrec scores`."""

import json
import re
from pathlib import Path

import pytest
from command import call
from command import data as data
from trial_book import book as book
from trial_book import chapters, dataset, pretend, run, score

from musicrec.site.notebooks import Run

LISTENERS = [
    score("item-knn", 0.187, low=0.18, high=0.19, seeds=(0, 1)),
    score("item-knn", 0.25, "recall@10"),
    score("popularity", 0.06),
    score("popularity", 0.1, "recall@10"),
]
FIGURE = score("data", 1892.0, "users", "01_eda", protocol="original/lastfm-mf", reported=1892.0, tolerance=0.0)


@pytest.fixture
def measured(book: Path) -> Path:
    first, second = chapters(book)
    pretend(first, run(), book, scores=[FIGURE, score("popularity", 0.06, chapter="01_eda"),
                                        score("popularity", 0.1, "recall@10", chapter="01_eda")])  # fmt: skip
    pretend(second, run(), book, scores=LISTENERS)
    return book


def test_scores_are_one_json_array(book: Path, measured: Path):
    rows = json.loads(call("scores", "--json").stdout)
    assert len(rows) == 7
    (row,) = json.loads(call("scores", "--json", "--system", "item-knn", "--metric", "ndcg@10").stdout)
    assert row["value"] == 0.187 and row["seeds"] == [0, 1] and row["chapter"] == "02_baseline"
    assert {"simulated", "protocol", "metric", "low", "high", "reported", "tolerance", "dataset"} <= set(row)
    assert call("scores", "--protocol", "continuation", "--json").stdout.strip() == "[]"


def test_the_table_has_a_line_for_each_system_and_none_twice(measured: Path):
    result = call("scores", "--protocol", "listeners")
    lines = [line.split() for line in result.stdout.splitlines() if re.match(r" *(item-knn|popularity)", line)]
    assert lines == [["popularity", "01_eda,", "02_baseline", "0.0600", "0.1000"],
                     ["item-knn", "02_baseline", "0.1870", "0.2500"]]  # fmt: skip
    assert "lastfm-2k: real data" in result.stderr
    one = call("scores", "--protocol", "listeners", "--metric", "ndcg@10", "--system", "item-knn").stdout
    assert "0.1870" in one and "0.1800 – 0.1900" in one and "popularity" not in one


def test_two_chapters_that_disagree_are_both_shown(book: Path):
    first, second = chapters(book)
    pretend(first, run(), book, scores=[score("popularity", 0.05, chapter="01_eda")])
    pretend(second, run(), book, scores=[score("popularity", 0.06)])
    text = call("scores").stdout
    assert "01_eda" in text and "0.0500" in text and "02_baseline" in text and "0.0600" in text


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("--protocol", ("listeners", "continuation", "original/lastfm-mf")),
        ("--system", ("item-knn", "popularity")),
        ("--metric", ("ndcg@10", "recall@10")),
    ],
)
def test_what_nobody_knows_is_refused_with_the_choices(measured: Path, option: str, choices: tuple[str, ...]):
    result = call("scores", option, "nonsense")
    assert result.exit_code == 1 and "'nonsense'; choose from" in result.stderr
    assert all(choice in result.stderr for choice in choices)
    assert call("scores", option, "nonsense", "--json").exit_code == 1


def test_no_scores_yet_is_said(book: Path):
    result = call("scores")
    assert result.exit_code == 1 and "`musicrec book` makes it" in result.stderr
    assert json.loads(call("scores", "--json").stdout) == []
    pretend(chapters(book)[0], run(), book)
    assert "no scores yet; `musicrec book` measures them" in call("scores").stderr
    assert "no scores of continuation" in call("scores", "--protocol", "continuation").stderr


def test_broken_scores_name_the_file(book: Path):
    chapter = chapters(book)[0]
    pretend(chapter, run(), book)
    chapter.scores_path.write_text("{")
    stamp = json.loads(chapter.stamp_path.read_text())
    from musicrec.scores.stamps import digests

    stamp["outputs"] = digests(chapter.folder, [chapter.executed, chapter.scores_path])
    chapter.stamp_path.write_text(json.dumps(stamp))
    result = call("scores")
    assert result.exit_code == 1 and str(chapter.scores_path) in result.stderr and "Traceback" not in result.stderr


def test_the_build_can_be_named(measured: Path):
    made = Run(dataset("simulated", simulated=True), dataset(), quick=True)
    pretend(chapters(measured, made)[0], made, measured, scores=[score("oracle", 0.9, simulated=True, quick=True)])
    assert "oracle" not in call("scores").stdout
    result = call("scores", "--dataset", "simulated", "--quick")
    assert "oracle" in result.stdout and "simulated-quick: simulated data, quick run" in result.stderr


def test_a_release_is_saved_and_compared_with(measured: Path, data: None, monkeypatch: pytest.MonkeyPatch):
    assert "nothing is released for lastfm-2k" in call("scores", "--compare-release").stderr
    result = call("scores", "--save-release")
    assert result.exit_code == 0, result.stderr
    record = json.loads((measured / "results" / "lastfm-2k.json").read_text())
    assert {"build", "revision", "date", "machine", "versions", "seconds", "scores", "fingerprints"} <= set(record)
    assert record["seconds"] == {"01_eda": 1.5, "02_baseline": 1.5} and len(record["scores"]) == 7
    result = call("scores", "--compare-release")
    assert result.exit_code == 0 and "7 scores released, 0 differ, 0 new here" in result.stdout

    pretend(
        chapters(measured)[1], run(), measured, scores=[score("item-knn", 0.17), score("new", 0.5), *LISTENERS[1:3]]
    )
    result = call("scores", "--compare-release")
    assert result.exit_code == 1 and "7 scores released, 2 differ, 1 new here" in result.stdout
    assert "item-knn ndcg@10 (listeners, 02_baseline)" in result.stdout and "not measured" in result.stdout
    monkeypatch.setattr("musicrec.hardware.machine", lambda: {"processor": "another"})
    result = call("scores", "--compare-release")
    assert (
        result.exit_code == 0
        and "2 differ" in result.stdout
        and "here are another, None cores: trained models round" in result.stdout
    )


@pytest.mark.parametrize("kind", ["simulated", "quick", "stale"])
def test_only_a_full_build_on_real_data_that_is_up_to_date_is_released(book: Path, data: None, kind: str):
    made = {"simulated": Run(dataset("simulated", simulated=True), dataset()), "quick": run(quick=True), "stale": run()}
    for chapter in chapters(book, made[kind])[: 1 if kind == "stale" else 2]:
        pretend(chapter, made[kind], book, scores=[score("a", 0.1, chapter=chapter.name)])
    result = call("scores", "--save-release")
    message = "not up to date: 02_baseline (never executed)" if kind == "stale" else "only a full build on real data"
    assert result.exit_code == 1 and message in result.stderr and not (book / "results").exists()
