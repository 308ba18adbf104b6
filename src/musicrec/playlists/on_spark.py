"""Slices into tables on Apache Spark: read by all executors, put together by joins; the same tables as `ingest` makes.

What a slice holds is decided by the same code (`parse`, `part`), which double of a playlist counts by the same `Sieve`.
Spark does what grows: parsing, finding distinct tracks, artists and albums, numbering them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from musicrec.files import locked
from musicrec.histories.containers import HistoryError
from musicrec.playlists.export import SLICES, Result, columns_of, export, quoted, unfinish
from musicrec.playlists.parse import parse_in_batches
from musicrec.playlists.part import Row, numbers_of, positions_of, rows_of
from musicrec.playlists.shelf import PARTS, Sieve
from musicrec.playlists.slices import Slice

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

WORK = ".spark"  # what Spark leaves for the database, in the folder of the tables
ROWS = 250  # playlists that are handed to Java at a time
_ROW = {name: kind for name, kind in columns_of(Row).items() if name != "place"}
_TRACK = "pos int, key bigint, track string, track_name string, artist string, artist_name string, album string, \
album_name string, duration_ms bigint"
_STAGED = (
    "part int, place int, problem string, simulated boolean, digest bigint, "
    + ", ".join(f"{name} {'string' if kind == 'varchar' else kind}" for name, kind in _ROW.items())
    + f", tracks array<struct<{_TRACK.replace(' ', ':').replace(',:', ', ')}>>"
)
Told = Callable[[str, float], None]


def ingest(
    slices: list[Slice],
    folder: Path,
    session: SparkSession,
    *,
    strict: bool = False,
    told: Told = lambda what, share: None,
) -> dict[str, Any]:
    """Read slices into a folder of tables, which holds no other; see `musicrec.playlists.ingest.ingest`.

    Every executor reads slices by their paths and musicrec is installed there: with a cluster they lie on storage that
    all machines share. A run that was stopped begins anew.

    Raises
    ------
    FileExistsError
        When the folder holds tables, or parts of them, that were made without Spark.
    BusyError
        When another process writes there.
    HistoryError
        Under `strict`, at the first problem.
    """
    with locked(folder / ".lock", f"another process is writing to {folder}; wait for it, or name another folder"):
        if (folder / PARTS).exists():
            raise FileExistsError(f"{folder} holds playlists that were read without Spark; name a new folder")
        work = folder / WORK
        shutil.rmtree(work, ignore_errors=True)  # of one that was stopped
        unfinish(folder)
        try:
            told("reading slices", 0.0)
            staged = _staged(session, slices, work / "staged")
            told("which playlists there are", 0.4)
            problems, dropped, listed = _sift(staged, slices)
            if strict and problems:
                name, found = next(iter(problems.items()))
                raise HistoryError(f"{name}: {found[0]}")
            told("tracks, artists and albums", 0.5)
            _tables(session, staged, dropped, work)

            def fill(connection: duckdb.DuckDBPyConnection) -> Result:
                _fill(connection, work, listed)
                return Result(problems, len(slices), any(row[-1] for row in listed))

            return export(folder, fill, told)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _staged(session: SparkSession, slices: list[Slice], path: Path) -> DataFrame:
    """Parse every slice once: a row for each playlist, with its tracks, and one for each problem."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for part in batch.column(0).to_pylist():
                yield from _read(slices[part], part)

    numbers = session.createDataFrame([(part,) for part in range(len(slices))], "part int").repartition(len(slices))
    numbers.mapInArrow(read, _STAGED).write.parquet(str(path))
    return session.read.parquet(str(path))


def _read(each: Slice, part: int) -> Iterator[pa.RecordBatch]:
    """Yield the playlists of one slice, and what is wrong with it."""
    import pyarrow as pa

    schema = pa.schema(_arrow())
    problems: list[str] = []
    place = 0
    try:
        raw, damage = each.read()
        problems += damage
        for playlists, wrong, simulated in parse_in_batches(raw):
            problems += wrong
            for start in range(0, len(playlists), ROWS):
                some = playlists[start : start + ROWS]
                numbers, _ = numbers_of(some)
                positions = positions_of(numbers).tolist()
                keys = numbers.keys.view(np.int64)[numbers.codes].tolist()
                at, rows = 0, []
                digests = numbers.digests.view(np.int64).tolist()
                for playlist, row, digest in zip(some, rows_of(some, place), digests, strict=True):
                    tracks = []
                    for track in playlist.tracks or ():
                        tracks.append(
                            {
                                "pos": positions[at], "key": keys[at], "track": track.track_uri,
                                "track_name": track.track_name, "artist": track.artist_uri,
                                "artist_name": track.artist_name, "album": track.album_uri,
                                "album_name": track.album_name, "duration_ms": track.duration_ms,
                            }
                        )  # fmt: skip
                        at += 1
                    facts = msgspec.structs.asdict(row)
                    rows.append({"part": part, "simulated": simulated, "digest": digest, "tracks": tracks, **facts})
                place += len(some)
                yield pa.RecordBatch.from_pylist(rows, schema)
    except HistoryError as error:
        problems.append(str(error).removeprefix(f"{each.name} "))
    if problems:
        yield pa.RecordBatch.from_pylist([{"part": part, "problem": problem} for problem in problems], schema)


