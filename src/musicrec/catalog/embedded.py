"""The catalogue in one file, kept by DuckDB; no server, no account."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import duckdb

from musicrec.catalog.base import Catalog, Row, name_taken
from musicrec.catalog.entry import TYPES, CatalogError, Entry
from musicrec.catalog.staging import attach, batches, connect, explaining, printed_cells, stage, watched
from musicrec.catalog.text import Progress, Reading

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 5.0  # seconds to wait for another process to leave the file
HEADER = 3 * 4096  # bytes in which DuckDB says which of a file's blocks are in use
_WRITING = threading.RLock()  # DuckDB's lock of the file holds off other processes, not other threads


class EmbeddedCatalog(Catalog):
    """A DuckDB file: the table `datasets` (id, name, about) and for each of its rows a table `rows_ID`.

    The columns of the tables are called c0, c1, …, so that no name of a reader's file ever becomes part of a query.
    A file is made complete under another name and then linked to its own, and never deleted again: whoever comes
    second finds it there and adds to it.

    Parameters
    ----------
    place : str
        A path; made by the first `add`. `~` is the reader's home.

    Raises
    ------
    CatalogError
        When it is no path of a file, or could be taken for something else.
    """

    def __init__(self, place: str) -> None:
        if not place.strip() or "\0" in place or re.match(r":|[A-Za-z][\w+.-]+:", place):
            raise CatalogError(f"{place!r} is not the name of a file; name one, or the https address of a database")
        try:
            self.path = Path(place).expanduser()
        except RuntimeError as error:
            raise CatalogError(f"{place}: {error}; write ./~… for a file of that name") from error
        if self.path.suffix.lower() in (*TYPES, ".gz"):
            raise CatalogError(f"{place} is the name of a data file, not of a catalogue; let it end in .duckdb")
        if "?" in str(self.path.absolute()):
            raise CatalogError(f"{place}: a question mark means something else to the database; name another file")
        if os.sep == "/" and "\\" in str(self.path.absolute()):  # DuckDB takes it for a slash
            raise CatalogError(f"{place}: a backslash means something else to the database; name another file")
        self.place = str(self.path)

    def entries(self) -> list[Entry]:
        """Return what is in the catalogue, by name."""
        if not self._exists():
            return []
        with self._open() as connection:
            rows = connection.execute("SELECT about FROM kept.datasets ORDER BY name").fetchall()
        try:
            return [Entry.from_dict(json.loads(about)) for (about,) in rows]
        except (ValueError, TypeError) as error:
            raise CatalogError(f"{self.path} cannot be read: {error}") from error

    def _store(self, path: Path, name: str, description: str, reading: Reading, progress: Progress) -> Entry:
        with explaining(self.path), self._scratch() as folder:
            connection = connect(folder)
            try:
                entry = stage(connection, path, folder, reading, progress)
                entry = replace(entry, name=name, description=description)
                return self._publish(connection, folder / "fresh.duckdb", entry, progress)
            except duckdb.ConstraintException as error:
                raise CatalogError(name_taken(name)) from error
            finally:
                connection.close()

    def _publish(self, connection: duckdb.DuckDBPyConnection, fresh: Path, entry: Entry, progress: Progress) -> Entry:
        """Put what is staged into the catalogue; one that is not there yet appears at once with its first dataset."""
        if not self._exists():
            attach(connection, fresh, "kept")
            made = _insert(connection, entry, progress)
            if fresh.with_name(fresh.name + ".wal").exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            if _linked(fresh, self.path):
                return made
        with _WRITING:
            before = _state(self.path)
            try:
                self._attach(connection)
                _check(connection, self.path)
                return _insert(connection, entry, progress)
            except BaseException:
                connection.close()
                _shrink(self.path, before)
                raise

    def _drop(self, entry: Entry) -> None:
        with self._open(write=True) as connection:
            connection.execute("BEGIN")
            connection.execute("DELETE FROM kept.datasets WHERE name = ?", [entry.name])
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
                f"SELECT {printed_cells(entry)} FROM {_own(entry.key)} WHERE rowid {where} ORDER BY rowid", values
            ).fetchall()

    def _batches(self, entry: Entry) -> Iterator[list[Row]]:
        with self._open() as connection:
            yield from batches(connection, entry, _own(entry.key))

    def _exists(self) -> bool:
        """Say whether there is a catalogue.

        Raises
        ------
        CatalogError
            When there is something else.
        """
        found = None
        if self.path.is_dir():
            found = "a folder"
        elif self.path.exists() and not self.path.is_file():
            found = "a device"
        elif self.path.exists():
            with self.path.open("rb") as file:  # before anything of this process holds DuckDB's lock, which ends here
                first = file.read(16)
            if first[8:12] == b"DUCK":
                return True
            found = (
                "an SQLite database"
                if first.startswith(b"SQLite")
                else "a file of another kind"
                if first
                else "an empty file"
            )
        if found:
            raise CatalogError(
                f"{self.path} is not a catalogue, but {found}; name another file with MUSICREC_CATALOG or --catalog"
            )
        return False

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Give a folder beside the catalogue; those that killed processes left behind go first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{self.path.name}.adding-"
        for left in self.path.parent.glob(f"{glob.escape(prefix)}*") if fcntl else ():
            with suppress(OSError), _held(left):
                shutil.rmtree(left, ignore_errors=True)
        with ExitStack() as stack:
            while True:  # until somebody else did not take it for left behind
                folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path.parent))
                with suppress(OSError):
                    stack.enter_context(_held(folder))
                    if folder.exists():
                        break
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file as the database `kept`, and turn errors into messages."""
        if not self._exists():
            raise CatalogError(f"{self.path} is gone; somebody removed it meanwhile")
        with explaining(self.path), _WRITING if write else nullcontext():
            connection = connect(Path(f"{self.path}.tmp"))
            try:
                self._attach(connection, "" if write else ", READ_ONLY")
                _check(connection, self.path)
                yield connection
            finally:
                with suppress(duckdb.Error):  # what was to be kept is kept in the log
                    connection.close()

    def _attach(self, connection: duckdb.DuckDBPyConnection, options: str = "") -> None:
        """Attach the file, waiting a little while another process holds it."""
        begin = time.monotonic()
        while True:
            try:
                return attach(connection, self.path, "kept", options)
            except duckdb.IOException as error:
                if "Conflicting lock" not in str(error):
                    raise
                if time.monotonic() - begin > PATIENCE:
                    holder = re.search(r"PID (\d+)", str(error))
                    who = f"process {holder[1]}" if holder else "another process"
                    raise CatalogError(f"{self.path} is in use by {who}; try again when it is done") from error
                time.sleep(0.1)


