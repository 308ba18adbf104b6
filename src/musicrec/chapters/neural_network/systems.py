"""The systems that chapter 04 compares under the shared protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from musicrec.models.base import Recommender
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.networks.combined_network import CombinedNetwork, CombinedPopularity
from musicrec.models.networks.concat_network import ConcatNetwork
from musicrec.models.networks.dot_network import DotNetwork


def builders(chosen: Mapping[str, Mapping[str, Any]]) -> dict[str, Callable[[], Recommender]]:
    """Return what builds each system.

    The resampled additive network is trained like the dot network, so that the one differs from the other only in
    adding.

    Parameters
    ----------
    chosen : mapping
        Settings of `dot-network` and `concat-network`.
    """
    dot = DotNetwork(**chosen["dot-network"])
    like_dot = partial(
        AdditiveNetwork,
        learning_rate=dot.learning_rate,
        batch_size=dot.batch_size,
        n_negatives=dot.n_negatives,
        redraw=dot.redraw,
        epochs=dot.epochs,
    )
    return {
        "additive-network": partial(AdditiveNetwork, negatives="original"),
        "additive-network-resampled": like_dot,
        "combined-network": partial(CombinedNetwork, negatives="original"),
        "dot-network": partial(DotNetwork, **chosen["dot-network"]),
        "concat-network": partial(ConcatNetwork, **chosen["concat-network"]),
        "combined-popularity": CombinedPopularity,
        "popularity": Popularity,
    }
