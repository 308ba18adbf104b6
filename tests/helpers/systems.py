"""The systems that `tests/models` tests, small, and with invented side information."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import Known
from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.models.registry import System


class InventedSide:
    """Tags by the remainder of the item, friends in two rings: side information for any training data."""

    def known(self, train: Interactions) -> Known:
        rows, items = train.coordinates()
        given = np.stack([rows, items], axis=1)
        tags = sp.csr_array((np.ones(len(items), np.float32), (np.arange(len(items)), items % 6)), (len(items), 6))
        of_item = sp.csr_array((np.ones(len(items), np.float32), (items, np.arange(len(items)))),
                               (train.n_items, len(items)))  # fmt: skip
        after = np.arange(train.n_users - 2)  # the next but one has the same taste on the checkerboard
        ring = sp.coo_array((np.ones(len(after), np.float32), (after, after + 2)), (train.n_users,) * 2).tocsr()
        nothing = sp.csr_array((train.n_users, train.n_items), dtype=np.float32)
        return Known(sp.csr_array(ring + ring.T), sp.csr_array(of_item @ tags), nothing, tags, given)


SIDE: Any = InventedSide()


def contract() -> dict[str, System]:
    """Return the systems this file tests, by name."""
    return registry.systems()


def build(system: System, **changes: Any) -> Recommender:
    return system.create({**system.small, **changes}, SIDE if system.needs_side else None)


def overrides(system: System, verb: str) -> bool:
    return getattr(system.load(), verb) is not getattr(Recommender, verb)


FITTED: dict[tuple[str, int], Recommender] = {}  # networks take their time, and most tests only look


def fit(system: System, train: Interactions, *, anew: bool = False) -> Recommender:
    matrix = train.matrix
    key = (
        system.name,
        hash((matrix.shape, *(part.tobytes() for part in (matrix.indptr, matrix.indices, matrix.data)))),
    )
    if anew or key not in FITTED:
        FITTED[key] = build(system).fit(train, rng=np.random.default_rng(0))
    return FITTED[key]
