import numpy as np
import pytest

from musicrec.datasets.interactions import Interactions
from musicrec.models.baselines.oracle import Oracle


class Planted:
    """A made-up truth."""

    def scores(self, users) -> np.ndarray:
        return np.stack([np.random.default_rng(user).random(80, np.float32) for user in users])


def test_ranks_by_the_truth(listens: Interactions) -> None:
    model = Oracle(Planted()).fit(listens, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(model.scores([4, 2]), Planted().scores([4, 2]))
    with pytest.raises(IndexError, match="user 60 is not one of the 60 users"):
        model.recommend([60])


def test_real_data_have_no_oracle() -> None:
    with pytest.raises(ValueError, match="only simulated data have an oracle"):
        Oracle(None)
