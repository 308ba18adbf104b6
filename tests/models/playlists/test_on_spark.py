"""Neighbours and factors on Apache Spark beside the same without it."""

from collections.abc import Iterator

import numpy as np
import pytest
from few_playlists import few_playlists
from spark_session import two_cores

from musicrec.evaluation.challenge_comparison import compare, summary
from musicrec.models.playlists import on_spark
from musicrec.models.playlists.neighbours import EVERY, PlaylistKNN, TrackKNN
from musicrec.names import UnknownNameError
from musicrec.splits.challenge import hold_out


@pytest.fixture(scope="module")
def session() -> Iterator[object]:
    with two_cores() as opened:
        yield opened


@pytest.mark.parametrize("kind", [TrackKNN, PlaylistKNN])
def test_neighbours_give_the_same_scores(session, kind: type):
    drawn = hold_out(few_playlists(), 0, each=4)
    rng = np.random.default_rng(0)
    local = kind(reach=EVERY).fit(drawn.train, rng=rng)
    other = on_spark.maker(session)(kind.name).fit(drawn.train, rng=rng)
    if kind is PlaylistKNN:
        local.n_neighbours = other.n_neighbours = 100_000  # ties at the last neighbour may fall out either way
    here, there = local.candidates(drawn.asked, 50), other.candidates(drawn.asked, 50)
    assert np.array_equal(np.isfinite(here.scores), np.isfinite(there.scores))
    found = np.isfinite(here.scores)
    np.testing.assert_allclose(there.scores[found], here.scores[found], rtol=1e-4)
    assert np.mean(here.ids == there.ids) > 0.99, "but for ties that rounding decides"


def test_factors_find_as_much(session):
    lists = few_playlists()
    here = summary(next(compare(lists, ["factors"], seeds=[0], each=20)))
    there = summary(next(compare(lists, ["factors"], seeds=[0], each=20, made_by=on_spark.maker(session))))
    assert there["ndcg@500"].iloc[0] > 0.95 * here["ndcg@500"].iloc[0]


def test_a_system_spark_does_not_have_is_named(session):
    with pytest.raises(UnknownNameError, match="track-knn"):
        on_spark.maker(session)("ease-head")
