"""Opening and closing a chapter."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from musicrec.evaluation.protocols import cross_evaluate_all
from musicrec.evaluation.statistics import summarise
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.page.chapter import Chapter, close_chapter, open_chapter


@pytest.fixture
def chapter(tmp_path, monkeypatch, capsys) -> Chapter:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    with plt.rc_context():
        return open_chapter("02_baseline", "simulated-small", seed=0, quick=True)


def test_closing_records_shows_and_returns_the_rows(chapter: Chapter, capsys) -> None:
    builders = {"random": Random, "popularity": Popularity}
    systems = cross_evaluate_all(builders, chapter.data.interactions, seeds=chapter.seeds)
    capsys.readouterr()
    formats = {"popularity@10": "{:,.0f}"}
    found = close_chapter(
        chapter, systems, metrics=["ndcg@10", "popularity@10"], without=["popularity"], formats=formats
    )
    assert {score.system for score in chapter.book.scores} == {"random"}
    assert {score.seeds for score in chapter.book.scores} == {(0,)}
    shown = capsys.readouterr().out
    assert "popularity@10" in shown and "recall@10" not in shown
    assert list(dict.fromkeys(found.index.get_level_values("system"))) == ["popularity", "random"]  # best first
    for name, evaluations in systems.items():
        np.testing.assert_array_equal(found.loc[name].to_numpy(float), summarise(evaluations).to_numpy(float))


def test_songs_go_with_the_data(chapter: Chapter) -> None:
    assert chapter.load_songs().name == "simulated-songs" and chapter.seeds == (0,)
