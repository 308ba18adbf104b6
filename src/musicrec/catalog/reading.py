"""Files as people have them: comma-separated or JSON, in several encodings, gzipped, and often a bit broken."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from musicrec.catalog.entry import TYPES, CatalogError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}  # in the order in which ties are broken
CHUNK = 1 << 20
LONGEST_ROW = 8 << 20  # bytes of one row or record
MOST_COLUMNS = 4096
SAMPLE = 1 << 18  # characters looked at to find separator and heading
Progress = Callable[[str, float], None]  # told what is going on and which share of it, 0 to 1, is done


@dataclass(frozen=True)
class Source:
    """A file that may be added: its ending and its first bytes say what it is."""

    path: Path
    type: str  # csv or json
    size: int
    compressed: bool
    encodings: tuple[str, ...]  # to be tried in this order


@dataclass
class Spool:
    """A table written again in the one dialect of CSV that leaves nothing to interpretation."""

    columns: list[str]
    rows: int = 0
    encoding: str = "utf-8"
    kinds: list[set[str]] = field(default_factory=list)  # of JSON: which types each column holds


def open_source(path: Path) -> Source:
    """Look at a file.

    Raises
    ------
    CatalogError
        When it is missing, a folder, empty, of a type that cannot be added, or no text.
    """
    if not path.exists():
        raise CatalogError(f"there is no file {path}")
    if not path.is_file():
        raise CatalogError(f"{path} is no file, but a folder or a device")
    plain = path.name.lower().removesuffix(".gz")
    kind = next((kind for ending, kind in TYPES.items() if plain.endswith(ending)), None)
    if kind is None:
        raise CatalogError(f"{path.name} is of a type that cannot be added; files end in .csv or .json, or .csv.gz, …")
    with path.open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    if path.name.lower().endswith(".gz") and not compressed and path.stat().st_size:
        raise CatalogError(f"{path.name} ends in .gz but is not gzipped; rename it")
    source = Source(path, kind, path.stat().st_size, compressed, ())
    with opened(source) as file:
        first = file.read(4096)
    if not first.strip(b"\xef\xbb\xbf \t\r\n"):
        raise CatalogError(f"{path.name} is empty")
    encodings: tuple[str, ...] = ("utf-8-sig", "latin-1")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    elif b"\0" in first:
        raise CatalogError(f"{path.name} is not text (it holds zero bytes); save it as .csv or .json first")
    return Source(path, kind, source.size, compressed, encodings)


@contextmanager
def opened(source: Source, progress: Progress | None = None, what: str = "") -> Iterator[IO[bytes]]:
    """Open a file for reading bytes, unpacked, and turn a damaged archive into a message."""
    with source.path.open("rb") as raw:
        counted: IO[bytes] = _Counted(raw, source.size, progress, what) if progress else raw  # type: ignore[assignment]
        try:
            yield gzip.GzipFile(fileobj=counted) if source.compressed else counted  # type: ignore[misc]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CatalogError(f"{source.path.name}: the gzip archive is damaged ({error}); nothing stored") from error


class _Counted(io.RawIOBase):
    """Tells a progress how much of a file was read."""

    def __init__(self, raw: IO[bytes], size: int, progress: Progress, what: str) -> None:
        self.raw, self.size, self.progress, self.what = raw, size, progress, what
        self.done = self.told = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.raw.read(size)
        self.done += len(data)
        if self.done >= min(self.told + CHUNK, self.size):
            self.told = self.done
            self.progress(self.what, self.done / max(self.size, 1))
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def separator_of(text: str, given: str | None = None) -> str:
    r"""Return the separator: the given one, or the one that cuts the beginning of a file most evenly.

    Raises
    ------
    CatalogError
        When the given one can be none.

    Examples
    --------
    >>> separator_of("name;year\n'a, b';1990\nc;1991\n"), separator_of("a\tb\n1,5\t2\n"), separator_of("one\ntwo\n")
    (';', '\t', ',')
    """
    if given is not None:
        given = {name: mark for mark, name in SEPARATORS.items()}.get(given, given.replace("\\t", "\t"))
        if len(given) != 1 or given.isalnum() or given in "\"'\r\n .+-_" or not given.isascii():
            raise CatalogError(f"{given!r} cannot separate columns; give one mark, such as ',', ';', '|' or tab")
        return given

    def evenness(mark: str) -> tuple[float, int]:
        widths = [len(row) for row in _sample_rows(text, mark)]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)

    return max(SEPARATORS, key=evenness)


def _sample_rows(text: str, separator: str) -> list[list[str]]:
    """Cut the beginning of a file into rows; the last one, which may be cut off, is left out where there are more."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row)
    return rows[:-1] if len(rows) > 2 and len(text) >= SAMPLE else rows


