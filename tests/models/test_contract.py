"""One contract for every system: add a new one as a row of SYSTEMS."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import Known
from musicrec.models.base import Recommender
from musicrec.models.baselines.oracle import Oracle
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.baselines.random import Random
from musicrec.models.factors.als import ALS
from musicrec.models.factors.bpr import BPR
from musicrec.models.factors.matrix_factorization import MatrixFactorization
from musicrec.models.factors.pure_svd import PureSVD
from musicrec.models.factors.warp import WARP
from musicrec.models.linear.ease import EASE
from musicrec.models.linear.slim import SLIM
from musicrec.models.neighbours.item_knn import ItemKNN
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.neighbours.rp3beta import RP3Beta
from musicrec.models.neighbours.user_knn import UserKNN
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.networks.combined_network import CombinedNetwork, CombinedPopularity
from musicrec.models.networks.concat_network import ConcatNetwork
from musicrec.models.networks.dot_network import DotNetwork
from musicrec.models.networks.lightgcn import LightGCN
from musicrec.models.networks.mult_vae import MultVAE
from musicrec.models.networks.nncf import NNCF
from musicrec.models.networks.nncf_neighbourhood import NNCFNeighbourhood
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.models.side.als_side import ALSSide
from musicrec.models.side.ease_side import EASESide
from musicrec.models.side.friends import Friends
from musicrec.models.side.kernel_users import KernelUsers
from musicrec.models.side.tag_content import TagContent
from musicrec.models.top_k import top_k


class System(NamedTuple):
    build: Callable[[], Recommender]
    learns: bool = True  # must find the hole in the checkerboard
    folds_in: bool = True
    heavy: bool = False  # trains a network: marked slow


def mf(name: str, **changes: float) -> MatrixFactorization:
    return MatrixFactorization.original(name, learning_rate=0.3, **{"iterations": 60, **changes})


class Planted:
    """A made-up truth over as many items as the training data have."""

    n_items = 0

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        rows = [np.random.default_rng(user).random(Planted.n_items, np.float32) for user in np.asarray(users)]
        return np.stack(rows) if rows else np.empty((0, Planted.n_items), np.float32)


class InventedSide:
    """Tags by the remainder of the item, friends in two rings: side information for any training data."""

    def known(self, train: Interactions) -> Known:
        rows, items = train.coordinates()
        given = np.stack([rows, items], axis=1)
        tags = sp.csr_array((np.ones(len(items), np.float32), (np.arange(len(items)), items % 6)), (len(items), 6))
        spread = sp.csr_array((np.ones(len(items), np.float32), (items, np.arange(len(items)))),
                              (train.n_items, len(items)))  # fmt: skip
        after = np.arange(train.n_users - 2)  # the next but one has the same taste on the checkerboard
        ring = sp.coo_array((np.ones(len(after), np.float32), (after, after + 2)), (train.n_users,) * 2).tocsr()
        nothing = sp.csr_array((train.n_users, train.n_items), dtype=np.float32)
        return Known(sp.csr_array(ring + ring.T), sp.csr_array(spread @ tags), nothing, tags, given)


SIDE: Any = InventedSide()
TINY = {"penalty": 1e-3, "epochs": 60, "batch_size": 256, "learning_rate": 0.03}  # for networks on small data

SYSTEMS = {
    "oracle": System(lambda: Oracle(Planted()), learns=False, folds_in=False),
    "random": System(Random, learns=False, folds_in=False),
    "popularity": System(Popularity, learns=False),
    "user-knn": System(lambda: UserKNN(n_neighbours=8)),
    "item-knn": System(lambda: ItemKNN(n_neighbours=12)),
    "playlist-similarity": System(PlaylistSimilarity),
    "playlist-similarity-votes": System(lambda: PlaylistSimilarity(order="votes")),
    "ease": System(lambda: EASE(l2=1.0)),
    "slim": System(lambda: SLIM(l1=0.1, l2=0.5)),
    "rp3beta": System(lambda: RP3Beta(beta=0.3)),
    "bpr": System(lambda: BPR(dim=8, epochs=300), folds_in=False),
    "als": System(lambda: ALS(dim=4, regularization=1.0)),
    "ease-side": System(lambda: EASESide(SIDE, l2=1.0)),
    "als-side": System(lambda: ALSSide(SIDE, dim=4, regularization=1.0), folds_in=False),
    "kernel-users": System(lambda: KernelUsers(SIDE, l2=1.0), folds_in=False),
    "tag-content": System(lambda: TagContent(SIDE), folds_in=False),
    "friends": System(lambda: Friends(SIDE), folds_in=False),
    "hybrid": System(lambda: Hybrid(SIDE, folds=1, n_candidates=10, rounds=3, min_leaf=20), folds_in=False),
    "mf-plain": System(lambda: mf("mf-plain"), learns=False),  # nothing unheard is in its loss
    "mf-low-init": System(lambda: mf("mf-low-init"), learns=False),
    "mf-regularized": System(lambda: mf("mf-regularized", dim=4, iterations=800)),
    "additive-network": System(lambda: AdditiveNetwork(epochs=2), learns=False, folds_in=False, heavy=True),
    "dot-network": System(lambda: DotNetwork(dim=4, n_negatives=2, **TINY), folds_in=False, heavy=True),
    "concat-network": System(lambda: ConcatNetwork(dim=4, n_negatives=2, **TINY), folds_in=False, heavy=True),
    "combined-network": System(lambda: CombinedNetwork(epochs=2), folds_in=False, heavy=True),
    "combined-popularity": System(CombinedPopularity),
    "nncf": System(
        lambda: NNCF(factors=4, perceptron_dim=2, dropout=0.1, batch_size=256, learning_rate=0.03, epochs=40),
        folds_in=False,
        heavy=True,
    ),
    "nncf-neighbourhood": System(
        lambda: NNCFNeighbourhood(dim=4, neighbour_dim=4, dropout=0.0, batch_size=256, learning_rate=0.03, epochs=30),
        folds_in=False,
        heavy=True,
    ),
    "pure-svd": System(lambda: PureSVD(2)),
    "warp": System(lambda: WARP(dim=4, epochs=60), folds_in=False),
    "lightgcn": System(
        lambda: LightGCN(dim=8, n_layers=2, batch_size=128, learning_rate=0.03, epochs=40), folds_in=False, heavy=True
    ),
    "mult-vae": System(lambda: MultVAE(hidden=16, latent=4, batch_size=30, learning_rate=0.05, epochs=25), heavy=True),
}


@pytest.fixture(params=[pytest.param(s, id=n, marks=[pytest.mark.slow] if s.heavy else []) for n, s in SYSTEMS.items()])
def system(request: pytest.FixtureRequest) -> System:
    return request.param


FITTED: dict[tuple[int, int], Recommender] = {}  # networks take their time, and most tests only look


def fit(system: System, train: Interactions, *, anew: bool = False) -> Recommender:
    Planted.n_items = train.n_items
    known = (
        id(system),
        hash((train.matrix.shape, *(getattr(train.matrix, a).tobytes() for a in ("indptr", "indices", "data")))),
    )
    if anew or known not in FITTED:
        FITTED[known] = system.build().fit(train, rng=np.random.default_rng(0))
    return FITTED[known]


def test_names_are_those_readers_and_scripts_use() -> None:
    assert {name: s.build().name for name, s in SYSTEMS.items()} == {name: name for name in SYSTEMS}


def test_finds_the_hole_in_the_checkerboard(system: System, board: Interactions) -> None:
    if not system.learns:
        pytest.skip("does not learn from who listened to what")
    users = np.arange(board.n_users)
    found = fit(system, board).recommend(users, k=1).ids[:, 0]
    assert np.mean(found == users) >= 0.9


def test_shapes_and_types(system: System, board: Interactions) -> None:
    model = fit(system, board)
    scores = model.scores([3, 0])
    assert scores.shape == (2, board.n_items)
    assert scores.dtype == np.float32
    ids, best = model.recommend([3, 0, 5], k=4)
    assert ids.shape == best.shape == (3, 4)
    assert (np.diff(best[np.isfinite(best).all(axis=1)], axis=1) <= 0).all()
    assert model.recommend([], k=4).ids.shape == (0, 4)


def test_never_recommends_what_was_seen(system: System, listens: Interactions) -> None:
    ids, scores = fit(system, listens).recommend(np.arange(listens.n_users), k=listens.n_items)
    rows, places = np.nonzero(ids >= 0)
    assert not listens.matrix[rows, ids[rows, places]].any()
    assert np.isneginf(scores[ids < 0]).all()


def test_an_item_is_recommended_once(system: System, listens: Interactions) -> None:
    ids = fit(system, listens).recommend(np.arange(listens.n_users), k=10).ids
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in ids)


def test_same_seed_same_lists_whatever_the_batch(system: System, listens: Interactions) -> None:
    users = np.arange(listens.n_users)
    first, second = fit(system, listens), fit(system, listens, anew=True)
    together = first.recommend(users, k=5).ids
    one_by_one = np.concatenate([second.recommend([u], k=5).ids for u in users])
    np.testing.assert_array_equal(together, one_by_one)


def test_unknown_user(system: System, board: Interactions) -> None:
    model = fit(system, board)
    for user in (-1, board.n_users):
        with pytest.raises(IndexError, match=f"user {user} is not one of the 24 users"):
            model.recommend([user])


def test_user_without_listens_and_item_nobody_holds(system: System) -> None:
    matrix = np.zeros((12, 10), np.float32)
    matrix[:11, :8] = np.random.default_rng(1).random((11, 8)) < 0.5
    matrix[:11, 0] = 1
    train = Interactions(sp.csr_array(matrix), np.arange(12), np.arange(10))
    model = fit(system, train)
    scores = model.scores(np.arange(12))
    assert not np.isnan(scores).any()
    assert model.recommend([11], k=3).ids.shape == (1, 3)


def test_nothing_to_learn_from(system: System) -> None:
    empty = Interactions(sp.csr_array((4, 5), dtype=np.float32), np.arange(4), np.arange(5))
    with pytest.raises(ValueError, match="no interactions"):
        fit(system, empty)


def test_a_single_user(system: System) -> None:
    train = Interactions(sp.csr_array(np.float32([[1, 1, 0, 1, 0]])), np.arange(1), np.arange(5))
    ids = fit(system, train).recommend([0], k=5).ids[0]
    assert set(ids[ids >= 0]) <= {2, 4}


def test_folding_in(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    if not system.folds_in:
        with pytest.raises(NotImplementedError, match="trained on"):
            model.fold_in(listens.matrix[:2])
        return
    histories = sp.csr_array(np.vstack([listens.matrix[:2].toarray(), np.zeros((1, listens.n_items))]))
    scores = model.fold_in(histories)
    assert scores.shape == (3, listens.n_items)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()


def test_explanations_sum_to_the_score(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    history = listens.matrix[[4]]
    try:
        reasons = model.explain(history, item=3)
    except NotImplementedError:
        pytest.skip("its scores are no sums over the history")
    assert set(reasons.index) == set(history.indices)
    assert reasons.is_monotonic_decreasing
    assert reasons.sum() == pytest.approx(model.fold_in(history)[0, 3], rel=1e-4, abs=1e-6)


def test_ties_are_broken_by_item_index() -> None:
    ids, scores = top_k(np.float32([[0, 5, 5, 5, 1]]), k=2)
    assert ids.tolist() == [[1, 2]]
    assert scores.tolist() == [[5, 5]]


def test_top_k_equals_a_full_stable_sort() -> None:
    scores = np.random.default_rng(0).integers(0, 6, size=(50, 40)).astype(np.float32)
    expected = np.argsort(-scores, axis=1, kind="stable")
    for k in (1, 7, 40):
        np.testing.assert_array_equal(top_k(scores.copy(), k).ids, expected[:, :k])


@pytest.mark.parametrize("n_items", [1, 79, 160, 1283])  # with and without blocks, and a rest that fills none
@pytest.mark.parametrize("levels", [2, 30, 10**6])
def test_top_k_looks_at_blocks_of_items_and_misses_none(n_items: int, levels: int) -> None:
    scores = np.random.default_rng(n_items).integers(0, levels, size=(40, n_items)).astype(np.float32)
    scores[::2, : n_items // 2] = -np.inf
    scores[0] = -np.inf
    expected = np.argsort(-scores, axis=1, kind="stable")
    expected[np.isneginf(np.take_along_axis(scores, expected, axis=1))] = -1
    for k in (1, 5, 10):
        np.testing.assert_array_equal(top_k(scores.copy(), k).ids[:, :n_items], expected[:, :k])
    scores[3, -1] = scores[3, 0] = scores[7, -1] = np.nan
    with pytest.raises(ValueError, match="2 users have a score that is not a number"):
        top_k(scores, 5)


def test_top_k_pads_and_refuses_nan() -> None:
    ids, scores = top_k(np.float32([[-np.inf, 2, -np.inf]]), k=5)
    assert ids.tolist() == [[1, -1, -1, -1, -1]]
    assert np.isneginf(scores[0, 1:]).all()
    with pytest.raises(ValueError, match="1 users have a score that is not a number"):
        top_k(np.float32([[np.nan, 1.0]]), k=1)


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


def test_real_data_have_no_oracle() -> None:
    with pytest.raises(ValueError, match="only simulated data have an oracle"):
        Oracle(None)


def test_ease_among_users_equals_the_textbook_among_items(listens: Interactions) -> None:
    """Steck's closed form: invert the penalised Gram matrix of items, divide by its diagonal, clear the diagonal."""
    l2, x = 3.0, listens.binary().toarray().astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + l2 * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    model = EASE(l2).fit(listens, rng=np.random.default_rng(0))
    np.testing.assert_allclose(model.scores(np.arange(listens.n_users)), x @ weights, atol=1e-4)
    with pytest.raises(ValueError, match="above zero"):
        EASE(0)
