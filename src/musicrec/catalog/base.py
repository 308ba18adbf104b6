"""What every kind of catalogue can do; where the rows lie is the business of the kinds."""

from __future__ import annotations

import difflib
import errno
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.catalog.entry import CatalogError, Entry, Feature, as_typed, check_name, name_from

if TYPE_CHECKING:
    import pandas as pd

    from musicrec.catalog.text import Progress, Reading

Row = tuple[str | None, ...]  # cells as the text they were, None where the value is missing; JSON where types are mixed


@dataclass(frozen=True)
class Excerpt:
    """Some rows of a dataset, with their numbers, from 1."""

    entry: Entry
    numbers: list[int]
    rows: list[Row]

    def as_text(self) -> list[tuple[str | None, ...]]:
        """Return the cells as text."""
        return [tuple(map(plain, self.entry.features, row)) for row in self.rows]

    def as_json(self) -> str:
        """Return a list of records, the numbers digit by digit as they were."""
        write = _json_writer(self.entry)
        return (write(self.rows) + write([])).strip() if self.rows else "[]"

    def as_frame(self) -> pd.DataFrame:
        """Return a data frame of the columns' types; the index is the number of the row."""
        import pandas as pd

        index = pd.Index(self.numbers, name="row")
        cells = enumerate(self.entry.features)
        return pd.DataFrame({f.name: _series(f, [row[i] for row in self.rows], index) for i, f in cells}, index=index)


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
    def _store(self, path: Path, name: str, description: str, reading: Reading, progress: Progress) -> Entry:
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
        encoding: str | None = None,
        header: bool | None = None,
        progress: Progress = silent,
    ) -> Entry:
        """Add a .csv or .json file, plain or gzipped; data, metadata and description are stored together or not at all.

        Every cell comes out again as the text it was. A cell with nothing in it is missing; an empty pair of quotes is
        an empty text.

        Parameters
        ----------
        path : path-like
            The file. Its first row names the columns (.csv), or it is a list of records or has one record after another
            (.json); objects in a record become columns `outer.inner`. At most 1,000 columns, 100 million rows, 8 MiB a
            row, 64 MiB in 2,048 rows in succession, 16 GiB unpacked.
        name : str, optional
            By default the file's name without its ending.
        description : str
            For people.
        separator : str, optional
            One mark, or comma, semicolon, tab, bar; detected when not given.
        encoding : str, optional
            As Python calls it. When not given, it is UTF-8, line by line, and for other lines what fits them best; what
            was assumed is among the notes of the entry.
        header : bool, optional
            Whether the first row of a .csv names the columns. When not given, it does, unless it looks like any other.
        progress : callable
            Told what is being done and how much of it is, from 0 to 1.

        Raises
        ------
        CatalogError
            When the file cannot be stored as a table, the name is not valid or is taken, or the disk is full. The
            catalogue is then as it was.
        """
        from musicrec.catalog.text import Reading

        path = Path(path)
        name = check_name(name_from(path) if name is None else as_typed(name))
        if any(entry.name == name for entry in self.entries()):
            raise CatalogError(name_taken(name))
        return self._store(path, name, as_typed(description), Reading(separator, encoding, header), progress)

    def show(self, name: str) -> Entry:
        """Return description and metadata of a dataset.

        Raises
        ------
        CatalogError
            When there is none of that name.
        """
        entries = {entry.name: entry for entry in self.entries()}
        if (same := as_typed(name)) in entries:
            return entries[same]
        if not entries:
            raise CatalogError(f"no dataset is called {same!r}: the catalogue is empty")
        near = difflib.get_close_matches(same, entries, n=3) or list(entries)[:10]
        raise CatalogError(f"no dataset is called {same!r}; there is {', '.join(map(repr, near))}")

    def excerpt(self, name: str, which: str, n: int = 10, *, seed: int | None = None) -> Excerpt:
        """Return the "first", "last" or "random" rows of a dataset; random ones each at most once, in their order."""
        entry = self.show(name)
        n = min(n, entry.rows)
        places: Sequence[int] = range(n) if which == "first" else range(entry.rows - n, entry.rows)
        if which == "random":
            places = sorted(random.Random(seed).sample(range(entry.rows), n))
        return Excerpt(entry, [place + 1 for place in places], self._take(entry, places))

    def head(self, name: str, n: int = 10) -> pd.DataFrame:
        """Return the first rows; the index is the number of the row, from 1."""
        return self.excerpt(name, "first", n).as_frame()

    def tail(self, name: str, n: int = 10) -> pd.DataFrame:
        """Return the last rows; the index is the number of the row, from 1."""
        return self.excerpt(name, "last", n).as_frame()

    def sample(self, name: str, n: int = 10, *, seed: int | None = None) -> pd.DataFrame:
        """Return random rows; the same ones for the same seed."""
        return self.excerpt(name, "random", n, seed=seed).as_frame()

    def read(self, name: str) -> pd.DataFrame:
        """Return a whole dataset, in the memory it takes."""
        entry = self.show(name)
        rows = [row for batch in self._batches(entry) for row in batch]
        return Excerpt(entry, list(range(1, entry.rows + 1)), rows).as_frame()

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
                if path.exists() and not overwrite:
                    raise FileExistsError(errno.EEXIST, "somebody else has made it meanwhile")
        except OSError as error:
            told = str(error) if error.strerror is None else f"{path} cannot be written ({error.strerror})"
            raise CatalogError(f"{told}; nothing was exported") from error
        return path


