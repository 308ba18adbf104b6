"""Interactions: who listened to what. The one type that travels from data to evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Interactions:
    """Implicit feedback of users on items.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (n_users, n_items)
        Weights (play counts, or ones), finite and above zero, as float32; column indices sorted.
    users, items : numpy.ndarray, shape (n_users,), (n_items,)
        The labels of rows and columns, as the source names them.

    Raises
    ------
    ValueError
        When a weight is not a finite number above zero, or when labels and matrix disagree in size.
    """

    matrix: sp.csr_array
    users: NDArray[Any]
    items: NDArray[Any]

    def __post_init__(self) -> None:
        matrix = sp.csr_array(self.matrix, dtype=np.float32)
        matrix.sum_duplicates()
        if matrix.shape != (len(self.users), len(self.items)):
            raise ValueError(
                f"the matrix has shape {matrix.shape}, but there are {len(self.users)} user labels "
                f"and {len(self.items)} item labels"
            )
        bad = ~(np.isfinite(matrix.data) & (matrix.data > 0))
        if bad.any():
            entry = int(np.flatnonzero(bad)[0])
            user = int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
            raise ValueError(
                f"{bad.sum()} of {matrix.nnz} weights are not finite numbers above zero; the first is "
                f"{matrix.data[entry]} (user {self.users[user]}, item {self.items[matrix.indices[entry]]})"
            )
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        user: str = "user",
        item: str = "item",
        weight: str | None = None,
        users: ArrayLike | None = None,
        items: ArrayLike | None = None,
    ) -> Interactions:
        """Build interactions from one row per (user, item) pair; repeated pairs are added up.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row per interaction.
        user, item, weight : str
            Names of its columns; without `weight` every row weighs 1.
        users, items : array-like, optional
            All labels, in the order of rows and columns; by default the sorted labels that occur.

        Raises
        ------
        ValueError
            When the frame names a user or an item that is not among the labels.

        Examples
        --------
        >>> frame = pd.DataFrame({"user": [7, 7, 9], "item": ["a", "b", "b"], "plays": [3, 1, 5]})
        >>> listens = Interactions.from_frame(frame, weight="plays")
        >>> listens.matrix.toarray()
        array([[3., 1.],
               [0., 5.]], dtype=float32)
        """
        labels, codes = [], []
        for column, given in ((user, users), (item, items)):
            label = np.unique(frame[column].to_numpy()) if given is None else np.asarray(given)
            code = pd.Index(label).get_indexer(frame[column])
            if (code < 0).any():
                unknown = frame[column].to_numpy()[code < 0][0]
                raise ValueError(f"column {column!r} holds {unknown}, which is not among the given labels")
            labels.append(label)
            codes.append(code)
        data = np.ones(len(frame)) if weight is None else frame[weight].to_numpy(dtype=np.float64)
        shape = (len(labels[0]), len(labels[1]))
        return cls(sp.coo_array((data, (codes[0], codes[1])), shape=shape).tocsr(), labels[0], labels[1])

    @property
    def n_users(self) -> int:
        """Number of rows."""
        return self.matrix.shape[0]

    @property
    def n_items(self) -> int:
        """Number of columns."""
        return self.matrix.shape[1]

    @property
    def density(self) -> float:
        """Share of all pairs that are interactions."""
        return self.matrix.nnz / (self.n_users * self.n_items)

    def __len__(self) -> int:
        return int(self.matrix.nnz)

    def __repr__(self) -> str:
        return f"Interactions({self.n_users:,} users x {self.n_items:,} items, {len(self):,} entries)"

    def binary(self) -> sp.csr_array:
        """Return the matrix with every weight set to 1, float32, shape (n_users, n_items)."""
        m = self.matrix
        return sp.csr_array((np.ones(m.nnz, np.float32), m.indices, m.indptr), shape=m.shape)

    def popularity(self) -> NDArray[np.int64]:
        """Return the number of users of each item, shape (n_items,)."""
        return np.bincount(self.matrix.indices, minlength=self.n_items)

    def history_sizes(self) -> NDArray[np.int64]:
        """Return the number of items of each user, shape (n_users,)."""
        return np.diff(self.matrix.indptr).astype(np.int64)

    def coordinates(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and the column of every entry, each of shape (n_entries,), ordered by row."""
        rows = np.repeat(np.arange(self.n_users), self.history_sizes())
        return rows, self.matrix.indices.astype(np.int64)

    def select(self, keep: NDArray[np.bool_]) -> Interactions:
        """Return the same users and items with only the entries where `keep`, shape (n_entries,), is true."""
        rows, columns = self.coordinates()
        matrix = sp.csr_array((self.matrix.data[keep], (rows[keep], columns[keep])), shape=self.matrix.shape)
        return Interactions(matrix, self.users, self.items)

    def arrays(self) -> dict[str, Any]:
        """Return what `from_arrays` needs to restore them, as arrays that can be saved without pickle."""
        labels = {"users": self.users, "items": self.items}
        plain = {name: label.astype(str) if label.dtype.hasobject else label for name, label in labels.items()}
        return {"data": self.matrix.data, "indices": self.matrix.indices, "indptr": self.matrix.indptr, **plain}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray]) -> Interactions:
        """Restore interactions from the arrays of `arrays`; others beside them are left alone."""
        users, items = arrays["users"], arrays["items"]
        shape = (len(users), len(items))
        return cls(sp.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape), users, items)

    def __add__(self, other: Interactions) -> Interactions:
        """Join two disjoint sets of interactions of the same users and items (train + valid)."""
        if self.matrix.shape != other.matrix.shape:
            raise ValueError(f"shapes differ: {self.matrix.shape} and {other.matrix.shape}")
        return Interactions(self.matrix + other.matrix, self.users, self.items)


def history_of(items: Sequence[int], n_items: int) -> sp.csr_array:
    """Return the history of one person as a matrix of ones, shape (1, n_items); an item named twice counts once.

    Examples
    --------
    >>> history_of([3, 1, 3], n_items=5).toarray()
    array([[0., 1., 0., 1., 0.]], dtype=float32)
    """
    unique = np.unique(np.asarray(items, dtype=np.int64))
    return sp.csr_array((np.ones(len(unique), np.float32), unique, [0, len(unique)]), shape=(1, n_items))
