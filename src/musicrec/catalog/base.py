"""What every kind of catalogue can do; where the rows lie is the business of the kinds."""

from __future__ import annotations

import difflib
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.catalog.entry import CatalogError, Entry, check_name, name_from

if TYPE_CHECKING:
    import pandas as pd

    from musicrec.catalog.reading import Progress

Row = tuple[str | None, ...]  # cells as text, None where the value is missing


def silent(what: str, share: float) -> None:
    """Report no progress."""


class Catalog(ABC):
    """Datasets under names, each with its description and metadata.

    Whatever a method changes is changed wholly or not at all. Rows keep the order of the file they came from.
    """

    place: str  # where it is, for a reader

    @abstractmethod
    def entries(self) -> list[Entry]:
        """Return what is in the catalogue, by name."""

    @abstractmethod
    def _store(self, path: Path, name: str, description: str, separator: str | None, progress: Progress) -> Entry:
        """Store a file's rows and metadata under a name that is valid and was free a moment ago."""

    @abstractmethod
    def _drop(self, entry: Entry) -> None:
        """Remove a dataset."""

    @abstractmethod
    def _take(self, entry: Entry, places: Sequence[int]) -> list[Row]:
        """Return the rows at some places, counted from 0, in ascending order."""

    @abstractmethod
    def _batches(self, entry: Entry) -> Iterator[list[Row]]:
        """Yield all rows in order."""

    def add(
        self,
        path: str | Path,
        name: str | None = None,
        description: str = "",
        *,
        separator: str | None = None,
        progress: Progress = silent,
    ) -> Entry:
        """Add a .csv or .json file, plain or gzipped; data, metadata and description are stored together or not at all.

        Parameters
        ----------
        path : path-like
            The file. Its first row must name the columns (.csv), or it is a list of records or has one record a line
            (.json); objects in a record become columns `outer.inner`.
        name : str, optional
            By default the file's name without its ending.
        description : str
            For people.
        separator : str, optional
            One mark, or comma, semicolon, tab, bar; detected when not given.
        progress : callable
            Told what is being done and how much of it is, from 0 to 1.

        Raises
        ------
        CatalogError
            When the file cannot be stored as a table, the name is not valid or is taken, or the disk is full. The
            catalogue is then as it was.
        """
        path = Path(path)
        name = check_name(name_from(path) if name is None else name)
        if any(entry.name == name for entry in self.entries()):
            raise CatalogError(name_taken(name))
        return self._store(path, name, description, separator, progress)

    def show(self, name: str) -> Entry:
        """Return description and metadata of a dataset.

        Raises
        ------
        CatalogError
            When there is none of that name.
        """
        entries = {entry.name: entry for entry in self.entries()}
        if name in entries:
            return entries[name]
        if not entries:
            raise CatalogError(f"no dataset is called {name!r}: the catalogue is empty")
        near = difflib.get_close_matches(name, entries, n=3) or list(entries)[:10]
        raise CatalogError(f"no dataset is called {name!r}; there is {', '.join(map(repr, near))}")

    def head(self, name: str, n: int = 10) -> pd.DataFrame:
        """Return the first rows; the index is the number of the row, from 1."""
        entry = self.show(name)
        return self._frame(entry, range(min(n, entry.rows)))

    def tail(self, name: str, n: int = 10) -> pd.DataFrame:
        """Return the last rows; the index is the number of the row, from 1."""
        entry = self.show(name)
        return self._frame(entry, range(max(entry.rows - n, 0), entry.rows))

    def sample(self, name: str, n: int = 10, *, seed: int | None = None) -> pd.DataFrame:
        """Return random rows, each at most once, in the order of the file; the same ones for the same seed."""
        entry = self.show(name)
        return self._frame(entry, sorted(random.Random(seed).sample(range(entry.rows), min(n, entry.rows))))

    def read(self, name: str) -> pd.DataFrame:
        """Return a whole dataset, in the memory it takes."""
        entry = self.show(name)
        return _typed(entry, [row for batch in self._batches(entry) for row in batch], range(1, entry.rows + 1))

    def remove(self, name: str) -> Entry:
        """Remove a dataset with all that is known of it, and return what was known."""
        entry = self.show(name)
        self._drop(entry)
        return entry

    def export(self, name: str, path: str | Path, *, overwrite: bool = False, progress: Progress = silent) -> Path:
        """Write a dataset to a .csv or .json file, whole or not at all.

        Cells are written as they are: a cell `=cmd()` is text here, but a spreadsheet program may take it for a
        formula. A missing value is an empty cell, or null; an empty text is a pair of quotes.

        Raises
        ------
        CatalogError
            When the file is there already, is of another type, or cannot be written.
        """
        from musicrec.files import whole

        path, entry = Path(path), self.show(name)
        if path.suffix.lower() not in (".csv", ".json"):
            raise CatalogError(f"{path.name}: a dataset is exported to .csv or .json")
        if path.exists() and not overwrite:
            raise CatalogError(f"{path} is there already; name another file, or say --overwrite")
        write = _csv_writer(entry) if path.suffix.lower() == ".csv" else _json_writer(entry)
        done = 0
        try:
            with whole(path) as file:
                for batch in self._batches(entry):
                    done += len(batch)
                    file.write(write(batch))
                    progress("writing", done / entry.rows)
                file.write(write([]))
        except OSError as error:
            raise CatalogError(f"{path} cannot be written ({error.strerror or error}); nothing was exported") from error
        return path

    def _frame(self, entry: Entry, places: Sequence[int]) -> pd.DataFrame:
        return _typed(entry, self._take(entry, places), [place + 1 for place in places])