def beginning(source: Source) -> str:
    """Return the first `SAMPLE` characters of a file, in the first encoding that fits them."""
    with opened(source) as file:
        data = b""
        while len(data) < SAMPLE and (more := file.read(SAMPLE - len(data))):
            data += more
    for encoding in source.encodings:
        try:
            return codecs.getincrementaldecoder(encoding)().decode(data, final=len(data) < SAMPLE)
        except UnicodeDecodeError:
            continue
    raise CatalogError(f"{source.path.name} is neither UTF-8 nor Latin-1 nor UTF-16 text")


def heading(names: Iterable[str], where: str) -> list[str]:
    """Return the names of the columns; a nameless one is called after its place.

    Raises
    ------
    CatalogError
        When two are the same, or when there are too many.
    """
    columns = [name if name.strip() else f"column {place}" for place, name in enumerate(names, start=1)]
    seen: dict[str, int] = {}
    for place, name in enumerate(columns, start=1):
        if name in seen:
            raise CatalogError(f"{where}: columns {seen[name]} and {place} are both called {name!r}; rename one")
        seen[name] = place
    if len(columns) > MOST_COLUMNS:
        raise CatalogError(f"{where}: {len(columns):,} columns are more than the {MOST_COLUMNS:,} a table may have")
    return columns


def spool(source: Source, separator: str, target: Path, progress: Progress) -> Spool:
    """Write a file again as UTF-8 CSV with every cell quoted, no heading, and rows ended by a newline.

    This is also where a broken file is found out, with the line where it breaks.

    Raises
    ------
    CatalogError
        When rows differ in length, quotes are never closed, or JSON is no list of flat records.
    """
    write = _spool_csv if source.type == "csv" else _spool_json
    for encoding in source.encodings:
        try:
            with opened(source, progress, "reading") as binary, target.open("w", encoding="utf-8", newline="") as out:
                text = io.TextIOWrapper(io.BufferedReader(binary, CHUNK), encoding=encoding, newline="")  # type: ignore[type-var]
                result = write(source.path.name, text, separator, out)
        except UnicodeDecodeError:
            continue
        if not result.rows:
            raise CatalogError(f"{source.path.name} holds no rows{' below its heading' * (source.type == 'csv')}")
        result.encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        return result
    raise CatalogError(f"{source.path.name} is neither UTF-8 nor Latin-1 nor UTF-16 text")


def _spool_csv(name: str, text: IO[str], separator: str, out: IO[str]) -> Spool:
    reader = csv.reader(text, delimiter=separator, strict=True)
    last = 0  # the line on which the row before ended

    def rows() -> Iterator[list[str]]:
        nonlocal last
        for row in reader:
            if row:
                yield row
            last = reader.line_num

    filled = rows()
    try:
        result = Spool(heading(next(filled, ()), f"{name}, line 1"))
        width = len(result.columns)

        def checked() -> Iterator[list[str]]:
            for row in filled:
                if len(row) != width:
                    raise CatalogError(
                        f"{name}, line {last + 1}: the row has {len(row)} field{'s' * (len(row) != 1)}, the heading "
                        f"{width}; mend the row, or name another separator than {separator!r}"
                    )
                result.rows += 1
                yield row

        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(checked())
    except csv.Error as error:
        raise CatalogError(f"{name}, line {last + 1}: {_csv_error(str(error))}") from error
    return result


def _csv_error(text: str) -> str:
    if "end of data" in text:
        return "a quote is opened here and never closed"
    if "expected after" in text:
        return "there is text behind a closing quote; a quote inside a quoted cell is doubled"
    if "field limit" in text or "field larger" in text:
        return f"a cell is longer than {LONGEST_ROW >> 20} MiB; perhaps a quote is opened and never closed"
    return text


def csv_line(row: Iterable[str | None]) -> str:
    """Return a row of CSV in which a missing value is empty and an empty text is a pair of quotes."""
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) + "\n"


class _Integer(str):
    """A whole number of a JSON file, as it was written."""


class _Decimal(str):
    """A number with a point or an exponent of a JSON file, as it was written."""


_KINDS = {_Integer: "integer", _Decimal: "number", bool: "boolean", str: "text"}


