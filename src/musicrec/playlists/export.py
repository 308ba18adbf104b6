"""The end of an ingest: one DuckDB database and five Parquet files out of the parts, all of them whole or not there."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from musicrec.files import write_text
from musicrec.playlists.part import Fact, Numbers, Row, path_of, positions_of, read_numbers
from musicrec.playlists.report import report
from musicrec.playlists.shelf import Shelf, Sieve, Sifted

ABOUT = "about.json"
DATABASE = "playlists.duckdb"
MEMORY = "600MB"  # of the database; what needs more goes to a folder beside it while it works
AT_ONCE = 1 << 22  # entries whose tracks get the lists of their members together; more would not fit into the memory
MANY = 1 << 22  # keys that are collected before those that stand there twice are taken away
FILES = {
    "playlists": "select * from playlists order by playlist_id",
    "entries": "select playlist_id, pos, track from entries",
    "tracks": "select f.*, t.num_member from facts f join tracks t on t.id = f.id order by f.id",
    "artists": "select * from artists order by id",
    "albums": "select * from albums order by id",
}
SLICES = (
    "create table slices (name varchar, place varchar, playlists bigint, entries bigint, problems varchar[], "
    "simulated boolean)"
)
_TYPES = {int: "bigint", str: "varchar", bool: "boolean"}
Told = Callable[[str, float], None]


def unfinish(folder: Path) -> None:
    """Take away what is made at the end of an ingest, so that nobody takes it for the whole."""
    for name in (ABOUT, DATABASE, *(f"{name}.parquet" for name in FILES)):
        (folder / name).unlink(missing_ok=True)


class Result(NamedTuple):
    """What is known of tables beside what stands in them."""

    problems: dict[str, list[str]]  # by the name of the slice
    slices: int
    simulated: bool


def finish(folder: Path, shelf: Shelf, told: Told = lambda what, share: None) -> dict[str, Any]:
    """Make the database and the Parquet files of all parts, unless they are there; return the report."""
    if (folder / ABOUT).exists():
        return json.loads((folder / ABOUT).read_text(encoding="utf-8"))

    def make(connection: duckdb.DuckDBPyConnection) -> Result:
        problems = fill(connection, shelf, told)
        active = shelf.active()
        return Result(problems, len(active), any(record.simulated for _, record in active))

    return export(folder, make, told)


def export(folder: Path, make: Callable[[duckdb.DuckDBPyConnection], Result], told: Told) -> dict[str, Any]:
    """Write the database and the Parquet files, all or none.

    Parameters
    ----------
    folder : Path
    make : callable
        Makes the tables `playlists`, `entries`, `artists`, `albums` and the temporary `facts` in an empty database.
    told : callable
        Is told what is being done and which share of it is done.

    Returns
    -------
    dict
        The report.
    """
    beside, spill = folder / f".{DATABASE}", folder / ".spill"
    made = [folder / f".{name}.parquet" for name in FILES]
    try:
        _clear(beside, spill, made)  # of one that was killed
        with duckdb.connect(beside, config={"memory_limit": MEMORY, "temp_directory": str(spill)}) as connection:
            result = make(connection)
            _tracks(connection, told)
            options = f"format parquet, kv_metadata {{simulated: '{str(result.simulated).lower()}'}}"
            for place, (path, query) in enumerate(zip(made, FILES.values(), strict=True)):
                told(path.name[1:], place / len(FILES))
                connection.execute(f"copy ({query}) to {quoted(path)} ({options})")
            about = report(connection, result.problems, slices=result.slices, simulated=result.simulated)
        for path in (beside, *made):
            path.replace(folder / path.name[1:])
        write_text(folder / ABOUT, json.dumps(about, indent=1, ensure_ascii=False))
        return about
    finally:
        _clear(beside, spill, made)


def _clear(beside: Path, spill: Path, made: list[Path]) -> None:
    for path in (beside, beside.with_name(f"{beside.name}.wal"), *made):
        path.unlink(missing_ok=True)
    shutil.rmtree(spill, ignore_errors=True)


def quoted(path: Path) -> str:
    """Return a path as SQL writes it."""
    return "'" + str(path).replace("'", "''") + "'"


def fill(connection: duckdb.DuckDBPyConnection, shelf: Shelf, told: Told) -> dict[str, list[str]]:
    """Make the tables out of the parts, as `export` asks for; return what is wrong, by the name of the slice."""
    sifted, used = _sift(shelf, told)
    problems = {
        record.name: record.problems + sifted[number].problems
        for number, record in shelf.active()
        if record.problems or sifted[number].problems
    }
    _playlists(connection, shelf, sifted)
    _entries(connection, shelf, sifted, used, told)
    _facts(connection, shelf, used)
    rows = [
        [r.name, r.place, r.playlists, r.entries, r.problems + sifted[n].problems, r.simulated]
        for n, r in shelf.active()
    ]
    connection.execute(SLICES)
    connection.executemany("insert into slices values (?, ?, ?, ?, ?, ?)", rows)
    return problems


def _sift(shelf: Shelf, told: Told) -> tuple[dict[int, Sifted], NDArray[np.uint64]]:
    """Return which playlists of each part count, and the keys of all tracks that these hold, sorted."""
    sieve, sifted = Sieve(), {}
    used, waiting, n = np.zeros(0, np.uint64), [], 0
    for number, record in shelf.active():
        numbers = read_numbers(shelf.folder, number)
        sifted[number] = sieve.sift(numbers, record.name)
        kept = sifted[number].kept
        waiting.append(numbers.keys if kept.all() else numbers.keys[np.unique(numbers.codes[_of(numbers, kept)])])
        n += len(waiting[-1])
        if n > MANY:
            used, waiting, n = np.unique(np.concatenate([used, *waiting])), [], 0
        told("which playlists and tracks there are", number / len(shelf.records))
    return sifted, np.unique(np.concatenate([used, *waiting]))


def _of(numbers: Numbers, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.repeat(kept, numbers.sizes)


def columns_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the columns of a table in the database, by name."""
    fields = {}
    for field in msgspec.structs.fields(kind):
        kinds = getattr(field.type, "__args__", (field.type,))
        plain = next(k for k in (getattr(each, "__origin__", each) for each in kinds) if k in _TYPES)
        fields[field.encode_name] = "ubigint" if field.name == "key" else _TYPES[plain]
    return fields


