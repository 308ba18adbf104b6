"""The catalogue in one file, kept by DuckDB; no server, no account."""

from __future__ import annotations

import errno
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from musicrec.catalog import staging
from musicrec.catalog.base import Catalog, Row, name_taken
from musicrec.catalog.entry import CatalogError, Entry

if TYPE_CHECKING:
    from musicrec.catalog.reading import Progress

PATIENCE = 5.0  # seconds to wait for another process to leave the file
BATCH = 20_000  # rows


class EmbeddedCatalog(Catalog):
    """A DuckDB file: the table `datasets` (id, name, about) and for each of its rows a table `rows_ID`.

    The columns of the tables are called c0, c1, …, so that no name of a reader's file ever becomes part of a query.

    Parameters
    ----------
    path : Path
        The file; made by the first `add`.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)

    def entries(self) -> list[Entry]:
        """Return what is in the catalogue, by name."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute("SELECT about FROM datasets ORDER BY name").fetchall()
        return [Entry.from_dict(json.loads(about)) for (about,) in rows]

    def _store(self, path: Path, name: str, description: str, separator: str | None, progress: Progress) -> Entry:
        new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._open(write=True) as connection, self._scratch() as scratch:
                (number,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM datasets").fetchone() or (1,)
                table = f"rows_{int(number)}"
                try:
                    entry = staging.stage(connection, path, table, scratch, separator=separator, progress=progress)
                    entry = replace(entry, name=name, description=description, key=table)
                    about = json.dumps(entry.as_dict(), ensure_ascii=False)
                    connection.execute("INSERT INTO datasets VALUES (?, ?, ?)", [number, name, about])
                    connection.execute("COMMIT")
                except BaseException as error:
                    _undo(connection)
                    if isinstance(error, duckdb.ConstraintException):
                        raise CatalogError(name_taken(name)) from error
                    raise
        except BaseException:
            if new:
                self.path.unlink(missing_ok=True)
                self._log.unlink(missing_ok=True)
            raise
        return entry

    def _drop(self, entry: Entry) -> None:
        with self._open(write=True) as connection:
            connection.execute("BEGIN")
            connection.execute("DELETE FROM datasets WHERE name = ?", [entry.name])
            connection.execute(f"DROP TABLE {_own(entry.key)}")
            connection.execute("COMMIT")

    def _take(self, entry: Entry, places: Sequence[int]) -> list[Row]:
        with self._open() as connection:
            values: tuple[object, ...]
            if places and len(places) == places[-1] - places[0] + 1:  # in one piece, which is found without a search
                where, values = "BETWEEN ? AND ?", (places[0], places[-1])
            else:
                where, values = "IN (SELECT unnest(?::BIGINT[]))", (list(places),)
            return connection.execute(
                f"SELECT {_cells(entry)} FROM {_own(entry.key)} WHERE rowid {where} ORDER BY rowid", values
            ).fetchall()

    def _batches(self, entry: Entry) -> Iterator[list[Row]]:
        with self._open() as connection:
            connection.execute(f"SELECT {_cells(entry)} FROM {_own(entry.key)} ORDER BY rowid")
            while batch := connection.fetchmany(BATCH):
                yield batch

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + ".wal")

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Give a folder beside the catalogue; those that killed processes left behind go first (we hold the lock)."""
        for left in self.path.parent.glob(f".{self.path.name}.adding-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{self.path.name}.adding-", dir=self.path.parent) as folder:
            yield Path(folder)

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file, waiting a little while another process holds it, and turn its errors into messages."""
        begin = time.monotonic()
        while True:
            try:
                connection = staging.connect(self.path, read_only=not write)
                break
            except duckdb.IOException as error:
                text = str(error)
                if "Conflicting lock" not in text:
                    raise _explained(error, self.path) from error
                if time.monotonic() - begin > PATIENCE:
                    holder = re.search(r"PID (\d+)", text)
                    who = f"process {holder[1]}" if holder else "another process"
                    raise CatalogError(f"{self.path} is in use by {who}; try again when it is done") from error
                time.sleep(0.1)
            except duckdb.Error as error:
                raise _explained(error, self.path) from error
        try:
            if write:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS datasets (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE, about VARCHAR)"
                )
            yield connection
        except (duckdb.Error, OSError) as error:
            raise _explained(error, self.path) from error
        except RuntimeError as error:
            if "interrupted" in str(error):  # how DuckDB says that somebody pressed Ctrl-C during a query
                raise KeyboardInterrupt from error
            raise
        finally:
            with suppress(duckdb.Error):  # what was to be kept is kept in the log
                connection.close()


def _cells(entry: Entry) -> str:
    return ", ".join(f"c{place}::VARCHAR" for place in range(len(entry.features)))


def _own(key: str) -> str:
    """Return the name of a table, which is one of ours whatever stands in the file."""
    if not re.fullmatch(r"rows_\d+", key):
        raise CatalogError(f"the catalogue names a table {key!r}, which is none of its own")
    return key


def _undo(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # nothing was begun, or the disk is full; what was not committed is gone in any case
        connection.execute("ROLLBACK")


def _explained(error: Exception, path: Path) -> CatalogError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) or re.search(
        "No space left|File too large|quota exceeded", str(error)
    ):
        return CatalogError(f"the disk of {path} is full; nothing was changed. Free some space and try again")
    if ("datasets" in text and "does not exist" in text) or "not a valid DuckDB" in text:
        return CatalogError(f"{path} is not a catalogue; name another file with MUSICREC_CATALOG or --catalog")
    return CatalogError(f"{path}: {text}")
