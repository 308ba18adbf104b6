"""The two systems called NNCF, PureSVD, held-out cells, the Jaccard check, sampled candidates."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from musicrec.chapters import nncf
from musicrec.chapters.nncf import cell_report
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.jaccard import jaccard, jaccard_check
from musicrec.evaluation.ranking import evaluate
from musicrec.evaluation.sampled import held_out_ranks, sampled_metrics
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.factors.pure_svd import PureSVD
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.networks.nncf import NNCF
from musicrec.models.networks.nncf_neighbourhood import Neighbours, NNCFNeighbourhood
from musicrec.page import song_list
from musicrec.splits.by_user import split_by_user
from musicrec.splits.cells import Cells, CellSplit

NETWORKS = {
    "nncf": lambda **more: NNCF(**{"epochs": 2, "batch_size": 256, **more}),
    "nncf-neighbourhood": lambda **more: NNCFNeighbourhood(**{"epochs": 2, "batch_size": 256, **more}),
}
slow = pytest.mark.slow
any_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def all_pairs(model: NNCF | NNCFNeighbourhood, n_users: int) -> np.ndarray:
    n_items = model.train.n_items
    odds = model.log_odds(np.repeat(np.arange(n_users), n_items), np.tile(np.arange(n_items), n_users))
    return odds.reshape(n_users, n_items)


# The two-stream network


@slow
def test_the_original_has_5109313_parameters() -> None:
    assert NNCF().build(10_000, 74_450).count_params() == 5_109_313


@slow
def test_the_collapsed_network_scores_like_the_network(listens: Interactions) -> None:
    model = NNCF(epochs=3, batch_size=256).fit(listens, rng=rng())
    for seed in range(3):  # weights of every size, normalisations included; both sides of every relu
        draw = rng(seed)
        weights = [draw.normal(0, 0.5, w.shape) for w in model.network.get_weights()]
        model.network.set_weights([np.abs(w) if w.ndim == 1 else w for w in weights])
        users = np.repeat(np.arange(20), listens.n_items)
        items = np.tile(np.arange(listens.n_items), 20)
        answers = model.network.predict([users, items], batch_size=2000, verbose=0).astype(np.float64)
        scores = model.scores(np.arange(20))
        np.testing.assert_allclose(scores, all_pairs(model, 20), rtol=1e-3, atol=1e-3 * np.abs(scores).max())
        small = np.abs(scores.ravel()) < 10  # beyond, probabilities in single precision say no more
        np.testing.assert_allclose(
            1 / (1 + np.exp(-scores.ravel()[small])), answers[small, 1], rtol=2e-3, atol=1e-3
        )  # fmt: skip
        net = model.collapse()
        hidden = np.maximum(net.user_hidden[:20, None] + net.item_hidden, 0)
        assert 0.01 < (hidden > 0).mean() < 0.99


@slow
def test_batches_are_half_ones_half_zeros(listens: Interactions) -> None:
    model, draw = NNCF(), rng()
    examples = model.examples(listens, listens.matrix, draw)
    assert len(examples.labels) == 2 * len(listens)
    labels = examples.labels[model.order(examples.labels, draw)]
    for size in (100, 256):
        halves = [labels[start : start + size].mean() for start in range(0, len(labels), size)]
        np.testing.assert_allclose(halves, 0.5, atol=0.01)
    first, second = (model.order(examples.labels, draw) for _ in range(2))
    assert (first != second).mean() > 0.9


@slow
def test_zeros_are_drawn_evenly_from_all_cells_that_are_no_ones() -> None:
    held = sp.csr_array(np.float32([[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]))
    users, items = NNCF()._zeros(held, 8000, rng())
    counts = np.zeros((3, 4))
    np.add.at(counts, (users, items), 1)
    assert not counts[held.toarray() > 0].any()
    np.testing.assert_allclose(counts[held.toarray() == 0], 2000, rtol=0.1)
    full = sp.csr_array(np.ones((2, 3), np.float32))
    assert len(NNCF()._zeros(full, 5, rng())[0]) == 0


@slow
def test_held_out_cells_are_never_trained_on(listens: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = CellSplit(listens, seed=1, share=0.5)
    drawn = []
    examples = NNCF.examples

    def spy(self: NNCF, *given: object) -> object:
        drawn.append(examples(self, *given))  # type: ignore[arg-type]
        return drawn[-1]

    monkeypatch.setattr(NNCF, "examples", spy)
    NNCF(epochs=3, batch_size=256).fit_cells(cells, rng=rng())
    assert len(drawn) == 3
    for users, items, labels in drawn:
        assert (cells.part(users.astype(np.int64), items.astype(np.int64)) == 0).all()
        assert labels.mean() == 0.5
        np.testing.assert_array_equal(listens.matrix.toarray()[users, items] > 0, labels > 0.5)


@slow
def test_learns_from_cells(listens: Interactions) -> None:
    cells = CellSplit(listens, seed=0, share=0.1)
    seen: list[float] = []

    def watch(model: NNCF) -> float:
        seen.append(cell_report(cells.cells(model.scores, "valid"), 0)["auc"])
        return seen[-1]

    model = NNCF(epochs=40, batch_size=256, learning_rate=0.01).fit_cells(cells, rng=rng(), watch=watch)
    assert seen == model.history["watched"].tolist()
    assert cell_report(cells.cells(model.scores), 0)["auc"] > 0.6


@slow
def test_curves_are_measured_while_training(listens: Interactions) -> None:
    cells = CellSplit(listens, seed=0, share=0.1)
    model = NNCF(epochs=3, batch_size=256)
    curve = nncf.learning_curve(model, cells, rng=rng())
    assert curve.index.tolist() == [1, 2, 3]
    seldom = nncf.learning_curve(NNCF(epochs=3, batch_size=256), cells, rng=rng(), every=2)
    pd.testing.assert_frame_equal(seldom, curve.loc[[2, 3]], check_names=False)
    held_out = cells.cells(model.scores, "valid")
    expected = cell_report(held_out, 0, cells.train)
    pd.testing.assert_series_equal(curve.loc[3].drop("loss"), expected, check_names=False)
    chance = 1 / (1 + np.exp(-held_out.scores.astype(np.float64)))
    losses = -np.log(np.where(held_out.labels, chance, 1 - chance))
    by_label = [losses[held_out.labels == label].mean() for label in (True, False)]
    assert curve.loc[3, "loss"] == pytest.approx(np.mean(by_label))
    split = split_by_user(listens, seed=0)
    model = NNCFNeighbourhood(epochs=5, batch_size=256)
    ranking = nncf.ranking_curve(model, split, every=2, rng=rng())
    assert ranking.index.tolist() == [2, 4, 5]
    assert ranking[5] == evaluate(model, split, part="valid").means()["ndcg@10"]


@slow
@any_network
def test_two_runs_agree_and_files_hold_the_model(build: Callable, listens: Interactions, tmp_path: Path) -> None:
    users = np.arange(listens.n_users)
    first, second = (build().fit(listens, rng=rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.scores(users), second.scores(users))
    first.save(tmp_path / "model.npz")
    loaded = type(first).load(tmp_path / "model.npz")
    assert loaded == loaded and loaded.epochs == first.epochs
    np.testing.assert_array_equal(loaded.scores(users), first.scores(users))
    np.testing.assert_array_equal(loaded.recommend(users, k=5).ids, first.recommend(users, k=5).ids)
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


@slow
@any_network
def test_a_rate_that_diverges_is_named(build: Callable, listens: Interactions) -> None:
    with pytest.raises(FloatingPointError, match=r"learning rate 1e\+06 is too high"):
        build(learning_rate=1e6, epochs=20).fit(listens, rng=rng())


# The neighbourhood network


@slow
def test_a_pair_never_sees_itself_among_its_neighbours(listens: Interactions) -> None:
    """The pooled neighbours of a listen are those of the data without that listen."""
    matrix = listens.binary()
    user, item = 3, int(matrix[[3]].indices[4])
    without = matrix.toarray()
    without[user, item] = 0
    for whole, less, owner, target in (
        (matrix, without, user, item),
        (sp.csr_array(matrix.T), without.T, item, user),
    ):
        layers = [Neighbours(sp.csr_array(lists), dim=5) for lists in (whole, less)]
        layers[1].table.assign(layers[0].table)
        pair = tf.constant([owner]), tf.constant([target])
        expected = less[owner] @ layers[0].table.numpy() / less[owner].sum()
        np.testing.assert_allclose(layers[0](*pair, training=True)[0], expected, atol=1e-6)
        np.testing.assert_allclose(layers[0](*pair, training=False)[0], expected, atol=1e-6)
        np.testing.assert_allclose(layers[1](*pair, training=False)[0], expected, atol=1e-6)
        leaky = Neighbours(sp.csr_array(whole), dim=5, leave_out="nothing")
        leaky.table.assign(layers[0].table)
        full = whole.toarray()[owner]
        np.testing.assert_allclose(leaky(*pair, training=True)[0], full @ leaky.table.numpy() / full.sum(), atol=1e-6)


@slow
def test_in_training_every_list_loses_one_so_that_its_length_says_nothing() -> None:
    lists = sp.csr_array(np.float32([[1, 1, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]))
    layer = Neighbours(lists, dim=2)
    layer.table.assign(np.float32([[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]]))
    n = 3000
    lost = 7 - 2 * layer(tf.zeros(n, tf.int32), tf.fill(n, 3), training=True).numpy()[:, 0]  # not among the neighbours
    values, counts = np.unique(lost.round(), return_counts=True)
    assert values.tolist() == [1, 2, 4]
    np.testing.assert_allclose(counts, 1000, rtol=0.15)
    for target in range(5):  # a list of one is empty in training, and an empty list is empty: later, too
        for owner in (1, 2):
            for training in (True, False):
                pooled = layer(tf.constant([owner]), tf.constant([target]), training=training)
                np.testing.assert_array_equal(pooled, 0)
    np.testing.assert_allclose(layer.pooled(), [[7 / 3, 0], [0, 0], [0, 0]], rtol=1e-6)


@slow
def test_the_open_leak_would_be_learned() -> None:
    """Every item has one listener: with the leak, a full list means no, and an own list means yes."""
    n = 400
    once = Interactions(sp.csr_array(np.eye(n, dtype=np.float32)), np.arange(n), np.arange(n))
    settings = {"epochs": 25, "batch_size": 100, "learning_rate": 0.01, "dim": 1, "dropout": 0.0}
    closed, leaky = (
        NNCFNeighbourhood(leave_out=leave_out, **settings).fit(once, rng=rng()).history["accuracy"].iloc[-1]
        for leave_out in ("balanced", "nothing")
    )
    assert leaky > 0.9
    assert closed < 0.8  # what embeddings of one number can learn by heart


@slow
def test_the_fast_scores_are_the_networks(listens: Interactions) -> None:
    for settings in ({}, {"hidden": (8, 4)}, {"leave_out": "target"}, {"leave_out": "nothing"}):
        model = NNCFNeighbourhood(epochs=5, batch_size=256, learning_rate=0.02, **settings).fit(listens, rng=rng())
        scores = model.scores(np.arange(30))
        assert np.ptp(scores) > 0.5
        np.testing.assert_allclose(scores, all_pairs(model, 30), rtol=1e-4, atol=1e-4)


@slow
def test_leaving_out_only_the_target_gives_the_answer_away() -> None:
    """Of an item with one listener the list is empty where the answer is yes, and only there."""
    once = sp.csr_array(np.eye(5, dtype=np.float32))
    pairs = tf.range(5), tf.constant([0, 1, 3, 4, 2])  # two listens, three others
    layers = {how: Neighbours(once, dim=3, leave_out=how) for how in ("balanced", "target", "nothing")}
    empty = {how: (layer(*pairs, training=True).numpy() == 0).all(axis=1).tolist() for how, layer in layers.items()}
    assert empty == {"balanced": [True] * 5, "target": [True, True, False, False, False], "nothing": [False] * 5}


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="must be one of balanced, target, nothing, not True"):
        NNCFNeighbourhood(leave_out=True)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one layer"):
        NNCFNeighbourhood(hidden=())


# PureSVD


def test_pure_svd_is_the_projection_on_the_leading_singular_vectors(listens: Interactions) -> None:
    binary = listens.binary().toarray().astype(np.float64)
    _, values, vectors = np.linalg.svd(binary, full_matrices=False)
    for rank in (1, 5, 29, 30, 60):  # below half of the 60 users by Lanczos, above it in full
        model = PureSVD(rank).fit(listens, rng=rng())
        expected = binary @ vectors[:rank].T @ vectors[:rank]
        np.testing.assert_allclose(model.scores(np.arange(60)), expected, atol=1e-4)
        np.testing.assert_allclose(model.singular_values, values[:rank], rtol=1e-6)
    np.testing.assert_allclose(model.scores(np.arange(60)), binary, atol=1e-4)
    np.testing.assert_allclose(
        model.truncated(5).scores([7]), PureSVD(5).fit(listens, rng=rng(1)).scores([7]), atol=1e-4
    )


def test_pure_svd_keeps_to_what_there_is(listens: Interactions, tmp_path: Path) -> None:
    model = PureSVD(500).fit(listens, rng=rng())
    assert model.item_factors.shape == (80, 60)
    for rank in (0, 61):
        with pytest.raises(ValueError, match="not between 1 and 60"):
            model.truncated(rank)
    with pytest.raises(ValueError, match="above zero, not 0"):
        PureSVD(0)
    model.save(tmp_path / "svd.npz")
    loaded = PureSVD.load(tmp_path / "svd.npz", listens)
    np.testing.assert_array_equal(loaded.scores([1, 2]), model.scores([1, 2]))
    other = Interactions(sp.csr_array(np.ones((2, 3))), np.arange(2), np.arange(3))
    with pytest.raises(ValueError, match="holds 80 items, but the interactions have 3"):
        PureSVD.load(tmp_path / "svd.npz", other)


# Held-out cells


def test_every_cell_has_one_part(listens: Interactions) -> None:
    cells = CellSplit(listens, seed=4, share=0.2)
    parts = cells.part(np.arange(60)[:, None], np.arange(80))
    shares = np.bincount(parts.ravel(), minlength=3) / parts.size
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.02)
    np.testing.assert_array_equal(
        parts, CellSplit(listens, seed=4, share=0.2).part(np.arange(60)[:, None], np.arange(80))
    )
    assert (parts != CellSplit(listens, seed=5, share=0.2).part(np.arange(60)[:, None], np.arange(80))).mean() > 0.2
    whole = cells.train + cells.ones("valid") + cells.ones("test")
    np.testing.assert_array_equal(whole.matrix.toarray(), listens.matrix.toarray())
    np.testing.assert_array_equal(cells.held_out(np.arange(60)[:, None], np.arange(80)), parts > 0)


def test_parts_depend_on_neither_row_nor_column() -> None:
    """A hash that let whole rows or columns fall into a part would hold out users or items, not cells."""
    data = Interactions(sp.csr_array(np.ones((300, 700))), np.arange(300), np.arange(700))
    parts = CellSplit(data, seed=0).part(np.arange(300)[:, None], np.arange(700)) > 0
    for axis, n in ((0, 300), (1, 700)):
        shares = parts.mean(axis=axis)
        assert np.std(shares) == pytest.approx(np.sqrt(0.05 * 0.95 / n), rel=0.15)
    neighbours = np.corrcoef(parts[:, 1:].ravel(), parts[:, :-1].ravel())[0, 1]
    assert abs(neighbours) < 0.01


def test_cells_are_scored_in_batches(listens: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    split = CellSplit(listens, seed=0, share=0.3)
    scores = rng().normal(size=(60, 80)).astype(np.float32)
    sizes = []

    def score(users: np.ndarray) -> np.ndarray:
        sizes.append(len(users))
        return scores[users]

    whole = split.cells(score)
    monkeypatch.setattr("musicrec.splits.cells.CELLS_AT_ONCE", 80 * 7)
    cells = split.cells(score)
    assert sizes == [60, 7, 7, 7, 7, 7, 7, 7, 7, 4]
    inside = split.part(np.arange(60)[:, None], np.arange(80)) == 2
    for got, expected in zip(cells, (listens.matrix.toarray() > 0, scores, np.arange(80) + 0 * scores), strict=True):
        np.testing.assert_array_equal(got, expected[inside].astype(got.dtype))
    for a, b in zip(whole, cells, strict=True):
        np.testing.assert_array_equal(a, b)


def test_too_small_to_hold_out_cells() -> None:
    tiny = Interactions(sp.csr_array(np.float32([[1, 0], [0, 1]])), np.arange(2), np.arange(2))
    with pytest.raises(ValueError, match="too small to hold out cells: of 2 ones, none falls into the"):
        CellSplit(tiny, seed=0)
    with pytest.raises(ValueError, match="between 0 and 1, not be 1"):
        CellSplit(tiny, seed=0, share=1)


def test_report_by_hand() -> None:
    """3 ones of which 2 get a yes, 7 zeros of which 1 does."""
    labels = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], bool)
    scores = np.float32([9, 8, 1, 7, 0, 0, 0, 0, 0, 0])
    report = cell_report(Cells(labels, scores, np.arange(10, dtype=np.int32)), threshold=5)
    assert report["accuracy"] == pytest.approx(8 / 10)
    assert report["sensitivity"] == pytest.approx(2 / 3)
    assert report["specificity"] == pytest.approx(6 / 7)
    assert report["balanced accuracy"] == pytest.approx((2 / 3 + 6 / 7) / 2)
    assert report["label auc"] == pytest.approx(report["balanced accuracy"])
    assert report["precision"] == pytest.approx(2 / 3)
    assert report["auc"] == pytest.approx(20 / 21)
    silent = cell_report(Cells(labels, scores, np.arange(10, dtype=np.int32)), threshold=10)
    assert (silent["accuracy"], silent["sensitivity"], silent["precision"]) == (0.7, 0, 0)


def test_the_threshold_is_the_best_one(listens: Interactions) -> None:
    cells = CellSplit(listens, seed=0, share=0.3).cells(Popularity().fit(listens, rng=rng()).scores)
    best = nncf.best_threshold(cells)
    balanced = {t: cell_report(cells, t)["balanced accuracy"] for t in np.unique(cells.scores)}
    assert balanced[np.float32(best)] == max(balanced.values())


def test_matched_for_popularity_popularity_knows_nothing() -> None:
    """Items differ in fame, users have no taste."""
    draw = rng(1)
    chance = np.exp(draw.normal(-3, 1, size=400)).clip(max=0.6)
    data = Interactions(sp.csr_array(draw.random((500, 400)) < chance), np.arange(500), np.arange(400))
    split = CellSplit(data, seed=0, share=0.4)
    report = cell_report(split.cells(Popularity().fit(split.train, rng=draw).scores), 1, split.train)
    assert report["auc"] > 0.7
    assert report["matched auc"] == pytest.approx(0.5, abs=0.02)


# The Jaccard check, samples, the database


def test_jaccard_is_what_it_says(listens: Interactions) -> None:
    fans = [set(np.flatnonzero(column)) for column in listens.matrix.toarray().T]
    index = jaccard(listens, [0, 5, 9], [3, 5])
    expected = [[len(fans[a] & fans[b]) / len(fans[a] | fans[b]) for b in (3, 5)] for a in (0, 5, 9)]
    np.testing.assert_allclose(index, expected)
    unheard = Interactions(sp.csr_array(np.float32([[1, 0, 0]])), np.arange(1), np.arange(3))
    np.testing.assert_array_equal(jaccard(unheard, [1], [0, 1, 2]), 0)


def test_the_four_kinds_of_pairs(listens: Interactions) -> None:
    own = listens.matrix[[0]].indices
    groups = jaccard_check(listens, own, [*np.setdiff1d(np.arange(80), own)[:9], -1], rng=rng(), n_other=200)
    assert {name: len(values) for name, values in groups.items() if name != "random pairs"} == {
        "recommended × own": 9 * 20,
        "own × own": 20 * 19 // 2,
        "not recommended × own": (80 - 20 - 9) * 20,
    }
    assert 150 < len(groups["random pairs"]) <= 200
    every = jaccard(listens, np.arange(80), np.arange(80))[np.triu_indices(80, 1)]
    assert groups["random pairs"].mean() == pytest.approx(every.mean(), rel=0.1)
    assert groups["own × own"].max() < 1


def test_a_sample_keeps_users_and_drops_items_nobody_holds() -> None:
    matrix = sp.csr_array(np.float32([[1, 0, 2, 0], [0, 3, 0, 0], [0, 0, 4, 0]]))
    part = nncf.sample(Interactions(matrix, np.array(list("abc")), np.arange(10, 14)), [0, 2])
    assert part.users.tolist() == ["a", "c"]
    assert part.items.tolist() == [10, 12]
    np.testing.assert_array_equal(part.matrix.toarray(), [[1, 2], [0, 4]])


def test_the_best_connected_listener() -> None:
    friends = pd.DataFrame({"user": [7, 7, 9, 9, 9, 3], "friend": [9, 3, 7, 3, 1, 9]})
    nobody = Interactions(sp.csr_array(np.ones((1, 1))), np.arange(1), np.arange(1))
    provenance = Provenance("", "", "", "", "", "", "")
    data = Dataset("invented", nobody, pd.DataFrame({"name": ["a"]}), provenance, {"friends": friends})
    assert nncf.best_connected(data, np.array([3, 7, 9])) == 2
    assert nncf.best_connected(data, np.array([5, 7, 3])) == 1  # who has no friends is in no row
    assert nncf.best_connected(Dataset("x", nobody, data.items, provenance), np.array([3, 7])) == 0


def test_the_database_forgets_the_order_and_the_join_keeps_it() -> None:
    database = song_list.catalogue(["Abba", "Blur", "Can", "Devo's", "'); DROP TABLE items; --"])
    wanted, scores = [4, 0, 3], [0.9, 0.8, 0.1]
    assert song_list.names_as_the_original(database, wanted) == ["Abba", "Devo's", "'); DROP TABLE items; --"]
    for _ in range(2):
        table = song_list.names_in_order(database, wanted, scores)
        assert table["name"].tolist() == ["'); DROP TABLE items; --", "Abba", "Devo's"]
        assert table["score"].tolist() == scores
    ties = song_list.names_in_order(database, [3, 0, 4], [1.0, 1.0, 2.0])
    assert ties["name"].tolist() == ["'); DROP TABLE items; --", "Devo's", "Abba"]
    assert database.execute("SELECT count(*) FROM items").fetchone() == (5,)


# Sampled candidates


def test_ranks_are_those_of_a_full_sort(listens: Interactions) -> None:
    split = split_by_user(listens, seed=0)
    for part in ("valid", "test"):
        for model in (Popularity(), PureSVD(4), PlaylistSimilarity(n_similar=2)):  # ties; none; -inf
            model.fit(split.train, rng=rng())
            ranks = held_out_ranks(model, split, part=part)
            held_out = split.valid if part == "valid" else split.test
            seen = split.train if part == "valid" else split.train + split.valid
            assert len(ranks) == len(held_out)
            for user, item, rank, others in ranks.itertuples(index=False):
                out = set(seen.matrix[[user]].indices) | set(held_out.matrix[[user]].indices) - {item}
                scores = model.scores([user])[0]
                order = sorted(set(range(80)) - out, key=lambda i, s=scores: (-s[i], i))
                assert (order.index(item) + 1, len(order) - 1) == (rank, others)


def test_one_item_each_full_ranking_equals_the_lists(listens: Interactions) -> None:
    split = split_by_user(listens, seed=0, valid=0.05, test=0.05)  # one of 20 each
    model = PureSVD(4).fit(split.train, rng=rng())
    expected = evaluate(model, split).means()
    full = sampled_metrics(held_out_ranks(model, split))
    for metric in ("ndcg@10", "hit@10", "mrr@10"):
        assert full[metric] == pytest.approx(expected[metric])


def test_drawing_the_count_is_drawing_the_candidates() -> None:
    ranks = pd.DataFrame({"user": 0, "item": 0, "rank": np.full(20_000, 31), "others": 79})
    drawn = sampled_metrics(ranks, n=20, k=5, rng=rng())
    draw = rng(1)
    ahead = np.array([(draw.choice(79, size=20, replace=False) < 30).sum() for _ in range(20_000)])
    assert drawn["hit@5"] == pytest.approx((ahead < 5).mean(), abs=0.01)
    assert drawn["ndcg@5"] == pytest.approx(np.where(ahead < 5, 1 / np.log2(ahead + 2), 0).mean(), abs=0.01)
    assert drawn["auc"] == pytest.approx(1 - 30 / 79, abs=0.005)
    assert sampled_metrics(ranks, n=500, rng=rng()).equals(sampled_metrics(ranks))
    with pytest.raises(ValueError, match="pass rng"):
        sampled_metrics(ranks, n=20)


def test_auc_over_all_items_is_the_area_under_the_curve(listens: Interactions) -> None:
    split = split_by_user(listens, seed=0, valid=0.05, test=0.05)
    model = PureSVD(4).fit(split.train, rng=rng())
    seen = (split.train + split.valid).matrix.toarray() > 0
    wanted = split.test.matrix.toarray() > 0
    areas = [roc_auc_score(wanted[u, ~seen[u]], model.scores([u])[0, ~seen[u]]) for u in range(60)]
    assert sampled_metrics(held_out_ranks(model, split))["auc"] == pytest.approx(np.mean(areas))


def test_ranks_refuse_what_is_no_number_and_no_part(listens: Interactions) -> None:
    split = split_by_user(listens, seed=0)
    model = Popularity().fit(split.train, rng=rng())
    with pytest.raises(ValueError, match="'valid' or 'test', not 'train'"):
        held_out_ranks(model, split, part="train")
    model.listeners[3] = np.nan
    with pytest.raises(ValueError, match="not numbers"):
        held_out_ranks(model, split)