def _lines(shelf: Shelf, kind: str, columns: dict[str, str], *, replaced: bool) -> str:
    """Return what reads the lines of the parts, with the number of the part as `part`."""
    numbers = range(len(shelf.records)) if replaced else [number for number, _ in shelf.active()]
    paths = ", ".join(quoted(path_of(shelf.folder, number, kind)) for number in numbers)
    types = ", ".join(f"{name}: '{type_}'" for name, type_ in columns.items())
    return (
        f"(select * exclude (filename), regexp_extract(filename, '([0-9]+)[.][a-z]+[.]jsonl$', 1)::integer as part "
        f"from read_json([{paths}], columns = {{{types}}}, format = 'newline_delimited', filename = true))"
    )


def _playlists(connection: duckdb.DuckDBPyConnection, shelf: Shelf, sifted: dict[int, Sifted]) -> None:
    columns = columns_of(Row)
    listed = ", ".join(name for name in columns if name != "place")
    if not sifted:
        made = ", ".join(f"null::{kind} as {name}" for name, kind in columns.items() if name != "place")
        connection.execute(f"create table playlists as select {made} limit 0")
        return
    dropped = {number: np.flatnonzero(~each.kept) for number, each in sifted.items()}
    gone = {
        "part": np.repeat(np.array(list(dropped), np.int32), [len(rows) for rows in dropped.values()]),
        "place": np.concatenate(list(dropped.values())).astype(np.int64),
    }
    connection.register("gone", gone)
    connection.execute(
        f"create table playlists as select {listed} from "
        f"{_lines(shelf, 'playlists.jsonl', columns, replaced=False)} anti join gone using (part, place)"
    )
    connection.unregister("gone")


