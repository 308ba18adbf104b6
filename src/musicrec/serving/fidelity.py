"""What pruning and rounding cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musicrec.serving.quantisation import abridged, average_plays, full_model

if TYPE_CHECKING:
    from musicrec.datasets.interactions import Interactions


class Fidelity(NamedTuple):
    """How a served model compares with the one behind it, on listeners neither was fitted on."""

    listeners: int  # how many were held out
    agreement: float  # share of the full model's top 10 that the served model recommends too
    ndcg_served: float  # NDCG@10 on the part of their listens that was hidden
    ndcg_full: float


def fidelity(
    train: Interactions, model: str, n_users: int = 200, seed: int = 0, times: NDArray[np.int64] | None = None
) -> Fidelity | None:
    """Hold listeners out, fit on the others, and compare the lists of the served model with those of the full one.

    Of each held-out listener's artists four fifths are given and the rest hidden. None where there are not twice as
    many listeners with ten artists or more as are to be held out. `times` is that of `quantisation.abridged`.
    """
    from musicrec.datasets.interactions import Interactions
    from musicrec.datasets.joined import repeated
    from musicrec.evaluation.metrics import ndcg

    rng = np.random.default_rng(seed)
    able = np.flatnonzero(train.history_sizes() >= 10)
    if len(able) < 2 * n_users:
        return None
    held = np.sort(rng.choice(able, n_users, replace=False))
    rows, columns = train.coordinates()
    given = rng.random(len(rows)) < 0.8
    rest = train.select(~np.isin(rows, held))
    full = full_model(model).fit(repeated(rest, times), rng=np.random.default_rng(0))
    small = abridged(rest, [""] * train.n_items, model, fitted=full)
    position = np.argsort(np.argsort(-rest.popularity(), kind="stable"), kind="stable")  # of each item when served
    histories = Interactions(train.select(given).matrix[held], held, train.items)
    best = full.recommend_new(average_plays(histories.matrix, rest, model), 10).ids
    item_at = np.argsort(-rest.popularity(), kind="stable")
    same, hits_served, hits_full, hidden = 0.0, [], [], []
    for place, user in enumerate(held):
        liked = position[histories.matrix[[place]].indices]
        mine = item_at[[r.artist for r in small.recommend(liked[liked < small.n], 10)]]
        mine = np.pad(mine, (0, 10 - len(mine)), constant_values=-1)
        wanted = columns[(rows == user) & ~given]
        same += np.isin(best[place], mine).mean() / n_users
        hits_served.append(np.isin(mine, wanted))
        hits_full.append(np.isin(best[place], wanted))
        hidden.append(len(wanted))
    some = np.array(hidden) > 0
    means = [float(ndcg(np.array(h)[some], np.array(hidden)[some]).mean()) for h in (hits_served, hits_full)]
    return Fidelity(n_users, float(same), *means)
