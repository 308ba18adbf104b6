"""Slices read on Apache Spark: the tables that are made without it, row by row."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from spark_session import two_cores

from musicrec.histories.containers import HistoryError
from musicrec.playlists import export, ingest, on_spark
from musicrec.playlists.simulated import write_slices
from musicrec.playlists.slices import find


@pytest.fixture(scope="module")
def session() -> Iterator[object]:
    with two_cores() as opened:
        yield opened


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    """Slices as they occur: a copy, one cut off, one whose playlists are others of the same numbers, missing fields."""
    folder = tmp_path / "slices"
    first, second = write_slices(folder, 1_200, 3)
    copy = json.loads(first.read_bytes())
    copy["playlists"] = copy["playlists"][:40]
    (folder / "mpd.slice.0-999 copy.json").write_text(json.dumps(copy))
    for playlist in copy["playlists"][:3]:
        playlist["tracks"] = playlist["tracks"][1:]
    copy["playlists"][3] = {
        "pid": 5_000,
        "tracks": [{"track_uri": "spotify:track:alone"}, {"track_uri": "spotify:track:alone"}],
    }
    (folder / "mpd.slice.5000-5039.json").write_text(json.dumps(copy))
    second.write_bytes(second.read_bytes()[:-9_000])
    return folder


def test_the_tables_are_those_made_without_spark(session, slices: Path, tmp_path: Path):
    here, there = tmp_path / "here", tmp_path / "there"
    about = ingest.ingest(find([slices]), here, jobs=1)
    assert on_spark.ingest(find([slices]), there, session) == about and about["problems"] and about["simulated"]
    for name in export.FILES:
        rows = [duckdb.sql(f"select * from '{folder / name}.parquet'").fetchall() for folder in (here, there)]
        assert rows[0] == rows[1], name
    for table in ("tracks", "slices", "entries"):
        rows = []
        for folder in (here, there):
            with duckdb.connect(folder / export.DATABASE, read_only=True) as base:
                rows.append(base.execute(f"select * from {table} order by all").fetchall())
        assert rows[0] == rows[1], table
    assert not (there / on_spark.WORK).exists()


def test_what_was_read_without_spark_is_not_mixed_and_strict_stops(session, slices: Path, tmp_path: Path):
    with pytest.raises(HistoryError, match="read before"):
        on_spark.ingest(find([slices]), tmp_path / "strict", session, strict=True)
    assert not list((tmp_path / "strict").glob("*.parquet"))
    ingest.ingest(find([slices])[:1], tmp_path / "here", jobs=1)
    with pytest.raises(FileExistsError, match="without Spark"):
        on_spark.ingest(find([slices]), tmp_path / "here", session)
