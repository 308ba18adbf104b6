"""The combined model of "SPOTIFIER!" (2018): similar lists propose, another system ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.neighbours.playlist_similarity import PlaylistSimilarity
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.space import ORIGINAL
from musicrec.models.top_k import mask_seen, top_k

N_SIMILAR, KEEP = 5, 100  # as in the original


@dataclass(eq=False, kw_only=True)
class CombinedNetwork(AdditiveNetwork):
    """Candidates from the most similar lists, ranked by the additive network.

    Parameters
    ----------
    n_similar : int
        How many similar lists the candidates come from.
    keep : int
        How many candidates are kept; all other items score -inf.
    """

    name: ClassVar[str] = "combined-network"
    title: ClassVar[str] = "Similar lists, then network"
    task: ClassVar[str] = "listeners"
    personal: ClassVar[bool] = True
    unsearched: ClassVar[str] = ORIGINAL
    small: ClassVar[Mapping[str, Any]] = {"epochs": 2}
    n_similar: int = N_SIMILAR
    keep: int = KEEP

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        pool = similar_lists(self.train, self.n_similar).scores(users)
        return best_candidates(super().scores(users), mask_seen(pool, self.train.matrix[users]), self.keep)


class CombinedPopularity(Popularity):
    """The same candidates, ranked by their number of listeners: what the network has to beat.

    Parameters
    ----------
    n_similar, keep : int
        As in `CombinedNetwork`.
    """

    name = "combined-popularity"
    title = "Similar lists, then popularity"
    task = "listeners"
    personal = True
    unsearched = ORIGINAL

    def __init__(self, n_similar: int = N_SIMILAR, keep: int = KEEP) -> None:
        self.n_similar, self.keep = n_similar, keep

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: D102
        pool = similar_lists(self.train, self.n_similar).scores(users)
        return best_candidates(super().scores(users), mask_seen(pool, self.train.matrix[users]), self.keep)

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:  # noqa: D102
        pool = similar_lists(self.train, self.n_similar).fold_in(histories)
        return best_candidates(super().fold_in(histories), mask_seen(pool, histories), self.keep)


def similar_lists(train: Interactions, n_similar: int) -> PlaylistSimilarity:
    """Return the system whose finite scores are the candidates; making it costs next to nothing."""
    return PlaylistSimilarity(n_similar, "votes").fit(train, rng=np.random.default_rng(0))


def best_candidates(scores: NDArray[np.float32], pool: NDArray[np.float32], keep: int) -> NDArray[np.float32]:
    """Return the scores of each row's `keep` best items among those with a finite value in `pool`, else -inf.

    Examples
    --------
    >>> pool = np.float32([[1, 1, -np.inf, 1]])
    >>> best_candidates(np.float32([[1, 3, 4, 2]]), pool, keep=2)
    array([[-inf,   3., -inf,   2.]], dtype=float32)
    """
    ids, best = top_k(np.where(np.isfinite(pool), scores, np.float32(-np.inf)), min(keep, scores.shape[1]))
    result = np.full(scores.shape, -np.inf, np.float32)
    rows, places = np.nonzero(ids >= 0)
    result[rows, ids[rows, places]] = best[rows, places]
    return result
