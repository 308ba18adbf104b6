"""LightGCN and Mult-VAE: their formulas, repeatability, stopping, saving, bad settings."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import tensorflow as tf

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import evaluate
from musicrec.models.networks.lightgcn import LightGCN
from musicrec.models.networks.mult_vae import MultVAE
from musicrec.splits.by_user import split_by_user

MODELS = {
    "lightgcn": lambda **more: LightGCN(**{"dim": 8, "epochs": 3, "batch_size": 500, **more}),
    "mult-vae": lambda **more: MultVAE(**{"hidden": 12, "latent": 6, "epochs": 3, "batch_size": 25, **more}),
}
pytestmark = pytest.mark.slow
any_model = pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@any_model
def test_two_runs_are_identical(build, listens: Interactions) -> None:
    first, second = (build().fit(listens, rng=rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.scores([0, 1]), second.scores([0, 1]))
    assert first.history.equals(second.history)
    assert first.history["loss"].is_monotonic_decreasing


@any_model
def test_saved_and_loaded(build, listens: Interactions, tmp_path: Path) -> None:
    model = build(learning_rate=0.01).fit(listens, rng=rng())
    model.save(tmp_path / "model.npz")
    again = type(model).load(tmp_path / "model.npz")
    np.testing.assert_array_equal(again.scores([5, 2]), model.scores([5, 2]))
    np.testing.assert_array_equal(again.recommend([5, 2]).ids, model.recommend([5, 2]).ids)
    assert again.learning_rate == 0.01
    assert again.history.equals(model.history)
    other = MultVAE if isinstance(model, LightGCN) else LightGCN
    with pytest.raises(ValueError, match=f"does not hold a model saved by {other.__name__}"):
        other.load(tmp_path / "model.npz")


@any_model
def test_stopping_goes_back_to_the_best(build, listens: Interactions) -> None:
    split = split_by_user(listens, seed=5)

    def watch(model) -> float:
        return evaluate(model, split, part="valid").per_user["ndcg@10"].mean()

    model = build(epochs=30, patience=2, learning_rate=0.02).fit(split.train, rng=rng(), watch=watch)
    assert watch(model) == model.history["watched"].max() == model.history["watched"][model.best_epoch]
    with pytest.raises(ValueError, match="patience needs a value to watch"):
        build(patience=2).fit(listens, rng=rng())


@any_model
def test_a_diverging_learning_rate_is_named(build, listens: Interactions) -> None:
    with pytest.raises(FloatingPointError, match=r"the learning rate 1e\+20 is too high"):
        build(learning_rate=1e20, epochs=20).fit(listens, rng=rng())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LightGCN(dim=0), "dim must be above zero"),
        (lambda: LightGCN(n_layers=-1), "n_layers must not be below zero"),
        (lambda: LightGCN(penalty=-1), "penalty must not be below zero"),
        (lambda: MultVAE(latent=0), "latent must be above zero"),
        (lambda: MultVAE(dropout=1), "dropout must be at least zero and below one"),
        (lambda: MultVAE(beta=-0.1), "beta must not be below zero"),
    ],
)
def test_settings_out_of_range(build, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_lightgcn_smooths_as_the_paper_writes_it(listens: Interactions) -> None:
    model = LightGCN(dim=8, epochs=1, n_layers=3).fit(listens, rng=rng())
    x = listens.binary().toarray().astype(np.float64)
    users, items = (x.sum(axis=axis) ** -0.5 for axis in (1, 0))
    x = users[:, None] * x * np.where(np.isfinite(items), items, 0)
    of_users, of_items = np.split(model.network.get_weights()[0].astype(np.float64), [len(x)])
    total_users, total_items = of_users, of_items
    for _ in range(3):
        of_users, of_items = x @ of_items, x.T @ of_users
        total_users, total_items = total_users + of_users, total_items + of_items
    for found, expected in zip(model.factors(), (total_users / 4, total_items / 4), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_lightgcn_takes_the_gradient_of_its_loss(listens: Interactions) -> None:
    """Against TensorFlow's own gradient of the whole loss, written densely."""
    model = LightGCN(dim=4, n_layers=2, penalty=0.1)
    model.train = listens
    model._start(rng())
    users, items = listens.coordinates()
    nodes = [tf.constant(a, tf.int32) for a in (users, 60 + items, 60 + items[::-1])]
    before = tf.constant(model.network.get_weights()[0])
    x = listens.binary().toarray()
    graph = np.block([[np.zeros((60, 60)), x], [x.T, np.zeros((80, 80))]])
    root = np.maximum(graph.sum(axis=1), 1) ** -0.5
    graph = tf.constant(root[:, None] * graph * root, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(before)
        vectors = (before + graph @ before + graph @ (graph @ before)) / 3
        user, item, other = (tf.gather(vectors, part) for part in nodes)
        losses = tf.nn.softplus(tf.reduce_sum(user * (other - item), axis=1))
        squares = sum(tf.reduce_sum(tf.gather(before, part) ** 2) for part in nodes) / 2
        loss = tf.reduce_mean(losses) + 0.1 * squares / len(users)
    expected = tf.convert_to_tensor(tape.gradient(loss, before))
    total, found = model._slopes(before, nodes)
    assert float(total) == pytest.approx(float(tf.reduce_sum(losses)), rel=1e-4)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_mult_vae_serves_new_people_like_known_ones(listens: Interactions) -> None:
    model = MODELS["mult-vae"]().fit(listens, rng=rng())
    np.testing.assert_allclose(model.fold_in(listens.matrix[[4, 9]]), model.scores([4, 9]), rtol=1e-6)
    nobody = model.fold_in(sp.csr_array((1, 80), dtype=np.float32))
    assert np.isfinite(nobody).all()


def test_mult_vae_begins_with_no_knowledge_and_a_kl_of_almost_nothing(listens: Interactions) -> None:
    """Before it has learnt anything a listen costs ln 80 nats."""
    model = MultVAE(epochs=1, learning_rate=1e-9).fit(listens, rng=rng())
    assert model.history["loss"][1] == pytest.approx(np.log(80), rel=0.1)
    assert 0 <= model.history["kl"][1] < 0.1
