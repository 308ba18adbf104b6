"""One slice on disk: numbers as arrays, facts as a line of JSON each; so two processes write without a common table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from musicrec.files import whole
from musicrec.playlists.parse import Playlist, Track, Whole

_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd number without a pattern
_SHIFT = np.uint64(32)


class Row(msgspec.Struct):
    """A playlist as the tables have it; whole numbers and text, None where a slice does not say."""

    place: int
    playlist_id: Whole
    playlist_name: str | None
    num_tracks: Whole | None
    num_followers: Whole | None
    description: str | None
    collaborative: bool | None
    modified_at: Whole | None
    num_albums: Whole | None
    num_artists: Whole | None
    num_edits: Whole | None
    duration_ms: Whole | None
    num_samples: Whole | None
    num_holdouts: Whole | None


class Fact(msgspec.Struct):
    """What a slice says of a track; `key` stands for its address."""

    key: int
    track: str
    track_name: str | None
    artist: str | None
    artist_name: str | None
    album: str | None
    album_name: str | None
    duration_ms: int | None


class Numbers(NamedTuple):
    """The entries of a slice.

    Attributes
    ----------
    pids : numpy.ndarray of int64, shape (n_playlists,)
    digests : numpy.ndarray of uint64, shape (n_playlists,)
        Equal for equal titles and tracks.
    sizes : numpy.ndarray of int32, shape (n_playlists,)
        Entries of each playlist.
    positions : numpy.ndarray of int32, shape (n_entries,) or (0,)
        The place of each entry in its playlist; empty where they are 0, 1, 2 … in all of them.
    codes : numpy.ndarray of int32, shape (n_entries,)
        The track of each entry as a place in `keys`.
    keys : numpy.ndarray of uint64, shape (n_tracks,)
        The distinct tracks, see `keys_of`.
    """

    pids: NDArray[np.int64]
    digests: NDArray[np.uint64]
    sizes: NDArray[np.int32]
    positions: NDArray[np.int32]
    codes: NDArray[np.int32]
    keys: NDArray[np.uint64]


class Written:
    """Which tracks had their facts written, as far as a table of fixed size remembers; the others are written again."""

    def __init__(self, bits: int = 22) -> None:
        self.table = np.zeros(1 << bits, np.uint64)

    def fresh(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the places of keys that are not in the table, and put them there."""
        slots = (keys & np.uint64(len(self.table) - 1)).astype(np.int64)
        places = np.flatnonzero(self.table[slots] != keys)
        self.table[slots[places]] = keys[places]
        return places


def keys_of(texts: list[str]) -> NDArray[np.uint64]:
    """Return 64 bits for each text, never 0.

    SipHash with a fixed key: of three million addresses two are the same with a chance of one in four million.
    """
    from pandas.util import hash_array

    if not texts:
        return np.zeros(0, np.uint64)
    return np.maximum(hash_array(np.array(texts, dtype=object), categorize=False), np.uint64(1))


def numbers_of(playlists: list[Playlist]) -> tuple[Numbers, list[Track]]:
    """Return the entries of playlists, and the distinct tracks in the order of their keys."""
    tracks = [track for playlist in playlists for track in playlist.tracks or ()]
    entries = keys_of([track.track_uri or "" for track in tracks])
    keys, first, codes = np.unique(entries, return_index=True, return_inverse=True)
    sizes = np.array([len(playlist.tracks or ()) for playlist in playlists], np.int32)
    titles = keys_of([playlist.name or "" for playlist in playlists])
    pids = np.array([playlist.pid for playlist in playlists], np.int64)
    digests = digests_of(titles, sizes, entries)
    numbers = Numbers(pids, digests, sizes, _positions(tracks, sizes), codes.astype(np.int32), keys)
    return numbers, [tracks[place] for place in first]