def _spool_json(name: str, text: IO[str], separator: str, out: IO[str]) -> Spool:
    places: dict[str, int] = {}
    kinds: list[set[str]] = []
    count = 0
    for count, (line, record, alone) in enumerate(_records(name, text), start=1):
        where = f"{name}, line {line}, record {count}"
        flat = _flatten(record, where)
        if alone and any(isinstance(value, dict) for value in record.values()):
            raise CatalogError(f"{name} is not a list of records: it is a single object with others inside")
        row: list[str | None] = [None] * len(places)
        for key, value in flat.items():
            place = places.get(key)
            if place is None:
                place = places[key] = len(places)
                kinds.append(set())
                row.append(None)
                if place >= MOST_COLUMNS:
                    raise CatalogError(f"{where}: more than {MOST_COLUMNS:,} different keys; these are not records")
            if value is not None:
                kinds[place].add(_KINDS[type(value)])
                row[place] = ("true" if value else "false") if isinstance(value, bool) else value
        try:
            out.write("," + csv_line(row))  # behind an empty cell, so that no row is a blank line
        except UnicodeEncodeError as error:
            raise CatalogError(f"{where}: half a character (a lone surrogate), which no text can hold") from error
    if count and not places:
        raise CatalogError(f"{name}: its records hold no values")
    return Spool(heading(places, name), count, kinds=kinds)


