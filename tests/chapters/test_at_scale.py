"""What the chapter about scale works out of its measurements."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import at_scale
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.challenge import METRICS
from musicrec.playlists.cost import SYSTEMS
from musicrec.scores.records import ScoreBook


def measured() -> pd.DataFrame:
    """Seconds that are a second and a thousandth for each playlist; factors take ten times as long."""
    rows = []
    for n in (1000, 2000, 4000):
        size = {"playlists": n, "entries": 66 * n, "tracks": 20 * n, "peak": 1e8 + 5000 * n}
        for stage in at_scale.SPREADS:
            seconds = (1 + n / 1000) * (10 if stage == "factors" else 1)
            row = {"stage": stage, **size, "seconds": seconds, "bytes": 100.0 * n, "machine": "this one"}
            if stage in SYSTEMS:
                row |= {"answer": 1e-3 * (n / 1000) ** 0.5, "touched": 5.0 * n, "ndcg@500": 0.1 + (stage == "factors")}
            rows.append(row)
    return pd.DataFrame(rows)


def test_lines_go_on_as_they_were_made() -> None:
    seconds = at_scale.extended(at_scale.by_size(measured(), "seconds"))
    assert seconds.index.tolist() == [1000, 2000, 4000, *at_scale.AHEAD]
    np.testing.assert_allclose(seconds["playlist-knn"], 1 + seconds.index.to_numpy() / 1000, rtol=1e-6)
    answers = at_scale.extended_by_power(at_scale.by_size(measured(), "answer"))
    np.testing.assert_allclose(answers["factors"], 1e-3 * (answers.index.to_numpy() / 1000) ** 0.5, rtol=1e-6)
    np.testing.assert_allclose(at_scale.powers(at_scale.by_size(measured(), "answer")), 0.5)


def test_nothing_is_extrapolated_to_what_was_measured() -> None:
    lines = at_scale.by_size(measured(), "seconds")
    assert at_scale.extended(lines, (1000, 4000)).index.tolist() == [1000, 2000, 4000]


def test_what_dominates() -> None:
    most = at_scale.dominant(measured())
    assert (most.last, most.stage, most.at_full) == (4000, "factors", "factors")
    assert most.share == pytest.approx(10 / 17) and most.gigabytes == pytest.approx(5.1)
    assert most.minutes == pytest.approx(17 * 1001 / 60)
    assert at_scale.density(measured()) == pytest.approx((4, 4, 2))


def test_ten_machines_divide_what_spreads() -> None:
    table = at_scale.cluster(measured())
    assert table.loc["ease-head"].iloc[2] == pytest.approx(1001) and table.loc["factors"].iloc[2] == pytest.approx(1001)
    assert table.loc["answers of factors"].iloc[0] == pytest.approx(10_000 * 1e-3 * 1000**0.5)
    sent = at_scale.exchange(measured())
    assert sent.gigabytes == pytest.approx(sent.rounds * 21e6 * 64 * 8 / 1e9)


def test_the_longer_run_stands_beside() -> None:
    beside = at_scale.predicted(measured(), measured())
    np.testing.assert_allclose(beside["extrapolated, s"], beside["measured, s"])
    assert "4,000 simulated playlists, measured on: this one" in at_scale.of_record(measured())
    nothing = measured().iloc[:0]
    assert at_scale.predicted(measured(), nothing).empty and "No longer run" in at_scale.of_record(nothing)


def test_points_beyond_the_last_measured_size_are_hollow() -> None:
    lines = at_scale.extended(at_scale.by_size(measured(), "seconds"))
    axes = at_scale.draw(lines, 4000, title="t", ylabel="s")
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert len(hollow) == len(lines.columns) and list(hollow[0].get_xdata()) == list(at_scale.AHEAD)


def test_every_metric_of_every_system_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    rows = [
        {"system": system, "seed": seed, **dict.fromkeys(METRICS, value + seed)}
        for system, value in (("popularity", 0.1), ("track-knn", 0.2))
        for seed in (0, 1)
        for _ in range(3)
    ]
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 1]})
    about = Provenance("a test", "", "1", "none", "", "here", "0" * 16)
    data = Dataset("few", Interactions.from_frame(frame), pd.DataFrame({"name": ["a"]}), about)
    with pytest.warns(UserWarning, match="scratch"):
        book = ScoreBook("14_at_scale", data)
        at_scale.write_down(book, pd.DataFrame(rows), (0, 1))
    found = {(score.system, score.metric): score for score in book.scores}
    assert len(found) == 2 * len(METRICS)
    score = found["track-knn", "ndcg@500"]
    assert (score.value, score.protocol, score.seeds) == (pytest.approx(0.7), "challenge", (0, 1))
    assert score.sd == pytest.approx(0.5**0.5)
