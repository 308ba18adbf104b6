"""The inner loop of the neighbourhood models, compiled: the lists of a bank that have most in common with a list."""

from __future__ import annotations

import numpy as np

from musicrec.compiling import compiled


@compiled
def nearest_lists(  # type: ignore[no-untyped-def]
    starts, items, copies, bank_starts, bank_lists, bank_copies, own, sizes, itself, k, dice, shrinkage
):
    """Return the k most similar lists of each list, the most similar first; of equal ones the first in the bank.

    Parameters
    ----------
    starts, items, copies : numpy.ndarray
        `indptr`, `indices` and `data` of the lists, a CSR matrix of shape (n, n_items).
    bank_starts, bank_lists, bank_copies : numpy.ndarray
        The same of the bank turned over, a CSR matrix of shape (n_items, n_bank).
    own, sizes : numpy.ndarray, shape (n,), (n_bank,)
        float32, the entries of each list and of each list of the bank.
    itself : numpy.ndarray, shape (n,)
        The place in the bank that is the list itself, or -1.
    k : int
        How many.
    dice : bool
        Whether similarity is Dice's, else the cosine with `shrinkage` added to the denominator.
    shrinkage : float
        See above.

    Returns
    -------
    ids, similarities : numpy.ndarray, shape (n, k)
        int64 and float32; -1 and 0 where no further list has anything in common.
    """
    n = len(starts) - 1
    ids = np.full((n, k), -1, np.int64)
    best = np.zeros((n, k), np.float32)
    common = np.zeros(len(sizes), np.float32)  # one row at a time stays in the fastest cache
    for a in range(n):
        common[:] = 0
        for place in range(starts[a], starts[a + 1]):
            item, held = items[place], copies[place]
            for other in range(bank_starts[item], bank_starts[item + 1]):
                common[bank_lists[other]] += min(held, bank_copies[other])
        found = 0
        for b in range(len(sizes)):
            if common[b] == 0 or b == itself[a]:
                continue
            if dice:
                value = 2 * common[b] / (own[a] + sizes[b])
            else:
                value = common[b] / (np.sqrt(own[a] * sizes[b]) + shrinkage)
            if found == k and value <= best[a, k - 1]:
                continue
            place = found if found < k else k - 1
            while place > 0 and best[a, place - 1] < value:
                best[a, place], ids[a, place] = best[a, place - 1], ids[a, place - 1]
                place -= 1
            best[a, place], ids[a, place] = value, b
            found = min(found + 1, k)
    return ids, best
