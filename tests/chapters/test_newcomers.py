"""What the chapter about newcomers sums up."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import newcomers
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.newcomers import FIRST, METRICS
from musicrec.scores.records import ScoreBook
from musicrec.serving.cache import MODELS


def measured(best: str) -> pd.DataFrame:
    rows = [
        {"system": system, "people": people, "given": given, "seed": seed, **dict.fromkeys(METRICS, value)}
        for system, value in {MODELS[0]: 0.3, "ease": 0.2, "popularity": 0.1, FIRST: 0.15, best: 0.4}.items()
        for people in ("listeners", "playlists")
        for given in (1, 5, 20)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows).set_index(["system", "people", "given", "seed"])


def test_what_is_served_is_compared_with_the_draws_for_choosing() -> None:
    right = newcomers.served(measured(MODELS[0]), measured("ease"))
    assert right == (MODELS[0], True, "", 0.3, 0.15, 0.1)
    wrong = newcomers.served(measured("ease"), measured(MODELS[0]))
    assert not wrong.right and wrong.wrong == "1, 5, 20"
    assert newcomers.takeaways(right, measured("ease")) == (pytest.approx(3), pytest.approx(1.5), "ease", "ease")


def test_the_curve_of_one_kind_of_people() -> None:
    curve = newcomers.curve(measured("ease"), "playlists")
    assert curve.loc[5, "ease"] == 0.4 and list(curve.index) == [1, 5, 20]


def test_quick_runs_leave_out_what_takes_long() -> None:
    assert set(newcomers.builds()) - set(newcomers.builds(quick=True)) == {"als"}


def test_every_mean_is_written_down_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 1]})
    about = Provenance("a test", "", "1", "none", "", "here", "0" * 16)
    data = Dataset("few", Interactions.from_frame(frame), pd.DataFrame({"name": ["a"]}), about)
    with pytest.warns(UserWarning, match="scratch"):
        book = ScoreBook("15_newcomers", data)
        newcomers.write_down(book, measured("ease"), (0, 1), data)
    found = {(score.system, score.metric): score for score in book.scores}
    assert len(found) == len(book.scores) == 4 * 2 * 3 * len(METRICS)
    score = found["ease, 5 given, playlists", "ndcg@10"]
    assert (score.value, score.sd, score.seeds, score.protocol) == (0.4, 0.0, (0, 1), "newcomers")


def test_lists_by_tag_count_what_has_the_tag() -> None:
    """Two groups of listeners who share no artist: whoever names one group's gets that group's, and its tag."""
    rng = np.random.default_rng(0)
    listens = np.zeros((60, 40), np.float32)
    for user in range(60):
        listens[user, rng.choice(20, 12, replace=False) + 20 * (user % 2)] = 3
    tags = pd.DataFrame({"id": [7, 8, 9], "name": ["jazz", "country", "classical"]})
    given = pd.DataFrame({"user": np.arange(40) % 60, "artist": np.arange(40), "tag": np.repeat([7, 8], 20)})
    names = pd.DataFrame({"id": np.arange(40), "name": [f"Artist {i}" for i in range(40)]})
    about = Provenance("a test", "", "1", "none", "", "here", "0" * 16)
    interactions = Interactions(sp.csr_array(listens), np.arange(60), np.arange(40))
    data = Dataset("few", interactions, names, about, {"tags": tags, "tag_assignments": given})
    found = newcomers.World(data, interactions, {"listeners": np.arange(60)}, names["name"].tolist())
    lists = newcomers.tag_lists(data, found, seed=0)
    assert lists.index.tolist() == ["jazz", "country"], "nobody gives the third"
    assert (lists[["blend", "item-knn", "ials"]] > 0.9).all(axis=None) and (lists["popularity"] < 0.9).all()


def test_what_is_served_is_compared_with_other_weights() -> None:
    served = MODELS[0]
    table = pd.DataFrame({served: [0.2, 0.3, 0.302]}, index=[1.0, float(newcomers.PLAYLIST_COUNTS), 4.0])
    assert newcomers.weighed(table) == (4.0, 0.302, newcomers.PLAYLIST_COUNTS, 0.3, True)
    table.loc[1.0] = 0.4
    assert not newcomers.weighed(table).right
