"""Fitted models on disk: facts as JSON and arrays in one ``.npz`` file, without pickle.

A pickled model runs whatever its file says when it is read, and breaks when a class moves. Here a file holds numbers
and text only; what they mean is decided by the class that reads them.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicrec.files import whole

FACTS = "facts"
# What zipfile and NumPy raise; NotImplementedError and RuntimeError for archives of other versions, or locked ones.
_DAMAGE = (
    EOFError, KeyError, ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def write(
    path: str | os.PathLike[str], facts: Mapping[str, Any], arrays: Mapping[str, ArrayLike], *, compress: bool = True
) -> None:
    """Write a fitted model to one ``.npz`` file, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file; its folder is made when missing.
    facts : mapping
        What JSON can hold: settings, names, and whatever else is needed to make sense of the arrays.
    arrays : mapping of str to array-like
        Numbers, booleans or text of any shape.
    compress : bool
        Smaller, but slower to read.

    Raises
    ------
    ValueError
        When an array is called "facts", or holds Python objects, which only pickle could keep.
    OSError
        When the file cannot be written.
    """
    ready = {name: np.asarray(array) for name, array in arrays.items()}
    if FACTS in ready:
        raise ValueError('an array of a model cannot be called "facts": its description has that name')
    if objects := [name for name, array in ready.items() if array.dtype.hasobject]:
        raise ValueError(f"the array {objects[0]!r} holds Python objects; a model is saved as numbers and text")
    description = np.array(json.dumps(dict(facts)))
    with whole(path, "wb") as file:
        (np.savez_compressed if compress else np.savez)(file, **{FACTS: description, **ready})  # type: ignore[arg-type]


@contextmanager
def opened(
    path: str | os.PathLike[str], what: str, **expected: Any
) -> Iterator[tuple[dict[str, Any], Mapping[str, NDArray[Any]]]]:
    """Open what `write` wrote; nothing in the file is ever run, and an array is read when it is asked for.

    Parameters
    ----------
    path : path-like
        The file.
    what : str
        What it should hold, for the error: "a model saved by ALS".
    **expected
        Facts that must be in the file with these values.

    Yields
    ------
    tuple of dict and mapping
        The facts, and the arrays by name.

    Raises
    ------
    ValueError
        When the file is damaged or holds something else, or the block asks it for an array that it does not have.
    OSError
        When there is no such file, or it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = dict(json.loads(str(file[FACTS])))
            for name, value in expected.items():
                if facts.get(name) != value:
                    raise ValueError(f"its {name} is {facts.get(name)!r}, not {value!r}")
            yield facts, file
    except _DAMAGE as error:
        raise ValueError(f"{path} does not hold {what} ({error})") from error
