"""Served models: rounding, reasons, files; and which data are at hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from musicrec.datasets import DataUnavailableError, lastfm
from musicrec.datasets.identity import identity
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated import listeners, shapes
from musicrec.datasets.sources import LASTFM
from musicrec.serving import cache, fidelity, forms, quantisation

SHAPE = shapes.Shape(
    users=300, artists=900, listens=9_000, tags=1_000, tag_assignments=4_000, friends=800, artists_without_picture=20
)


@pytest.fixture(scope="module")
def data():
    return listeners.listeners(3, SHAPE)


@pytest.fixture(scope="module")
def models(data) -> dict[str, forms.Served]:
    return {name: quantisation.fit(data.interactions, data.item_names.tolist(), name) for name in cache.MODELS}


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    return tmp_path / "build"


@pytest.mark.parametrize("name", cache.MODELS)
def test_a_served_model_recommends_what_is_not_liked_best_first(models, name: str):
    best = models[name].recommend([5, 3, 5, 40], k=20)
    artists, scores = [r.artist for r in best], [r.score for r in best]
    assert len(set(artists)) == len(artists) == 20 and not {3, 5, 40} & set(artists)
    assert scores == sorted(scores, reverse=True) and min(scores) > 0
    assert best == models[name].recommend([3, 5, 40], k=20), "an artist named twice counts once"
    assert max(artists) < models[name].n


@pytest.mark.parametrize("name", ["blend", "als", "ials", "item-knn", "ease"])
def test_what_the_liked_artists_add_sums_to_the_score(models, name: str):
    liked = np.array([2, 17, 60])
    for artist, score, _ in models[name].recommend(liked, k=5):
        adds = models[name].adds(liked, artist)
        assert adds.shape == (3,) and np.isclose(adds.sum(), score, rtol=1e-9)


def test_avoiding_the_popular_divides_by_a_power_of_the_listeners(models):
    model, liked = models["als"], np.array([2, 17, 60])
    scores = model.scores(liked)
    for artist, score, adjusted in model.recommend(liked, 10, avoid_popular=0.5):
        assert score == scores[artist] and np.isclose(adjusted, score / model.listeners[artist] ** 0.5)
    means = [
        np.mean([model.listeners[r.artist] for r in model.recommend(liked, 10, avoid)]) for avoid in (0, 0.3, 0.6, 1)
    ]
    assert means == sorted(means, reverse=True) and means[0] > means[-1]
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="from 0 to 1"):
            model.recommend(liked, avoid_popular=wrong)


def test_only_artists_of_two_listeners_are_served(models, data):
    for model in models.values():
        assert model.n == (data.interactions.popularity() >= 2).sum()
        assert (np.diff(model.listeners) <= 0).all() and len(model.names) == len(data.item_names)
        assert model.names[0] == data.item_names[data.interactions.popularity().argmax()]
        with pytest.raises(IndexError, match="not one of the"):
            model.recommend([model.n])


def test_nothing_to_serve_is_said():
    lonely = Interactions(sp.csr_array(np.eye(3, dtype=np.float32)), np.arange(3), np.arange(3))
    with pytest.raises(ValueError, match="no artist has 2 listeners"):
        quantisation.fit(lonely, list("abc"), "als")


@pytest.mark.parametrize("name", ["item-knn", "ease"])
def test_weights_are_those_of_the_full_model_where_nothing_was_dropped(data, models, name: str):
    model = models[name]
    full = fidelity.full_model(name).fit(data.interactions, rng=np.random.default_rng(0))
    order = np.argsort(-data.interactions.popularity(), kind="stable")[: model.n]
    weights = full.weights_from(order)[:, order]
    row = 7
    entries = slice(model.starts[row], model.starts[row + 1])
    found = model.scales[row] * model.levels[entries].astype(float)
    assert np.abs(found - weights[row, model.columns[entries]]).max() <= model.scales[row] / 2 + 1e-7
    dropped = np.delete(weights[row], model.columns[entries])
    assert np.abs(dropped).max() <= max(model.scales[row] / 2 + 1e-7, np.abs(found).min() + model.scales[row])
    assert abs(weights[row, row]) < 1e-6, "an artist says nothing for itself"


def test_weights_from_are_what_a_fold_in_adds_up(data):
    for name in ("item-knn", "ease"):
        full = fidelity.full_model(name).fit(data.interactions, rng=np.random.default_rng(0))
        history = sp.csr_array(data.interactions.binary()[[4]])
        own = history.indices
        expected = full.fold_in(history)[0]
        found = full.weights_from(own).sum(axis=0)
        others = np.setdiff1d(np.arange(len(found)), own)
        assert np.allclose(found[others], expected[others], atol=1e-4)


@pytest.mark.parametrize("name", ["als", "ials"])
def test_factors_serve_the_answer_of_their_fold_in(data, models, name: str):
    full = quantisation.full_model(name).fit(data.interactions, rng=np.random.default_rng(0))
    order = np.argsort(-data.interactions.popularity(), kind="stable")
    liked = np.array([1, 8, 30])
    usual = np.expm1(np.log1p(data.interactions.matrix.data.astype(float)).mean())
    history = sp.csr_array((np.full(3, usual), ([0] * 3, order[liked])), shape=(1, data.interactions.n_items))
    expected = full.fold_in(history)[0, order[: models[name].n]]
    found = models[name].scores(liked)
    assert np.corrcoef(found, expected)[0, 1] > 0.995, "up to rounding"
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_a_model_is_fitted_once_and_read_after_that(data, build: Path, monkeypatch: pytest.MonkeyPatch):
    first = cache.served(data, "item-knn", "source")
    (path,) = (build / "models").iterdir()
    assert path.name == f"{data.provenance.fingerprint}-item-knn.npz"
    written = path.stat().st_mtime_ns
    again = cache.served(data, "item-knn", "source")
    assert again.recommend([1, 2]) == first.recommend([1, 2]) and path.stat().st_mtime_ns == written
    assert again.names == first.names and again.facts == first.facts

    monkeypatch.setitem(quantisation.NEIGHBOURS, "item-knn", 5)
    assert np.diff(cache.served(data, "item-knn", "source").starts).max() == 5, "other settings: fitted again"
    other = dataclasses.replace(data, provenance=dataclasses.replace(data.provenance, fingerprint="f" * 16))
    cache.served(other, "item-knn", "source")
    assert (build / "models" / f"{'f' * 16}-item-knn.npz").exists()


@pytest.mark.parametrize("name", cache.MODELS)
@pytest.mark.parametrize("damage", ["cut", "text", "columns", "listeners"])
def test_a_damaged_file_is_refused_and_replaced(models, data, build: Path, name: str, damage: str):
    path = build / "models" / f"{data.provenance.fingerprint}-{name}.npz"
    path.parent.mkdir(parents=True)
    model = models[name]
    if damage == "columns" and name in ("ease", "item-knn", "blend"):
        dataclasses.replace(model, columns=model.columns + 10_000).save(path)
    elif damage == "columns" and name in ("als", "ials"):
        dataclasses.replace(model, scales=model.scales * np.float32(np.nan)).save(path)
    elif damage in ("listeners", "columns"):
        dataclasses.replace(model, listeners=model.listeners[::-1]).save(path)
    else:
        model.save(path)
        path.write_bytes(path.read_bytes()[:3_000] if damage == "cut" else b"hello")
    with pytest.raises(ValueError, match=str(path)):
        cache.read(path)
    assert cache.served(data, name, "").recommend([1, 2])[0].score > 0


def test_an_answer_needs_no_place_to_keep_the_model(data, build: Path):
    build.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="could not be kept"):
        assert cache.served(data, "popularity").recommend([1])


def test_fidelity_is_measured_on_listeners_held_out(data):
    found = fidelity.fidelity(data.interactions, "als", n_users=40)
    assert found and found.listeners == 40
    assert found.agreement > 0.8 and abs(found.ndcg_served - found.ndcg_full) < 0.05 and found.ndcg_full > 0.02
    assert fidelity.fidelity(data.interactions, "als", n_users=10_000) is None


def test_serve_knows_its_data_without_reading_them(data, build: Path, monkeypatch: pytest.MonkeyPatch):
    from musicrec import datasets

    loads: list[str] = []

    def load(name: str, **_: object):
        loads.append(name)
        return data

    monkeypatch.setattr(datasets, "load", load)
    said: list[str] = []
    first = cache.serve("simulated", "popularity", said.append)
    assert loads == ["simulated"] and "next time" in said[0]
    assert cache.serve("simulated", "popularity", said.append).recommend([0]) == first.recommend([0])
    assert loads == ["simulated"] and len(said) == 1
    (path,) = (build / "models").glob("*.npz")
    path.write_bytes(b"broken")
    cache.serve("simulated", "popularity", said.append)
    assert loads == ["simulated"] * 2 and "does not hold a served model" in said[1]
    with pytest.raises(ValueError, match="no model is called 'x'; choose from blend, item-knn"):
        cache.serve("simulated", "x", said.append)
    with pytest.raises(ValueError, match="no listeners are called 'spotify-songs'"):
        cache.serve("spotify-songs", "als", said.append)


def test_identity_follows_the_files_and_asks_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MUSICREC_DATA", raising=False)
    monkeypatch.setenv("MUSICREC_CACHE", str(tmp_path / "cache"))
    name, digest = identity("auto")
    assert name == "simulated" and identity("simulated") == (name, digest) != identity("simulated", seed=1)
    assert identity("simulated-small")[0] == "simulated-small" and identity("simulated-small")[1] != digest
    with pytest.raises(DataUnavailableError):
        identity("lastfm-2k")
    folder = tmp_path / "data" / "lastfm-2k"
    folder.mkdir(parents=True)
    for file in LASTFM.files:
        (folder / file).write_text("id\tname\n")
    monkeypatch.setenv("MUSICREC_DATA", str(tmp_path / "data"))
    name, digest = identity("auto")
    assert name == "lastfm-2k" and identity("lastfm-2k") == (name, digest)
    (folder / "tags.dat").write_text("id\tname\n1\trock\n")
    assert identity("auto")[1] != digest
    with pytest.raises(DataUnavailableError, match="spotify-songs"):
        identity("joined")
    (tmp_path / "data" / "spotify_songs.csv").write_text("track_id\n")
    assert identity("auto") == identity("joined") != identity("lastfm-2k")


def test_the_source_names_the_files_that_are_parsed():
    assert lastfm.SOURCE is LASTFM and LASTFM.files == tuple(table.file for table in lastfm.TABLES.values())
