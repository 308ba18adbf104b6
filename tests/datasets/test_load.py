"""Data sets by name; simulated data and their shape; real data where they are at hand."""

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from lastfm_files import SMALL, write

from musicrec import datasets
from musicrec.datasets import lastfm, sources, spotify
from musicrec.datasets.dataset import Dataset, fingerprint
from musicrec.datasets.simulated import invented, shapes, taste
from musicrec.datasets.simulated import listeners as simulated
from musicrec.datasets.simulated import songs as simulated_songs
from musicrec.evaluation.ranking import evaluate
from musicrec.models.baselines.oracle import Oracle
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.splits.by_user import split_by_user


def offered(source: sources.Source) -> bool:
    root = sources.data_dir()
    return root is not None and root.is_dir() and bool(sources._in_folder(source, root))


REAL_LASTFM = pytest.mark.skipif(not offered(lastfm.SOURCE), reason="MUSICREC_DATA holds no lastfm-2k")
REAL_SPOTIFY = pytest.mark.skipif(not offered(spotify.SOURCE), reason="MUSICREC_DATA holds no spotify-songs")
REAL_MPD = pytest.mark.skipif(
    not any((Path(os.environ.get("MUSICREC_DATA", "")) / "mpd-sample").glob("mpd.slice.*")),
    reason="MUSICREC_DATA holds no mpd-sample",
)


@pytest.fixture(scope="module")
def world() -> Dataset:
    return datasets.load("simulated")


@pytest.fixture(scope="module")
def songs() -> Dataset:
    return datasets.load("simulated-songs")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MUSICREC_DATA", raising=False)
    monkeypatch.setenv("MUSICREC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MUSICREC_OFFLINE", "1")
    return tmp_path


# --- by name


