"""A recommender that lists what nobody has: a leak, to show what it is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musicrec.models.base import Recommender


class Unlisted(Recommender):
    """Items that nobody has in training, for everybody.

    A demonstration of a leak, never a system: where every item of the data belongs to somebody, one that nobody has in
    training must be held out.
    """

    name = "unlisted"
    title = "Artists nobody has"
    task = "demonstration"
    personal = False

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return np.tile((self.train.popularity() == 0).astype(np.float32), (len(users), 1))
