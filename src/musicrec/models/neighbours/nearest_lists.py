"""The lists of a bank that have most in common with a list."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def nearest_lists(
    lists: sp.csr_array,
    bank: sp.csr_array,
    k: int,
    *,
    itself: NDArray[np.int64] | None = None,
    dice: bool = False,
    shrinkage: float = 0.0,
) -> sp.csr_array:
    """Find the lists of a bank that have most in common with each list.

    Parameters
    ----------
    lists, bank : scipy.sparse.csr_array, shape (n, n_items), (n_bank, n_items)
        How often each list holds each item; the overlap of 2 and 3 copies is 2.
    k : int
        How many similar lists to find.
    itself : numpy.ndarray, shape (n,), optional
        The row of the bank that each list is: nobody is a neighbour of their own.
    dice : bool
        Whether similarity is 2·|overlap| / (|a| + |b|), else |overlap| / (√(|a| |b|) + shrinkage).
    shrinkage : float
        Damps similarities that rest on few items.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, n_bank)
        The k largest similarities of each row, as far as they are above zero.
    """
    from musicrec.models.neighbours import (
        nearest_kernel,  # loading the compiler takes a moment, and not everyone needs it
    )

    turned = bank.T.tocsr()
    nobody = np.full(lists.shape[0], -1, np.int64)
    ids, values = nearest_kernel.nearest_lists(
        lists.indptr, lists.indices, lists.data, turned.indptr, turned.indices, turned.data,
        np.asarray(lists.sum(axis=1), np.float32), np.asarray(bank.sum(axis=1), np.float32),
        nobody if itself is None else itself, min(k, bank.shape[0]), dice, np.float32(shrinkage),
    )  # fmt: skip
    rows, places = np.nonzero(ids >= 0)
    return sp.csr_array((values[rows, places], (rows, ids[rows, places])), shape=(lists.shape[0], bank.shape[0]))
