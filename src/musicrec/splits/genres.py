"""Cells or whole artists of a genre table held out."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions

with warnings.catch_warnings():  # it warns where it was built without threads; one thread is all that is used here
    warnings.filterwarnings("ignore", message="LightFM was compiled without OpenMP")
    from lightfm.cross_validation import random_train_test_split

TEST_SHARE = 0.2


# ---- Holding out and measuring


def hold_out_cells(table: Interactions, seed: int, share: float = TEST_SHARE) -> tuple[Interactions, Interactions]:
    """Hold out cells at random, as the original did: an artist may be hidden in one genre and known in another."""
    parts = random_train_test_split(sp.coo_matrix(table.matrix), share, np.random.RandomState(seed))
    train, test = (Interactions(sp.csr_array(part), table.users, table.items) for part in parts)
    return train, test


def hold_out_artists(table: Interactions, seed: int, share: float = TEST_SHARE) -> tuple[Interactions, Interactions]:
    """Hold out artists at random, each in all its genres: of a hidden artist, training knows no genre at all.

    Raises
    ------
    ValueError
        When one of the two parts would be empty.
    """
    n = round(share * table.n_items)
    if not 0 < n < table.n_items:
        raise ValueError(f"too small to split: a share of {share:g} of {table.n_items} artists is {n}")
    hidden = np.zeros(table.n_items, dtype=bool)
    hidden[np.random.default_rng(seed).choice(table.n_items, n, replace=False)] = True
    hidden_cells = hidden[table.coordinates()[1]]
    return table.select(~hidden_cells), table.select(hidden_cells)
