"""A recommender that lists what nobody has: a leak, to show what it is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicrec.models.base import Recommender


class Unlisted(Recommender):
    """Items that nobody has in training, for everybody.

    A demonstration of a leak, never a system: where every item of the data belongs to somebody, one that nobody has in
    training must be held out.
    """

    name = "unlisted"
    task = "demonstration"
    personal = False

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:  # noqa: D102
        return np.tile((self.train.listeners() == 0).astype(np.float32), (len(self._known(users)), 1))
