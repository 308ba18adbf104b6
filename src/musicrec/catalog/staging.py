"""From a file to a typed table, with its metadata, in a database of its own that becomes the catalogue's or nothing.

Every cell is read as text first. A column gets a type only if each of its cells, printed from that type, is the text it
was; what the database then stores in eight bytes comes out again to the letter. Other columns stay text.
"""

from __future__ import annotations

import datetime
import errno
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from musicrec.catalog.base import Row
from musicrec.catalog.csv_file import spool_csv
from musicrec.catalog.entry import CatalogError, Entry, Feature
from musicrec.catalog.json_file import spool_json
from musicrec.catalog.spool import EMPTY, VECTOR, Spool
from musicrec.catalog.text import LONGEST_ROW, Progress, Reading, open_source

MEMORY = "400MB"  # of DuckDB, beside which the process needs room for Python; what does not fit goes to disk
MANY_COLUMNS = 100  # from here on one thread must do, because each needs a block for every column
EXACT = 100_000  # rows up to which different values and quartiles are counted exactly
AT_ONCE = 50  # columns in one query


@dataclass(frozen=True)
class Form:
    """How the cells of a column are stored, and printed again."""

    type: str  # of the feature
    sql: str
    printed: str = "{c}::VARCHAR"
    further: str = "TRUE"  # what else must hold of a cell


FORMS = {
    "integer": Form("integer", "BIGINT"),
    "number": Form("number", "DOUBLE", further="isfinite(TRY_CAST({c} AS DOUBLE))"),
    "short number": Form(
        "number", "DOUBLE", "regexp_replace({c}::VARCHAR, '\\.0$', '')", "isfinite(TRY_CAST({c} AS DOUBLE))"
    ),
    "boolean": Form("boolean", "BOOLEAN"),
    "date": Form("date", "DATE", further="strlen({c}) = 10 AND isfinite(TRY_CAST({c} AS DATE))"),
    "time": Form("time", "TIMESTAMP", further="strlen({c}) >= 19 AND strlen({c}) <= 26 AND {c} LIKE '____-__-__ %'"),
    "text": Form("text", "VARCHAR", "{c}"),
}
# Text that is nothing but numbers is described as numbers.
NUMBERS = (
    "regexp_full_match({c}, '[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?') "
    "AND isfinite(TRY_CAST({c} AS DOUBLE))"
)
JSON_FORMS = {  # by the types of a column's cells: the forms to try, and what it is when none fits
    frozenset[str](): ((), "text"),
    frozenset(["integer"]): (("integer",), "integer"),
    frozenset(["number"]): (("number", "short number"), "number"),
    frozenset(["integer", "number"]): (("number", "short number"), "number"),
    frozenset(["boolean"]): (("boolean",), "text"),
    frozenset(["text"]): (("date", "time"), "text"),
}


def printed_cells(entry: Entry) -> str:
    """Return the SQL that prints the stored cells of a row as the text they were."""
    forms = [feature.form or feature.type for feature in entry.features]
    return ", ".join(FORMS[form].printed.format(c=f"c{place}") for place, form in enumerate(forms))


