"""Every reader, given thousands of damaged inputs: read, or refused with a sentence; never a crash or a hang.

The short form is part of the tests; `make stress` runs the long one, `MUSICREC_STRESS` inputs each.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from lastfm_files import small, write
from mutations import faults

from musicrec.catalog import open_catalog
from musicrec.datasets import challenge_set, lastfm, load, mpd, spotify
from musicrec.datasets.sources import File
from musicrec.evaluation import submission
from musicrec.histories import simulated
from musicrec.histories.read import read_history
from musicrec.models import store
from musicrec.names.lists import read_list
from musicrec.playlists.parse import parse
from musicrec.playlists.simulated import as_slice, block
from musicrec.serving import cache
from musicrec.serving.own_files import read_people

SHORT = 60
N = int(os.environ.get("MUSICREC_STRESS", SHORT))
SEED = int(os.environ.get("MUSICREC_STRESS_SEED", "0"))


class Reader(NamedTuple):
    """What is read, and what reads it, given a folder for files."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[Path], Callable[[bytes], object]]


def through(name: str, read: Callable[[Path], object]) -> Callable[[Path], Callable[[bytes], object]]:
    """Return a reader of bytes that reads them from a file of that name."""

    def of(folder: Path) -> Callable[[bytes], object]:
        def each(data: bytes) -> object:
            path = folder / name
            path.write_bytes(data)
            return read(path)

        return each

    return of


def histories(*names: str) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        rng = np.random.default_rng(0)
        plays = simulated.invent_plays(["Björk", "The Beatles", "Tyler, The Creator", "!!!"], 40, rng)
        return [simulated.EXAMPLES[name](plays) for name in names]

    return seeds


def slices() -> list[bytes]:
    return [msgspec.json.encode(as_slice(block(0, n, 1), f"0-{n - 1}")) for n in (2, 6)]


def tables() -> list[bytes]:
    rows = [b"name,plays,when", b'"Bj\xc3\xb6rk",12,2020-01-01', b'"a, b",-3.5,2021-02-03', b"Muse,,"]
    return [b"\n".join(rows) + b"\n", b"\r\n".join(row.replace(b",", b";") for row in rows), b"a\tb\n1\t2\n"]


def records() -> list[bytes]:
    found = [{"name": "Björk", "plays": 3, "more": {"a": [1, 2]}}, {"name": None, "plays": 4.5}]
    return [json.dumps(found).encode(), "\n".join(map(json.dumps, found)).encode()]


def submissions() -> list[bytes]:
    lists = [", ".join([str(pid), *(f"spotify:track:{pid}x{n}" for n in range(500))]) for pid in range(3)]
    text = "\n".join(["# a comment", "team_info, us, us@example.org", "", *lists])
    return [text.encode()]


def packed(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def models() -> list[bytes]:
    file = io.BytesIO()
    facts = {"format": 1, "model": "popularity", "dataset": "few"}
    np.savez(file, facts=np.array(json.dumps(facts)), names=np.array('["a"]'), ids=np.arange(1), listeners=np.ones(1))
    return [file.getvalue()]


def lastfm_file(name: str) -> Reader:
    files = write(small())
    table = lastfm.TABLES[name]

    def of(folder: Path) -> Callable[[bytes], object]:
        return lambda data: lastfm.read_table(File(table.file, data), table)

    return Reader(lambda: [files[table.file].data[:4_000]], of)


def add_to_catalog(path: Path) -> object:
    catalog = open_catalog(path.with_name("catalog.duckdb"))
    try:
        entry = catalog.add(path, "table", "of a test")
        assert len(catalog.head("table", 5)) <= 5
        return entry
    finally:
        if any(entry.name == "table" for entry in catalog.entries()):
            catalog.remove("table")


def songs() -> list[bytes]:
    return [load("simulated-songs").tables["rows"].head(25).to_csv(index=False).encode()]


def challenge() -> list[bytes]:
    some = as_slice(block(0, 4, 1), "0-3")["playlists"]
    for playlist in some:
        playlist["num_samples"], playlist["num_holdouts"] = 3, len(playlist["tracks"]) - 3
        playlist["tracks"] = playlist["tracks"][:3]
    return [json.dumps({"date": "2026", "version": "simulated", "playlists": some}).encode()]


def people() -> list[bytes]:
    return [
        b"person,artist,plays\nann,Bj\xc3\xb6rk,3\nben,Muse,4\nben,ABBA,1\n",
        b"ann\tMuse\nann\tABBA\n",
        slices()[0],
    ]


def lists() -> list[bytes]:
    lines = [
        "1. Björk",
        "2. Tyler, The Creator",
        "The Beatles – Help!",
        "Muse, ABBA, !!!",
        "Artist,Plays",
        "12 Radiohead",
    ]
    return ["\n".join(lines).encode(), ", ".join(lines).encode()]


def listed(data: bytes) -> object:
    names = ["björk", "muse", "abba", "!!!"]
    return read_list(
        data.decode("utf-8", "replace"), lambda text: names.index(text.lower()) if text.lower() in names else None
    )


def mpd_slice(path: Path) -> object:
    return mpd._read_slice(path, [], {}, [])


def opened(path: Path) -> object:
    with store.opened(path, "a model") as (facts, arrays):
        return facts, [arrays[name] for name in arrays]


HISTORY = through("a", lambda path: read_history([path], now=1_800_000_000))
READERS = {
    **{f"history {name}": Reader(histories(name), HISTORY) for name in simulated.EXAMPLES},
    **{f"lastfm {name}": lastfm_file(name) for name in lastfm.TABLES},
    "spotify songs": Reader(
        songs, lambda folder: lambda data: spotify.parse({next(iter(spotify.SOURCE.files)): File("here", data)})
    ),
    "mpd slice": Reader(slices, through("mpd.slice.0-5.json", mpd_slice)),
    "playlists slice": Reader(slices, lambda folder: parse),
    "challenge set": Reader(challenge, through("challenge_set.json", challenge_set.read_challenge_set)),
    "submission, text": Reader(
        submissions, lambda folder: lambda data: through("a.csv.gz", submission.read_submission)(folder)(packed(data))
    ),
    "submission, packed": Reader(
        lambda: [packed(each) for each in submissions()], through("a.csv.gz", submission.read_submission)
    ),
    "people of one's own": Reader(people, through("own", read_people)),
    "list of artists": Reader(lists, lambda folder: listed),
    "catalogue, csv": Reader(tables, through("table.csv", add_to_catalog)),
    "catalogue, json": Reader(records, through("table.json", add_to_catalog)),
    "saved model": Reader(models, through("model.npz", opened)),
    "served model": Reader(models, through("model.npz", cache.read)),
}
SLOW = {"catalogue, csv": 10, "catalogue, json": 10}  # each writes a database: fewer in the short form


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_input_is_read_or_refused_clearly(name: str, tmp_path: Path):
    reader = READERS[name]
    n = N if N > SHORT else max(N // SLOW.get(name, 1), 1)
    before = set(tmp_path.iterdir())
    assert faults(reader.read(tmp_path), reader.seeds(), n, SEED) == []
    left = {path.name for path in set(tmp_path.iterdir()) - before}
    assert len(left) <= 3, f"half-written files are left: {sorted(left)}"
