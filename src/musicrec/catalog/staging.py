"""From a file to a typed table in DuckDB, with its metadata, whatever the file looks like.

A file goes one of two ways. Where nothing in it is open to interpretation, DuckDB reads it as it is, with the types its
first rows suggest, and afterwards it is proven that no row was mended and no value changed; if that fails, or for any
other file, the careful way: read it in Python, write it again in one dialect, settle the types on all rows, load that.
The careful way also finds the line on which a broken file breaks. Both end in the same table.
"""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from musicrec.catalog import reading
from musicrec.catalog.entry import CatalogError, Entry, Feature
from musicrec.catalog.reading import Progress, Source

MEMORY = "400MB"  # of DuckDB, beside which the process needs room for Python; what does not fit goes to disk
FIRST = (50, 5_000)  # rows on which types are guessed
EXACT = 100_000  # rows up to which different values and quartiles are counted exactly
SQL_TYPES = {
    "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE", "time": "TIMESTAMP",
    "text": "VARCHAR",
}  # fmt: skip
# Does a cell c look like the type? Nothing may be lost: '007' is no integer, and 17 digits are too many for a number.
LOOKS = {
    "integer": "TRY_CAST({c} AS BIGINT)::VARCHAR = {c}",
    "number": "isfinite(TRY_CAST({c} AS DOUBLE)) AND NOT regexp_matches({c}, '^[-+]?(0[0-9]|[0-9]{{17,}}$)|[_\\s]')",
    "boolean": "lower({c}) IN ('true', 'false')",
    "date": "regexp_full_match({c}, '\\d{{4}}-\\d\\d-\\d\\d') AND TRY_CAST({c} AS DATE) IS NOT NULL",
    "time": "regexp_full_match({c}, '\\d{{4}}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{{1,6}})?)?')"
    " AND TRY_CAST({c} AS TIMESTAMP) IS NOT NULL",
}
JSON_TYPES = {  # a number in quotes is text; a date has no other form than text
    frozenset(["integer"]): ("integer", "number"),
    frozenset(["number"]): ("number",),
    frozenset(["integer", "number"]): ("number",),
    frozenset(["boolean"]): ("boolean",),
    frozenset(["text"]): ("date", "time"),
}


def connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file with bounded memory and nothing fetched from the net."""
    config: dict[str, Any] = {
        "memory_limit": MEMORY,
        "temp_directory": f"{path}.tmp",
        "threads": min(4, os.cpu_count() or 1),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=config)
    # Large row groups would leave the last ones to a single thread, and nothing is ever deleted from half of one.
    options = f"ROW_GROUP_SIZE {30 * 2048}{', READ_ONLY' * read_only}"
    connection.execute(f"ATTACH {literal(str(path))} AS catalog ({options}); USE catalog; SET max_vacuum_tasks = 0")
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    # The best of its compressions of text takes a quarter of the time of loading; the next best makes do.
    connection.execute("SET disabled_compression_methods = 'dict_fsst'")
    return connection


def literal(text: str) -> str:
    """Quote a text for SQL, where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def stage(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    scratch: Path,
    *,
    separator: str | None,
    progress: Progress,
) -> Entry:
    """Load a file into a new table with columns c0, c1, … inside a transaction that is left open for the caller.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Not in a transaction.
    path : Path
        The file.
    table : str
        A name of the program's own, never of a reader's.
    scratch : Path
        A folder for the copy that the careful way makes.
    separator : str or None
        None to detect it.
    progress : callable
        Told what is being done and how much of it is.

    Returns
    -------
    Entry
        The metadata, without name and description.

    Raises
    ------
    CatalogError
        When the file cannot be added; the transaction is then of no use and must be rolled back.
    """
    source = reading.open_source(path)
    text = reading.beginning(source)
    separator = reading.separator_of(text, separator) if source.type == "csv" else ""
    entry = Entry(
        "", "", path.name, source.type, source.size, 0, (),
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        separator=separator, compressed=source.compressed,
    )  # fmt: skip
    if source.type == "csv":
        try:
            connection.execute("BEGIN")
            if features := _load_as_it_is(connection, source, table, separator, text, progress):
                return replace(entry, rows=_count(connection, table), features=features)
        except (duckdb.DataError, duckdb.ProgrammingError, duckdb.InvalidInputException):
            pass  # the careful way finds out what is the matter
        connection.execute("ROLLBACK")

    copy = scratch / "copy.csv"
    spool = reading.spool(source, separator or ",", copy, progress)
    allowed: list[tuple[str, ...]] = [tuple(LOOKS)] * len(spool.columns)
    if source.type == "json":
        allowed = [JSON_TYPES.get(frozenset(kinds), ()) for kinds in spool.kinds]
    relation = Relation(copy, len(spool.columns), json=source.type == "json")
    with _watched(connection, progress, "settling the types"):
        types = infer(connection, relation, allowed, (*FIRST, None))
    connection.execute("BEGIN")
    with _watched(connection, progress, "storing"):
        load(connection, relation, table, types)
    rows = _count(connection, table)
    if rows != spool.rows:
        raise CatalogError(f"{path.name}: {spool.rows:,} rows were read, {rows:,} stored; please report this file")
    with _watched(connection, progress, "describing"):
        features = profile(connection, table, spool.columns, types, rows)
    return replace(entry, rows=rows, features=features, encoding=spool.encoding)


