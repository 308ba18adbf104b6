"""Checks of row numbers, labels and the columns of a table; whatever is wrong is named with its row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

NUMBER, TEXT, DATE = "a number", "text", "a date"


def positions(values: ArrayLike, n: int, kind: str, hint: str = "") -> NDArray[np.int64]:
    """Return row or column numbers as an array of shape (n_values,); a single number is an array of one.

    Parameters
    ----------
    values : array-like of int
        What a caller gave.
    n : int
        How many rows or columns there are.
    kind : str
        What is numbered, for the message: "user", "item".
    hint : str
        What to do instead, for the message.

    Raises
    ------
    TypeError
        When they are not whole numbers: labels, a mask, numbers with a fraction.
    ValueError
        When they are more than a list.
    IndexError
        When one of them numbers nothing; a negative number is no way to count from the end.

    Examples
    --------
    >>> positions([3, 1], 5, "item")
    array([3, 1])
    """
    given = np.atleast_1d(np.asarray(values))
    if given.ndim != 1:
        raise ValueError(f"{kind}s must be a list of numbers, not an array of shape {given.shape}")
    if given.size and given.dtype.kind not in "iu":
        wrong = [v for v in given.tolist() if not isinstance(v, int) or isinstance(v, bool)]
        if wrong:
            raise TypeError(
                f"{kind}s are given by their number, from 0 to {n - 1}, not by {wrong[0]!r} ({type(wrong[0]).__name__})"
            )
    outside = (given < 0) | (given >= n) if given.size else np.zeros(0, bool)
    if outside.any():
        raise IndexError(f"{kind} {given[outside][0]} is not one of the {n} {kind}s{hint}")
    return given.astype(np.int64)


def check_labels(labels: NDArray[Any], kind: str) -> None:
    """Check that labels can name rows or columns: all there, of one kind, none twice.

    Raises
    ------
    ValueError
        Names the first label that cannot.
    """
    if labels.ndim != 1:
        raise ValueError(f"labels of {kind}s must be a list, not an array of shape {labels.shape}")
    if (missing := np.asarray(pd.isna(labels))).any():
        raise ValueError(f"the label of {kind} {int(missing.argmax())} is missing")
    one_kind(labels, f"the label of {kind}")
    index = pd.Index(labels)
    if not index.is_unique:
        second = int(index.duplicated().argmax())
        first = index[:second].get_indexer_for([labels[second]])[0]
        raise ValueError(f"two {kind}s have the label {shown(labels[second])}: {kind} {first} and {kind} {second}")


def label_column(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """Return the labels of a column, shape (n_rows,).

    Raises
    ------
    ValueError
        When there is no such column, or a label is missing or of another kind than the first; names the row.
    """
    values = column(frame, name).to_numpy()
    if (missing := np.asarray(pd.isna(values))).any():
        place = int(missing.argmax())
        others = f", and {missing.sum() - 1} more" if missing.sum() > 1 else ""
        raise ValueError(f"{row_of(frame, place)}: column {name!r} holds no label{others}; drop or name these rows")
    one_kind(values, f"column {name!r}, row")
    return values


def weight_column(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return the weights of a column, shape (n_rows,).

    Raises
    ------
    ValueError
        When there is no such column, or a weight is not a finite number above zero; names the row.
    """
    weights = column(frame, name)
    values = weights.to_numpy()
    if values.dtype.kind not in "iufb":
        numbers = [isinstance(v, int | float | np.number | np.bool_) and not isinstance(v, complex) for v in values]
        if wrong := [place for place, is_number in enumerate(numbers) if not is_number and not pd.isna(values[place])]:
            value = shown(values[wrong[0]])
            raise ValueError(
                f"{row_of(frame, wrong[0])}: the weight in column {name!r} is {value}, which is no number; "
                "see pandas.to_numeric"
            )
        values = weights.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(over="ignore"):
        usable = np.isfinite(values.astype(np.float32)) & (values > 0)
    if not usable.all():
        place = int((~usable).argmax())
        raise ValueError(
            f"{(~usable).sum()} of {len(values)} weights in column {name!r} are not finite numbers above zero; the "
            f"first is {values[place]} in {row_of(frame, place)}"
        )
    return values.astype(np.float64)


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return the one column of that name.

    Raises
    ------
    ValueError
        When there is none, or several.
    """
    if name not in frame.columns:
        raise ValueError(f"there is no column {name!r}; the columns are {', '.join(map(repr, frame.columns))}")
    found = frame[name]
    if isinstance(found, pd.DataFrame):
        raise ValueError(f"{found.shape[1]} columns are called {name!r}")
    return found


def row_of(frame: pd.DataFrame, place: int) -> str:
    """Return how to call a row, counted from 0, and what its index calls it where that is something else."""
    label = frame.index[place]
    return f"row {place}" if label == place else f"row {place} (index {shown(label)})"


def one_kind(values: NDArray[Any], place: str) -> None:
    """Check that labels are all texts, all numbers or all dates.

    Raises
    ------
    ValueError
        Names the first label of another kind.
    """
    if values.dtype.kind in "iuUSbM":
        return
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ValueError(f"{place} {int((~np.isfinite(values)).argmax())}: {values[~np.isfinite(values)][0]} "
                             "is no label")  # fmt: skip
        return
    if pd.api.types.infer_dtype(values, skipna=False) in ("string", "integer", "floating", "datetime64", "datetime"):
        return  # the usual case, and a hundred times faster
    kinds = [_kind(value) for value in values]
    for number, kind in enumerate(kinds):
        if kind not in (NUMBER, TEXT, DATE):
            raise ValueError(
                f"{place} {number}: a label must be text or a number, not {shown(values[number])} ({kind})"
            )
        if kind != kinds[0]:
            raise ValueError(
                f"{place} {number}: {shown(values[number])} is {kind}, but {shown(values[0])} before it is {kinds[0]}; "
                "labels must be of one kind"
            )


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return TEXT
    if isinstance(value, int | float | np.number):
        return NUMBER
    return DATE if isinstance(value, pd.Timestamp | np.datetime64) else type(value).__name__


def shown(value: Any) -> str:
    """Return a label as a reader would write it, without the name of its type.

    Examples
    --------
    >>> shown(np.int64(5)), shown("a")
    ('5', "'a'")
    """
    return repr(value.item() if isinstance(value, np.generic) else value)
