"""Slices of playlists into tables, against a loop of `json.load` into pandas and against merely parsing them."""

import json
import os
import tempfile
from pathlib import Path

import msgspec
import pandas as pd

from benchmarks import Ratio, seconds
from musicrec.playlists.ingest import ingest
from musicrec.playlists.simulated import write_slices
from musicrec.playlists.slices import find

PLAYLISTS = 20_000


def into_pandas(paths: list[Path]) -> int:
    """Do what a script does: the entries of each slice by `json_normalize`, all in one frame, the tracks once each."""
    frames = []
    for path in paths:
        with path.open(encoding="utf-8") as file:
            playlists = json.load(file)["playlists"]
        frames.append(pd.json_normalize(playlists, "tracks", ["pid", "name", "modified_at", "num_followers"]))
    frame = pd.concat(frames, ignore_index=True)
    tracks = frame.drop_duplicates("track_uri").drop(columns=["pid", "name", "modified_at", "num_followers", "pos"])
    members = frame.groupby("track_uri")["pid"].nunique()
    return len(tracks) + len(members)


def run() -> list[Ratio]:
    """Read the same slices in all three ways."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_slices(Path(folder) / "slices", PLAYLISTS, 0)
        megabytes = sum(path.stat().st_size for path in paths) / 1e6
        tables = iter(range(100))

        def ours() -> None:
            ingest(find([Path(folder) / "slices"]), Path(folder) / f"tables{next(tables)}", jobs=os.cpu_count())

        def parse() -> None:
            for path in paths:
                msgspec.json.decode(path.read_bytes())

        times = seconds(ours, 2), seconds(lambda: into_pandas(paths), 1), seconds(parse, 2)
    note = f"seconds for {PLAYLISTS:,} simulated playlists, {megabytes:,.0f} MB, on {os.cpu_count()} cores; ours ends "
    note += f"with five Parquet files and a database ({megabytes / times[0]:,.0f} MB/s)"
    return [
        Ratio("reading slices", "json.load and json_normalize into pandas", times[0], times[1], 8, "faster", note),
        Ratio("reading slices, beside parsing", "msgspec, parsing alone", times[0], times[2], 2, "longer", note),
    ]
