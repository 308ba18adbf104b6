"""Last.fm HetRec 2011: the fifty most played artists of 1,892 listeners, with tags and friends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset, Provenance, fingerprint
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.sources import LASTFM, DataError, File, compare_fingerprint, fetch

NAME = "lastfm-2k"


@dataclass(frozen=True)
class Table:
    """One file: its columns (in the header: in the parsed table), the ones that hold text, the key, and its size."""

    file: str
    columns: Mapping[str, str]
    rows: int  # as published
    key: tuple[str, ...]  # names a row: no two may share it
    text: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns of the parsed table."""
        return list(self.columns.values())


TABLES = {
    "artists": Table(
        "artists.dat",
        {"id": "id", "name": "name", "url": "url", "pictureURL": "picture_url"},
        17_632,
        ("id",),
        ("name", "url", "picture_url"),
    ),
    "listens": Table(
        "user_artists.dat", {"userID": "user", "artistID": "artist", "weight": "plays"}, 92_834, ("user", "artist")
    ),
    "tags": Table("tags.dat", {"tagID": "id", "tagValue": "name"}, 11_946, ("id",), ("name",)),
    "tag_assignments": Table(
        "user_taggedartists.dat",
        {"userID": "user", "artistID": "artist", "tagID": "tag", "day": "day", "month": "month", "year": "year"},
        186_479,
        ("user", "artist", "tag"),
    ),
    "friends": Table("user_friends.dat", {"userID": "user", "friendID": "friend"}, 25_434, ("user", "friend")),
}
ROWS = {name: table.rows for name, table in TABLES.items()}
# The ids that occur: (table, column) -> how many, lowest, highest
IDS = {
    ("listens", "user"): (1_892, 2, 2_100),
    ("artists", "id"): (17_632, 1, 18_745),
    ("tags", "id"): (11_946, 1, 12_648),
}
FINGERPRINT = "b301fdbd98185d7f"  # of the tables as published

SOURCE = LASTFM


def load(*, progress: bool = True) -> Dataset:
    """Load `lastfm-2k`, from `MUSICREC_DATA`, the cache or the official download.

    Returns
    -------
    Dataset
        Users in the order of their ids, artists in the order of `artists.dat`, weights = play counts; items with
        `id`, `name`, `url`, `picture_url` (missing for 444). Tables, with the ids of the source: `artists` (the
        items), `listens` (user, artist, plays), `tags` (id, name), `tag_assignments` (user, artist, tag, day, month,
        year) and `friends` (user, friend; both directions of each pair). Tag assignments also name artists that
        are not among the items, and users have tagged artists they have no listen of: both are kept.

    Raises
    ------
    DataError
        When a copy is not what was published; the message names file, line and what was expected.
    DataUnavailableError
        When there is no copy to be had.
    """
    (tables, print_, notes), found = fetch(SOURCE, parse, progress=progress)
    notes += compare_fingerprint(SOURCE, print_, FINGERPRINT)
    provenance = Provenance(
        source="GroupLens: HetRec 2011, Last.fm (2k users)",
        url="https://grouplens.org/datasets/hetrec-2011/",
        version="1.0 (May 2011)",
        licence="non-commercial use; cite Last.fm and the HetRec 2011 workshop",
        citation="hetrec2011",
        found=found,
        fingerprint=print_,
        notes=notes,
    )
    return assemble(NAME, tables, provenance)


def assemble(name: str, tables: dict[str, pd.DataFrame], provenance: Provenance) -> Dataset:
    """Make a dataset of the five tables."""
    artists, listens = tables["artists"], tables["listens"]
    interactions = Interactions.from_frame(listens, item="artist", weight="plays", items=artists["id"].to_numpy())
    return Dataset(name, interactions, artists, provenance, tables)


