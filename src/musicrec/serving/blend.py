"""Two systems in one: what answers readers.

One system is the better with few artists named, the other with many; the sum of their scores, each as a share of its
best, is better than either with any number of them (chapter 15).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.serving.forms import BLEND, OF, SMALL


class Blend(Recommender):
    """Half the score of `item-knn` and half that of `ials`, each as a share of the person's best.

    Served, and measured for newcomers; no row of the leaderboard, which ranks single systems and the hybrid.
    """

    name = BLEND

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        self.parts = [member(name).fit(train, rng=rng) for name in OF]
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return self.fold_in(self.train.matrix[users])

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        return np.mean([shares(part.fold_in(histories)) for part in self.parts], axis=0, dtype=np.float32)


def member(name: str) -> Recommender:
    """Return one of the systems of the blend, not fitted."""
    system = registry.find(name)
    return system.load()(**{**registry.tuned(name), **SMALL.get(name, {})})


def shares(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return scores, shape (n, n_items), as shares of the best of each row; zeros where none is above zero.

    Examples
    --------
    >>> shares(np.array([[2.0, -1, 4], [0, -1, 0]])).tolist()
    [[0.5, -0.25, 1.0], [0.0, 0.0, 0.0]]
    """
    best = scores.max(axis=1, keepdims=True)
    return np.divide(scores, best, out=np.zeros_like(scores, np.float32), where=best > 0, casting="unsafe")
