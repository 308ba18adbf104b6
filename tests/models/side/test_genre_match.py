import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.side.genre_match import GenreMatch


def test_genres_of_the_own_items_come_first() -> None:
    lists = Interactions(sp.csr_array(np.float32([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0]])), np.arange(2), np.arange(5))
    profiles = np.float32([[1, 0], [0.5, 0.5], [0, 1], [1, 0], [0, 0]])
    scores = GenreMatch(profiles).fit(lists, rng=np.random.default_rng(0)).scores([0, 1])
    np.testing.assert_allclose(scores, [[1.5, 1, 0.5, 1.5, 0], [0, 0.5, 1, 0, 0]])
