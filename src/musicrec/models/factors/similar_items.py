"""Nearest items in a space of factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicrec.models.top_k import Recommendations, top_k


def nearest(
    factors: NDArray[np.float32],
    items: ArrayLike,
    k: int = 6,
    *,
    measure: str = "cosine",
    itself: bool = False,
    among: NDArray[np.bool_] | None = None,
) -> Recommendations:
    """Return the items most similar to each of some items.

    Parameters
    ----------
    factors : numpy.ndarray, shape (n_items, dim)
        One vector per item.
    items : array-like of int, shape (n,)
        The items asked for, row numbers of `factors`.
    k : int
        How many neighbours.
    measure : {"cosine", "dot"}
        The angle between the vectors, or their dot product, which favours long vectors. The cosine to a vector of
        zeros is 0.
    itself : bool
        Whether an item may be its own neighbour.
    among : numpy.ndarray of bool, shape (n_items,), optional
        Which items may be neighbours, by default all. Those with few listeners have a vector of little meaning.

    Returns
    -------
    Recommendations
        Row numbers and similarities, each of shape (n, k), most similar first.

    Raises
    ------
    ValueError
        When `measure` is neither.
    IndexError
        When an item does not exist.

    Examples
    --------
    >>> factors = np.float32([[1, 0], [3, 3], [0.5, 0.1]])
    >>> nearest(factors, [0], k=1).ids, nearest(factors, [0], k=1, measure="dot").ids
    (array([[2]]), array([[1]]))
    """
    if measure not in ("cosine", "dot"):
        raise ValueError(f"measure must be 'cosine' or 'dot', not {measure!r}")
    asked = np.atleast_1d(np.asarray(items, dtype=np.int64))
    if unknown := [int(item) for item in asked if not 0 <= item < len(factors)]:
        raise IndexError(f"item {unknown[0]} is not one of the {len(factors)} items")
    vectors = factors
    if measure == "cosine":
        lengths = np.linalg.norm(factors, axis=1, keepdims=True)
        vectors = (factors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    scores = vectors[asked] @ vectors.T
    if not itself:
        scores[np.arange(len(asked)), asked] = -np.inf
    if among is not None:
        scores[:, ~among] = -np.inf
    return top_k(scores, k)