def batches(connection: duckdb.DuckDBPyConnection, entry: Entry, table: str) -> Iterator[list[Row]]:
    """Yield the rows of a table in order, as text, as many at a time as memory holds in any case."""
    query = f"SELECT {printed_cells(entry)} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    for begin in range(0, entry.rows, VECTOR):
        yield connection.execute(query, [begin, begin + VECTOR - 1]).fetchall()


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection with bounded memory, and nothing fetched from the net."""
    config: dict[str, Any] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch),
        "threads": min(4, os.cpu_count() or 1),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    # The best of its compressions of text takes a quarter of the time of loading; the next best makes do.
    connection.execute("SET disabled_compression_methods = 'dict_fsst'")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: str = "") -> None:
    """Attach a database file under a name of our own; an absolute path has no second meaning to DuckDB."""
    quoted = "'" + str(path.absolute()).replace("'", "''") + "'"
    connection.execute(f"ATTACH {quoted} AS {name} (TYPE duckdb{options})")


def stage(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, reading: Reading, progress: Progress
) -> Entry:
    """Load a file into the table `staged.typed`, whose columns are called by their places.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Of `connect`; its database `staged` lies in the folder afterwards.
    path : Path
        The file.
    folder : Path
        An empty one, for copies and for the database.
    reading : Reading
        How to read it, as far as somebody said so.
    progress : callable
        Told what is being done and how much of it is.

    Returns
    -------
    Entry
        The metadata, without name and description.

    Raises
    ------
    CatalogError
        When the file cannot be added.
    """
    source = open_source(path, reading.encoding, progress)
    copy, json = folder / "copy.csv", source.type == "json"
    spool = spool_json(source, connection, copy, progress) if json else spool_csv(source, reading, copy, progress)
    if len(spool.columns) > MANY_COLUMNS:
        connection.execute("SET threads = 1")
    attach(connection, folder / "staged.duckdb", "staged", ", BLOCK_SIZE 16384" * (len(spool.columns) > MANY_COLUMNS))
    with watched(connection, progress, "storing"):
        _load_text(connection, copy, spool)
    copy.unlink()
    (rows,) = connection.execute("SELECT count(*) FROM staged.raw").fetchone() or (0,)
    if rows != spool.rows:
        raise CatalogError(f"{path.name}: {spool.rows:,} rows were read, {rows:,} stored; please report this file")
    with watched(connection, progress, "settling the types"):
        forms, types, numbers = _settle(connection, spool)
        cells = ", ".join(f"c{place}::{FORMS[form].sql} AS c{place}" for place, form in enumerate(forms))
        connection.execute(f"CREATE TABLE staged.typed AS SELECT {cells} FROM staged.raw; DROP TABLE staged.raw")
    with watched(connection, progress, "describing"):
        features = [
            feature
            for begin in range(0, len(forms), AT_ONCE)
            for feature in _profile(
                connection, spool.columns, forms, types, numbers, range(len(forms))[begin : begin + AT_ONCE], rows
            )
        ]
    return Entry(
        "", "", path.name.encode("utf-8", "replace").decode(), source.type, source.size, rows, tuple(features),
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        encoding=source.encoding.replace("utf-8-sig", "utf-8") + f", {source.fallback}" * bool(source.fallback),
        separator=spool.separator, compressed=source.compressed, notes=(*source.notes, *spool.notes),
    )  # fmt: skip


def _load_text(connection: duckdb.DuckDBPyConnection, copy: Path, spool: Spool) -> None:
    """Load a spool as it is: every cell text, a missing one null."""
    json = bool(spool.kinds)
    names = ["before"] * json + [f"c{place}" for place in range(len(spool.columns))]
    cells = []
    for place in range(len(spool.columns)):
        cell = f"c{place}"
        if place in spool.with_empty:
            cell = f"CASE WHEN c{place} = '{EMPTY}' THEN '' ELSE c{place} END AS c{place}"
        elif json and spool.kinds[place] == {"text"}:
            cell = f"json_extract_string(c{place}, '$') AS c{place}"
        cells.append(cell)
    listed = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    connection.execute(
        f"CREATE TABLE staged.raw AS SELECT {', '.join(cells)} FROM read_csv(?, columns={{{listed}}}, header=false, "
        f"auto_detect=false, delim=',', quote='\"', escape='\"', nullstr='', allow_quoted_nulls=true, "
        f"strict_mode=true, new_line='\\n', null_padding={str(json).lower()}, parallel=false, "
        f"max_line_size={3 * LONGEST_ROW}, buffer_size={4 * LONGEST_ROW}, compression='none')",
        [str(copy)],
    )


def _settle(connection: duckdb.DuckDBPyConnection, spool: Spool) -> tuple[list[str], list[str], list[bool]]:
    """Return the form and the type of every column, and whether it holds nothing but numbers."""
    types = ["text"] * len(spool.columns)
    allowed: list[Sequence[str]] = [[form for form in FORMS if form != "text"]] * len(spool.columns)
    for place, kinds in enumerate(spool.kinds):
        allowed[place], types[place] = JSON_FORMS.get(frozenset(kinds), ((), "mixed"))
    tests = [(place, form) for place, forms in enumerate(allowed) for form in (*forms, "numbers")]
    left = _fitting(connection, tests, VECTOR)  # what does not fit the first rows is not tried on all
    settled: dict[int, str] = {}
    while left:  # the first form of every column, then the second of those it does not fit
        now = dict(reversed(left))
        settled |= dict(_fitting(connection, list(now.items())))
        left = [(place, form) for place, form in left if place not in settled and form != now[place]]
    forms = [settled.get(place, "text").replace("numbers", "text") for place in range(len(types))]
    types = [FORMS[form].type if form != "text" else types[place] for place, form in enumerate(forms)]
    numbers = {"numbers", *(form for form, how in FORMS.items() if how.type in ("integer", "number"))}
    numeric = [settled.get(place) in numbers for place in range(len(types))]
    return forms, types, numeric


def _fitting(
    connection: duckdb.DuckDBPyConnection, tests: Sequence[tuple[int, str]], limit: int | None = None
) -> list[tuple[int, str]]:
    """Return which columns hold nothing, up to a row, that their form does not fit; a column of nothing has no form."""
    rows = f"(SELECT * FROM staged.raw LIMIT {limit})" if limit else "staged.raw"
    fitting: list[tuple[int, str]] = []
    for begin in range(0, len(tests), 4 * AT_ONCE):
        part = tests[begin : begin + 4 * AT_ONCE]
        counts = ", ".join(
            f"count(c{place}) - count(CASE WHEN {_fits(form, f'c{place}')} THEN 1 END), count(c{place})"
            for place, form in part
        )
        found = connection.execute(f"SELECT {counts} FROM {rows}").fetchone() or ()
        outcome = zip(part, found[::2], found[1::2], strict=True)
        fitting.extend(test for test, off, held in outcome if not off and (held or limit))
    return fitting


def _fits(form: str, cell: str) -> str:
    if form == "numbers":
        return NUMBERS.format(c=cell)
    how = FORMS[form]
    return f"{how.printed.format(c=f'TRY_CAST({cell} AS {how.sql})')} = {cell} AND {how.further.format(c=cell)}"


def _profile(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str], forms: Sequence[str], types: Sequence[str],
    numbers: Sequence[bool], places: Sequence[int], rows: int,
) -> Iterator[Feature]:  # fmt: skip
    """Yield the metadata of columns: type, missing and different values, quantiles."""
    exact = rows <= EXACT
    # A sample drawn by the hash of the row's number is the same on every machine.
    sample = "staged.typed" if exact else f"(SELECT * FROM staged.typed WHERE hash(rowid) % {rows // (EXACT // 2)} = 0)"
    different = "count(DISTINCT c{0})" if exact else "approx_count_distinct(c{0})"
    ordered = [place for place in places if numbers[place] or forms[place] in ("date", "time")]
    value = {place: f"TRY_CAST(c{place} AS DOUBLE)" if forms[place] == "text" else f"c{place}" for place in ordered}
    counts = [f"[count(c{{0}}), {different}]".format(place) for place in places]
    ends = [f"[min_by(c{p}, {value[p]})::VARCHAR, max_by(c{p}, {value[p]})::VARCHAR]" for p in ordered]
    found = connection.execute(f"SELECT {', '.join(counts + ends)} FROM staged.typed").fetchone() or ()
    extremes = dict(zip(ordered, found[len(places) :], strict=True))
    kinds = {place: "disc" if forms[place] in ("date", "time") else "cont" for place in ordered}
    middle = [f"quantile_{kinds[place]}({value[place]}, [0.25, 0.5, 0.75])::VARCHAR[]" for place in ordered] or ["1"]
    inner = connection.execute(f"SELECT {', '.join(middle)} FROM {sample}").fetchone() or ()
    quarters = dict(zip(ordered, inner, strict=False))
    for place, (present, distinct) in zip(places, found, strict=False):
        low, high = extremes.get(place, ("", ""))
        quantiles = (low, *(quarters[place] or ("", "", "")), high) if place in extremes else ()
        kind, form = types[place], forms[place]
        form = "" if form == kind else form
        yield Feature(columns[place], kind, rows - present, min(present, distinct), quantiles, not exact, form)


@contextmanager
def watched(connection: duckdb.DuckDBPyConnection, progress: Progress, what: str) -> Iterator[None]:
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


@contextmanager
def explaining(path: str | Path) -> Iterator[None]:
    """Turn errors of DuckDB and of the disk into messages."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise _explained(error, path) from error
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # how DuckDB says that somebody pressed Ctrl-C during a query
            raise KeyboardInterrupt from error
        raise


def _explained(error: Exception, path: str | Path) -> CatalogError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) or re.search(
        "No space left|File too large|quota exceeded", str(error)
    ):
        return CatalogError(f"the disk of {path} is full; nothing was changed. Free some space and try again")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or re.search("Permission denied|Read-only", str(error)):
        return CatalogError(
            f"{path} cannot be written by you, nor its folder; nothing was changed. Name another catalogue with "
            "MUSICREC_CATALOG or --catalog"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return CatalogError(f"{path}: more than the {MEMORY} of memory that the catalogue takes; nothing was changed")
    if "not a valid DuckDB" in text:
        return CatalogError(f"{path} is not a catalogue; name another file with MUSICREC_CATALOG or --catalog")
    return CatalogError(f"{path}: {text}")
