"""A recommender with a leak, to show what it is worth."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.models.base import Recommender
from musicrec.models.top_k import mask_seen


class WithTrap(Recommender):
    """A recommender that is told which candidates the user has tagged, and never recommends these.

    A demonstration of a leak, never a system. Tags on held-out artists are dropped, as they must be; so of the artists
    that a user tagged and does not have in training, the held-out ones are the only ones without the user's tags.

    Parameters
    ----------
    model : Recommender
        Fitted.
    tagged : scipy.sparse.csr_array, shape (n_users, n_items)
        From `Known.tagged`.
    """

    name = "trap"
    title = "Told which artists are tagged"
    task = "demonstration"

    def __init__(self, model: Recommender, tagged: sp.csr_array) -> None:
        self.model, self.tagged, self.train = model, tagged, model.train

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return mask_seen(self.model.scores(users), self.tagged[users])
