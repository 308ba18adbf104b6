"""One slice: from bytes to playlists, and a sentence for everything in it that could not be used.

A slice as its publisher describes it is read in one go. Everything else (cut off, a bare list, columns as pandas writes
them, a playlist a line, values of other types) takes a slower way that keeps what is whole and names the rest.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec

from musicrec.histories.containers import HistoryError
from musicrec.histories.text import chunks, decode

# What a table can hold; whatever is larger is nobody's number.
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Track(msgspec.Struct, gc=False):
    """A track of a playlist, as a slice writes it."""

    track_uri: str | None = None
    pos: Whole | None = None
    track_name: str | None = None
    artist_uri: str | None = None
    artist_name: str | None = None
    album_uri: str | None = None
    album_name: str | None = None
    duration_ms: Whole | None = None


class Playlist(msgspec.Struct, gc=False):
    """A playlist, as a slice writes it; a challenge set adds how many tracks are hidden."""

    pid: Whole | None = None
    name: str | None = None
    description: str | None = None
    collaborative: str | bool | None = None
    modified_at: Whole | None = None
    num_tracks: Whole | None = None
    num_albums: Whole | None = None
    num_artists: Whole | None = None
    num_followers: Whole | None = None
    num_edits: Whole | None = None
    duration_ms: Whole | None = None
    num_samples: Whole | None = None
    num_holdouts: Whole | None = None
    tracks: list[Track] | None = None


class _Info(msgspec.Struct):
    version: Any = None


class _File(msgspec.Struct):
    playlists: list[Playlist]
    info: _Info | None = None


class _Split(msgspec.Struct):
    playlists: list[msgspec.Raw]


class Parsed(NamedTuple):
    """What a slice holds.

    Attributes
    ----------
    playlists : list of Playlist
        All have a `pid` and `tracks`, all tracks a `track_uri`.
    problems : list of str
        One sentence each, with the place in the slice.
    simulated : bool
        Whether the slice says that it is invented.
    """

    playlists: list[Playlist]
    problems: list[str]
    simulated: bool


_AS_PUBLISHED = msgspec.json.Decoder(_File, strict=False)
_TRACK_FIELDS = {field.name: field.type for field in msgspec.structs.fields(Track)}
_PLAYLIST_FIELDS = {f.name: f.type for f in msgspec.structs.fields(Playlist) if f.name != "tracks"}
SIMULATED = "simulated"  # in the place of the version of the data
_MARK = re.compile(rb'"version"\s*:\s*"simulated"')
LARGE = 1 << 27  # bytes from which on a slice is parsed some playlists at a time
SAID = 50  # sentences about one slice; the rest is counted


def parse_in_batches(raw: bytes) -> Iterator[Parsed]:
    """Yield the playlists of a slice, all at once or, where it is large, some at a time.

    Raises
    ------
    HistoryError
        When it is large and no list of playlists, whole to its end.
    """
    if len(raw) <= LARGE:
        yield parse(raw)
        return
    listed: list[msgspec.Raw]
    try:
        if raw[:1000].lstrip()[:1] == b"[":
            listed = msgspec.json.decode(raw, type=list[msgspec.Raw])
        else:
            listed = msgspec.json.decode(raw, type=_Split).playlists
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryError(
            f"holds over {LARGE >> 20} MiB and is no whole list of playlists ({error}); split it into slices of 1,000"
        ) from error
    version = b'"info":{"version":"%b"},' % SIMULATED.encode() if _MARK.search(raw[:1000]) else b""
    at = 0
    while at < len(listed):
        batch: list[msgspec.Raw] = []
        size = 0
        while at + len(batch) < len(listed) and (not batch or size < LARGE // 4):
            batch.append(listed[at + len(batch)])
            size += len(memoryview(batch[-1]))
        yield parse(b'{%b"playlists":[%b]}' % (version, b",".join(batch)), first=at)
        at += len(batch)


def parse(raw: bytes, first: int = 0) -> Parsed:
    """Return the playlists of a slice and what is wrong with it.

    A playlist without a number or a list of tracks cannot be used, nor a track without an address; other fields that
    are missing or of a wrong type are None.

    Parameters
    ----------
    raw : bytes
        A slice, unpacked.
    first : int
        The place of its first playlist in the file.
    """
    problems: list[str] = []
    if not raw[:1000].strip() and not raw.strip():
        return Parsed([], ["the file is empty"], False)
    try:
        file = _AS_PUBLISHED.decode(raw)
        listed, simulated = file.playlists, file.info is not None and file.info.version == SIMULATED
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        values = _grouped(_values(raw, problems))
        listed = [_lenient(value, f"playlists[{i}]", problems) for i, value in enumerate(values, first)]
        simulated = _MARK.search(raw[:1000]) is not None
    usable = [each for i, each in enumerate(listed, first) if _usable(each, f"playlists[{i}]", problems)]
    if len(problems) > SAID:
        problems[SAID:] = [f"… and {len(problems) - SAID:,} more of this slice"]
    return Parsed(usable, problems, simulated)


def _usable(playlist: Playlist, place: str, problems: list[str]) -> bool:
    if playlist.pid is None or playlist.pid < 0:
        problems.append(f"{place} was left out: it has no pid")
        return False
    if playlist.tracks is None:
        problems.append(f"{place} (pid {playlist.pid}) was left out: it has no list of tracks")
        return False
    if not all(track.track_uri for track in playlist.tracks):
        kept = [track for track in playlist.tracks if track.track_uri]
        problems.append(
            f"{place} (pid {playlist.pid}): {len(playlist.tracks) - len(kept)} of {len(playlist.tracks)} tracks have "
            "no track_uri and were left out"
        )
        playlist.tracks = kept
    return True


def _values(raw: bytes, problems: list[str]) -> Iterator[Any]:
    """Yield the playlists of a slice that is not as published, as plain values."""
    try:
        content = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _whole_ones(decode(b"".join(chunks(io.BytesIO(raw)))), problems)
        return
    if isinstance(content, dict) and "playlists" in content:
        content = content["playlists"]
    if isinstance(content, dict) and isinstance(content.get("data"), list):  # as pandas splits or describes a table
        columns, content = content.get("columns"), content["data"]
        if isinstance(columns, list):
            content = [dict(zip(columns, row, strict=False)) if isinstance(row, list) else row for row in content]
    if isinstance(content, dict) and "pid" in content and isinstance(content["pid"], dict | list):
        yield from _by_columns(content)
    elif isinstance(content, list):
        yield from content
    elif isinstance(content, dict) and ("pid" in content or not content):
        yield content  # a single playlist
    elif isinstance(content, dict) and all(isinstance(value, dict) for value in content.values()):
        yield from content.values()  # by index, as pandas writes them
    else:
        problems.append(f"expected an object with a list called playlists, found {_shown(content)}")


def _by_columns(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table that pandas wrote column by column."""
    keys = list(content["pid"]) if isinstance(content["pid"], dict) else range(len(content["pid"]))
    for key in keys:
        row = {}
        for name, column in content.items():
            if isinstance(column, dict):
                row[name] = column.get(key)
            elif isinstance(column, list) and isinstance(key, int) and key < len(column):
                row[name] = column[key]
        yield row


