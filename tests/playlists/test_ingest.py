"""From slices to tables: duplicates, damage, stops, and the same as the simulator writes at once."""

import gzip
import json
import multiprocessing
import os
import random
import signal
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pytest

from musicrec.files import BusyError, locked
from musicrec.histories.containers import HistoryError
from musicrec.playlists import export, ingest
from musicrec.playlists import parse as slice_parser
from musicrec.playlists.load import about, load
from musicrec.playlists.simulate import simulate
from musicrec.playlists.simulated import write_slices
from musicrec.playlists.slices import find


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    write_slices(tmp_path / "slices", 1_150, 3)
    return tmp_path / "slices"


def rows(folder: Path, table: str) -> list[tuple]:
    return duckdb.sql(f"select * from '{folder / table}.parquet' order by all").fetchall()


def read(places: list[Path], into: Path, **more: object) -> dict:
    return ingest.ingest(find(places), into, **more)


def test_tables_hold_what_the_slices_hold(slices: Path, tmp_path: Path):
    found = read([slices], tmp_path / "tables", jobs=2)
    content = [p for each in find([slices]) for p in json.loads(each.path.read_bytes())["playlists"]]
    entries = [(p["pid"], t["pos"], t["track_uri"]) for p in content for t in p["tracks"]]
    tables = tmp_path / "tables"
    with duckdb.connect(tables / "playlists.duckdb", read_only=True) as base:
        stored = base.execute(
            "select e.playlist_id, pos, t.track from entries e join tracks t on t.id = e.track"
        ).fetchall()
        assert sorted(stored) == sorted(entries)
        track = content[5]["tracks"][2]
        (row,) = base.execute("select * exclude (id) from tracks where track = ?", [track["track_uri"]]).fetchall()
    holders = sorted({p["pid"] for p in content if any(t["track_uri"] == track["track_uri"] for t in p["tracks"])})
    assert row == (
        track["track_uri"], track["track_name"], track["album_uri"], track["album_name"], track["artist_uri"],
        track["artist_name"], track["duration_ms"], holders, len(holders),
    )  # fmt: skip
    assert found["counts"]["playlists"] == 1_150 and found["counts"]["entries"] == len(entries)
    assert found["counts"]["tracks"] == len({uri for *_, uri in entries}) and found["simulated"]
    assert not found["problems"] and found["mean length"] == pytest.approx(len(entries) / 1_150)
    assert "official" not in found


def test_the_simulator_writes_the_tables_of_its_slices(slices: Path, tmp_path: Path):
    counts = read([slices], tmp_path / "read")["counts"]
    at_once = simulate(tmp_path / "drawn", 1_150, 3, jobs=2)["counts"]
    assert counts == at_once
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        ours = duckdb.sql(f"select * from '{tmp_path / 'drawn' / table}.parquet' limit 0").columns
        theirs, other = (
            duckdb.sql(f"select {', '.join(ours)} from '{tmp_path / name / table}.parquet' order by all").fetchall()
            for name in ("drawn", "read")
        )
        assert theirs == other, table
    with pytest.raises(FileExistsError, match="holds playlists"):
        simulate(tmp_path / "read", 10, 0)


