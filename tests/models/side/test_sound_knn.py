import numpy as np
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.side.sound_knn import SoundKNN

HALF = np.sqrt(0.5)  # cosine to each of two axes
FEATURES = np.float32([[1, 0], [0, 2], [3, 3], [6, 8]])
LISTS = Interactions(sp.csr_array(np.float32([[1, 1, 0, 0]])), np.arange(1), np.arange(4))


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, [1, 1, HALF, 0.8]), (2, [0.5, 0.5, HALF, 0.7]), (9, [0.5, 0.5, HALF, 0.7]), (None, [0.5, 0.5, HALF, 0.7])],
)
def test_sounds_are_compared_by_cosine(k: int | None, expected: list[float]) -> None:
    scores = SoundKNN(FEATURES, k).fit(LISTS, rng=np.random.default_rng(0)).scores([0])[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@pytest.mark.parametrize("k", [1, 2, None])
def test_a_playlist_without_songs_sounds_like_nothing(k: int | None) -> None:
    model = SoundKNN(FEATURES, k).fit(LISTS, rng=np.random.default_rng(0))
    assert not model.fold_in(sp.csr_array((1, 4), dtype=np.float32)).any()


def test_no_neighbour_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be above zero"):
        SoundKNN(FEATURES, 0)
