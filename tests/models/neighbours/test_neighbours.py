"""Similarities against plain loops."""

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity


def test_dice_counts_copies() -> None:
    """Lists a a b and a a a b share a twice and b once: 2 · 3 / (3 + 4)."""
    bank = Interactions(sp.csr_array(np.float32([[3, 1, 0], [0, 0, 2]])), np.arange(2), np.arange(3))
    model = PlaylistSimilarity(multiplicity=True).fit(bank, rng=np.random.default_rng(0))
    similar = model.similar(sp.csr_array(np.float32([[2, 1, 0]]))).toarray()
    np.testing.assert_allclose(similar, [[6 / 7, 0]])


def test_vectorised_similarities_equal_the_plain_loops(listens: Interactions) -> None:
    history = [set(listens.matrix[[u]].indices.tolist()) for u in range(listens.n_users)]
    fans = [set(listens.matrix.T.tocsr()[[i]].indices.tolist()) for i in range(listens.n_items)]
    model = ItemKNN(n_neighbours=10**6, shrinkage=2).fit(listens, rng=np.random.default_rng(0))
    expected = [
        sum(len(fans[i] & fans[j]) / ((len(fans[i]) * len(fans[j])) ** 0.5 + 2) for j in history[0] - {i})
        for i in range(listens.n_items)
    ]
    np.testing.assert_allclose(model.scores([0])[0], expected, rtol=1e-5)
    dice = PlaylistSimilarity(n_similar=10**6).fit(listens, rng=np.random.default_rng(0))
    similar = dice.similar(listens.matrix[[0]], itself=np.array([0])).toarray()[0]
    expected = [2 * len(history[0] & h) / (len(history[0]) + len(h)) for h in history]
    np.testing.assert_allclose(similar, [0, *expected[1:]], rtol=1e-5)
