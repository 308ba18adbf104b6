import numpy as np
import pandas as pd
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models import registry
from musicrec.models.side.same_artist import SameArtist

LISTS = Interactions(sp.csr_array(np.float32([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0]])), np.arange(2), np.arange(5))
COLUMNS = {"id": list("abcde"), "artist": ["Sade", "Sade", "Muse", "Sade", None], "popularity": [10, 20, 30, 100, 50]}


def test_songs_of_an_artist_are_counted_and_popularity_decides_ties() -> None:
    model = SameArtist(pd.DataFrame(COLUMNS)).fit(LISTS, rng=np.random.default_rng(0))
    np.testing.assert_allclose(model.scores([0, 1]), [[2.01, 2.02, 0.03, 2.1, 0.05], [0.01, 0.02, 1.03, 0.1, 0.05]])
    np.testing.assert_array_equal(model.fold_in(LISTS.matrix), model.scores([0, 1]))
    assert model.recommend([0], 2).ids.tolist() == [[3, 4]]


def test_it_is_a_system_for_playlists() -> None:
    assert {"same-artist", "sound-knn"} <= set(registry.systems("playlists"))
    assert not {"same-artist", "sound-knn"} & set(registry.systems())
