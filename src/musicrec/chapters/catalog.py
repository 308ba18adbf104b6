"""What chapter 11 does beside the catalogue: an invented file, the original's way of storing it, and its accidents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import requests

from musicrec.datasets.simulated.invented import name

TIMEOUT = 10  # seconds
STORED = re.compile(r"\d+ rows, \d+ columns")
FLAWED = {  # file: its text, and the name it is to be stored under
    "comma.csv": ("name,born\nAva,1970\nBo,1980\n", "comma"),
    "ragged.csv": ('name;note\nAva;"two\nlines"\nBo;one;more\n', "ragged"),
    "codes.csv": ("artist;code\nAva;007\nBo;012\n", "codes"),
    "twice.csv": ("name;name\nAva;Bo\n", "twice"),
    "late.json": ('[{"name": "Ava", "tags": ["pop", "soul"]}]', "late"),
}


class Accidents(NamedTuple):
    """What became of six flawed files."""

    table: pd.DataFrame  # file: the name given, what either way said of it
    theirs: int  # how many the original's way stored
    ours: int
    codes: list[str]  # of codes.csv, as the original's way returned them
    codes_in_file: list[str]
    nested: list[str]  # what stands below the first part of a name with a slash
    twice: str  # what the original's way said of two columns of one name
    blamed: str  # the line it blamed of a ragged file


class TwoRequests(NamedTuple):
    """What two requests instead of one lead to."""

    metadata_lost: bool  # after the second one failed
    before: int  # rows of a dataset
    after: int  # rows, after another one was stored under its name
    short: int  # rows that came back with fewer cells than columns
    listing: int  # bytes it takes to list the names


def invent_actors(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return invented actors, some of them without a year of birth."""
    actors = pd.DataFrame(
        {
            "name": [name(rng) for _ in range(n)],
            "born": pd.array(rng.integers(1920, 2000, n), dtype="Int64"),
            "films": rng.geometric(0.05, n),
            "best known for": [f"The {name(rng)}" for _ in range(n)],
        }
    )
    actors.loc[rng.random(n) < 0.1, "born"] = pd.NA
    return actors


def upload(address: str, title: str, path: Path, separator: str = ";") -> str:
    """Store a file the original's way: the rows in one request, the metadata in the next."""
    frame = pd.read_csv(path, sep=separator) if path.suffix == ".csv" else pd.read_json(path)
    about = {"rows": len(frame), "columns": frame.shape[1], "features": {c: str(t) for c, t in frame.dtypes.items()}}
    bodies = {title: frame.to_json(orient="records"), f"{title}/Metadata": json.dumps(about)}
    for node, body in bodies.items():
        answer = requests.put(f"{address}/{node}.json", data=body, timeout=TIMEOUT)
        if not answer.ok:
            return f"refused: {answer.status_code}"
    return f"{about['rows']} rows, {about['columns']} columns"


def fetch(address: str, node: str) -> Any:
    """Return what a database holds at a node."""
    return requests.get(f"{address}/{node}.json", timeout=TIMEOUT).json()


def try_flawed_files(folder: Path, address: str, add: Callable[[Path, str], Any]) -> Accidents:
    """Store flawed files, and `actor.csv` under a name with a slash, both ways.

    Parameters
    ----------
    folder : Path
        Where the files are written and `actor.csv` lies.
    address : str
        A database for the original's way.
    add : callable
        What adds a file under a name to the catalogue, and raises ValueError when it refuses.
    """
    told = {}
    for file, (text, _) in FLAWED.items():
        (folder / file).write_text(text)
    for file, title in {**{file: title for file, (_, title) in FLAWED.items()}, "actor.csv": "a/b"}.items():
        try:
            theirs = upload(address, title, folder / file)
        except (ValueError, requests.RequestException) as error:
            theirs = f"{type(error).__name__}: {error}".strip().split("\n")[0][:80]
        try:
            entry = add(folder / file, title)
            ours = f"{entry.rows} rows, {len(entry.features)} columns"
        except ValueError as error:
            ours = f"refused: {str(error).replace(f'{folder}/', '')}"
        told[file] = (title, theirs, ours)
    table = pd.DataFrame(told, index=["name given", "the original's way", "this catalogue"]).T.rename_axis("file")
    stored = [sum(bool(STORED.fullmatch(said)) for said in table[way]) for way in table.columns[1:]]
    blamed = re.findall(r"line (\d+)", told["ragged.csv"][1])
    return Accidents(
        table, stored[0], stored[1], [str(fetch(address, f"codes/{i}/code")) for i in range(2)], ["007", "012"],
        list(fetch(address, "a")), told["twice.csv"][1], blamed[0] if blamed else "none",
    )  # fmt: skip


def try_two_requests(database: Any, path: Path, other: Path) -> TwoRequests:
    """Store a file, then another under its name, then the first once more while the connection breaks in between.

    Parameters
    ----------
    database : Loopback
        An empty pretend database.
    path, other : Path
        Two .csv files, the second one with commas.
    """
    frame = pd.read_csv(path, sep=";")
    upload(database.address, "actor", path)
    rows = [fetch(database.address, f"actor/{i}") for i in range(len(frame))]
    short = sum(len([cell for cell in row.values() if cell is not None]) < frame.shape[1] for row in rows)
    begin = len(database.requests)
    requests.get(f"{database.address}/.json", timeout=TIMEOUT)
    listing = database.requests[begin][2]
    upload(database.address, "actor", other, ",")
    after = fetch(database.address, "actor/Metadata")["rows"]
    requests.put(f"{database.address}/broken.json", data=frame.to_json(orient="records"), timeout=TIMEOUT)
    database.failures = [503]
    requests.put(f"{database.address}/broken/Metadata.json", data="{}", timeout=TIMEOUT)
    lost = fetch(database.address, "broken/Metadata") is None
    return TwoRequests(lost, len(frame), after, short, listing)
