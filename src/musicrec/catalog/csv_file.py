"""Comma-separated files as people have them: other separators, titles, no heading, quotes that are none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from musicrec.catalog.entry import CatalogError
from musicrec.catalog.spool import EMPTY, Spool, heading, write_spool
from musicrec.catalog.text import LONGEST_ROW, Progress, Reading, Source, lines_of

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}  # in the order in which ties are broken
SAMPLE = 1 << 18  # characters looked at to find separator and heading
DIRECTIVE = re.compile(r'\ufeff?"?sep=(.)"?[\r\n]+')  # a first line by which spreadsheet programs tell each other
MARK = "\ufeff"
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
csv.field_size_limit(2 * LONGEST_ROW)  # rows are measured here, cells need not be


class HeadingError(CatalogError):
    """The first row may be one of the table; whoever adds it has to say."""


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
        usual = _usual(widths)
        return (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)

    return max(SEPARATORS, key=evenness)


def spool_csv(source: Source, reading: Reading, target: Path, progress: Progress) -> Spool:
    """Write a .csv file again as a spool.

    A quoted cell that is empty is an empty text, a cell with nothing in it is missing. In files with tabs or bars,
    quotes that do not obey the rules of CSV are taken for what they are.

    Raises
    ------
    HeadingError
        When the first row looks like any other and nobody said what it is.
    CatalogError
        When rows differ in length, quotes are never closed, or lines stand above the heading; with the line.
    """
    beginning = lines_of(source, progress, "looking at the beginning")
    text = ""
    while len(text) < SAMPLE and (more := next(beginning, "")):
        text += more
    beginning.close()  # type: ignore[attr-defined]
    directive = DIRECTIVE.match(text)
    text = text[directive.end() :] if directive else text
    told = directive[1] if directive else None
    separator = separator_of(text, told if reading.separator is None else reading.separator)
    table = (source, separator, text, directive is not None, reading.header, target, progress)
    try:
        spool, swallowed = _spooled(*table, quoting=csv.QUOTE_MINIMAL)
        if not swallowed:
            return spool
    except HeadingError:
        raise
    except CatalogError:
        if separator not in "\t|" or ('"' not in text and source.size < SAMPLE):
            raise
        with suppress(CatalogError):
            return _literally(table)
        raise
    return _literally(table)


def _literally(table: tuple) -> Spool:
    spool, _ = _spooled(*table, quoting=csv.QUOTE_NONE)
    spool.notes.append("quotes do not enclose cells in this file: they are part of the text")
    return spool


def _spooled(
    source: Source, separator: str, text: str, skip: bool, header: bool | None, target: Path, progress: Progress,
    *, quoting: int,
) -> tuple[Spool, bool]:  # fmt: skip
    """Write a spool; say whether quotes may have swallowed lines that are rows themselves."""
    name = source.path.name
    lines = islice(lines_of(source, progress, "reading"), int(skip), None)
    rows = Rows(name, lines, separator, quoting, int(skip))
    filled = iter(rows)
    first = next(filled, [])
    where = f"{name}, line {rows.line}"
    sample = _sample_rows(text, separator, quoting)
    _check_first(first, sample, where)
    if header is None and follows_a_title(first, sample[1:]):
        raise HeadingError(
            f"{where}: this line seems to stand above the heading, which is on the next; delete it, or say --header if "
            "it names the columns"
        )
    if header is None and (why := looks_like_a_row(first, [row for row in sample if row not in _headings(first)])):
        raise HeadingError(
            f"{where}: the first row looks like one of the table, not like a heading ({why}); say --no-header if it is "
            "a row, --header if it names the columns"
        )
    blank = len(first) == 1 and rows.raw[0].startswith('"')
    if header is False:
        columns, filled = [f"column {place + 1}" for place in range(len(first))], chain([first], filled)
        heading(columns, where)
    else:
        columns = heading(first, where)
    spool = Spool(columns, separator=separator)
    if header is False:
        spool.notes.append("no heading: the columns are named by their places")
    # our own export ends so a row of one cell that is missing; elsewhere a blank line is no row
    rows.blank_is_missing = blank
    spool.rows = write_spool(name, rows.checked(filled, first if header is not False else None, spool), target)
    return spool, rows.joined and rows.even and separator in "\t|"


class Rows:
    """Rows of a CSV file, with the line on which each begins."""

    def __init__(self, name: str, lines: Iterator[str], separator: str, quoting: int, skipped: int) -> None:
        self.name, self.separator, self.skipped = name, separator, skipped
        self.raw: list[str] = []
        self.size, self.before = 0, 0
        self.blank_is_missing = self.joined = False
        self.even, self.width = True, 0
        self.reader = csv.reader(self._kept(lines), delimiter=separator, quoting=quoting, strict=True)  # type: ignore[arg-type]
        cell = rf'(?:^|{re.escape(separator)})("(?:[^"]|"")*"|[^{re.escape(separator)}]*)'
        self.cells = re.compile(cell)

    @property
    def line(self) -> int:
        """The line on which the row begins that was read last."""
        return self.before + self.skipped + 1

    def _kept(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self.raw.append(line)
            self.size += len(line)
            if self.size > LONGEST_ROW:
                raise CatalogError(
                    f"{self.name}, line {self.line}: the row is longer than {LONGEST_ROW >> 20} MiB; perhaps a quote "
                    "is opened and never closed"
                )
            yield line

    def __iter__(self) -> Iterator[list[str]]:
        """Yield rows as lists of cells; blank lines are none."""
        try:
            for row in self.reader:
                if row:
                    yield row
                elif self.blank_is_missing:
                    yield [""]
                if len(self.raw) > 1:
                    self.joined = True
                    self.even = self.even and all(raw.count(self.separator) == len(row) - 1 for raw in self.raw)
                self.before = self.reader.line_num
                self.raw.clear()
                self.size = 0
        except csv.Error as error:
            raise CatalogError(f"{self.name}, line {self.line}: {_csv_error(str(error))}") from error

    def checked(self, rows: Iterator[list[str]], names: list[str] | None, spool: Spool) -> Iterator[list[str]]:
        """Yield rows of the right length, in which empty texts are marked."""
        width, again = len(spool.columns), _headings(names or [])
        for row in rows:
            if len(row) != width:
                raise CatalogError(
                    f"{self.name}, line {self.line}: the row has {len(row)} field{'s' * (len(row) != 1)}, the heading "
                    f"{width}; mend the row, or name another separator than {self.separator!r}"
                )
            if row in again and width > 1:
                raise CatalogError(
                    f"{self.name}, line {self.line}: the heading stands here again; were two files joined? Delete the "
                    "line, or say --no-header if it is a row"
                )
            if "" in row and any('""' in raw for raw in self.raw):
                row = self._marked(row, spool)
            yield row

    def _marked(self, row: list[str], spool: Spool) -> list[str]:
        cells = self.cells.findall("".join(self.raw).rstrip("\r\n"))
        if self.reader.dialect.quoting == csv.QUOTE_NONE or len(cells) != len(row):
            return row
        empty = {place for place, cell in enumerate(cells) if cell == '""'}
        spool.with_empty |= empty
        return [EMPTY if place in empty else cell for place, cell in enumerate(row)]


def _headings(first: list[str]) -> list[list[str]]:
    """Return a heading as it stands again where files were joined: each may begin with the mark of its encoding."""
    return [first, [MARK + first[0], *first[1:]]] if first else []


def _check_first(first: Sequence[str], sample: list[list[str]], where: str) -> None:
    """Refuse lines above the heading."""
    usual = _usual([len(row) for row in sample])
    filled = [cell for cell in first if cell.strip()]
    below = sample[1] if len(sample) > 1 else []
    if _is_title(first, below) or (len(first) != usual and sum(len(row) == usual for row in sample) > 1):
        fields = f"{len(filled)} field{'s' * (len(filled) != 1)}"
        raise CatalogError(
            f"{where}: {fields}, while the rows below have {usual}. If there are lines above the heading, delete "
            "them; if the heading lacks a name, add it"
        )


def _is_title(first: Sequence[str], below: Sequence[str]) -> bool:
    """Say whether a first row that is as wide as the table stands above the heading: most of it is blank.

    One nameless column is none: row numbers have no name, and stand before the others or behind them.
    """
    named, filled = ([bool(cell.strip()) for cell in row] for row in (first, below))
    ends_blank = bool(named) and not named[-1]
    nameless = sum(there and not name for name, there in zip(named, filled, strict=False))
    alone = sum(named) == 1 and sum(filled) > 1 and (len(named) > 2 or ends_blank)
    return alone or (nameless > 1 and ends_blank)


def follows_a_title(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether the second row is the heading, because the first is a sentence that its comma cuts in two.

    Examples
    --------
    >>> follows_a_title(["My music", " exported in May"], [["artist", "plays"], ["Muse", "3"], ["Air", "4"]])
    True
    >>> follows_a_title(["artist", " plays"], [["Muse", " 3"], ["Air", " 4"]])
    False
    """
    if len(below) < 2 or len(first) != len(below[0]):
        return False
    columns = list(zip(first, *(row for row in below if len(row) == len(first)), strict=True))
    sentence = any(top.startswith(" ") and not any(cell.startswith(" ") for cell in rest) for top, *rest in columns)
    return sentence and any(
        not NUMBER.fullmatch(second.strip()) and all(NUMBER.fullmatch(cell.strip()) for cell in rest)
        for _, second, *rest in columns
    )


