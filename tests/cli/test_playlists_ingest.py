"""`musicrec playlists ingest` and `simulate`."""

import json
from pathlib import Path

import duckdb
from typer.testing import CliRunner

from musicrec.cli import app


def call(*arguments: str):
    return CliRunner().invoke(app, ["playlists", *arguments])


def test_invented_slices_become_tables(tmp_path: Path):
    made = call("simulate", "-n", "30", "--slices", "--into", str(tmp_path / "slices"))
    assert made.exit_code == 0 and "30 SIMULATED playlists in 1 slices" in made.stdout
    assert call("simulate", "-n", "30", "--slices", "--into", str(tmp_path / "slices")).exit_code == 1
    slice_ = next((tmp_path / "slices").iterdir())
    assert "simulated" in slice_.read_text()[:300]
    read = call("ingest", str(tmp_path / "slices"), "--into", str(tmp_path / "tables"))
    assert read.exit_code == 0, read.stderr
    assert "holds SIMULATED playlists" in read.stdout and "playlists                    30" in read.stdout
    drawn = call("simulate", "-n", "30", "--into", str(tmp_path / "drawn"), "--json", "--jobs", "1")
    again = call("ingest", str(slice_), "--into", str(tmp_path / "tables"), "--json")
    assert json.loads(drawn.stdout)["counts"] == json.loads(again.stdout)["counts"]
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        said = duckdb.sql(f"select key, value from parquet_kv_metadata('{tmp_path / 'drawn' / table}.parquet')")
        assert said.fetchall() == [(b"simulated", b"true")]


def test_what_is_wrong_is_said_and_strict_stops(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"playlists": [{"pid": 1, "tracks": []}, {"name": "no number"}]}')
    read = call("ingest", str(tmp_path / "a.json"), "--into", str(tmp_path / "tables"))
    assert read.exit_code == 0 and "a.json: playlists[1] was left out: it has no pid" in read.stderr
    strict = call("ingest", str(tmp_path / "a.json"), "--into", str(tmp_path / "strict"), "--strict")
    assert strict.exit_code == 1 and "it has no pid" in strict.stderr
    nothing = call("ingest", str(tmp_path / "none"))
    assert nothing.exit_code == 1 and "there is no such file or folder" in nothing.stderr
