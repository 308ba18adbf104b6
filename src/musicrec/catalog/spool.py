"""A table on its way in: cells as text in the one dialect of CSV that leaves nothing to interpretation."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from musicrec.catalog.entry import CatalogError

MOST_COLUMNS = 1_000
MOST_ROWS = 100_000_000
VECTOR = 2_048  # rows that DuckDB holds in memory at a time
MOST_AT_ONCE = 64 << 20  # bytes of so many rows
EMPTY = uuid.uuid4().hex  # stands for an empty text, because an empty cell stands for nothing


@dataclass
class Spool:
    """What was found out while a table was written again."""

    columns: list[str]
    rows: int = 0
    separator: str = ""
    notes: list[str] = field(default_factory=list)
    with_empty: set[int] = field(default_factory=set)  # columns in which `EMPTY` occurs
    kinds: list[set[str]] = field(default_factory=list)  # of JSON: which types each column holds


def write_spool(name: str, rows: Iterable[Sequence[str]], target: Path) -> int:
    """Write rows with every cell quoted, and return how many there are.

    Raises
    ------
    CatalogError
        When there are none, or more than the catalogue can hold in bounded memory.
    """
    count = 0

    def counted() -> Iterator[Sequence[str]]:
        nonlocal count
        for count, row in enumerate(rows, start=1):  # noqa: B007
            yield row

    source = counted()
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        before, size = -1, 0
        while before < count:
            before = count
            writer.writerows(islice(source, VECTOR))
            size, last = out.tell(), size
            if size - last > MOST_AT_ONCE:
                raise CatalogError(
                    f"{name}, rows {before + 1:,} to {count:,}: {size - last >> 20:,} MiB, more than the "
                    f"{MOST_AT_ONCE >> 20} MiB that {VECTOR:,} rows in succession may have"
                )
            if count > MOST_ROWS:
                raise CatalogError(f"{name} has more than the {MOST_ROWS:,} rows a table may have; add it in parts")
    if not count:
        raise CatalogError(f"{name} holds no rows")
    return count


def heading(names: Iterable[str], where: str) -> list[str]:
    """Return the names of the columns; a nameless one is called after its place.

    Raises
    ------
    CatalogError
        When two are the same, or when there are too many.
    """
    columns = [name if name.strip() else f"column {place}" for place, name in enumerate(names, start=1)]
    if len(columns) > MOST_COLUMNS:
        raise CatalogError(f"{where}: {len(columns):,} columns are more than the {MOST_COLUMNS:,} a table may have")
    seen: dict[str, int] = {}
    for place, name in enumerate(columns, start=1):
        if name in seen:
            raise CatalogError(f"{where}: columns {seen[name]} and {place} are both called {name!r}; rename one")
        seen[name] = place
    return columns