class Relation:
    """A CSV file as the FROM clause of a query."""

    def __init__(
        self, path: Path, width: int, *, separator: str = ",", header: bool = False, json: bool = False
    ) -> None:
        self.path, self.width, self.separator, self.header, self.json = path, width, separator, header, json

    def sql(self, types: Sequence[str] | None = None) -> str:
        """Return the clause; its one parameter is the path. Numbers are read as such, other types as text."""
        kinds = types or ["text"] * self.width
        columns = {f"c{i}": "DOUBLE" if kind == "number" else "VARCHAR" for i, kind in enumerate(kinds)}
        if self.json:
            columns = {"before": "VARCHAR", **columns}
        listed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
        options = f"header={str(self.header).lower()}, delim={literal(self.separator)}"
        if self.header:  # small pieces, that all threads have some
            options += f", buffer_size={8 << 20}"
        else:  # our own copy: rows may be long, and those of JSON end where their last value is
            options += (
                f", parallel=false, max_line_size={3 * reading.LONGEST_ROW}, buffer_size={4 * reading.LONGEST_ROW}"
            )
        options += ", null_padding=true, allow_quoted_nulls=false" if self.json else ", null_padding=false"
        return (
            f"read_csv(?, columns={{{listed}}}, auto_detect=false, quote='\"', escape='\"', nullstr='', "
            f"strict_mode=true, ignore_errors=false, {options})"
        )


def infer(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    allowed: Sequence[Sequence[str]],
    limits: Sequence[int | None],
) -> list[str]:
    """Return the narrowest allowed type that fits all cells of each column: "text" if none does, "" without cells.

    The rows looked at grow by `limits`, None for all; what fits not even the first of them is not tried on more.
    """
    found: list[str] = []
    for limit in limits:
        tests = [(place, kind) for place, kinds in enumerate(allowed) for kind in kinds]
        counts = [f"count(c{place})" for place in range(len(allowed))]
        counts += [f"count_if({LOOKS[kind].format(c=f'c{place}')})" for place, kind in tests]
        rows = f"(SELECT * FROM {relation.sql()} LIMIT {limit})" if limit else relation.sql()
        held = connection.execute(f"SELECT {', '.join(counts)} FROM {rows}", [str(relation.path)]).fetchone() or ()
        fits = {test for test, fitting in zip(tests, held[len(allowed) :], strict=True) if fitting == held[test[0]]}
        allowed = [[kind for kind in kinds if (place, kind) in fits] for place, kinds in enumerate(allowed)]
        found = [(kinds or ["text"])[0] if held[place] else "" for place, kinds in enumerate(allowed)]
    return found


def load(connection: duckdb.DuckDBPyConnection, relation: Relation, table: str, types: Sequence[str]) -> None:
    """Create a table of the given types; a cell that does not fit ends it with an error."""
    chosen = []
    for place, kind in enumerate(types):
        cell = f"c{place}"
        if kind in ("", "text", "number"):
            chosen.append(cell)
            continue
        value = f"{cell}::{SQL_TYPES[kind]}"
        other = f"{cell} IS NOT NULL AND NOT ({LOOKS[kind].format(c=cell)})"
        if kind in ("integer", "date"):  # there and back, which is faster
            other = f"{value}::VARCHAR != {cell}" + f" OR strlen({cell}) != 10" * (kind == "date")
        chosen.append(f"CASE WHEN {other} THEN error('another type') ELSE {value} END AS {cell}")
    connection.execute(
        f"CREATE TABLE {table} AS SELECT {', '.join(chosen)} FROM {relation.sql(types)}", [str(relation.path)]
    )