def _check(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a database that some other program made."""
    found = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE database_name = 'kept' "
        "AND NOT internal GROUP BY ALL"
    ).fetchall()
    if found and ("datasets", ["id", "name", "about"]) not in found:
        raise CatalogError(
            f"{path} is not a catalogue, but a DuckDB database with other tables; name another file with "
            "MUSICREC_CATALOG or --catalog"
        )


def _insert(connection: duckdb.DuckDBPyConnection, entry: Entry, progress: Progress) -> Entry:
    """Write what is staged into the database `kept`, rows and metadata in one transaction, and detach it."""
    connection.execute("BEGIN")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept.datasets (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE, about VARCHAR)"
        )
        (number,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM kept.datasets").fetchone() or (1,)
        entry = replace(entry, key=f"rows_{int(number)}")
        about = json.dumps(entry.as_dict(), ensure_ascii=False)
        connection.execute("INSERT INTO kept.datasets VALUES (?, ?, ?)", [number, entry.name, about])
        with watched(connection, progress, "writing"):
            connection.execute(f"CREATE TABLE kept.{entry.key} AS FROM staged.typed")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):  # the disk may be full; what was not committed is gone in any case
            connection.execute("ROLLBACK")
        raise
    with suppress(duckdb.Error):  # what cannot be moved out of the log stays there
        connection.execute("DETACH kept")
    return entry


def _linked(fresh: Path, path: Path) -> bool:
    """Give a file its name, unless there is another of that name."""
    if path.exists():
        return False
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        fresh.rename(path)
    return True


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder that ends with this process; an OSError says that somebody else does."""
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _state(path: Path, size: int | None = None, header: bytes | None = None) -> tuple[int, bytes] | None:
    """Return size and header of a file that nobody holds; given those of before, cut off what has come behind them.

    DuckDB writes rows before it commits them, and leaves them in the file when it cannot. As long as the header is what
    it was, nothing refers to them.
    """
    log = path.with_name(path.name + ".wal")
    if fcntl is None or (log.exists() and log.stat().st_size):
        return None
    try:
        with path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            now = os.fstat(file.fileno()).st_size, file.read(HEADER)
            if size is not None and now[1] == header and now[0] > size:
                file.truncate(size)
            return now
    except OSError:
        return None


def _shrink(path: Path, before: tuple[int, bytes] | None) -> None:
    if before is not None:
        _state(path, *before)


def _own(key: str) -> str:
    """Return the name of a table, which is one of ours whatever stands in the file."""
    if not re.fullmatch(r"rows_\d+", key):
        raise CatalogError(f"the catalogue names a table {key!r}, which is none of its own")
    return f"kept.{key}"