def name_taken(name: str) -> str:
    """Return the message about a name that is taken."""
    return f"a dataset called {name!r} is in the catalogue already; give another name, or remove it first"


def _csv_writer(entry: Entry) -> Callable[[list[Row]], str]:
    """Return what turns batches of rows into CSV, the heading before the first."""
    from musicrec.catalog.reading import csv_line

    begin = [csv_line(entry.columns)]
    # a row without any value must not be a blank line
    blank, nothing = csv_line([None]), csv_line([""])

    def write(rows: list[Row]) -> str:
        lines = [csv_line(row) for row in rows]
        first = begin.pop() if begin else ""
        return first + "".join(nothing if line == blank else line for line in lines)

    return write


def _json_writer(entry: Entry) -> Callable[[list[Row]], str]:
    """Return what turns batches of rows into a JSON list, one record a line; an empty batch ends it."""
    keys = [json.dumps(name, ensure_ascii=False) + ": " for name in entry.columns]
    bare = [feature.type in ("integer", "number", "boolean") for feature in entry.features]
    begin = ["[\n"]

    def cell(value: str | None, plain: bool) -> str:
        return "null" if value is None else value if plain else json.dumps(value, ensure_ascii=False)

    def write(rows: list[Row]) -> str:
        if not rows:
            return "\n]\n"
        records = [
            "{" + ", ".join([key + cell(value, plain) for key, value, plain in zip(keys, row, bare, strict=True)]) + "}"
            for row in rows
        ]
        return (begin.pop() if begin else ",\n") + ",\n".join(records)

    return write


def _typed(entry: Entry, rows: Sequence[Row], index: Sequence[int]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    types: dict[str, Any] = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
    columns: dict[str, Any] = {}
    for place, feature in enumerate(entry.features):
        cells: Any = pd.Series(np.array([row[place] for row in rows], dtype=object), index=list(index), dtype="string")
        if feature.type in ("date", "time"):
            columns[feature.name] = pd.to_datetime(cells, format="ISO8601")
        elif feature.type == "boolean":
            columns[feature.name] = cells.map({"true": True, "false": False}).astype("boolean")
        elif feature.type == "integer":
            columns[feature.name] = cells.map(int, na_action="ignore").astype("Int64")
        else:
            columns[feature.name] = cells.astype(types.get(feature.type, "string"))
    return pd.DataFrame(columns, index=pd.Index(list(index), name="row"))
