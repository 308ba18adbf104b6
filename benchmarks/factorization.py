"""One step of the regularized factorization: against its arithmetic alone, and against the textbook way."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.matrix_factorization import SETTINGS, MatrixFactorization
from musicrec.splits.entries import rated

STEPS = 100
# The tape gathers and scatters with both cores and our loop over entries sorted by row with one memory bus: measured
# between 2.56 on an idle machine and 7.8 beside other work, where the tape has no second core. 2 holds on both.
FASTER_THAN_TAPE = 2
NAME = "mf-regularized"


def operations(ratings: Interactions, dim: int) -> int:
    """Count the multiplications and additions a step cannot do without.

    Each entry: a dot product and its share of two gradients. Each vector: its share of a Gram matrix and the product
    with the other one.
    """
    return 6 * len(ratings) * dim + 4 * (ratings.n_users + ratings.n_items) * dim**2


def product(ratings: Interactions, dim: int) -> Callable[[], object]:
    """Return a dense matrix product with as many operations, of a matrix the size of all vectors."""
    rng = np.random.default_rng(0)
    rows = ratings.n_users + ratings.n_items
    columns = round(operations(ratings, dim) / (2 * rows * dim))
    left, right = (tf.constant(rng.normal(size=s), tf.float32) for s in ((rows, dim), (dim, columns)))
    multiply = tf.function(lambda: tf.matmul(left, right))

    def repeat() -> None:
        for _ in range(STEPS):
            multiply()

    return repeat


def textbook(ratings: Interactions, dim: int) -> Callable[[], object]:
    """Return the same descent as one would write it first: a tape over gathered rows, and an optimiser."""
    rng = np.random.default_rng(0)
    sizes = ratings.n_users, ratings.n_items
    users, items = (tf.Variable(rng.normal(0, 0.05, (n, dim)), dtype=tf.float32) for n in sizes)
    rows, columns = ratings.coordinates()
    target = tf.constant(ratings.matrix.data)
    settings = SETTINGS[NAME]

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            scores = tf.reduce_sum(tf.gather(users, rows) * tf.gather(items, columns), axis=1)
            norms = tf.reduce_sum(users**2) / sizes[0] + tf.reduce_sum(items**2) / sizes[1]
            grams = tf.matmul(users, users, transpose_a=True) * tf.matmul(items, items, transpose_a=True)
            loss = tf.reduce_mean((scores - target) ** 2) + settings["regularization"] * norms
            loss += settings["gravity"] / (sizes[0] * sizes[1]) * tf.reduce_sum(grams)
        for factors, slope in zip((users, items), tape.gradient(loss, [users, items]), strict=True):
            factors.assign_sub(settings["learning_rate"] * tf.convert_to_tensor(slope))

    def repeat() -> None:
        for _ in range(STEPS):
            step()

    return repeat


def run() -> list[Ratio]:
    """Time of a step, everything `fit` does included, in seconds."""
    ratings = rated(datasets.load("auto", progress=False).interactions)
    dim = SETTINGS[NAME]["dim"]

    def ours() -> None:
        MatrixFactorization.original(NAME, rate_plays=False, iterations=STEPS).fit(
            ratings, rng=np.random.default_rng(0)
        )

    ways = ours, product(ratings, dim), textbook(ratings, dim)
    for way in ways:
        way()  # compiled now, not while measured
    step, least, plain = (seconds(way) / STEPS for way in ways)
    work = f"{operations(ratings, dim) / 1e6:.0f} million operations on {len(ratings):,} entries, {dim} factors"
    return [
        Ratio("a step of gradient descent", "dense product of as many operations", step, least, 12, "longer", work),
        Ratio("a step of gradient descent", "tape over gathered rows", step, plain, FASTER_THAN_TAPE, "faster", work),
    ]