def test_importing_is_light() -> None:
    code = (
        "import sys, musicrec.datasets; assert not {'pandas', 'scipy', 'numpy', 'pooch', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"no data set is called 'lastfm'; choose from auto, auto-songs, lastfm-2k"):
        datasets.load("lastfm")


def test_simulated_data_stand_in_but_never_silently(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = simulated.listeners(5, SMALL)
    seeds = []
    monkeypatch.setattr(simulated, "listeners", lambda seed, name: seeds.append((seed, name)) or small)
    with pytest.warns(datasets.SimulatedDataWarning, match="SIMULATED DATA: no copy of lastfm-2k can be had") as caught:
        data = datasets.load("auto", seed=5)
    assert caught[0].filename == __file__
    assert seeds == [(5, "simulated")]
    assert data.simulated and data.fell_back and data.name == "simulated"
    assert "MUSICREC_DATA is not set" in data.provenance.fallback
    assert not small.fell_back  # asked for by name, nothing stands in for anything
    with pytest.raises(datasets.DataUnavailableError, match="lastfm-2k"):
        datasets.load("lastfm-2k")


def test_simulated_songs_stand_in(nowhere: Path, monkeypatch: pytest.MonkeyPatch, songs: Dataset) -> None:
    monkeypatch.setattr(simulated_songs, "songs", lambda seed: songs)
    with pytest.warns(datasets.SimulatedDataWarning, match="spotify-songs"):
        assert datasets.load("auto-songs").name == "simulated-songs"


def test_a_damaged_copy_of_ones_own_is_not_passed_over(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSICREC_DATA", str(nowhere))
    (nowhere / lastfm.SOURCE.download).write_bytes(b"no archive")
    with pytest.raises(datasets.DataError, match=r"hetrec2011-lastfm-2k\.zip is not a whole zip archive"):
        datasets.load("auto")


def test_no_network_is_noticed_within_ten_seconds(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSICREC_OFFLINE")
    monkeypatch.setenv("MUSICREC_LASTFM_URL", "http://127.0.0.1:9/lastfm.zip")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    start = time.perf_counter()
    with pytest.raises(datasets.DataUnavailableError, match="could not be downloaded"):
        datasets.load("lastfm-2k")
    assert time.perf_counter() - start < 10


def test_files_of_the_published_size_are_loaded_and_other_values_are_said(
    world: Dataset, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ZipFile(nowhere / "hetrec2011-lastfm-2k.zip", "w") as archive:
        for name, file in write(world.tables).items():
            archive.writestr(name, file.data)
    monkeypatch.setenv("MUSICREC_DATA", str(nowhere))
    with pytest.warns(UserWarning, match="sizes are as published, but the values are not"):
        data = datasets.load("lastfm-2k")
    assert data.provenance.fingerprint == world.provenance.fingerprint
    assert "differ from the published ones" in data.provenance.notes[0]
    assert data.provenance.found == "MUSICREC_DATA"
    assert (data.interactions.matrix != world.interactions.matrix).nnz == 0


# --- simulated listeners


def test_the_small_world_is_a_fifth_of_the_other_one(world: Dataset) -> None:
    small = datasets.load("simulated-small", seed=3)
    assert small.name == "simulated-small" and small.simulated and small.oracle is not None
    assert (small.interactions.n_users, small.interactions.n_items) == (400, 3_500)
    for name, table in small.tables.items():
        assert 0.19 < len(table) / len(world.tables[name]) < 0.22, name


def test_the_simulated_shape_is_the_published_one(world: Dataset) -> None:
    assert {name: len(table) for name, table in world.tables.items()} == lastfm.ROWS
    for (table, column), (count, low, high) in lastfm.IDS.items():
        values = world.tables[table][column]
        assert (values.nunique(), values.min(), values.max()) == (count, low, high)
    assert world.items["picture_url"].isna().sum() == 444
    assert list(world.items) == ["id", "name", "url", "picture_url"]
    sizes, listeners = world.interactions.history_sizes(), world.interactions.popularity()
    assert sizes.max() == 50 and np.mean(sizes == 50) == pytest.approx(0.967, abs=0.001) and sizes.min() >= 1
    assert listeners.min() == 1 and np.mean(listeners == 1) == pytest.approx(0.61, abs=0.02)
    assert 540 < listeners.max() < 680
    assert (listeners > 100).sum() == pytest.approx(125, abs=35)
    plays = world.tables["listens"]["plays"]
    assert plays.quantile([0.25, 0.5, 0.75]).to_numpy() == pytest.approx([107, 260, 614], rel=0.02)
    assert plays.mean() == pytest.approx(745, rel=0.1) and plays.min() == 1
    tagged = world.tables["tag_assignments"]
    assert not tagged.duplicated(["user", "artist", "tag"]).any()
    assert 0 < (~tagged["artist"].isin(world.items["id"])).sum() < 4_000  # as in the source


def test_simulated_names_are_unique_and_some_need_care(world: Dataset) -> None:
    names = world.items["name"]
    assert names.is_unique and not names.str.contains(r"[\t\r\n]").any()
    for letters in (r"<b>", r"[а-я]", r"[éö]", r"[א-ת]", r"\$", r"&", r'"', r"\|"):
        assert names.str.contains(letters).any(), letters
    assert world.tables["tags"]["name"].is_unique


def overlap(data: Dataset, pairs: np.ndarray) -> float:
    listens = data.interactions.binary()
    return float(listens[pairs[:, 0]].multiply(listens[pairs[:, 1]]).sum() / len(pairs))


def test_friends_share_taste(world: Dataset) -> None:
    users = world.interactions.users
    friends = np.searchsorted(users, world.tables["friends"].to_numpy())
    strangers = np.random.default_rng(0).integers(len(users), size=friends.shape)
    assert overlap(world, friends) > 2 * overlap(world, strangers)
    assert len(np.unique(friends)) == len(users)


def test_models_find_simulated_listeners_about_as_hard_as_real_ones(world: Dataset) -> None:
    split = split_by_user(world.interactions, 0)
    rng = np.random.default_rng(0)
    ndcg = [
        evaluate(model.fit(split.train, rng=rng), split).means()["ndcg@10"]
        for model in (Popularity(), ItemKNN(), Oracle(world.oracle))
    ]
    assert 0.05 < ndcg[0] < 0.09
    assert 2 * ndcg[0] < ndcg[1] < 0.25
    assert ndcg[1] < ndcg[2]


def test_the_oracle_is_a_batch_of_weights(world: Dataset) -> None:
    assert world.oracle is not None
    scores = world.oracle.scores([3, 0])
    assert scores.shape == (2, 17_632) and scores.dtype == np.float32 and (scores > 0).all()
    assert (world.oracle.scores(0)[0] == scores[1]).all()
    seen = world.interactions.matrix[[0]].indices
    assert scores[1, seen].mean() > 10 * scores[1].mean()


def test_a_seed_names_the_data() -> None:
    first, again, other = (simulated.listeners(seed, SMALL) for seed in (1, 1, 2))
    assert first.provenance.fingerprint == again.provenance.fingerprint != other.provenance.fingerprint
    assert first.provenance.found == "simulated (seed 1)"
    assert {name: len(t) for name, t in other.tables.items()} == {
        "artists": 300, "listens": 1_500, "tags": 400, "tag_assignments": 900, "friends": 200,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"friends": 1_001}, {"friends": 10}, {"listens": 99}, {"listens": 10**6}, {"tags": 60}]
)
def test_an_impossible_shape(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be|too few"):
        simulated.listeners(0, shapes.Shape(**{**vars(SMALL), **wrong}))


def test_dividing_in_whole_numbers() -> None:
    rng = np.random.default_rng(0)
    parts = taste.spread(rng, 100, np.array([1.0, 5.0, 0.001]), most=70)
    assert parts.sum() == 100 and parts.min() >= 1 and parts.max() <= 70
    with pytest.raises(ValueError, match="5 cannot be divided into 2 parts between 1 and 2"):
        taste.spread(rng, 5, np.ones(2), most=2)


def test_invented_names_never_repeat() -> None:
    rng = np.random.default_rng(0)
    taken = {"ba"}
    assert "ba" not in invented.unique(50, lambda: invented.syllables(rng, 1, 2), taken)
    assert len(taken) == 51


# --- simulated songs


def test_the_simulated_songs_have_the_published_shape(songs: Dataset) -> None:
    rows = songs.tables["rows"]
    assert list(rows) == list(spotify.COLUMNS)
    assert (len(rows), rows["track_id"].nunique(), rows["playlist_id"].nunique()) == tuple(spotify.SIZES.values())
    assert len(rows) - len(songs.interactions) == 582
    assert rows["track_name"].isna().sum() == 5
    assert rows["playlist_genre"].nunique() == 6
    assert (rows.groupby("playlist_subgenre")["playlist_id"].nunique() == 20).all()
    assert len(songs.tables["playlist_subgenres"]) == 480
    assert songs.interactions.items.tolist() == songs.tables["songs"]["id"].tolist() == songs.items["id"].tolist()
    assert songs.interactions.users.tolist() == songs.tables["playlists"]["id"].tolist()
    assert songs.simulated and not songs.items.isna().any(axis=None)


def test_audio_features_depend_a_little_on_the_genre(songs: Dataset) -> None:
    rows = songs.tables["rows"]
    for feature in ("danceability", "energy", "valence", "tempo"):
        by_genre = rows.groupby("playlist_genre")[feature].transform("mean")
        assert 0.005 < by_genre.var() / rows[feature].var() < 0.4, feature
    assert rows[list(spotify.SHARES)].to_numpy().min() >= 0 and rows[list(spotify.SHARES)].to_numpy().max() <= 1


def test_simulated_songs_pass_the_checks_of_real_ones(songs: Dataset) -> None:
    text = songs.tables["rows"].to_csv(index=False)
    files = {"spotify_songs.csv": sources.File("here", text.encode())}
    rows, print_, _ = spotify.parse(files)
    assert print_ == songs.provenance.fingerprint == fingerprint({"rows": rows})


def test_playlists_hold_their_own_genre(songs: Dataset) -> None:
    assert songs.oracle is not None
    scores = songs.oracle.scores(np.arange(20))
    held = songs.interactions.binary()[:20].toarray() > 0
    assert scores[held].mean() > 5 * scores.mean()


# --- real data, where they are at hand


@REAL_LASTFM
def test_real_lastfm() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        start = time.perf_counter()
        data = datasets.load("auto")
        seconds = time.perf_counter() - start
    assert data.provenance.found == "MUSICREC_DATA" and not data.fell_back and not data.simulated
    assert data.provenance.fingerprint == lastfm.FINGERPRINT
    assert {name: len(table) for name, table in data.tables.items()} == lastfm.ROWS
    assert data.provenance.notes == ("tags.dat: 8 lines are Latin-1, not UTF-8",)
    assert data.items["picture_url"].isna().sum() == 444 and data.items.drop(columns="picture_url").notna().all(
        axis=None
    )
    listeners = data.interactions.popularity()
    top = np.argsort(-listeners)[:3]
    assert data.item_names[top].tolist() == ["Lady Gaga", "Britney Spears", "Rihanna"]
    assert listeners[top].tolist() == [611, 522, 484]
    assert data.tables["tags"].set_index("id")["name"][4571] == "rock français"
    assert (~data.tables["tag_assignments"]["artist"].isin(data.items["id"])).sum() == 1_538
    assert seconds < 15  # about one, where nothing else runs


@REAL_SPOTIFY
def test_real_spotify_songs() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = datasets.load("auto-songs")
    assert data.provenance.fingerprint == spotify.FINGERPRINT
    assert len(data.interactions) == 32_251
    assert "582 rows repeat a song in a playlist; each song counts once" in data.provenance.notes
    assert "5 rows (4 songs) lack names" in data.provenance.notes


@REAL_MPD
def test_real_playlists() -> None:
    data = datasets.load("mpd")
    assert data.items["name"][0] == "Lose Control (feat. Ciara & Fat Man Scoop)"
    assert data.tables["playlists"]["name"][0] == "Throwbacks"