def parse(
    files: Mapping[str, File],
    rows: Mapping[str, int] = ROWS,
    ids: Mapping[tuple[str, str], tuple[int, int, int]] = IDS,
    known: str = FINGERPRINT,
) -> tuple[dict[str, pd.DataFrame], str, tuple[str, ...]]:
    """Parse and check the five files.

    Tolerated, as real copies show them: CRLF or LF, a byte-order mark, ``//userID`` for ``userID`` in the header, no
    header, lines in Latin-1 among lines in UTF-8, and repeated rows, of which one is kept.

    Parameters
    ----------
    files : mapping of str to File
        By file name.
    rows, ids : mapping
        What to expect: the rows of each table, and how many ids there are between which bounds.
    known : str
        The published fingerprint. Another one is no error here, unless a file also ends in the middle of a line.

    Returns
    -------
    tables, fingerprint, notes
        The tables by name, their fingerprint, and what was tolerated, for a reader.

    Raises
    ------
    DataError
        When anything else is not as published.
    """
    tables, notes = {}, []
    lines = {}
    for name, table in TABLES.items():
        tables[name], lines[name], more = read_table(files[table.file], table)
        notes += more
    for name, table in TABLES.items():
        if len(tables[name]) != rows[name]:
            raise DataError(
                f"{files[table.file].label}, line {lines[name][-1]} (the last): expected {rows[name]:,} rows, "
                f"found {len(tables[name]):,}; is the file cut off, or another version? Fetch it again"
            )

    def refuse(name: str, bad: NDArray[np.bool_], expected: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            values = ", ".join(f"{key} {value}" for key, value in tables[name].iloc[row].items())
            raise DataError(f"{files[TABLES[name].file].label}, line {lines[name][row]}: expected {expected}: {values}")

    for (name, column), (count, low, high) in ids.items():
        values = tables[name][column].to_numpy()
        refuse(name, (values < low) | (values > high), f"{column} between {low} and {high}")
        if (found := len(np.unique(values))) != count:
            raise DataError(
                f"{files[TABLES[name].file].label}: expected {count:,} different {column} ids, found {found:,}"
            )
    listens, assigned, friends = tables["listens"], tables["tag_assignments"], tables["friends"]
    users = listens["user"].unique()
    refuse("listens", listens["plays"].to_numpy() < 1, "at least one play")
    refuse("listens", ~np.isin(listens["artist"], tables["artists"]["id"]), "an artist of artists.dat")
    refuse("tag_assignments", ~np.isin(assigned["tag"], tables["tags"]["id"]), "a tag of tags.dat")
    for name, column in (("tag_assignments", "user"), ("friends", "user"), ("friends", "friend")):
        refuse(name, ~np.isin(tables[name][column], users), f"a {column} of user_artists.dat")
    pairs = pd.MultiIndex.from_frame(friends)
    refuse("friends", ~pairs.isin(pairs.swaplevel()), "the same friendship in the other direction too")
    print_ = fingerprint(tables)
    if print_ != known:
        for name, table in TABLES.items():
            files[table.file].expect_last_line_end(lines[name][-1])
    return tables, print_, tuple(notes)


def read_table(file: File, table: Table) -> tuple[pd.DataFrame, NDArray[np.int64], list[str]]:
    """Read one tab-separated file; return the table, the line number of each row, and what was tolerated.

    Quotes have no meaning in these files: names such as ``"Weird Al" Yankovic`` would make a CSV reader swallow
    lines.
    """
    notes = []
    data = file.data.removeprefix(b"\xef\xbb\xbf")
    raw = data.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    lines, latin = _decode(raw)
    if latin:
        notes.append(f"{table.file}: {latin} {'line is' if latin == 1 else 'lines are'} Latin-1, not UTF-8")
    width = len(table.columns)
    first = lines[0].removeprefix("//").strip().split("\t")
    start = 0 if first[0].isdecimal() else 1
    if start and [c.strip().lower() for c in first] != [c.lower() for c in table.columns]:
        missing = [c for c in table.columns if c.lower() not in [f.strip().lower() for f in first]]
        what = f"; {', '.join(missing)} is missing" if missing else ""
        raise DataError(f"{file.label}, line 1: expected the columns {', '.join(table.columns)}, found {first}{what}")
    pattern = re.compile(
        "\t".join(r"[^\t]+" if c == "name" else r"[^\t]*" if c in table.text else r"\d{1,10}" for c in table.names),
        re.ASCII,
    )
    body = lines[start:]
    for number, line in enumerate(body, start=start + 1):
        if not pattern.fullmatch(line):
            raise DataError(f"{file.label}, line {number}: {_complaint(line, table)}")
    if not body:
        raise DataError(f"{file.label}, line {len(lines)}: expected {table.rows:,} rows, found none")
    cells = "\t".join(body).split("\t")
    frame = pd.DataFrame(
        {
            name: pd.Series(cells[i::width], dtype="str").replace("", None)
            if name in table.text
            else np.fromstring("\t".join(cells[i::width]), np.int64, sep="\t")  # several times as fast as astype
            for i, name in enumerate(table.names)
        }
    )
    numbers = np.arange(start + 1, len(lines) + 1)
    if (repeated := frame.duplicated().to_numpy()).any():
        notes.append(f"{table.file}: {repeated.sum()} repeated rows dropped")
        frame, numbers = frame[~repeated].reset_index(drop=True), numbers[~repeated]
    if (clash := frame.duplicated(list(table.key)).to_numpy()).any():
        row = int(np.flatnonzero(clash)[0])
        values = frame.iloc[row]
        same = (frame[list(table.key)] == values[list(table.key)]).all(axis=1).to_numpy()
        key = ", ".join(f"{k} {values[k]}" for k in table.key)
        raise DataError(
            f"{file.label}, line {numbers[row]}: expected one row for {key}, but line {numbers[same][0]} says otherwise"
        )
    return frame, numbers, notes


def _decode(raw: list[bytes]) -> tuple[list[str], int]:
    """Decode lines as UTF-8, and those that are not as Latin-1; say how many."""
    try:
        return b"\n".join(raw).decode().split("\n"), 0
    except UnicodeDecodeError:
        lines, latin = [], 0
        for line in raw:
            try:
                lines.append(line.decode())
            except UnicodeDecodeError:
                lines.append(line.decode("latin-1"))
                latin += 1
        return lines, latin


def _complaint(line: str, table: Table) -> str:
    """Say what is wrong with a line."""
    shown = repr(line if len(line) <= 80 else line[:77] + "…")
    cells = line.split("\t")
    if len(cells) != len(table.columns):
        return (
            f"expected {len(table.columns)} columns separated by tabs ({', '.join(table.columns)}), "
            f"found {len(cells)}: {shown}"
        )
    for (column, name), cell in zip(table.columns.items(), cells, strict=True):
        if name == "name" and not cell:
            return f"expected a {column}, found nothing: {shown}"
        if name not in table.text and not re.fullmatch(r"\d{1,10}", cell, re.ASCII):
            return f"expected a whole number as {column}, found {cell!r}: {shown}"
    return f"expected {', '.join(table.columns)}: {shown}"
