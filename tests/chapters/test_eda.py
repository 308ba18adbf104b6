import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec import datasets
from musicrec.chapters import eda
from musicrec.chapters.eda import explained_variance, friend_overlap
from musicrec.chapters.eda.reported import Verdict
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.play_counts import clip_and_scale, outlier_cut
from musicrec.scores.records import Score, ScoreBook

NOWHERE = Provenance("a test", "", "1", "none", "", "made up", "", simulated=True)


@pytest.fixture
def listens():
    matrix = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1]])
    return Interactions(sp.csr_array(matrix), np.array([10, 20, 30, 40]), np.arange(4))


def test_explained_variance_by_hand():
    # group means 2 and 5, grand mean 3.5: between 4 * 1.5^2 = 9, total 2.5^2 + .5^2 + .5^2 + 2.5^2 = 13
    assert explained_variance([1, 3, 4, 6], [0, 0, 1, 1]) == pytest.approx(9 / 13)


def test_nothing_to_explain():
    with pytest.raises(ValueError, match="do not vary"):
        explained_variance([2, 2, 2], [0, 1, 1])


def test_overlap_by_hand(listens):
    # shared items: 10-20 two, 10-30 one, 10-40 two, 20-30 none, 20-40 one, 30-40 two
    overlap = friend_overlap(listens, pd.DataFrame({"user": [10, 30], "friend": [20, 40]}))
    assert sorted(overlap.friends) == [2, 2]
    assert sorted(overlap.others) == [0, 1, 1, 2]
    assert overlap.per_user.loc[10].to_dict() == {"with_friends": 2.0, "with_others": 1.5}
    assert overlap.per_user.loc[20].to_dict() == {"with_friends": 2.0, "with_others": 0.5}


def test_both_directions_of_a_friendship_count_once(listens):
    one = friend_overlap(listens, pd.DataFrame({"user": [10], "friend": [20]}))
    both = friend_overlap(listens, pd.DataFrame({"user": [10, 20, 20], "friend": [20, 10, 10]}))
    assert one.friends.tolist() == both.friends.tolist()
    pd.testing.assert_frame_equal(one.per_user, both.per_user)
    assert list(one.per_user.index) == [10, 20]  # who has no friend has nothing to compare


def test_somebody_unknown_is_named(listens):
    with pytest.raises(ValueError, match="99"):
        friend_overlap(listens, pd.DataFrame({"user": [10], "friend": [99]}))


def test_no_friends_at_all(listens):
    with pytest.raises(ValueError, match="no friends"):
        friend_overlap(listens, pd.DataFrame({"user": [], "friend": []}))


@pytest.fixture
def few() -> Dataset:
    """Users 1 and 2 have two artists each, user 3 one; artist 10 is everybody's, 11 and 12 have one listener."""
    listens = pd.DataFrame({"user": [1, 1, 2, 2, 3], "artist": [10, 11, 10, 12, 10], "plays": [8, 2, 4, 1, 32]})
    tables = {
        "listens": listens,
        "friends": pd.DataFrame({"user": [1, 2], "friend": [2, 1]}),
        "tags": pd.DataFrame({"id": [1, 2, 3], "name": ["rock", "pop", "never used"]}),
        "tag_assignments": pd.DataFrame(
            {"user": [1, 1, 2, 3], "artist": [10, 12, 99, 10], "tag": [1, 2, 1, 1], "year": [2001, 2009, 2009, 2010]}
        ),
    }
    pictures = ["x", None, None]
    tables["artists"] = items = pd.DataFrame({"id": [10, 11, 12], "name": ["A", "B", "C"], "picture_url": pictures})
    interactions = Interactions.from_frame(listens, user="user", item="artist", weight="plays", items=items["id"])
    return Dataset("few", interactions, items, NOWHERE, tables)


@pytest.fixture(scope="module")
def songs() -> Dataset:
    return datasets.load("simulated-songs", seed=0)


def test_sizes_by_hand(few):
    ours = {name: pair[0] for name, pair in eda.sizes(few).items()}
    assert ours == {
        "listens": 5,
        "users": 3,
        "artists": 3,
        "tags": 3,
        "friend rows": 2,
        "tag assignments": 4,
        "artists without a picture": 2,
        "other missing values": 0,
    }


def test_missing_values_elsewhere_are_counted(few):
    few.tables["tags"].loc[0, "name"] = None
    assert eda.sizes(few)["other missing values"][0] == 1


def test_a_place_goes_to_its_name_or_to_whoever_stands_there():
    listeners = pd.Series({"Other": 700, "Lady Gaga": 611, "Third": 400, "Fourth": 90, "Fifth": 80})
    pairs = eda.most_common_artists(listeners)
    assert pairs["listeners, place 1 (Lady Gaga)"] == (611, 611)
    assert pairs["listeners, place 2 (Britney Spears)"] == (611, 522)
    assert pairs["listeners, place 3 (Rihanna)"] == (400, 484)
    assert pairs["artists with over 100 listeners"] == (3, 125)
    assert pairs["share of all listens (%)"][0] == pytest.approx(100 * 1711 / 1881)


def test_tags_are_counted_by_name(few):
    uses = eda.tags_by_uses(few)
    assert uses.to_dict() == {"rock": 3, "pop": 1}
    few_tags = pd.Series(np.arange(20, 0, -1), index=[f"tag {n}" for n in range(20)])
    assert list(eda.most_used_tags(few_tags).values())[:2] == [(20, 7503), (19, 5418)]


def test_play_counts_and_ratings_are_described():
    plays = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert eda.play_counts(plays, 5.0)["play count, third quartile"] == (4.0, 614)
    assert eda.play_counts(plays, 5.0)["play count, standard deviation"][0] == pytest.approx(np.sqrt(2.5))
    assert eda.ratings(plays)["rating, median"] == (3.0, 3.009483)