def _flatten(record: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the values of a record, those of objects inside it under `outer.inner`."""
    flat: dict[str, Any] = {}
    stack = [("", iter(record.items()))]
    while stack:
        prefix, items = stack[-1]
        for key, value in items:
            key = prefix + key
            if isinstance(value, dict):
                stack.append((f"{key}.", iter(value.items())))
                break
            if isinstance(value, list):
                raise CatalogError(
                    f"{where}: {key!r} holds a list, which has no place in a table; join its values to one text, or "
                    "make a record of each"
                )
            if key in flat:
                raise CatalogError(f"{where}: two values are called {key!r}; rename one")
            flat[key] = value
        else:
            stack.pop()
    return flat


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CatalogError(f"two values are called {twice!r}; rename one")
    return record


def _constant(text: str) -> None:
    raise CatalogError(f"{text} is no value of JSON; write null")


def _records(name: str, text: IO[str]) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Yield line, record, and whether it is the only one and stands in no list; reads on only as far as needed."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_pairs, parse_float=_Decimal, parse_int=_Integer, parse_constant=_constant
    )
    window = _Window(text)
    if not (opening := window.peek()):
        return
    if opening not in "[{":
        raise CatalogError(f"{name}, line {window.line}: a list of records begins with [ or {{, not with {opening!r}")
    listed = opening == "["
    if listed:
        window.skip()
    count = 0
    while mark := window.peek():
        if listed and mark == "]" and not window.comma:
            window.skip()
            if rest := window.peek():
                raise CatalogError(f"{name}, line {window.line}: {rest!r} behind the end of the list")
            return
        if listed and count and not window.comma:
            if mark != ",":
                raise CatalogError(f"{name}, line {window.line}: {mark!r} where a comma or ] should follow a record")
            window.skip()
            window.comma = True
            continue
        where = f"{name}, line {window.line}, record {count + 1}"
        if mark != "{":
            raise CatalogError(f"{where}: a record is an object in braces; this one begins with {mark!r}")
        window.comma = False
        line, record = window.line, window.decode(decoder, where)
        count += 1
        yield line, record, not listed and count == 1 and not window.peek()
    if listed:
        raise CatalogError(f"{name}, line {window.line}: the file ends before the list of records does")


class _Window:
    """The part of a JSON text that is in memory."""

    def __init__(self, text: IO[str]) -> None:
        self.text, self.buffer, self.place, self.ended = text, "", 0, False
        self._line, self._counted = 1, 0
        self.comma = False

    @property
    def line(self) -> int:
        """The line, from 1, of what comes next."""
        self._line += self.buffer.count("\n", self._counted, self.place)
        self._counted = self.place
        return self._line

    def more(self) -> bool:
        """Read on, twice as much each time a record does not fit."""
        line = self.line
        chunk = self.text.read(max(CHUNK, 2 * (len(self.buffer) - self.place)))
        self.ended = not chunk
        self.buffer, self.place, self._line, self._counted = self.buffer[self.place :] + chunk, 0, line, 0
        return not self.ended

    def peek(self) -> str:
        """Return the next mark that is not white space, "" at the end."""
        while True:
            match = _NOT_SPACE.search(self.buffer, self.place)
            if match:
                self.place = match.start()
                return match[0]
            self.place = len(self.buffer)
            if not self.more():
                return ""

    def skip(self) -> None:
        """Go past one mark."""
        self.place += 1

    def decode(self, decoder: json.JSONDecoder, where: str) -> dict[str, Any]:
        """Read one object."""
        while True:
            try:
                record, end = decoder.raw_decode(self.buffer, self.place)
            except json.JSONDecodeError as error:
                if not self.ended and len(self.buffer) - self.place < LONGEST_ROW and self.more():
                    continue
                if not self.ended:
                    where = f"{where}: not valid JSON, or longer than {LONGEST_ROW >> 20} MiB"
                line = self.line + self.buffer.count("\n", self.place, error.pos)
                raise CatalogError(f"{where}: {error.msg} (line {line}, column {error.colno})") from error
            except CatalogError as error:
                raise CatalogError(f"{where}: {error}") from error
            except RecursionError:
                raise CatalogError(f"{where}: objects are nested too deeply") from None
            self.place = end
            return record


_NOT_SPACE = re.compile(r"[^ \t\r\n]")


def scan(source: Source, separator: str, width: int) -> tuple[int, set[int]] | None:
    """Look at every byte of a CSV file for what DuckDB, which reads fast but forgivingly, would mend without a word.

    It drops blanks between a separator and a quote and wants one kind of line end; that there are none is seen here:
    every quote that opens stands behind a separator or a line end, and every one that closes before one. It takes a
    row with an empty field too many at its end; the number of separators will tell. And it takes 007, 1_000 and
    blanks around digits for a number; the columns where such cells are will tell.

    Every byte is a bit here, and whether it lies within quotes is the parity of the quotes before it, found for 64
    bytes at once by shifts (after Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019).

    Returns
    -------
    tuple of int and set of int, or None
        The number of separators outside quotes, and the places of columns in which a cell begins with a zero and
        another digit, or begins or ends with a blank, or holds a digit and an underscore. (There may be others, of
        text.) None where quotes or line ends are unusual.
    """
    import numpy as np

    carried: dict[str, Any] = {"limits": np.uint64(1)}

    def packed(mask: Any) -> Any:
        return np.packbits(mask, bitorder="little").view("<u8")

    def behind(name: str, bits: Any) -> Any:
        """Move each bit to the byte behind it, the last one of what was read before to the first."""
        moved = bits << 1
        moved[1:] |= bits[:-1] >> 63
        moved[0] |= carried.get(name, 0)
        carried[name] = bits[-1] >> 63
        return moved

    separators, cells, odd, within = 0, 0, set[int](), np.uint64(0)
    with opened(source) as file:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk:
                raise CatalogError(f"{source.path.name} is not text (it holds zero bytes)")
            if b"\r" in chunk:
                return None
            data = np.frombuffer(chunk.ljust(-(-len(chunk) // 64) * 64, b"\n"), np.uint8)
            quotes, marks, ends, zeros, lines = (packed(data == ord(mark)) for mark in f'"{separator}\n0_')
            digits, blanks, signs = packed(data >> 4 == 3), packed(data <= 32), packed((data == 43) | (data == 45))
            inside = quotes.copy()
            for shift in (1, 2, 4, 8, 16, 32):
                inside ^= inside << shift
            parity = np.bitwise_xor.accumulate(inside >> 63) ^ within
            inside ^= -np.concatenate([[within], parity[:-1]])  # all bits of a word that begins within quotes turn
            within = parity[-1]

            marks, ends, closing = marks & ~inside, ends & ~inside, quotes & ~inside
            limits = quotes | marks | ends
            starts = behind("limits", limits)
            if (quotes & inside & ~starts).any() or (behind("closing", closing) & ~limits).any():
                return None
            separators += int(np.bitwise_count(marks).sum())

            blanks &= ~limits
            leading = zeros & (starts | behind("signs", signs & starts))
            found = (behind("leading", leading) & digits) | (behind("digits", digits) & lines)
            found |= (blanks & starts) | (behind("blanks", blanks) & limits)
            ended = marks | (ends & ~behind("ends", ends))  # a blank line ends no cell
            before = cells + np.cumsum(np.bitwise_count(ended), dtype=np.int64)
            cells = int(before[-1])
            while len(words := np.flatnonzero(found)):  # each time the first of those in a word
                found, ended, before = found[words], ended[words], before[words]
                since = -(found & -found)
                odd.update(((before - np.bitwise_count(ended & since)) % width).tolist())
                found = found & since << 1
    return None if within else (separators, odd)


def first_rows(source: Source, separator: str, text: str, count: int = 2) -> list[list[str]]:
    """Return the first rows of a CSV file that are not blank, as far as they lie within its beginning."""
    return list(islice(_sample_rows(text, separator), count))