def profile(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], types: Sequence[str], rows: int
) -> tuple[Feature, ...]:
    """Return the metadata of each column: type, missing and different values, quantiles."""
    exact = rows <= EXACT
    # A sample drawn by the hash of the row's number is the same on every machine.
    sample = table if exact else f"(SELECT * FROM {table} WHERE hash(rowid) % {rows // (EXACT // 2)} = 0)"
    different = "count(DISTINCT c{0})" if exact else "approx_count_distinct(c{0})"
    features = []
    for begin in range(0, len(columns), 64):
        places = range(begin, min(begin + 64, len(columns)))
        ordered = [place for place in places if types[place] in ("integer", "number", "date", "time")]
        wanted = [f"[count(c{{0}}), {different}]".format(place) for place in places]
        wanted += [f"[min(c{place})::VARCHAR, max(c{place})::VARCHAR]" for place in ordered]
        found = connection.execute(f"SELECT {', '.join(wanted)} FROM {table}").fetchone() or ()
        ends = dict(zip(ordered, found[len(places) :], strict=True))
        middle = [
            f"quantile_{'cont' if types[place] in ('integer', 'number') else 'disc'}(c{place}, [0.25, 0.5, 0.75])"
            "::VARCHAR[]"
            for place in ordered
        ] or ["1"]
        inner = connection.execute(f"SELECT {', '.join(middle)} FROM {sample}").fetchone() or ()
        quarters = dict(zip(ordered, inner, strict=False))
        for place, (present, distinct) in zip(places, found, strict=False):
            low, high = ends.get(place, ("", ""))
            quantiles = (low, *(quarters[place] or ("", "", "")), high) if place in ends else ()
            features.append(
                Feature(
                    columns[place],
                    types[place] or "text",
                    rows - present,
                    min(present, distinct),
                    quantiles,
                    not exact,
                )
            )
    return tuple(features)


def _load_as_it_is(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, separator: str, text: str, progress: Progress
) -> tuple[Feature, ...] | None:
    """Load a CSV file the fast way; None where that is not proven to be right."""
    if source.compressed or "utf-16" in source.encodings or separator not in reading.SEPARATORS:
        return None
    first = reading.first_rows(source, separator, text)
    if len(first) < 2 or len(first[0]) < 2 or text.startswith("\n") or "\r" in text:
        return None
    columns = reading.heading(first[0], f"{source.path.name}, line 1")
    relation = Relation(source.path, len(columns), separator=separator, header=True)
    with ThreadPoolExecutor(1) as beside:
        scanned = beside.submit(reading.scan, source, separator, len(columns))
        try:
            types = infer(connection, relation, [tuple(LOOKS)] * len(columns), FIRST)
            with _watched(connection, progress, "storing"):
                load(connection, relation, table, types)
        finally:
            scan = scanned.result()  # what it has against the file comes first
    rows = _count(connection, table)
    if scan is None or scan[0] != (len(columns) - 1) * (rows + 1) or any(types[place] == "number" for place in scan[1]):
        return None
    with _watched(connection, progress, "describing"):
        features = profile(connection, table, columns, types, rows)
    if any(kind == "" and feature.missing < rows for kind, feature in zip(types, features, strict=True)):
        return None  # a column whose first cells come late
    ends = [float(feature.quantiles[end]) for feature in features if feature.type == "number" for end in (0, -1)]
    return features if all(abs(end) < 1e16 for end in ends) else None  # beyond, digits may be lost


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(rows)


@contextmanager
def _watched(connection: duckdb.DuckDBPyConnection, progress: Progress, what: str) -> Iterator[None]:
    """Report how far DuckDB is with a long query; the query itself keeps this thread."""
    done = threading.Event()

    def watch() -> None:
        share = 0.0  # a block of several queries begins anew with each
        while not done.wait(0.2):
            share = min(max(connection.query_progress() / 100, share), 1.0)
            progress(what, share)

    progress(what, 0.0)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    progress(what, 1.0)