def test_nothing_is_read_twice(slices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, *rest = find([slices])
    ingest.ingest([first], tmp_path / "tables")
    asked = []
    real = ingest.read_slice
    monkeypatch.setattr(ingest, "read_slice", lambda each, *more: asked.append(each.name) or real(each, *more))
    whole = read([slices], tmp_path / "tables")
    assert asked == [each.name for each in rest] and whole["counts"]["playlists"] == 1_150
    assert read([slices], tmp_path / "tables") == whole and len(asked) == len(rest)
    os.utime(first.path, ns=(1, 1))  # touched: read again, and nothing is said of it
    assert read([slices], tmp_path / "tables") == whole and asked[-1] == first.name
    slices.rename(tmp_path / "moved")
    asked.clear()
    assert read([tmp_path / "moved"], tmp_path / "tables") == whole and not asked


def test_a_slice_that_was_mended_takes_the_place_of_the_damaged_one(slices: Path, tmp_path: Path):
    first = slices / "mpd.slice.0-999.json"
    content = first.read_bytes()
    first.write_bytes(content[: len(content) // 2])
    damaged = read([slices], tmp_path / "tables")
    assert damaged["counts"]["playlists"] < 1_150 and "breaks off" in damaged["problems"][first.name][0]
    assert read([slices], tmp_path / "tables") == damaged
    first.write_bytes(content)
    assert read([slices], tmp_path / "tables") == read([slices], tmp_path / "fresh")
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        assert rows(tmp_path / "tables", table) == rows(tmp_path / "fresh", table)


def test_jobs_and_order_of_arrival_change_nothing(slices: Path, tmp_path: Path):
    assert read([slices], tmp_path / "one", jobs=1) == read([slices], tmp_path / "two", jobs=2)
    for each in reversed(find([slices])):
        ingest.ingest([each], tmp_path / "backwards")
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        assert rows(tmp_path / "one", table) == rows(tmp_path / "two", table) == rows(tmp_path / "backwards", table)
        assert (
            duckdb.sql(f"from '{tmp_path / 'backwards' / table}.parquet'").fetchall()
            == duckdb.sql(f"from '{tmp_path / 'one' / table}.parquet'").fetchall()
        )


def test_texts_and_numbers_no_table_can_hold(tmp_path: Path):
    raw = json.dumps(
        [
            {"pid": 1, "name": "half \ud83c a sign", "num_followers": 10**30, "tracks": [{"track_uri": "a\x00b"}]},
            {
                "pid": 2,
                "name": "nul \x00 inside",
                "modified_at": 10**17,
                "tracks": [{"track_uri": "é\ud800", "pos": -3}],
            },
            {"pid": 3, "name": "'); drop table playlists; --", "tracks": [{"track_uri": "c", "duration_ms": 1e300}]},
        ]
    )
    (tmp_path / "it's.json").write_text(raw)
    found = read([tmp_path], tmp_path / "it's a table")
    assert (found["counts"]["playlists"], found["counts"]["entries"], found["counts"]["tracks"]) == (3, 3, 3)
    said = " ".join(found["problems"]["it's.json"])
    assert "num_followers" in said and "duration_ms" in said
    assert len(load(tmp_path / "it's a table")) == 3


def test_a_packed_slice_that_breaks_off_keeps_what_is_whole(slices: Path, tmp_path: Path):
    packed = gzip.compress((slices / "mpd.slice.0-999.json").read_bytes())
    (tmp_path / "cut.json.gz").write_bytes(packed[: len(packed) // 2])
    found = read([tmp_path / "cut.json.gz"], tmp_path / "tables")
    assert 300 < found["counts"]["playlists"] < 700
    told = found["problems"]["cut.json.gz"]
    assert "unpacks only in part" in told[0] and "whole playlists" in told[1]
    with pytest.raises(HistoryError, match="unpacks only in part"):
        read([tmp_path / "cut.json.gz"], tmp_path / "strict", strict=True)


def test_a_large_slice_gives_the_same_tables(slices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    expected = read([slices], tmp_path / "whole")
    monkeypatch.setattr(slice_parser, "LARGE", 5_000_000)
    assert read([slices], tmp_path / "some", jobs=1) == expected
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        assert rows(tmp_path / "some", table) == rows(tmp_path / "whole", table)


def test_a_million_mistakes_take_a_few_lines(tmp_path: Path):
    tracks = [{"track_uri": f"t{i}", "duration_ms": "long"} for i in range(3_000)]
    playlists = [{"pid": i, "tracks": tracks[:100]} for i in range(300)]
    (tmp_path / "a.json").write_text(json.dumps(playlists))
    rivals = [{"pid": i, "tracks": tracks[1:50]} for i in range(300)]
    (tmp_path / "b.json").write_text(json.dumps(rivals))
    found = read([tmp_path], tmp_path / "tables")
    assert all(len(told) < 80 for told in found["problems"].values())
    assert "280 more playlists were left out for the same reason" in found["problems"]["b.json"]


def test_copies_and_rivals(slices: Path, tmp_path: Path):
    first = slices / "mpd.slice.0-999.json"
    (slices / "mpd.slice.0-999 copy.json").write_bytes(first.read_bytes())
    rival = json.loads(first.read_bytes())
    rival["playlists"] = rival["playlists"][:3]
    rival["playlists"][1]["tracks"] = rival["playlists"][1]["tracks"][:2]
    (slices / "mpd.slice.0-999 (1).json").write_text(json.dumps(rival))
    (slices / "mpd.slice.1000-1149.json.gz").write_bytes(
        gzip.compress((slices / "mpd.slice.1000-1149.json").read_bytes())
    )
    (slices / "mpd.slice.1000-1149.json").unlink()
    found = read([slices], tmp_path / "tables")
    assert found["counts"]["playlists"] == 1_150
    assert found["problems"] == {
        "mpd.slice.0-999 (1).json": [
            "playlist 1 was left out: mpd.slice.0-999.json has another one of that number, with another title or "
            "other tracks",
            "2 playlists were read before, with the same tracks; each counts once",
        ],
        "mpd.slice.0-999 copy.json": ["1,000 playlists were read before, with the same tracks; each counts once"],
    }
    with pytest.raises(HistoryError, match=r"mpd.slice.0-999 \(1\).json: playlist 1 was left out"):
        read([slices], tmp_path / "strict", strict=True)
    with pytest.raises(ValueError, match="not finished: run it again"):
        load(tmp_path / "strict")


def test_one_slice_may_hold_a_number_twice(tmp_path: Path):
    track = {"track_uri": "a", "pos": 0}
    playlists = [{"pid": 1, "tracks": [track]}, {"pid": 1, "tracks": [track, track]}, {"pid": 2, "tracks": [track]}]
    (tmp_path / "a.json").write_text(json.dumps(playlists))
    found = read([tmp_path / "a.json"], tmp_path / "tables")
    assert found["counts"]["playlists"] == 2 and found["counts"]["entries"] == 2
    assert "a.json has another one of that number" in found["problems"]["a.json"][0]


def test_an_archive_and_what_is_no_slice(slices: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "mpd.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in slices.iterdir():
            archive.write(path, f"data/{path.name}")
        archive.writestr("../outside.json", "{}")
        archive.writestr("md5sums", "x")
    found = read([tmp_path / "mpd.zip"], tmp_path / "tables")
    assert found["counts"]["playlists"] == 1_150 and found["counts"]["slices"] == 2
    (tmp_path / "cut.zip").write_bytes((tmp_path / "mpd.zip").read_bytes()[:9_000])
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "mpd.tar.gz").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    for place, said in (
        (tmp_path / "cut.zip", "not loaded to its end"),
        (tmp_path / "packed", "unpack mpd.tar.gz"),
        (tmp_path / "empty", "no slice in"),
        (tmp_path / "missing", "no such file"),
    ):
        with pytest.raises(HistoryError, match=said):
            find([place])


def test_an_artist_without_an_address_is_a_name(tmp_path: Path):
    tracks = [
        {"track_uri": "a", "artist_name": "X", "album_name": "same"},
        {"track_uri": "b", "artist_name": "X", "album_name": "same"},
        {"track_uri": "c", "artist_name": "Y", "album_name": "same"},
        {"track_uri": "d"},
    ]
    (tmp_path / "a.json").write_text(json.dumps([{"pid": 1, "tracks": tracks}]))
    counts = read([tmp_path / "a.json"], tmp_path / "tables")["counts"]
    assert (counts["tracks"], counts["artists"], counts["albums"]) == (4, 3, 3)


def test_playlists_for_the_systems(slices: Path, tmp_path: Path):
    found = read([slices], tmp_path / "tables")
    playlists = load(tmp_path / "tables")
    assert len(playlists) == 1_150 and playlists.tracks.n_items == found["counts"]["tracks"]
    content = json.loads((slices / "mpd.slice.0-999.json").read_bytes())["playlists"][7]
    matrix = playlists.tracks.matrix
    span = slice(matrix.indptr[7], matrix.indptr[8])
    order = np.argsort(playlists.places[span])
    uris = playlists.tracks.items[matrix.indices[span]][order].tolist()
    assert uris == list(dict.fromkeys(track["track_uri"] for track in content["tracks"]))
    assert playlists.titles[7] == content["name"] and playlists.modified_at[7] == content["modified_at"]
    artists = load(tmp_path / "tables", items="artists")
    held = [list(dict.fromkeys(track["artist_uri"] for track in content["tracks"]))]
    span = slice(artists.tracks.matrix.indptr[7], artists.tracks.matrix.indptr[8])
    order = np.argsort(artists.places[span])
    assert [artists.tracks.items[artists.tracks.matrix.indices[span]][order].tolist()] == held
    assert artists.tracks.n_items == found["counts"]["artists"]
    some = load(tmp_path / "tables", 100, seed=1)
    assert len(some) == 100 and (some.tracks.popularity() > 0).all()
    best = int(playlists.tracks.popularity().max())
    seeded = load(tmp_path / "tables", best, sample="seeded")
    assert seeded.tracks.popularity().max() == best
    with pytest.raises(ValueError, match="fewer than"):
        load(tmp_path / "tables", best + 1, sample="seeded")
    with pytest.raises(ValueError, match="sample must be"):
        load(tmp_path / "tables", 3, sample="best")
    with pytest.raises(ValueError, match="items must be"):
        load(tmp_path / "tables", items="albums")
    with pytest.raises(ValueError, match="no playlists"):
        about(tmp_path)


def test_two_at_once_are_told_apart(slices: Path, tmp_path: Path):
    with locked(tmp_path / "tables" / ".lock", "held"), pytest.raises(BusyError, match="another process is writing"):
        read([slices], tmp_path / "tables")


def _run(slices: str, folder: str) -> None:
    ingest.ingest(find([Path(slices)]), Path(folder), jobs=1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_kill_at_any_moment_loses_nothing(slices: Path, tmp_path: Path):
    expected = read([slices], tmp_path / "whole")
    start, moments = multiprocessing.get_context("spawn"), random.Random(5)
    for _ in range(3):
        process = start.Process(target=_run, args=(str(slices), str(tmp_path / "killed")))
        process.start()
        time.sleep(1.2 + 1.3 * moments.random())
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert not (tmp_path / "killed" / export.ABOUT).exists() or about(tmp_path / "killed") == expected
    assert read([slices], tmp_path / "killed") == expected
    for table in ("playlists", "entries", "tracks", "artists", "albums"):
        assert rows(tmp_path / "killed", table) == rows(tmp_path / "whole", table)
    assert not [path for path in (tmp_path / "killed").iterdir() if path.name.startswith(".") and path.name != ".lock"]