def name_taken(name: str) -> str:
    """Return the message about a name that is taken."""
    return f"a dataset called {name!r} is in the catalogue already; give another name, or remove it first"


def plain(feature: Feature, cell: str | None) -> str | None:
    """Return a cell as text: where types are mixed, texts are kept in the quotes of JSON."""
    return json.loads(cell) if feature.type == "mixed" and cell and cell.startswith('"') else cell


def _csv_writer(entry: Entry) -> Callable[[list[Row]], str]:
    """Return what turns batches of rows into CSV, the heading before the first; a missing value is empty."""

    def line(cells: Sequence[str | None]) -> str:
        return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    begin = [line(entry.columns)]

    def write(rows: list[Row]) -> str:
        return (begin.pop() if begin else "") + "".join(line(tuple(map(plain, entry.features, row))) for row in rows)

    return write


def _json_writer(entry: Entry) -> Callable[[list[Row]], str]:
    """Return what turns batches of rows into a JSON list, one record a line; an empty batch ends it."""
    keys = [json.dumps(name, ensure_ascii=False) + ": " for name in entry.columns]
    bare = [feature.type in ("integer", "number", "boolean", "mixed") for feature in entry.features]
    begin = ["[\n"]

    def cell(value: str | None, as_it_is: bool) -> str:
        return "null" if value is None else value if as_it_is else json.dumps(value, ensure_ascii=False)

    def write(rows: list[Row]) -> str:
        if not rows:
            return "\n]\n"
        records = [
            "{"
            + ", ".join([key + cell(value, as_it_is) for key, value, as_it_is in zip(keys, row, bare, strict=True)])
            + "}"
            for row in rows
        ]
        return (begin.pop() if begin else ",\n") + ",\n".join(records)

    return write


def _series(feature: Feature, cells: list[str | None], index: pd.Index) -> pd.Series:
    """Return a column of a data frame: what has no exact type there is a column of objects or of text."""
    import pandas as pd

    text = pd.Series(cells, index=index, dtype="string")
    if feature.type in ("date", "time"):
        return pd.to_datetime(text, format="ISO8601")
    if feature.type == "mixed":
        return pd.Series([cell if cell is None else json.loads(cell) for cell in cells], index=index, dtype="object")
    if feature.form == "text":  # numbers of JSON that no type of a column holds
        exact: Callable[[str], Any] = int if feature.type == "integer" else Decimal
        return pd.Series([cell if cell is None else exact(cell) for cell in cells], index=index, dtype="object")
    if feature.type == "boolean":
        return text.map({"true": True, "false": False}).astype("boolean")
    if feature.type == "integer":
        return text.map(int, na_action="ignore").astype("Int64")
    return text.astype("Float64" if feature.type == "number" else "string")