def looks_like_a_row(first: Sequence[str], below: Sequence[Sequence[str]]) -> str:
    """Return why a first row is perhaps no heading, "" when it looks like one.

    Examples
    --------
    >>> looks_like_a_row(["Muse", "09 May 2024 10:00"], [["Blur", "10 May 2024 11:30"], ["Air", "11 May 2024 08:15"]])
    "'09 May 2024 10:00' is written as the cells below it are"
    >>> looks_like_a_row(["artist", "2019", "2020"], [["Muse", "3", "4"]])
    ''
    """
    numbers = [cell.strip() for cell in first if NUMBER.fullmatch(cell.strip())]
    whole = [int(cell) for cell in numbers if re.fullmatch(r"[1-9]\d{0,5}|0", cell)]
    counts = len(whole) == len(numbers) > 0 and whole == list(range(whole[0], whole[0] + len(whole)))
    if counts and ((len(whole) > 2 and whole[0] < 2) or 1500 < whole[0] < 2200):
        return ""  # years, or columns that were numbered
    for place, cell in enumerate(map(str.strip, first)):
        cells = [row[place].strip() for row in below if len(row) == len(first) and row[place].strip()]
        if not cell or not cells:
            continue
        alike = sum(_shape(cell) == _shape(other) for other in cells)
        if any(map(str.isdigit, cell)) and not cell.isidentifier() and 2 * alike > len(cells):
            return f"{cell!r} is written as the cells below it are"
        if cell in cells and not all(other == cell for other in cells):
            return f"{cell!r} stands in its column again"
    return ""


def _shape(cell: str) -> str:
    """Reduce a cell to what it is made of: numbers to 9, words to a."""
    return "9" if NUMBER.fullmatch(cell) else re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell))


def _usual(widths: list[int]) -> int:
    return max(set(widths), key=lambda width: (widths.count(width), width), default=1)


def _sample_rows(text: str, separator: str, quoting: int = csv.QUOTE_MINIMAL) -> list[list[str]]:
    """Cut the beginning of a file into rows; the last one, which may be cut off, is left out where there are more."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)  # type: ignore[arg-type]
        rows.extend(row for row in reader if row)
    return rows[:-1] if len(rows) > 2 and len(text) >= SAMPLE else rows


def _csv_error(text: str) -> str:
    if "end of data" in text:
        return "a quote is opened here and never closed"
    if "expected after" in text:
        return "there is text behind a closing quote; a quote inside a quoted cell is doubled"
    return text
