"""Interactions: who listened to what. The one type that travels from data to evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.labels import check_labels, label_column, positions, row_of, shown, weight_column


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
        When a weight is not a finite number above zero, when labels and matrix disagree in size, or when a label is
        missing, repeated or of another kind than the others.
    """

    matrix: sp.csr_array
    users: NDArray[Any]
    items: NDArray[Any]

    def __post_init__(self) -> None:
        matrix = sp.csr_array(self.matrix, dtype=np.float32)
        try:
            matrix.check_format(full_check=True)  # what is outside of the matrix would be read from foreign memory
        except ValueError as error:
            raise ValueError(f"the matrix names users or items that are not there: {error}") from None
        matrix.sum_duplicates()
        for name, kind in (("users", "user"), ("items", "item")):
            labels = _as_labels(getattr(self, name))
            check_labels(labels, kind)
            object.__setattr__(self, name, labels)
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
            All labels, in the order of rows and columns, each once; by default the sorted labels that occur.

        Raises
        ------
        TypeError
            When `frame` is no frame.
        ValueError
            When there are no rows or a column is not there; when a label is missing, of another kind than the others
            (text among numbers) or not among the given ones; when a weight is not a finite number above zero. The
            message names the row, counted from 0.

        Examples
        --------
        >>> frame = pd.DataFrame({"user": [7, 7, 9], "item": ["a", "b", "b"], "plays": [3, 1, 5]})
        >>> listens = Interactions.from_frame(frame, weight="plays")
        >>> listens.matrix.toarray()
        array([[3., 1.],
               [0., 5.]], dtype=float32)
        """
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"expected a pandas.DataFrame with one row per interaction, not {type(frame).__name__}")
        if len(frame) == 0:
            raise ValueError("the frame has no rows, so there are no interactions")
        labels, codes = [], []
        for column, kind, given in ((user, "user", users), (item, "item", items)):
            values = label_column(frame, column)
            label = np.unique(values) if given is None else _as_labels(given)
            check_labels(label, kind)
            code = pd.Index(label).get_indexer(pd.Index(values))
            if (code < 0).any():
                place = int((code < 0).argmax())
                raise ValueError(
                    f"{row_of(frame, place)}: column {column!r} holds {shown(values[place])}, which is not among the "
                    f"given labels of {kind}s"
                )
            labels.append(label)
            codes.append(code)
        data = np.ones(len(frame)) if weight is None else weight_column(frame, weight)
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
        """Return the same users and items with only the entries where `keep`, shape (n_entries,), is true.

        Raises
        ------
        ValueError
            When `keep` does not say yes or no of every entry.
        """
        keep = np.asarray(keep)
        if keep.dtype != bool or keep.shape != (len(self),):
            raise ValueError(f"expected a yes or no for each of {len(self)} entries, not {keep.dtype} of {keep.shape}")
        rows, columns = self.coordinates()
        matrix = sp.csr_array((self.matrix.data[keep], (rows[keep], columns[keep])), shape=self.matrix.shape)
        return Interactions(matrix, self.users, self.items)

    def history(self, labels: ArrayLike) -> sp.csr_array:
        """Return the history of one person who is not among the users, by labels of items, as `history_of`.

        Raises
        ------
        LookupError
            When an item is unknown.
        """
        return history_of(self.numbers("item", labels), self.n_items)

    def numbers(self, kind: str, labels: ArrayLike) -> NDArray[np.int64]:
        """Return the row or column numbers of labels; `kind` is "user" or "item".

        Raises
        ------
        LookupError
            When there is no such label.
        """
        given = np.atleast_1d(_as_labels(labels))
        found = pd.Index(self.users if kind == "user" else self.items).get_indexer(pd.Index(given))
        if (found < 0).any():
            raise LookupError(f"no {kind} has the label {shown(given[found < 0][0])}")
        return found.astype(np.int64)

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
        """Join two disjoint sets of interactions of the same users and items (train + valid).

        Raises
        ------
        ValueError
            When users or items differ, or when the two have interactions in common.
        """
        if self.matrix.shape != other.matrix.shape:
            raise ValueError(f"shapes differ: {self.matrix.shape} and {other.matrix.shape}")
        if not all(np.array_equal(a, b) for a, b in ((self.users, other.users), (self.items, other.items))):
            raise ValueError("the two have other users or items, so their rows and columns mean different things")
        joined = Interactions(self.matrix + other.matrix, self.users, self.items)
        if shared := len(self) + len(other) - len(joined):
            raise ValueError(f"{shared} interactions are in both, and would be counted twice")
        return joined


def _as_labels(labels: Any) -> NDArray[Any]:
    """Return labels as an array, without turning numbers among texts into texts."""
    return labels if isinstance(labels, np.ndarray) else pd.Index(labels).to_numpy()


def history_of(items: ArrayLike, n_items: int) -> sp.csr_array:
    """Return the history of one person as a matrix of ones, shape (1, n_items); an item named twice counts once.

    Raises
    ------
    TypeError
        When items are not given by their column numbers.
    IndexError
        When an item is not one of `n_items`.

    Examples
    --------
    >>> history_of([3, 1, 3], n_items=5).toarray()
    array([[0., 1., 0., 1., 0.]], dtype=float32)
    """
    unique = np.unique(positions(items, n_items, "item"))
    return sp.csr_array((np.ones(len(unique), np.float32), unique, [0, len(unique)]), shape=(1, n_items))
