"""What makes a list of recommendations good: accuracy per user, and what accuracy does not see.

Accuracy metrics take `hits`, boolean of shape (n_users, k), true where the item at that place of the list is
relevant (held out), best place first; and `n_relevant`, shape (n_users,), how many items are relevant, at least
one. They return one value per user, float64 of shape (n_users,). The others take `ids`, the lists themselves,
shape (n_users, k), where -1 marks an empty place.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]
PerUser = NDArray[np.float64]


def ndcg(hits: Hits, n_relevant: Counts) -> PerUser:
    r"""Normalised discounted cumulative gain [Järvelin & Kekäläinen, 2002].

    .. math:: \frac{\sum_{i=1}^{k} h_i / \log_2(i + 1)}{\sum_{i=1}^{\min(R, k)} 1 / \log_2(i + 1)}

    for hits :math:`h_i` and R relevant items: 1 when every place that could be right is.

    Examples
    --------
    Of two relevant items one is found, at the second place: (1 / log2 3) / (1 / log2 2 + 1 / log2 3).

    >>> ndcg(np.array([[False, True, False]]), np.array([2])).round(4)
    array([0.3869])
    """
    discount = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(n_relevant, hits.shape[1])]
    return hits @ discount / ideal


def recall(hits: Hits, n_relevant: Counts) -> PerUser:
    """Share of the relevant items that are in the list: hits / R.

    Examples
    --------
    >>> recall(np.array([[False, True, False]]), np.array([2]))
    array([0.5])
    """
    return hits.sum(axis=1) / n_relevant


def precision(hits: Hits, n_relevant: Counts) -> PerUser:
    """Share of the list that is relevant: hits / k.

    Examples
    --------
    >>> precision(np.array([[False, True, False, False]]), np.array([2]))
    array([0.25])
    """
    return np.asarray(hits.sum(axis=1) / hits.shape[1])


def hit(hits: Hits, n_relevant: Counts) -> PerUser:
    """1 when at least one item of the list is relevant, else 0.

    Examples
    --------
    >>> hit(np.array([[False, True], [False, False]]), np.array([2, 1]))
    array([1., 0.])
    """
    return np.asarray(hits.any(axis=1), np.float64)


def mrr(hits: Hits, n_relevant: Counts) -> PerUser:
    """Reciprocal rank: 1 / the place of the first relevant item, 0 when there is none.

    Examples
    --------
    >>> mrr(np.array([[False, True, True], [False, False, False]]), np.array([2, 1]))
    array([0.5, 0. ])
    """
    return hits.any(axis=1) / (hits.argmax(axis=1) + 1)


def r_precision(hits: Hits, n_relevant: Counts) -> PerUser:
    """Share of the first min(R, k) places that are relevant, for R relevant items.

    Examples
    --------
    Two relevant items, so only the first two places count.

    >>> r_precision(np.array([[False, True, True]]), np.array([2]))
    array([0.5])
    """
    places = np.minimum(n_relevant, hits.shape[1])
    inside = np.arange(hits.shape[1]) < places[:, None]
    return (hits & inside).sum(axis=1) / places


ACCURACY = {
    "ndcg": ndcg,
    "recall": recall,
    "mrr": mrr,
    "hit": hit,
    "precision": precision,
    "r-precision": r_precision,
}


def mean_popularity(ids: Counts, listeners: Counts) -> PerUser:
    """Mean number of training listeners of the recommended items.

    Examples
    --------
    >>> mean_popularity(np.array([[0, 1], [1, -1]]), np.array([10, 4]))
    array([7., 4.])
    """
    return _mean_over_list(listeners.astype(np.float64), ids)


def novelty(ids: Counts, listeners: Counts, n_users: int) -> PerUser:
    r"""Mean self-information of the recommended items, in bits [Vargas & Castells, 2011].

    .. math:: \frac1k \sum_{i} -\log_2 \frac{\max(\mathrm{listeners}_i, 1)}{n_\mathrm{users}}

    An item that half of the users know carries one bit.

    Examples
    --------
    >>> novelty(np.array([[0, 1]]), np.array([8, 2]), n_users=16)
    array([2.])
    """
    return _mean_over_list(-np.log2(np.maximum(listeners, 1) / n_users), ids)


def tag_diversity(ids: Counts, tags: sp.csr_array) -> PerUser:
    """Intra-list diversity: 1 - mean cosine between the tag vectors of all pairs in the list [Ziegler et al., 2005].

    Parameters
    ----------
    ids : numpy.ndarray, shape (n_users, k)
        The lists.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        How often each tag was given to each item. Items without a tag are left out; a list with fewer than two
        tagged items gets NaN.

    Examples
    --------
    Two items share their only tag, the third shares nothing: the three pairs have cosines 1, 0 and 0.

    >>> tags = sp.csr_array([[3.0, 0.0], [5.0, 0.0], [0.0, 1.0]])
    >>> tag_diversity(np.array([[0, 1, 2]]), tags).round(3)
    array([0.667])
    """
    n, both = np.empty(len(ids)), np.empty(len(ids))
    # the cosines of all pairs of items of some lists are a small matrix: few items make up most lists
    for part in np.array_split(np.arange(len(ids)), 1 + len(np.unique(ids)) // 2000):
        used, columns = np.unique(ids[part], return_inverse=True)
        columns = columns.reshape(ids[part].shape)
        unit = sp.csr_array(tags[np.maximum(used, 0)], dtype=np.float64)
        unit.data *= np.repeat(used >= 0, np.diff(unit.indptr))  # an empty place has no tags
        norms = np.sqrt(unit.multiply(unit).sum(axis=1))
        unit.data /= np.repeat(np.where(norms > 0, norms, 1), np.diff(unit.indptr))
        cosines = (unit @ unit.T).toarray()
        n[part] = (norms > 0)[columns].sum(axis=1)
        both[part] = sum(cosines[columns, other[:, None]].sum(axis=1) for other in columns.T)
    pairs = n * (n - 1) / 2
    # both counts every pair twice, and every item with itself
    return np.where(pairs > 0, 1 - (both - n) / 2 / np.where(pairs > 0, pairs, 1), np.nan)


def coverage(ids: Counts, n_items: int) -> float:
    """Share of the catalogue that is recommended to at least one user.

    Examples
    --------
    >>> coverage(np.array([[0, 1], [1, -1]]), n_items=4)
    0.5
    """
    return len(np.unique(ids[ids >= 0])) / n_items


def gini(ids: Counts, n_items: int) -> float:
    r"""Gini coefficient of how often each item is recommended: 0 all alike, towards 1 always the same few.

    .. math:: \frac{\sum_{j=1}^{n} (2j - n - 1)\, c_j}{n \sum_j c_j}, \quad c_1 \le \dots \le c_n

    Examples
    --------
    Of four items one gets everything.

    >>> gini(np.array([[2], [2], [2]]), n_items=4)
    0.75
    """
    counts = np.sort(np.bincount(ids[ids >= 0], minlength=n_items))
    order = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(order @ counts / (n_items * max(counts.sum(), 1)))


def _mean_over_list(values: PerUser, ids: Counts) -> PerUser:
    """Mean of a value per item over each list, NaN for an empty list."""
    there = ids >= 0
    n = there.sum(axis=1)
    return np.where(n > 0, np.where(there, values[ids], 0).sum(axis=1) / np.maximum(n, 1), np.nan)
