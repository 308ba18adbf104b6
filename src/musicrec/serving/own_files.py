"""Files of one's own that join the data: playlists, and tables of person, artist and count.

They stand below the listeners as further rows, as public playlists do, and an artist that both name is one column.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from musicrec.code_digest import code_closure, digest
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.joined import join, listener_labels, listener_rows, numbered, times_of, typical_plays
from musicrec.histories.tables import LONGEST_CELL, SEPARATORS, fold
from musicrec.histories.text import chunks, decode
from musicrec.names.fold import exact
from musicrec.playlists.export import ABOUT
from musicrec.playlists.load import view
from musicrec.playlists.parse import parse
from musicrec.playlists.slices import Slice, find, of_file

CHUNK = 1 << 20
_HEADINGS = {  # folded, of several that fit the first
    "person": "person|user|userid|user id|username|user name|listener|member|playlist|playlist id|pid|user sha1",
    "artist": "artist|artist name|artistname|artist names|band",
    "plays": "plays|play count|playcount|count|scrobbles|listens|times|weight|total plays|n",
}
_NEEDED = (
    "a heading with user, artist and, where it is known, plays; or playlists in the format of the Million Playlist "
    "Dataset"
)


class People(NamedTuple):
    """Who is in a file, and what could not be used of it.

    Attributes
    ----------
    rows : pandas.DataFrame
        `person`, `artist` and `plays`; plays are NaN where nobody counted.
    notes : list of str
    """

    rows: pd.DataFrame
    notes: list[str]


def digest_of(paths: Sequence[Path]) -> str:
    """Return a digest of the content of files and folders (of big tables, their report and size), and of this code.

    Raises
    ------
    HistoryError, ValueError
        When one does not exist.
    """
    found = hashlib.sha256()
    for path in paths:
        if (path / ABOUT).exists():
            found.update((path / ABOUT).read_bytes())
            found.update(str((path / "entries.parquet").stat().st_size).encode())
            continue
        for each in find([path]) if path.is_dir() else [_file(path)]:
            found.update(f"{each.name}\0{each.size}\0".encode())
            with each.path.open("rb") as stream:
                while piece := stream.read(CHUNK):
                    found.update(piece)
    return digest(found.hexdigest(), *code_closure(["import musicrec.serving.own_files"]))


def with_files(data: Dataset, paths: Sequence[Path]) -> tuple[Dataset, list[str]]:
    """Return a data set joined with files of one's own, and sentences about what they brought.

    Parameters
    ----------
    data : Dataset
        People × artists, weighted by plays.
    paths : sequence of Path
        Tables, playlists, or folders of `musicrec playlists ingest`.

    Raises
    ------
    ValueError
        When a file holds no people with artists; says what was looked for and what was found.
    """
    base = listener_rows(data)
    typical = typical_plays(base)
    before, parts, notes = {exact(name) for name in data.item_names}, [base], []
    for number, path in enumerate(paths):
        people = read_people(path)
        own = people.rows.assign(user=[f"file {number} {person}" for person in people.rows["person"]])
        own["plays"] = own["plays"].fillna(typical)
        parts.append(own[["user", "artist", "plays"]])
        names = own.assign(key=own["artist"].map(exact)).groupby("key")["user"].nunique()
        new = names[~names.index.isin(before)]
        before |= set(names.index)
        notes.append(
            f"{path.name}: {own['user'].nunique():,} people with {len(names):,} artists, {len(new):,} of them new, "
            f"{int((new > 1).sum()):,} of these with two people or more, as it takes to be recommended"
        )
        notes += [f"{path.name}: {note}" for note in people.notes]
    both = join(parts, data, key=exact)
    about = replace(
        data.provenance,
        source=f"{data.provenance.source}; {', '.join(path.name for path in paths)}",
        fingerprint=hashlib.sha256(f"{data.provenance.fingerprint} {digest_of(paths)}".encode()).hexdigest()[:16],
    )
    if (times := times_of(data)) is not None:
        counts = dict(zip(listener_labels(data), times.tolist(), strict=True))
        table = both.tables["people"]
        table = table.assign(times=[counts.get(user, 1) for user in table["user"]])  # who joins counts once
        both = replace(both, tables={**both.tables, "people": table})
    return replace(numbered(both), provenance=about), notes


def read_people(path: Path) -> People:
    """Read one file or folder: tables or playlists, told apart by what is in them.

    Raises
    ------
    HistoryError
        When it does not exist or cannot be unpacked.
    ValueError
        When it holds no people with artists.
    """
    if (path / ABOUT).exists():
        people = _from_tables(path)
    elif path.is_dir() or path.suffix.lower() == ".zip":
        people = _from_slices(find([path]))
    else:
        people = _from_file(_file(path))
    if not len(people.rows):
        more = f" ({people.notes[0]})" if people.notes else ""
        raise ValueError(f"{path}: no people with artists were found{more}; expected {_NEEDED}")
    return people


def _file(path: Path) -> Slice:
    if path.suffix.lower() == ".zip" or not path.is_file():
        return find([path])[0]  # says what is missing
    return of_file(path)


def _from_tables(folder: Path) -> People:
    import duckdb

    with duckdb.connect() as connection:
        view(connection, folder, ("entries", "tracks", "artists"))
        rows = connection.execute(
            "select distinct playlist_id as person, artist_name as artist "
            "from entries e join tracks t on t.id = e.track join artists a on a.id = t.artist "
            "where artist_name <> '' order by person, artist"
        ).df()
    return People(rows.assign(plays=np.nan), [])


def _from_slices(slices: Sequence[Slice]) -> People:
    found = [_from_file(each) for each in slices]
    rows = pd.concat([people.rows for people in found], ignore_index=True)
    notes = [f"{each.name}: {note}" for each, people in zip(slices, found, strict=True) for note in people.notes]
    return People(rows, notes)


def _from_file(each: Slice) -> People:
    packed, damage = each.read()
    people = _from_bytes(b"".join(chunks(io.BytesIO(packed))))  # in UTF-8
    return people._replace(notes=[*damage, *people.notes])


def _from_bytes(raw: bytes) -> People:
    if raw.lstrip()[:1] not in (b"{", b"["):
        return _from_lines(decode(raw))
    try:
        content = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if isinstance(content, list) and content and isinstance(content[0], dict) and "tracks" not in content[0]:
        cells = list(dict.fromkeys(key for row in content if isinstance(row, dict) for key in row))
        rows = ([row.get(key) for key in cells] for row in content if isinstance(row, dict))
        return _from_rows(rows, _places([fold(cell) for cell in cells]), cells)
    playlists, problems = parse(raw)[:2]
    people: list[int | None] = []
    artists: list[str] = []
    for playlist in playlists:
        named = dict.fromkeys(track.artist_name for track in playlist.tracks or [] if track.artist_name)
        people += [playlist.pid] * len(named)
        artists += named
    return People(pd.DataFrame({"person": people, "artist": artists, "plays": np.nan}), problems)


def _from_lines(text: str) -> People:
    head = [line for line in text[:CHUNK].splitlines()[:6] if line.strip()]
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        for separator in SEPARATORS:
            first = list(csv.reader(head, delimiter=separator))
            if not first or len(first[0]) < 2:
                continue
            places = _places([fold(cell) for cell in first[0]])
            rows = csv.reader(
                (line.replace("\0", "") for line in text.splitlines() if line.strip()), delimiter=separator
            )
            if "person" in places and "artist" in places:
                next(rows)
                return _from_rows(rows, places, first[0])
            if without := _without_heading(first):
                return _from_rows(rows, without, first[0])
    except csv.Error as error:
        return People(pd.DataFrame(columns=["person", "artist", "plays"]), [f"the table is damaged: {error}"])
    finally:
        csv.field_size_limit(before)
    found = repr(head[0][:80]) if head else "empty"
    return People(pd.DataFrame(columns=["person", "artist", "plays"]), [f"the first line is {found}"])


def _places(cells: Sequence[str]) -> dict[str, int]:
    """Return which column is what, by folded headings."""
    places: dict[str, int] = {}
    for role, headings in _HEADINGS.items():
        for heading in headings.split("|"):
            if heading in cells:
                places.setdefault(role, cells.index(heading))
    return places


def _without_heading(rows: Sequence[Sequence[str]]) -> dict[str, int] | None:
    """Recognise person, artist, count; or person, identifier, artist, count, as the 360,000 users of Last.fm are."""
    width = len(rows[0])
    if width in (3, 4) and all(len(row) == width and _number(row[-1]) is not None for row in rows):
        return {"person": 0, "artist": width - 2, "plays": width - 1}
    return None


def _from_rows(rows: Iterator[Sequence[Any]], places: dict[str, int], heading: Sequence[str]) -> People:
    if "person" not in places or "artist" not in places:
        named = ", ".join(str(cell) for cell in heading[:8])
        return People(pd.DataFrame(columns=["person", "artist", "plays"]), [f"the columns are {named}"])
    people, artists, plays = [], [], []
    nameless = uncounted = 0
    for row in rows:
        cell = {role: row[place] if place < len(row) else None for role, place in places.items()}
        person, artist = (str(cell[role] if cell[role] is not None else "").strip() for role in ("person", "artist"))
        if not person or not artist:
            nameless += 1
            continue
        count = _number(cell["plays"]) if "plays" in places else float("nan")
        if count is None or count <= 0:
            uncounted += 1
            continue
        people.append(person)
        artists.append(artist)
        plays.append(count)
    notes = []
    if nameless:
        notes.append(f"{nameless:,} rows without a person or an artist were left out")
    if uncounted:
        notes.append(f"{uncounted:,} rows without a count above zero were left out")
    frame = pd.DataFrame({"person": people, "artist": artists, "plays": np.asarray(plays, np.float64)})
    return People(frame.groupby(["person", "artist"], sort=False)["plays"].sum(min_count=1).reset_index(), notes)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number < 1e12 else None
