"""The metrics of the challenge, by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from few_playlists import few_playlists

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.challenge import METRICS, by_category, measure
from musicrec.splits.challenge import Asked, Challenge, hold_out

LISTS = few_playlists(10)  # six tracks of each artist


def asked_for(held_out: list[list[int]], seeds: list[list[int]]) -> Challenge:
    n_items = LISTS.tracks.n_items

    def matrix(lists: list[list[int]]) -> sp.csr_array:
        rows = np.repeat(np.arange(len(lists)), [len(tracks) for tracks in lists])
        cells = (np.ones(len(rows)), (rows, np.concatenate([np.array(tracks, int) for tracks in lists])))
        return sp.csr_array(sp.coo_array(cells, shape=(len(lists), n_items)))

    answers = Interactions(matrix(held_out), np.arange(len(held_out)), LISTS.tracks.items)
    titles = np.array([""] * len(held_out), dtype=object)
    category = np.array([3, 5][: len(held_out)])
    return Challenge(LISTS, Asked(matrix(seeds), titles), answers, category, np.zeros(0, int))


def test_by_hand() -> None:
    # held out: two tracks of artist 0, one of artist 1, one of artist 5
    challenge = asked_for([[0, 1, 6, 30]], [[2]])
    # among the first four: track 1, and another track by artist 1
    found = measure(np.array([[700, 7, 1, 800, *range(100, 110), 30, -1]]), challenge).per_user.iloc[0]
    assert found["r-precision"] == pytest.approx(1 / 4)
    assert found["r-precision, artists"] == pytest.approx((1 + 0.25 * 2) / 4)  # artists 0 and 1
    gain = 1 / np.log2(4) + 1 / np.log2(16)
    assert found["ndcg@500"] == pytest.approx(gain / sum(1 / np.log2(place + 1) for place in (1, 2, 3, 4)))
    assert found["clicks"] == 0


def test_clicks_count_pages_of_ten() -> None:
    challenge = asked_for([[0, 1], [0, 1]], [[2], [2]])
    lists = np.arange(100, 600).reshape(1, -1).repeat(2, axis=0)
    lists[0, 25] = 1
    found = measure(lists, challenge).per_user
    assert found["clicks"].tolist() == [2, 51]
    assert (found.iloc[1][["r-precision", "r-precision, artists", "ndcg@500"]] == 0).all()


def test_all_right_is_one_and_the_artists_on_top() -> None:
    found = measure(np.array([[0, 1, 6, 30]]), asked_for([[0, 1, 6, 30]], [[2]])).per_user.iloc[0]
    assert found["r-precision"] == found["ndcg@500"] == 1
    assert found["r-precision, artists"] == pytest.approx(1 + 0.25 * 3 / 4)


def test_what_breaks_the_rules_is_refused() -> None:
    challenge = asked_for([[0, 1]], [[2]])
    with pytest.raises(ValueError, match="1 lists hold a track twice"):
        measure(np.array([[5, 5, -1, -1]]), challenge)
    with pytest.raises(ValueError, match="1 lists hold a track that was given"):
        measure(np.array([[5, 2]]), challenge)
    with pytest.raises(ValueError, match="2 lists for 1 playlists"):
        measure(np.array([[5], [6]]), challenge)


def test_means_by_category() -> None:
    lists = few_playlists(600)
    challenge = hold_out(lists, 0, each=3)
    seen = challenge.asked.seeds.toarray() > 0
    ranked = np.argsort(np.where(seen, 1, -challenge.train.tracks.popularity()), axis=1, kind="stable")[:, :500]
    table = by_category(measure(ranked, challenge), challenge)
    assert table.columns.tolist() == ["playlists", *METRICS]
    assert table["playlists"].tolist() == [3] * 10 + [30]
    assert table.loc["all", "ndcg@500"] == pytest.approx(table["ndcg@500"].iloc[:10].mean())
