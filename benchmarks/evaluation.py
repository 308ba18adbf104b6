"""Evaluating a factor model against the least any evaluation must do: the scores and their ten best."""

import tracemalloc

import numpy as np
import scipy.sparse as sp

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import item_tags
from musicrec.evaluation.ranking import evaluate
from musicrec.models.base import BATCH, FactorModel
from musicrec.splits.by_user import Split, split_by_user

K, DIM = 10, 64


class Factors(FactorModel):
    """Random factors: the time of ranking does not depend on their values."""

    name = "factors"


def factor_model(split: Split) -> Factors:
    """Return a model with random factors."""
    rng = np.random.default_rng(0)
    model = Factors().fit(split.train, rng=rng)
    model.user_factors = rng.normal(size=(split.train.n_users, DIM)).astype(np.float32)
    model.item_factors = rng.normal(size=(split.train.n_items, DIM)).astype(np.float32)
    return model


def bare(model: FactorModel) -> None:
    """Compute the matrix product in the same batches, and the ten best of each row in order."""
    for start in range(0, len(model.user_factors), BATCH):
        scores = model.user_factors[start : start + BATCH] @ model.item_factors.T
        ids = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, ids, axis=1), axis=1)
        np.take_along_axis(ids, order, axis=1)


def peak(n_users: int, n_items: int = 5000) -> float:
    """Return the peak memory of one evaluation, in bytes."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(n_users), 20)
    columns = rng.integers(0, n_items, len(rows))
    matrix = sp.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n_users, n_items)).tocsr()
    split = split_by_user(Interactions(matrix, np.arange(n_users), np.arange(n_items)), 0)
    model = factor_model(split)
    tracemalloc.start()
    evaluate(model, split, K)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def run() -> list[Ratio]:
    """Time of all metrics, and how memory grows with users."""
    data = datasets.load("auto", progress=False)
    split, tags = split_by_user(data.interactions, 0), item_tags(data)
    model = factor_model(split)
    ours, theirs = seconds(lambda: evaluate(model, split, K, tags=tags)), seconds(lambda: bare(model))
    shape = f"{split.train.n_users:,} users x {split.train.n_items:,} items, {DIM} factors"
    few, many = 2_000, 16_000
    return [
        Ratio("full evaluation, all metrics", "product and top-k", ours, theirs, 2, "longer", f"seconds; {shape}"),
        Ratio(
            f"peak memory of evaluating {many:,} users", f"of {few:,} users", peak(many), peak(few), 4, "longer",
            "bytes; a dense users x items matrix would grow 8-fold",
        ),
    ]  # fmt: skip
