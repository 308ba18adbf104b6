"""Histories in a workbook: Deezer's export, whose sheet of the listening history counts in seconds."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from musicrec.histories.json_stream import BrokenError
from musicrec.histories.plays import Collector
from musicrec.histories.tables import fold, heading_from, read_rows

LOOKED_AT = 20  # rows of a sheet among which the heading is looked for


def read_workbook(stream: IO[bytes], into: Collector) -> bool:
    """Read every sheet that names artists; return whether there was one.

    Raises
    ------
    BrokenError
        When the workbook is damaged.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles, which nobody asked for
            book = load_workbook(stream, read_only=True, data_only=True)  # type: ignore[arg-type]
            sheets = {sheet.title: _read_sheet(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
            # a library, favourites and a history say the same songs three times: where there is a history, it is read
            chosen = [each for each in sheets.values() if each and "time" in each[0].columns] or [
                each for each in sheets.values() if each
            ]
            for each in chosen:
                if each:
                    read_rows(each[1], each[0], into)
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise BrokenError(f"the workbook is damaged ({error})") from error
    return bool(chosen)


def _read_sheet(rows: Iterator[tuple[Any, ...]]) -> tuple[Any, Iterator[tuple[Any, ...]]] | None:
    """Return the heading of a sheet and the rows below it, None where no heading names artists."""
    for _ in range(LOOKED_AT):
        row = next(rows, None)
        if row is None:
            return None
        if heading := heading_from([fold(str(cell or "")) for cell in row], ""):
            return heading, rows
    return None
