"""What every system that continues playlists must do, and what each finds."""

import numpy as np
import pytest
import scipy.sparse as sp
from few_playlists import TASTES, few_playlists

from musicrec.evaluation.challenge import measure
from musicrec.models.playlists.base import PlaylistSystem
from musicrec.models.playlists.factors import PlaylistFactors
from musicrec.models.playlists.head_ease import HeadEASE
from musicrec.models.playlists.neighbours import PlaylistKNN, TrackKNN
from musicrec.models.playlists.popular import PopularTracks
from musicrec.models.playlists.systems import SYSTEMS, build, fit
from musicrec.models.playlists.titles import TitleMatch
from musicrec.models.playlists.two_stage import TwoStage
from musicrec.names import UnknownNameError
from musicrec.splits.challenge import Asked, hold_out

CHALLENGE = hold_out(few_playlists(600), 0, each=4)
TRAIN, ASKED = CHALLENGE.train, CHALLENGE.asked


def small(name: str) -> PlaylistSystem:
    if name == "two-stage":
        parts = (PlaylistKNN(), TitleMatch())
        return TwoStage({part.name: part for part in parts}, each=60, trees=20)
    makers = {"factors": lambda: PlaylistFactors(dim=6, iterations=4), "ease-head": lambda: HeadEASE(head=200)}
    return makers.get(name, SYSTEMS[name])()


@pytest.fixture(scope="module", params=list(SYSTEMS))
def system(request: pytest.FixtureRequest) -> PlaylistSystem:
    rng = np.random.default_rng(0)
    return small(request.param).fit(TRAIN, rng=rng, by_title=TitleMatch().fit(TRAIN, rng=rng))


def test_lists_keep_the_rules(system: PlaylistSystem) -> None:
    lists = system.recommend(ASKED)
    assert lists.shape == (40, 500) and lists.dtype == np.int64 and lists.min() >= 0
    measure(lists, CHALLENGE)  # refuses seeds and tracks that stand twice
    np.testing.assert_array_equal(system.recommend(ASKED), lists)


def test_lists_do_not_depend_on_who_else_is_asked_for(system: PlaylistSystem) -> None:
    lists = system.recommend(ASKED)
    for rows in ([7], [39, 3], list(range(10, 30))):
        np.testing.assert_array_equal(system.recommend(ASKED.rows(np.array(rows))), lists[rows])
    assert system.recommend(ASKED.rows(np.array([], np.int64))).shape == (0, 500)


def test_what_is_planted_is_found(system: PlaylistSystem) -> None:
    popular = PopularTracks().fit(TRAIN, rng=np.random.default_rng(0))
    base, found = (measure(each.recommend(ASKED), CHALLENGE).per_user["ndcg@500"].mean() for each in (popular, system))
    assert found == base if system.name == "popularity" else found > 1.2 * base


def test_a_title_alone_is_enough(system: PlaylistSystem) -> None:
    """Without a track, the first recommendations are of the taste the title names, however it is written."""
    own = TRAIN.tracks.n_items // len(TASTES)
    titles = np.array([f" {title.upper()} " for title in TASTES], dtype=object)
    lists = system.recommend(Asked(sp.csr_array((len(TASTES), TRAIN.tracks.n_items), dtype=np.float32), titles), 30)
    right = (lists // own == np.arange(len(TASTES))[:, None]).mean()
    assert right > 0.8 or system.name == "popularity"


def test_nothing_to_go_by_gives_popular_tracks(system: PlaylistSystem) -> None:
    asked = Asked(sp.csr_array((1, TRAIN.tracks.n_items), dtype=np.float32), np.array(["never seen"], dtype=object))
    lists = system.recommend(asked, 40)[0]
    assert TRAIN.tracks.popularity()[lists].mean() > np.quantile(TRAIN.tracks.popularity(), 0.8)


def test_a_list_ends_where_the_catalogue_does(system: PlaylistSystem) -> None:
    lists = system.recommend(ASKED.rows(np.arange(2, 9)), 1000)
    seeds = np.diff(ASKED.rows(np.arange(2, 9)).seeds.indptr)
    assert ((lists >= 0).sum(axis=1) == TRAIN.tracks.n_items - seeds).all()


def test_the_seed_names_the_fit() -> None:
    for name in ("factors", "two-stage"):
        one, two = (small(name).fit(TRAIN, rng=np.random.default_rng(3)).recommend(ASKED) for _ in range(2))
        np.testing.assert_array_equal(one, two)


def test_a_system_is_built_by_its_name() -> None:
    for name in SYSTEMS:
        assert build(name).name == name and build(name).title
    fitted = fit("track-knn", TRAIN, rng=np.random.default_rng(0))
    assert (
        isinstance(fitted.by_title, TitleMatch)
        and fit("title-match", TRAIN, rng=np.random.default_rng(0)).train is TRAIN
    )
    with pytest.raises(UnknownNameError):
        build("winner")
    with pytest.raises(ValueError, match="at least 1 and l2 above zero"):
        HeadEASE(l2=0)
    assert TrackKNN().n_neighbours > PlaylistKNN().n_neighbours