def test_comparing_records_and_shows(few, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    book = ScoreBook("01_eda", few)
    eda.compare(book, {"listens": (5, 92_834), "users": (3, 1_892)}, caption="Sizes")
    assert [(score.metric, score.value, score.reported) for score in book.scores] == [
        ("listens", 5.0, 92_834.0),
        ("users", 3.0, 1_892.0),
    ]
    assert "Sizes" in capsys.readouterr().out


def test_the_verdict_depends_on_the_data():
    def score(value: float, dataset: str) -> Score:
        return Score("01_eda", "data", dataset, False, "original/lastfm-mf", "m", value, reported=1.0, tolerance=0.0)

    real = eda.verdict([score(1, "lastfm-2k"), score(1, "lastfm-2k"), score(2, "lastfm-2k")])
    assert real == Verdict(3, ["2 reproduced to the last digit", "1 different"])
    (outcome,) = eda.verdict([score(1, "simulated")]).outcomes
    assert outcome.startswith("1 not comparable")


def test_where_lists_end(few):
    assert eda.list_lengths(few) == (3, 2, 2, pytest.approx(2 / 3), 1.5)  # last places: 2 and 1 plays


def test_the_tail_by_hand(few):
    listeners = eda.artists_by_listeners(few)
    assert listeners.to_dict() == {"A": 3, "B": 1, "C": 1}
    hundred = pd.Series([101] + [1] * 99)
    tail = eda.tail(hundred)
    assert (tail.single, tail.percent, tail.tenth) == (0.99, 50.5, 55.0)
    assert (tail.alone, tail.ceiling) == (99 / 200, pytest.approx(101 / 200))


def test_the_popularity_curve_ends_at_everything():
    curve = eda.popularity_curve(pd.Series([6, 3, 1]))
    assert curve["share"].to_dict() == {1: 60.0, 2: 90.0, 3: 100.0}
    assert len(eda.popularity_curve(pd.Series(np.ones(5000)), 50)) <= 50


def test_plays_by_hand(few):
    facts = eda.plays(few)
    counts = few.tables["listens"]["plays"]
    assert facts.cut == outlier_cut(counts) == 32 and facts.median == 4
    assert (facts.at_cut, facts.never, facts.mostly) == (1 / 5, 2 / 3, 1 / 3)
    assert (facts.artist, facts.largest, facts.years) == ("A", 32, 128 / 525_600)
    users = few.tables["listens"]["user"]
    assert facts.between == explained_variance(np.log(counts), users)
    assert facts.between_ratings == explained_variance(clip_and_scale(counts), users)
    assert eda.whose_plays(facts).loc["users without an artist at rating 10", "value"] == "66.7%"


def test_the_busy_are_lined_up_by_their_plays(few):
    groups = eda.busy_and_quiet(few, n=2)
    assert {name: sorted(plays) for name, plays in groups.items()} == {"5": [1, 4], "10": [2, 8]}


def test_tags_by_hand(few):
    uses = eda.tags_by_uses(few)
    # artists 10 and 12 have a tag: four listens of five; users 1 and 3 tagged artist 10, which is on their lists
    assert eda.tags(few, uses) == (0.5, 0.8, 0.5)
    table = eda.tag_table(few, uses)["value"]
    assert table["tags never used"] == "1 of 3"
    assert table["uses on artists missing from the table of artists"] == "1"
    assert table["uses dated before 2002, when Last.fm began"] == "1"
    assert table["artists with at least one tag"] == "66.7%"


def test_the_gap_is_the_difference_of_the_table(listens):
    overlap = friend_overlap(listens, pd.DataFrame({"user": [10, 30], "friend": [20, 40]}))
    shared = eda.shared_with_friends(overlap, seed=0)
    gap = eda.gap(shared)
    assert list(shared.index) == ["with friends", "with others", "difference"]
    assert gap.difference == pytest.approx(gap.with_friends - gap.with_others)
    assert gap.low <= gap.difference <= gap.high


def test_songs_of_two_genres_are_marked(songs):
    by_genre, rows = eda.songs_by_genre(songs), songs.tables["rows"]
    assert not by_genre.duplicated(["track_id", "playlist_genre"]).any()
    genres = rows.groupby("track_id")["playlist_genre"].nunique()
    assert set(by_genre.loc[by_genre["several"], "track_id"]) == set(genres.index[genres > 1])
    counts = eda.song_table(songs)["count"]
    assert counts["rows"] == len(rows) and counts["songs in playlists of different genres"] == (genres > 1).sum()


def test_genres_are_told_apart_by_what_differs():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 10)), columns=eda.songs.QUANTITIES)
    frame["playlist_genre"] = np.where(np.arange(200) % 2, "pop", "rock")
    frame["track_artist"], frame["several"] = np.arange(200) // 4, False
    frame.loc[frame["playlist_genre"] == "pop", "energy"] += 6
    explained = eda.between_genres(frame)
    assert explained.index[0] == "energy" and explained.iloc[0] > 0.8 > 0.2 > explained.iloc[1]
    profile = eda.genre_profile(frame, ["energy", "tempo"])
    assert profile.loc["pop", "energy"] == pytest.approx(-profile.loc["rock", "energy"]) and profile.shape == (2, 2)
    hearing = eda.hear_genres(frame, seed=0)
    assert hearing.right.mean > 0.95 and hearing.chance == 0.5
    nobody = eda.hear_genres(frame.assign(energy=0.0), seed=0)
    assert nobody.right.mean < 0.7
