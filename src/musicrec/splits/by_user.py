"""One way to split listens into train, validation and test, used by every chapter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions

SEEDS = (0, 1, 2, 3, 4)  # the five splits of the `listeners` protocol
TUNING_SEED = 5  # a sixth split, for choosing settings: its test part is never read


@dataclass(frozen=True, eq=False)
class Split:
    """Three disjoint parts of the same interactions, over the same users and items."""

    train: Interactions
    valid: Interactions
    test: Interactions
    seed: int


def split_by_user(
    interactions: Interactions, seed: int, valid: float = 0.1, test: float = 0.1, *, short_too: bool = False
) -> Split:
    """Split each user's interactions at random.

    Of n interactions of a user, floor(n · valid) go to validation, floor(n · test) to test and the rest to
    training: 40 / 5 / 5 of 50, as in the published table the book compares with [RecBole-GNN, 2022]. A user with
    fewer than ten interactions therefore has none held out and is only trained on, unless `short_too`.

    Parameters
    ----------
    interactions : Interactions
        What to split.
    seed : int
        Names the split: the same seed gives the same split on every machine.
    valid, test : float
        Shares held out, together below 1.
    short_too : bool
        Where a share comes to less than one, hold one out all the same, for test first, as long as one is left for
        training. So the published table was made.

    Raises
    ------
    TypeError
        When `interactions` are none.
    ValueError
        When the shares leave nothing to train on, or when no user has enough interactions to hold one out.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> listens = Interactions(sp.csr_array(np.ones((3, 20))), np.arange(3), np.arange(20))
    >>> split = split_by_user(listens, seed=0)
    >>> len(split.train), len(split.valid), len(split.test)
    (48, 6, 6)
    """
    if not isinstance(interactions, Interactions):
        raise TypeError(f"expected Interactions to split, not {type(interactions).__name__}")
    if not (valid >= 0 and test >= 0 and valid + test < 1):  # as NaN is not, either
        raise ValueError(f"shares of {valid} and {test} leave nothing to train on")
    sizes = interactions.history_sizes()
    # floor of a product of decimals: 0.1 * 30 must be 3, whatever its binary rounding
    n_valid, n_test = (np.floor(sizes * share + 1e-9).astype(np.int64) for share in (valid, test))
    if short_too:
        n_test = np.maximum(n_test, (sizes > 1) & (test > 0))
        n_valid = np.maximum(n_valid, (sizes - n_test > 1) & (valid > 0))
    if n_valid.sum() + n_test.sum() == 0:
        raise ValueError(
            f"too small to split: no user has enough interactions to hold one out (the longest history "
            f"has {sizes.max(initial=0)})"
        )
    rows, _ = interactions.coordinates()
    order = np.lexsort((np.random.default_rng(seed).random(len(interactions)), rows))
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - interactions.matrix.indptr[rows]
    in_valid = place < n_valid[rows]
    in_test = ~in_valid & (place < (n_valid + n_test)[rows])
    return Split(
        train=interactions.select(~in_valid & ~in_test),
        valid=interactions.select(in_valid),
        test=interactions.select(in_test),
        seed=seed,
    )


def is_held_out(lists: NDArray[np.int64], users: NDArray[np.int64], held_out: Interactions) -> NDArray[np.bool_]:
    """Say of each place of each list, shape (len(users), k), whether its item is held out for that user."""
    rows, columns = held_out.coordinates()
    hidden = rows * held_out.n_items + columns  # ascending, as the matrix is sorted by row, then column
    asked = users[:, None] * held_out.n_items + lists
    place = np.searchsorted(hidden, asked)
    return (lists >= 0) & (hidden[np.minimum(place, len(hidden) - 1)] == asked)
