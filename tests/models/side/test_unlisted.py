import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.side.unlisted import Unlisted


def test_what_nobody_has_comes_first() -> None:
    lists = Interactions(sp.csr_array(np.float32([[1, 1, 0, 0], [0, 1, 0, 1]])), np.arange(2), np.arange(4))
    model = Unlisted().fit(lists, rng=np.random.default_rng(0))
    assert model.scores([1, 0]).tolist() == [[0, 0, 1, 0]] * 2
