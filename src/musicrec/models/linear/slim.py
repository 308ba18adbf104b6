"""SLIM: sparse non-negative weights between items, one small regression per item."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.models.neighbours.item_to_item import ItemToItem, keep_largest
from musicrec.models.space import Range


class SLIM(ItemToItem):
    """Sparse linear method with feature selection [Ning & Karypis, 2011].

    Each item's listens are regressed on those of the items it shares most listeners with, with non-negative weights
    under an elastic net. Items with fewer than `min_listeners` get no weights: one listener fits anything.

    Parameters
    ----------
    l1, l2 : float
        Penalties on the sum of the weights and of their squares, in listens: they do not depend on the number of
        users.
    n_candidates : int
        How many items with a similar audience each regression may use.
    min_listeners : int
        See above.
    """

    name = "slim"
    title = "Sparse linear method"
    task = "listeners"
    reference = "ning2011"
    space = {
        "l1": Range(0.01, 5.0, log=True),
        "l2": Range(0.1, 100.0, log=True),
        "n_candidates": Range(20, 400, log=True),
        "min_listeners": Range(1, 6),
    }
    small = {"l1": 0.1, "l2": 0.5}

    def __init__(self, l1: float = 0.5, l2: float = 30.0, n_candidates: int = 100, min_listeners: int = 2) -> None:
        self.l1, self.l2, self.n_candidates, self.min_listeners = l1, l2, n_candidates, min_listeners

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        listens = train.binary()
        common = sp.csr_array(listens.T @ listens)
        listeners = train.popularity()
        root = sp.diags_array(1 / np.sqrt(np.maximum(listeners, 1)))
        similar = sp.csr_array(root @ common @ root)
        similar.setdiag(0)
        similar.eliminate_zeros()
        similar = keep_largest(similar, self.n_candidates)
        n = train.n_users
        total = self.l1 + self.l2
        model = ElasticNet(
            alpha=total / n, l1_ratio=self.l1 / total if total else 0, positive=True, fit_intercept=False,
            max_iter=100, tol=1e-3,
        )  # fmt: skip
        rows, columns, values = [], [], []
        by_item = listens.tocsc()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a near-optimal weight ranks as well
            for item in tqdm(
                np.flatnonzero(listeners >= self.min_listeners), desc=self.name, disable=None, leave=False
            ):
                near = similar.indices[similar.indptr[item] : similar.indptr[item + 1]]
                if len(near) == 0:
                    continue
                who = sp.csc_matrix(by_item[:, near])
                who.indices, who.indptr = who.indices.astype(np.int32), who.indptr.astype(np.int32)
                target = by_item[:, [item]].toarray()[:, 0]
                model.fit(who, target)
                used = np.flatnonzero(model.coef_ > 0)
                rows.append(near[used])
                columns.append(np.full(len(used), item))
                values.append(model.coef_[used])
        empty = [np.empty(0, np.int64)]
        coords = (np.concatenate(rows or empty), np.concatenate(columns or empty))
        data = np.concatenate(values or [np.empty(0)]).astype(np.float32)
        self.weights = sp.coo_array((data, coords), shape=common.shape).tocsr()
        return self
