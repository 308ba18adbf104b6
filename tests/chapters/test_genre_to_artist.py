"""From a genre to artists: tables, protocols, what the settings do, and the read-out."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from lightfm import LightFM
from lightfm.evaluation import auc_score, precision_at_k
from typer.testing import CliRunner

from musicrec import datasets
from musicrec.chapters import genre_to_artist
from musicrec.cli.app import app
from musicrec.datasets import genres as genre_tables
from musicrec.datasets import spotify
from musicrec.datasets.dataset import Provenance
from musicrec.datasets.genres import GenreTable
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape
from musicrec.datasets.simulated.songs import songs
from musicrec.models.baselines.artist_popularity import ArtistPopularity
from musicrec.models.side import feature_cosine, genre_warp
from musicrec.models.side.genre_warp import GenreWARP
from musicrec.serving.genre_guide import Guide
from musicrec.splits.genres import hold_out_artists, hold_out_cells

SMALL = Shape(
    users=200, artists=400, listens=6_000, tags=1_500, tag_assignments=12_000, friends=400, artists_without_picture=9,
    genres=3, scenes=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return songs(seed=0)


@pytest.fixture(scope="module")
def table(data) -> GenreTable:
    return genre_tables.genre_table(data, "subgenre")


@pytest.fixture(scope="module")
def taught() -> GenreTable:
    """Four genres of 60 artists; features say which one, weights are anything."""
    rng = np.random.default_rng(1)
    home = np.arange(60) % 4
    cells = rng.integers(1, 100, (4, 60)) * (home == np.arange(4)[:, None])
    features = np.eye(4, dtype=np.float32)[home] + rng.normal(0, 0.1, (60, 4)).astype(np.float32)
    names = np.array(["hip hop", "Rock", "Café jazz", "ambient"], dtype=object)
    artists = np.array([f"artist {n:02}" for n in range(60)], dtype=object)
    return GenreTable(
        "genre",
        Interactions(sp.csr_array(cells.astype(np.float32)), names, artists),
        (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32),
        rng.integers(1, 1000, 60).astype(float),
        5,
    )


def small_rows() -> pd.DataFrame:
    """Two playlists; Ann has a song in both, one of which nobody plays; Bob has one song too few."""
    base = dict.fromkeys(spotify.COLUMNS, 0) | dict.fromkeys(spotify.FEATURES, 0.5)
    rows = []
    listed = [("a1", "Ann", 50, "p", "x"), ("a1", "Ann", 50, "q", "y"), ("a2", "Ann", 30, "p", "x"),
              ("a2", "Ann", 30, "p2", "x"), ("b1", "Bob", 9, "q", "y")]  # fmt: skip
    listed += [(f"c{n}", f"Artist {n // 2}", 0 if n < 2 else n, "q", "y") for n in range(20)]
    for song, artist, popularity, playlist, subgenre in listed:
        rows.append(base | {
            "track_id": song, "track_name": song, "track_artist": artist, "track_popularity": popularity,
            "track_album_release_date": "2001", "playlist_id": playlist, "playlist_name": playlist,
            "playlist_genre": subgenre, "playlist_subgenre": f"sub {subgenre}", "track_album_id": "z",
            "track_album_name": "z",
        })  # fmt: skip
    return pd.DataFrame(rows)


# ---- tables


def test_weights_are_the_popularity_of_different_songs():
    data = spotify.assemble("small", small_rows(), Provenance("", "", "", "", "", "", ""))
    table = genre_tables.genre_table(data, "genre", min_songs=2)
    weights = pd.DataFrame(table.interactions.matrix.toarray(), table.names, table.artists)
    assert weights.loc["x", "Ann"] == 80 and weights.loc["y", "Ann"] == 50  # a song in two playlists counts once
    assert "Bob" not in weights and table.min_songs == 2
    assert table.lost == 1 and weights.loc["y", "Artist 0"] == 0  # listed, but its songs have no popularity
    assert dict(zip(table.artists, table.popularity, strict=True))["Ann"] == 80
    assert np.isfinite(table.features).all()


def test_the_threshold_shrinks_with_the_collection(data, table: GenreTable):
    sizes = data.tables["songs"].groupby("artist").size()
    assert table.min_songs == round(50 * len(data.tables["songs"]) / 232_725) == 6
    assert set(table.artists) == set(sizes.index[sizes >= 6]) and len(table.names) == 24
    np.testing.assert_allclose(np.linalg.norm(table.features, axis=1), 1, rtol=1e-5)


def test_tags_and_their_features(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(genre_tables, "MIN_ARTISTS", 20)
    data = listeners(0, SMALL)
    table = genre_tables.genre_table(data, "tag", min_songs=20)
    assert (table.known.sum(axis=1) >= genre_tables.MIN_ARTISTS).all()
    assert table.features.shape == (len(table.artists), genre_tables.TASTE_DIM)
    fame = dict(zip(data.item_names, data.interactions.popularity(), strict=True))
    assert table.popularity.tolist() == [fame[name] for name in table.artists]
    with pytest.raises(
        ValueError, match="has no subgenres; spotify-songs has genres and subgenres, lastfm-2k has tags"
    ):
        genre_tables.genre_table(data, "subgenre")


def test_too_small_a_table_is_refused(data):
    with pytest.raises(ValueError, match="0 artists with at least 5000 songs are too few"):
        genre_tables.genre_table(data, "genre", min_songs=5000)


def test_blocks_and_their_shuffled_twin():
    rng = np.random.default_rng(0)
    plain, mixed = (
        genre_to_artist.known(genre_to_artist.blocks(12, 120, 3, shuffled=s, rng=rng)) for s in (False, True)
    )
    assert (plain.sum(axis=0) == 3).all() and (mixed.sum(axis=0) == 3).all()
    assert len(np.unique(plain, axis=0)) == 4 and len(np.unique(mixed, axis=0)) == 12
    with pytest.raises(ValueError, match="cannot be put into groups of 5"):
        genre_to_artist.blocks(12, 120, 5, rng=rng)


# ---- protocols


def test_cells_are_held_out_once(table: GenreTable):
    train, test = hold_out_cells(table.interactions, seed=3)
    assert not (genre_to_artist.known(train) & genre_to_artist.known(test)).any()
    np.testing.assert_array_equal((train + test).matrix.toarray(), table.interactions.matrix.toarray())
    assert len(test) == pytest.approx(0.2 * len(table.interactions), abs=2)


def test_a_held_out_artist_is_in_no_genre_of_training(table: GenreTable):
    train, test = hold_out_artists(table.interactions, seed=3)
    assert not (genre_to_artist.known(train).any(axis=0) & genre_to_artist.known(test).any(axis=0)).any()
    assert len(train) + len(test) == len(table.interactions)
    with pytest.raises(ValueError, match="too small to split"):
        hold_out_artists(table.interactions, seed=3, share=0)


def test_the_four_scores_are_those_of_the_library(table: GenreTable):
    train, test = hold_out_cells(table.interactions, seed=0)
    of_train, of_test = (sp.coo_matrix(part.matrix).astype(np.float32) for part in (train, test))
    for matrix in (of_train, of_test):
        matrix.row, matrix.col = matrix.row.astype(np.int32), matrix.col.astype(np.int32)
    library = LightFM(no_components=8, loss="warp", random_state=1).fit(of_train, epochs=3)
    biases, vectors = library.get_item_representations()
    scores = library.get_user_representations()[1] @ vectors.T + biases
    ours = genre_to_artist.four_scores(scores, train, test)
    csr = [genre_warp.as_csr(matrix) for matrix in (of_train, of_test)]
    assert ours["train AUC"] == pytest.approx(auc_score(library, csr[0]).mean(), abs=1e-4)
    assert ours["test AUC"] == pytest.approx(auc_score(library, csr[1], csr[0]).mean(), abs=1e-4)
    assert ours["train precision@10"] == pytest.approx(precision_at_k(library, csr[0], k=10).mean(), abs=1e-6)
    assert ours["test precision@10"] == pytest.approx(precision_at_k(library, csr[1], csr[0], k=10).mean(), abs=1e-6)


def test_perfect_memory_is_what_ties_give(table: GenreTable):
    train, test = hold_out_cells(table.interactions, seed=0)
    formula = genre_to_artist.perfect_memory(train, test)
    rng = np.random.default_rng(0)
    runs = [table.known + 0.5 * rng.random(table.known.shape) for _ in range(20)]  # ties, broken at random
    drawn = pd.DataFrame(
        [genre_to_artist.four_scores(scores.astype(np.float32), train, test) for scores in runs]
    ).mean()
    for name, value in formula.items():
        assert value == pytest.approx(drawn[name], abs=0.02), name


def test_only_a_fit_on_all_cells_tests_better_than_it_trains(table: GenreTable):
    honest = genre_to_artist.original_run(table.interactions, 0)
    leaky = genre_to_artist.original_run(table.interactions, 0, fit_on="all")
    for metric in ("AUC", "precision@10"):
        assert honest[f"train {metric}"] > honest[f"test {metric}"] + 0.1
        assert leaky[f"test {metric}"] > leaky[f"train {metric}"]


def test_the_only_genre_of_an_artist_cannot_be_guessed():
    alone = genre_to_artist.original_run(genre_to_artist.blocks(12, 240, 1, rng=np.random.default_rng(0)), 0)
    together = genre_to_artist.original_run(genre_to_artist.blocks(12, 240, 4, rng=np.random.default_rng(0)), 0)
    assert alone["test AUC"] < 0.5 < 0.9 < together["test AUC"] < together["train AUC"]


# ---- the model


def test_weights_and_k_change_nothing_until_weights_are_used(taught: GenreTable):
    def factors(**settings: object) -> np.ndarray:
        model = GenreWARP(8, 5, **settings).fit(taught.interactions, rng=np.random.default_rng(0))
        return model.item_factors

    first = factors()
    np.testing.assert_array_equal(first, factors())  # and a seed gives the same result twice
    np.testing.assert_array_equal(first, factors(weighting="ones"))
    np.testing.assert_array_equal(first, factors(k=2))
    assert not np.array_equal(first, factors(weighting="loss"))
    assert not np.array_equal(first, factors(weighting="sampling"))


def test_sampling_draws_heavy_cells_and_forgets_none():
    cells = genre_warp.as_coo(sp.csr_array(np.float32([[1, 3, 0], [0, 0, 4]])))
    rng = np.random.default_rng(0)
    drawn = [genre_warp.draw_positives(cells, 1.0, rng) for _ in range(2000)]
    assert all(matrix.tocsr().nnz == 3 for matrix in drawn)  # what was not drawn is stored as 0, not left out
    counts = np.mean([matrix.tocsr().toarray() for matrix in drawn], axis=0)
    np.testing.assert_allclose(counts, 3 / 8 * np.float32([[1, 3, 0], [0, 0, 4]]), atol=0.06)


def test_features_place_artists_that_training_never_saw(taught: GenreTable):
    features = taught.features
    for build in (
        lambda: GenreWARP(8, 20, features=features, weighting="sampling"),
        lambda: feature_cosine.FeatureCosine(features),
    ):
        assert genre_to_artist.over_seeds(build, taught, (0, 1))["AUC"].mean() > 0.95
    for build in (lambda: GenreWARP(8, 20), lambda: ArtistPopularity(taught.popularity)):
        assert 0.2 < genre_to_artist.over_seeds(build, taught, (0, 1, 2))["AUC"].mean() < 0.8


def test_popularity_is_the_share_that_is_less_popular(taught: GenreTable):
    result = genre_to_artist.over_seeds(lambda: ArtistPopularity(taught.popularity), taught, (0,), hold_out="cells")
    assert (result["popularity@10"] > 0.85).all()


def test_features_must_fit_the_table(taught: GenreTable):
    with pytest.raises(ValueError, match="features of 59 artists for a table of 60"):
        GenreWARP(features=taught.features[:-1]).fit(taught.interactions, rng=np.random.default_rng(0))


def test_agreement():
    scores = np.float32([np.arange(30), np.arange(30)])
    same = genre_to_artist.agreement(scores, np.stack([scores[0], -scores[1]]), np.ones((2, 30), bool))
    assert same["rank correlation"].tolist() == [1, -1] and same["in common"].tolist() == [1, 0]


# ---- type a genre


def test_the_guide_recommends_from_outside_or_ranks_the_listed(taught: GenreTable):
    guide = Guide(taught, epochs=20)
    outside, listed = guide.recommend("rock"), guide.recommend("ROCK", k=99, listed=True)
    assert len(outside) == 10 and not set(outside["artist"]) & set(listed["artist"])
    assert set(listed["artist"]) == {f"artist {n:02}" for n in range(1, 60, 4)}  # fewer than asked for
    assert outside["score"].is_monotonic_decreasing and listed["score"].min() > outside["score"].max()
    assert all(set(names) <= set(listed["artist"]) for names in outside["like"])
    assert (outside["listed under"].map(len) == 1).all() and (listed["listed under"].map(len) == 0).all()
    assert guide.find("cafe  jazz!") == 2
    with pytest.raises(LookupError, match="no genre is called 'rok'; did you mean Rock"):
        guide.recommend("rok")


def call(*arguments: str):
    return CliRunner().invoke(app, ["genre", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def test_the_command(monkeypatch: pytest.MonkeyPatch, data, table: GenreTable):
    asked = []
    monkeypatch.setattr(datasets, "load", lambda name, **_: asked.append(name) or data)
    name = data.tables["playlists"]["genre"][0]
    rows = json.loads(call(name.upper(), "--json", "--k", "3").stdout)
    assert [set(row) for row in rows] == [{"artist", "score", "listed under", "like", "popularity"}] * 3
    guide = Guide(genre_tables.genre_table(data, "genre"))
    assert [row["artist"] for row in rows] == guide.recommend(name, 3)["artist"].tolist()  # the notebook's function
    text = call(name).stdout
    assert rows[0]["artist"] in text and "most like" in text
    fine = str(table.names[0])
    assert json.loads(call(fine, "--subgenre", "--json", "--k", "1", "--dataset", "simulated-songs").stdout)
    assert asked == ["auto-songs", "auto-songs", "simulated-songs"]


def test_a_subgenre_is_answered_without_being_announced(monkeypatch: pytest.MonkeyPatch, data, table: GenreTable):
    monkeypatch.setattr(datasets, "load", lambda name, **_: data)
    fine, coarse = str(table.names[0]), str(data.tables["playlists"]["genre"][0])
    result = call(fine.upper(), "--json", "--k", "3")
    assert result.exit_code == 0 and f"'{fine}' is a subgenre; these are its artists" in result.stderr
    announced = call(fine, "--subgenre", "--json", "--k", "3")
    assert result.stdout == announced.stdout and "is a subgenre" not in announced.stderr
    assert f"'{coarse}' is a genre" in call(coarse, "--subgenre", "--k", "1").stderr


def test_the_command_says_what_comes_close(monkeypatch: pytest.MonkeyPatch, data, table: GenreTable):
    monkeypatch.setattr(datasets, "load", lambda name, **_: data)
    name = data.tables["playlists"]["genre"][0]
    result = call(name[:-1] + "q")
    assert result.exit_code == 1 and f"did you mean {name}" in result.stderr and "the genres are" in result.stderr
    assert "the subgenres are" in call("no such", "--subgenre").stderr
    assert "Example" in call("--help").output