def _entries(
    connection: duckdb.DuckDBPyConnection, shelf: Shelf, sifted: dict[int, Sifted], used: NDArray[np.uint64], told: Told
) -> None:
    """Write the entries by playlist and place, as the parts mostly have them already."""
    connection.execute("create table entries (playlist_id bigint, pos integer, track integer)")
    spans = {}
    for number, each in sifted.items():
        if each.kept.any():
            pids = read_numbers(shelf.folder, number).pids[each.kept]
            spans[number] = (int(pids.min()), int(pids.max()))
    ordered = sorted(spans, key=spans.__getitem__)
    for place, number in enumerate(ordered):
        told("entries", place / len(ordered))
        numbers = read_numbers(shelf.folder, number)
        kept = _of(numbers, sifted[number].kept)
        columns: dict[str, NDArray[Any]] = {
            "playlist_id": np.repeat(numbers.pids, numbers.sizes)[kept],
            "pos": positions_of(numbers)[kept],
            "track": np.searchsorted(used, numbers.keys).astype(np.int32)[numbers.codes[kept]],
        }
        if (np.diff(numbers.pids) <= 0).any() or len(numbers.positions):
            order = np.lexsort((columns["pos"], columns["playlist_id"]))
            columns = {name: values[order] for name, values in columns.items()}
        connection.register("part", columns)
        connection.execute("insert into entries select * from part")
        connection.unregister("part")
    if any(spans[after][0] <= spans[before][1] for before, after in itertools.pairwise(ordered)):
        connection.execute("create table sorted as from entries order by playlist_id, pos")
        connection.execute("drop table entries")
        connection.execute("alter table sorted rename to entries")


def _facts(connection: duckdb.DuckDBPyConnection, shelf: Shelf, used: NDArray[np.uint64]) -> None:
    """Make the tables of tracks, artists and albums; of a track that is told of twice the first slice is believed."""
    connection.register("used", {"key": used, "id": np.arange(len(used), dtype=np.int32)})
    columns = columns_of(Fact)
    source = _lines(shelf, "tracks.jsonl", columns, replaced=True)
    if not shelf.records:
        source = "(select " + ", ".join(f"null::{kind} as {name}" for name, kind in columns.items()) + ", 0 as part)"
    connection.execute(f"create temp table told as select * from {source} semi join used using (key)")
    # the part decides; a large slice, which is parsed in several steps, may tell of a track more than once
    connection.execute(
        "create temp table first as select min(part::bigint * (1::bigint << 36) + rowid) % (1::bigint << 36) as line "
        "from told group by key"
    )
    # an address that is missing is as good as a name, and a name that is missing is one, too
    connection.execute(
        """
        create temp table named as
        select id, track, track_name, artist_name, album_name, duration_ms, artist,
               coalesce(nullif(album, ''), 'name:' || coalesce(album_name, '') || ':' || artist) as album
        from (select * replace (coalesce(nullif(artist, ''), 'name:' || coalesce(artist_name, '')) as artist)
              from told join first on told.rowid = first.line join used using (key))
        """
    )
    connection.unregister("used")
    for kind in ("artist", "album"):
        connection.execute(
            f"create table {kind}s as select (row_number() over (order by {kind}) - 1)::integer as id, {kind}, "
            f"{kind}_name from (select {kind}, arg_min({kind}_name, id) as {kind}_name from named group by {kind})"
        )
    connection.execute(
        "create temp table facts as select n.id, n.track, n.track_name, a.id as artist, b.id as album, n.duration_ms "
        "from named n join artists a on a.artist = n.artist join albums b on b.album = n.album"
    )
    found = connection.execute("select count(*) from facts").fetchone()
    if found != (len(used),):
        raise ValueError(
            f"{shelf.folder} is damaged: it tells of {(found or (0,))[0]:,} of {len(used):,} tracks; delete it "
            "and read the slices again"
        )
    for name in ("told", "first", "named"):
        connection.execute(f"drop table {name}")


def _tracks(connection: duckdb.DuckDBPyConnection, told: Told) -> None:
    """Make the table of tracks, each with all playlists that hold it."""
    connection.execute(
        "create table tracks (track varchar, track_name varchar, album varchar, album_name varchar, artist varchar, "
        "artist_name varchar, duration_ms bigint, playlist_member bigint[], num_member bigint, id integer)"
    )
    counted = "select (select count(*) from entries), (select count(*) from facts)"
    entries, n = connection.execute(counted).fetchone() or (0, 0)
    edges = np.linspace(0, n, entries // AT_ONCE + 2).astype(int).tolist()
    for place, (low, high) in enumerate(itertools.pairwise(edges)):
        told("who holds which track", place / (len(edges) - 1))
        connection.execute(
            """
            insert into tracks
            select f.track, f.track_name, b.album, b.album_name, a.artist, a.artist_name, f.duration_ms,
                   m.playlist_member, len(m.playlist_member), f.id
            from facts f join artists a on a.id = f.artist join albums b on b.id = f.album
            join (select track as id, list_sort(list_distinct(list(playlist_id))) as playlist_member
                  from entries where track >= $1 and track < $2 group by track) m on m.id = f.id
            where f.id >= $1 and f.id < $2 order by f.id
            """,
            [low, high],
        )