def _grouped(values: Iterator[Any]) -> Iterator[Any]:
    """Yield playlists; of a table with a row for each entry, the rows of a playlist become one."""
    playlists: dict[Any, dict[str, Any]] = {}
    for value in values:
        entry = isinstance(value, dict) and "track_uri" in value and "tracks" not in value
        pid = value.get("pid") if entry else None
        if not isinstance(pid, int | str):
            yield value
            continue
        playlist = playlists.setdefault(pid, {"tracks": []})
        playlist["tracks"].append(value)
        facts = {name: fact for name, fact in value.items() if name not in _TRACK_FIELDS}
        playlist.update({**facts, **{name: fact for name, fact in playlist.items() if fact is not None}})
    yield from playlists.values()


def _whole_ones(text: str, problems: list[str]) -> Iterator[Any]:
    """Yield what is whole of a text that is no JSON from some place on, or holds one playlist a line."""
    decoder, at, found = json.JSONDecoder(), 0, 0
    start = text.find('"playlists"')
    if start >= 0 and (bracket := text.find("[", start)) >= 0:
        at = bracket + 1
    listed = at > 0 or text.lstrip(" \t\r\n\ufeff")[:1] == "["  # else one playlist a line, and no bracket ends it
    while True:
        while at < len(text) and text[at] in " \t\r\n,[\ufeff":
            at += 1
        if at >= len(text) or text[at] in "]}":
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            break
        found += 1
        yield value
    ended = listed and text[at] in "]}" if at < len(text) else found and not listed
    if not ended:
        line = text.count("\n", 0, at) + 1
        problems.append(f"the file is damaged or breaks off after {found:,} whole playlists (line {line:,})")


def _lenient(value: Any, place: str, problems: list[str]) -> Playlist:
    """Return a playlist of any value; what has a wrong type is named and left out."""
    if not isinstance(value, dict):
        problems.append(f"{place}: expected a playlist, found {_shown(value)}")
        return Playlist()
    playlist = Playlist(**_fields(value, _PLAYLIST_FIELDS, place, problems))
    tracks = value.get("tracks")
    if isinstance(tracks, list):
        playlist.tracks = []
        for j, track in enumerate(tracks):
            if isinstance(track, dict):
                playlist.tracks.append(Track(**_fields(track, _TRACK_FIELDS, f"{place}.tracks[{j}]", problems)))
            else:
                problems.append(f"{place}.tracks[{j}]: expected a track, found {_shown(track)}")
    elif tracks is not None:
        problems.append(f"{place}: expected a list as tracks, found {_shown(tracks)}")
    return playlist


def _fields(value: dict[str, Any], kinds: dict[str, Any], place: str, problems: list[str]) -> dict[str, Any]:
    fields = {}
    for name, kind in kinds.items():
        given = value.get(name)
        if given is None:
            continue
        if isinstance(given, str):  # half a character, which no table can hold
            given = given.encode("utf-8", "replace").decode()
        try:
            fields[name] = msgspec.convert(given, kind, strict=False)
        except (msgspec.ValidationError, OverflowError):
            expected = "text" if kind == str | None else "a whole number" if kind == Whole | None else "true or false"
            problems.append(f"{place}: expected {expected} as {name}, found {_shown(given)}")
    return fields


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        text = "something deeply nested"
    return text if len(text) <= 60 else f"{text[:60]}…"
