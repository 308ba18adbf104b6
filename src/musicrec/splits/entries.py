"""Entries held out at random, as "Recommender Systems Assignment" (2021) did."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.play_counts import clip_and_scale

# ---- Its protocol


def rated(interactions: Interactions) -> Interactions:
    """Return the same entries with ratings from 1 to 10 for play counts, as the original prepared them: all at once."""
    matrix = interactions.matrix
    ratings = clip_and_scale(matrix.data)
    return Interactions(
        sp.csr_array((ratings, matrix.indices, matrix.indptr), shape=matrix.shape),
        interactions.users,
        interactions.items,
    )


def hold_out(entries: Interactions, seed: int, share: float = 0.1) -> tuple[Interactions, Interactions]:
    """Split entries at random, whoever they belong to, into those to learn from and a share held out.

    Raises
    ------
    ValueError
        When one of the two parts would be empty.
    """
    n = round(share * len(entries))
    if not 0 < n < len(entries):
        raise ValueError(f"too small to split: a share of {share:g} of {len(entries)} entries is {n}")
    held_out = np.zeros(len(entries), bool)
    held_out[np.random.default_rng(seed).choice(len(entries), size=n, replace=False)] = True
    return entries.select(~held_out), entries.select(held_out)
