"""JSON files: a list of records, or one record after another; numbers stay as they are written."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import ijson

from musicrec.catalog.entry import CatalogError
from musicrec.catalog.spool import MOST_COLUMNS, VECTOR, Spool, heading, write_spool
from musicrec.catalog.text import LONGEST_ROW, Progress, Source, lines_of


class _Whole(str):
    """A whole number, as it is written."""


class _Decimal(str):
    """A number with a point or an exponent, as it is written."""


# Both halves of a surrogate pair, one alone, and other escapes, so that a backslash in a text begins none.
ESCAPES = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F])|\\[^u]")
_KINDS = {_Whole: "integer", _Decimal: "number", bool: "boolean", str: "text"}


def spool_json(source: Source, connection: duckdb.DuckDBPyConnection, target: Path, progress: Progress) -> Spool:
    """Write a .json file again as a spool whose cells are JSON, behind a first cell that is always empty.

    Raises
    ------
    CatalogError
        When it is not a list of flat records, nor one record after another; with line and record.
    """
    name, copy = source.path.name, target.with_suffix(".json")
    with copy.open("w", encoding="utf-8", newline="") as out:
        out.writelines(lines_of(source, progress, "reading"))
    with copy.open(encoding="utf-8") as text:
        first = text.read(4096).lstrip()[:1]
    if first not in ("[", "{"):
        raise CatalogError(f"{name}: a list of records begins with [ or {{, not with {first!r}")
    places: dict[tuple[str, ...], int] = {}
    names: dict[str, tuple[str, ...]] = {}
    empty: dict[tuple[str, ...], None] = {}
    spool = Spool([])

    def rows() -> Iterator[list[str]]:
        count = 0
        try:
            for record in _records(copy, connection, listed=first == "["):
                row = [""] * (len(places) + 1)
                for path, value in _leaves(record):
                    if value == {}:
                        if len(empty) < MOST_COLUMNS:
                            empty[path] = None
                        continue
                    if path not in places:
                        _add_column(path, places, names)
                        spool.kinds.append(set())
                        row.append("")
                    if value is not None:
                        spool.kinds[places[path]].add(_KINDS[type(value)])
                        bare = isinstance(value, _Whole | _Decimal)
                        row[places[path] + 1] = str(value) if bare else json.dumps(value, ensure_ascii=False)
                if not count:
                    single.append(record)
                count += 1
                yield row
        except (CatalogError, RecursionError) as error:
            why = "objects are nested too deeply" if isinstance(error, RecursionError) else str(error)
            line, count, _ = _locate(copy, count + 1, listed=first == "[")
            raise CatalogError(f"{name}, line {line}, record {count}: {why}") from None
        except (duckdb.Error, json.JSONDecodeError) as error:
            if "surrogate" in str(error):  # ijson has no objection to it
                why = "half of a character is escaped there (\\ud800 to \\udfff come in pairs)"
                raise CatalogError(f"{name}, line {_line_of_half(copy)}: {why}") from None
            line, count, why = _locate(copy, 0, listed=first == "[")
            why = why or str(error).splitlines()[0].rpartition(": ")[2]
            raise CatalogError(f"{name}, line {line}, record {count}: {why}") from None

    single: list[dict[str, Any]] = []
    spool.rows = write_spool(name, rows(), target)
    if first == "{" and spool.rows == 1 and _columnar(single[0]):
        raise CatalogError(f"{name} is not a list of records: it is a single object that holds columns; turn it round")
    if not places:
        raise CatalogError(f"{name}: its records hold no values")
    spool.columns = heading(names, name)
    lost = [".".join(path) for path in empty if path and all(path != other[: len(path)] for other in places)]
    if lost:
        shown = ", ".join(map(repr, lost[:5])) + ", …" * (len(lost) > 5)
        spool.notes.append(f"no column for {shown}: nothing but empty objects")
    copy.unlink()
    return spool


def _records(copy: Path, connection: duckdb.DuckDBPyConnection, *, listed: bool) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_pairs, parse_int=_Whole, parse_float=_Decimal, parse_constant=_constant
    )
    connection.execute(
        "SELECT json FROM read_json_objects(?, format=?, maximum_object_size=?, compression='none')",
        [str(copy), "array" if listed else "unstructured", LONGEST_ROW],
    )
    while batch := connection.fetchmany(VECTOR):
        for (text,) in batch:
            record = decoder.decode(text) if text is not None else None
            if not isinstance(record, dict):
                raise CatalogError(f"a record is an object in braces; this one begins with {(text or 'null')[0]!r}")
            yield record


def _add_column(path: tuple[str, ...], places: dict[tuple[str, ...], int], names: dict[str, tuple[str, ...]]) -> None:
    name = ".".join(path)
    if name in names:
        raise CatalogError(f"two values are called {name!r}, {list(names[name])} and {list(path)}; rename one")
    if len(places) >= MOST_COLUMNS:
        raise CatalogError(f"more than {MOST_COLUMNS:,} different keys; these are not records")
    names[name], places[path] = path, len(places)


def _leaves(record: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the values of a record and of the objects in it, each with the keys that lead there; {} is one of them."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), record)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict) and value:
            stack.extend(((*path, key), each) for key, each in reversed(value.items()))
        elif isinstance(value, list):
            raise CatalogError(
                f"{'.'.join(path)!r} holds a list, which has no place in a table; join its values to one text, or make "
                "a record of each"
            )
        else:
            yield path, value


def _columnar(record: dict[str, Any]) -> bool:
    """Say whether an object holds a table by columns, as pandas writes one unless told otherwise."""
    inner = [value for value in record.values() if isinstance(value, dict)]
    keys = {tuple(value) for value in inner}
    digits = all(key.isdigit() for value in inner for key in value)
    return bool(inner) and len(inner) == len(record) and len(keys) == 1 and (digits or len(inner) > 1)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CatalogError(f"two values are called {twice!r}; rename one")
    return record


def _constant(text: str) -> None:
    raise CatalogError(f"{text} is no value of JSON; write null")


class _Lines:
    """A file that is read line by line, so that a parser that streams is always on the line that was read last."""

    def __init__(self, copy: Path) -> None:
        self.file, self.line, self._ended = copy.open("rb"), 0, True

    def read(self, size: int = -1) -> bytes:
        """Return the rest of a line, or as much of it as is asked for."""
        text = self.file.readline(size) if size else b""
        self.line += self._ended and bool(text)
        self._ended = text.endswith(b"\n") if text else self._ended
        return text


def _line_of_half(copy: Path) -> int:
    """Return the line on which half of a surrogate pair is escaped first; lines may be longer than memory."""
    with copy.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = next((match.start() for match in ESCAPES.finditer(text) if match["half"]), 0)
        return 1 + sum(1 for _ in re.compile(rb"\n").finditer(text, 0, found))


def _locate(copy: Path, record: int, *, listed: bool) -> tuple[int, int, str]:
    """Return the line on which a record begins, or else where and why a text stops being JSON."""
    lines, depth, seen = _Lines(copy), 0, 0
    with lines.file:
        try:
            for event, _ in ijson.basic_parse(lines, multiple_values=True):
                depth -= event in ("end_map", "end_array")
                if depth == listed and event not in ("end_map", "end_array", "map_key"):
                    seen += 1
                    if seen == record:
                        return lines.line, seen, ""
                depth += event in ("start_map", "start_array")
        except (ijson.JSONError, UnicodeDecodeError) as error:
            why = str(error).strip().splitlines()[0].removeprefix("parse error: ").removeprefix("lexical error: ")
            if isinstance(error, ijson.IncompleteJSONError) and ("EOF" in why or "ncomplete" in why):
                why = "the file ends before the list of records does" if listed else "the file ends within a record"
            return lines.line, seen + (depth <= listed), why
    return lines.line, seen, ""
