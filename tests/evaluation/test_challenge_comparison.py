"""Systems side by side on playlists that were cut off."""

import pandas as pd
import pytest
from few_playlists import few_playlists

from musicrec.evaluation.challenge import METRICS
from musicrec.evaluation.challenge_comparison import by_given, compare, summary
from musicrec.names import UnknownNameError

LISTS = few_playlists(300)


def test_means_over_playlists_and_draws() -> None:
    rows = pd.concat(compare(LISTS, ["popularity", "playlist-knn"], seeds=(0, 1)))
    assert len(rows) == 2 * 2 * 30
    table = summary(rows)
    assert table.index.tolist() == ["popularity", "playlist-knn"] and set(table.columns) == {*METRICS, "fit", "answer"}
    own = rows[rows["system"] == "playlist-knn"]
    assert table.loc["playlist-knn", "ndcg@500"] == pytest.approx(own["ndcg@500"].mean())
    assert table["ndcg@500"].is_monotonic_increasing and (table["answer"] > 0).all()
    given = by_given(rows, "clicks")
    assert given.index[0] == "title alone" and given.columns.tolist() == ["popularity", "playlist-knn"]


def test_a_wrong_name_is_said_before_the_work_begins() -> None:
    with pytest.raises(UnknownNameError, match="nobody"):
        next(compare(LISTS, ["popularity", "nobody"], seeds=(0,)))
