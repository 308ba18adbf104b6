"""Oracle: the planted truth of simulated listeners, which no system can beat by more than luck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.dataset import Oracle as Truth
from musicrec.models.base import Recommender


class Oracle(Recommender):
    """Items by the probability with which the simulation lets this user listen to them.

    Parameters
    ----------
    truth : musicrec.datasets.dataset.Oracle
        ``Dataset.oracle`` of simulated data.

    Raises
    ------
    ValueError
        When there is no truth to know: real data have none.
    """

    name = "oracle"
    title = "Oracle"
    task = "simulated listeners"
    personal = False

    def __init__(self, truth: Truth | None) -> None:
        if truth is None:
            raise ValueError("only simulated data have an oracle: of real listeners nobody knows the truth")
        self.truth = truth

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        return np.array(self.truth.scores(users), dtype=np.float32)