def joined(parts: list[Numbers]) -> Numbers:
    """Return the entries of several lists of playlists as those of one."""
    if len(parts) == 1:
        return parts[0]
    keys, codes = np.unique(np.concatenate([part.keys[part.codes] for part in parts]), return_inverse=True)
    positions = np.concatenate([positions_of(part) for part in parts])
    return Numbers(
        np.concatenate([part.pids for part in parts]),
        np.concatenate([part.digests for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        positions,
        codes.astype(np.int32),
        keys,
    )


def digests_of(titles: NDArray[np.uint64], sizes: NDArray[np.int32], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a number for each playlist that tells whether two have the same title and the same tracks in order."""
    place = _counted(sizes).astype(np.uint64)
    mixed = (keys ^ (place * _MIX)) * _MIX
    mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
    ends = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed ^ (mixed >> _SHIFT), dtype=np.uint64)])
    last = np.cumsum(sizes, dtype=np.int64)
    return (ends[last] - ends[last - sizes]) ^ (titles * _MIX)


def _counted(sizes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return 0, 1, 2 … for the entries of each playlist."""
    last = np.cumsum(sizes, dtype=np.int64)
    return np.arange(int(sizes.sum()), dtype=np.int64) - np.repeat(last - sizes, sizes)


def _positions(tracks: list[Track], sizes: NDArray[np.int32]) -> NDArray[np.int32]:
    given, counted = [track.pos for track in tracks], _counted(sizes)
    if given == counted.tolist():
        return np.zeros(0, np.int32)
    most = np.iinfo(np.int32).max
    usable = [pos if pos is not None and 0 <= pos <= most else -1 for pos in given]
    positions = np.array(usable, np.int64)
    return np.where(positions < 0, counted, positions).astype(np.int32)


def positions_of(numbers: Numbers) -> NDArray[np.int32]:
    """Return the place of each entry in its playlist."""
    return numbers.positions if len(numbers.positions) else _counted(numbers.sizes).astype(np.int32)


def rows_of(playlists: list[Playlist], first: int = 0) -> list[Row]:
    """Return playlists as the tables have them, numbered from `first` on."""
    return [
        Row(
            row, each.pid or 0, each.name, each.num_tracks, each.num_followers, each.description,
            _yes(each.collaborative), each.modified_at, each.num_albums, each.num_artists, each.num_edits,
            each.duration_ms, each.num_samples, each.num_holdouts,
        )
        for row, each in enumerate(playlists, first)
    ]  # fmt: skip


def _yes(value: str | bool | None) -> bool | None:
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value


def facts_of(tracks: list[Track], keys: NDArray[np.uint64], places: NDArray[np.int64]) -> list[Fact]:
    """Return the facts of some of the distinct tracks."""
    some = [(tracks[place], key) for place, key in zip(places.tolist(), keys[places].tolist(), strict=True)]
    return [
        Fact(
            key, each.track_uri or "", each.track_name, each.artist_uri, each.artist_name, each.album_uri,
            each.album_name, each.duration_ms,
        )
        for each, key in some
    ]  # fmt: skip


def path_of(folder: Path, number: int, kind: str) -> Path:
    """Return the file of a part: "numbers.npz", "tracks.jsonl", "playlists.jsonl" or "json", its record."""
    return folder / f"{number:06d}.{kind}"


def lines_of(structs: Sequence[msgspec.Struct]) -> bytes:
    """Return rows or facts as a line of JSON each."""
    return msgspec.json.Encoder().encode_lines(structs)


def write_part(folder: Path, number: int, numbers: Numbers, rows: bytes, facts: bytes) -> None:
    """Write a part, its rows and facts as lines; it counts once its record is written, too."""
    with whole(path_of(folder, number, "numbers.npz"), "wb") as file:
        np.savez(file, **numbers._asdict())
    for kind, text in (("tracks.jsonl", facts), ("playlists.jsonl", rows)):
        with whole(path_of(folder, number, kind), "wb") as file:
            file.write(text)


def read_numbers(folder: Path, number: int) -> Numbers:
    """Return the entries of a part."""
    with np.load(path_of(folder, number, "numbers.npz")) as arrays:
        found: dict[str, Any] = {name: arrays[name] for name in Numbers._fields}
    return Numbers(**found)