def _arrow() -> list[tuple[str, pa.DataType]]:
    import pyarrow as pa

    kinds = {"int": pa.int32(), "bigint": pa.int64(), "string": pa.string(), "boolean": pa.bool_()}
    track = pa.struct([(name, kinds[kind]) for name, kind in (field.split() for field in _TRACK.split(","))])
    fields = [field.split() for field in _STAGED.partition(", tracks")[0].split(",")]
    return [*((name, kinds[kind]) for name, kind in fields), ("tracks", pa.list_(track))]


def _sift(
    staged: DataFrame, slices: list[Slice]
) -> tuple[dict[str, list[str]], list[tuple[int, int]], list[list[Any]]]:
    """Return what is wrong, by name of the slice, playlists that do not count, by part and place, and the slices."""
    columns = ("part", "place", "playlist_id", "digest", "problem", "simulated", "size(tracks) as tracks")
    table = staged.selectExpr(*columns).toArrow()
    table = table.sort_by([("part", "ascending"), ("place", "ascending")])
    parts = table["part"].to_numpy()
    edges = np.searchsorted(parts, np.arange(len(slices) + 1))
    sieve, problems, dropped, listed = Sieve(), dict[str, list[str]](), list[tuple[int, int]](), list[list[Any]]()
    for part, each in enumerate(slices):
        rows = table.slice(edges[part], edges[part + 1] - edges[part])
        found = [problem for problem in rows["problem"].to_pylist() if problem]
        rows = rows.filter(rows["problem"].is_null())
        numbers, _ = numbers_of([])
        sifted = sieve.sift(
            numbers._replace(pids=rows["playlist_id"].to_numpy(), digests=rows["digest"].to_numpy().view(np.uint64)),
            each.name,
        )
        dropped += [(part, place) for place in rows["place"].to_numpy()[~sifted.kept].tolist()]
        if found + sifted.problems:
            problems[each.name] = found + sifted.problems
        n, simulated = int(rows["tracks"].to_numpy().sum()), any(rows["simulated"].to_pylist())
        listed.append([each.name, str(each.path.resolve()), len(rows), n, found + sifted.problems, simulated])
    return problems, dropped, listed


def _tables(session: SparkSession, staged: DataFrame, dropped: list[tuple[int, int]], work: Path) -> None:
    """Write the tables as Spark does, in several files each; numbers are those that `ingest` gives."""
    from pyspark.sql import functions as f

    gone = f.broadcast(session.createDataFrame(dropped, "part int, place int"))
    there = staged.filter("problem is null")
    kept = there.join(gone, ["part", "place"], "left_anti")
    told_of = there.select("part", "place", f.posexplode("tracks").alias("nth", "t")).select(
        "part", "place", "nth", "t.*"
    )
    entries = kept.select("playlist_id", f.posexplode("tracks").alias("nth", "t")).select(
        "playlist_id", "nth", "t.pos", "t.key"
    )
    names = ("track", "track_name", "artist", "artist_name", "album", "album_name", "duration_ms")
    told_of.join(entries.select("key").distinct(), "key", "left_semi").createOrReplaceTempView("told")
    # of a track that is told of twice the first slice is believed; keys are numbers without a sign
    session.sql(
        f"""
        select cast(row_number() over (order by key < 0, key) - 1 as int) as id, key, first.* from (
          select key, min_by(struct({", ".join(names)}), struct(part, place, nth)) as first from told group by key)
        """
    ).selectExpr(
        "id", "key", "track", "track_name", "artist_name", "album_name", "duration_ms",
        "coalesce(nullif(artist, ''), concat('name:', coalesce(artist_name, ''))) as artist", "album as given",
    ).selectExpr(
        "*", "coalesce(nullif(given, ''), concat('name:', coalesce(album_name, ''), ':', artist)) as album"
    ).drop("given").write.parquet(str(work / "named"))  # fmt: skip
    named = session.read.parquet(str(work / "named"))
    named.createOrReplaceTempView("named")
    for kind in ("artist", "album"):
        session.sql(
            f"""
            select cast(row_number() over (order by {kind}) - 1 as int) as id, {kind}, {kind}_name from (
              select {kind}, min_by({kind}_name, id) filter (where {kind}_name is not null) as {kind}_name
              from named group by {kind})
            """
        ).write.parquet(str(work / f"{kind}s"))
    entries.join(named.select("key", f.col("id").alias("track")), "key").select(
        "playlist_id", "pos", "nth", "track"
    ).write.parquet(str(work / "entries"))
    kept.select(*_ROW).write.parquet(str(work / "playlists"))


def _fill(connection: duckdb.DuckDBPyConnection, work: Path, listed: list[list[Any]]) -> None:
    """Make the tables of the database, except that of tracks with their members, out of those of Spark."""

    def of(name: str) -> str:
        return f"read_parquet({quoted(work / name / '*.parquet')})"

    columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in _ROW.items())
    connection.execute(f"create table playlists as select {columns} from {of('playlists')}")
    connection.execute(
        f"create table entries as select playlist_id, pos, track from {of('entries')} order by playlist_id, pos, nth"
    )
    for name in ("artists", "albums"):
        connection.execute(f"create table {name} as select * from {of(name)} order by id")
    connection.execute(
        "create temp table facts as select n.id, n.track, n.track_name, a.id as artist, b.id as album, n.duration_ms "
        f"from {of('named')} n join artists a on a.artist = n.artist join albums b on b.album = n.album"
    )
    connection.execute(SLICES)
    connection.executemany("insert into slices values (?, ?, ?, ?, ?, ?)", listed)
