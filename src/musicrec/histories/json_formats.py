"""Histories in JSON: Spotify, ListenBrainz, YouTube Music and Last.fm statistics, told apart by their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

import msgspec

from musicrec.histories.json_stream import BrokenError, records
from musicrec.histories.plays import PLAY, PRIVATE, SAVED, SKIP, Collector
from musicrec.histories.text import chunks, decode
from musicrec.histories.times import seconds, utc

SKIPPED_BELOW = 30_000  # milliseconds: services count a play from there on
_SKIPPING = frozenset({"fwdbtn", "nextbtn", "backbtn", "clickrow", "clickside", "playbtn"})  # ends by the listener
LARGEST = 1 << 28  # bytes of a text that is read at once
Read = Callable[[IO[bytes], Collector], None]


class JsonFormat(NamedTuple):
    """A format of records."""

    title: str
    fields: frozenset[str]  # all of them stand in the first records
    read: Read


class _Extended(msgspec.Struct, gc=False):
    ts: Any = None
    ms_played: Any = None
    master_metadata_track_name: Any = None
    master_metadata_album_artist_name: Any = None
    master_metadata_album_album_name: Any = None
    skipped: Any = None
    reason_end: Any = None
    incognito_mode: Any = None
    episode_name: Any = None
    episode_show_name: Any = None
    audiobook_title: Any = None
    audiobook_uri: Any = None


def spotify_extended(stream: IO[bytes], into: Collector) -> None:
    """Read Spotify's extended streaming history; its times are the ends of plays, in UTC."""
    left_out, add = into.left_out, into.add
    for batch in records(stream, _Extended):
        for row in batch:
            artist, ms = row.master_metadata_album_artist_name, row.ms_played
            if not artist or not isinstance(artist, str):
                left_out[_without_artist(row)] += 1
                continue
            ms = ms if isinstance(ms, int) else None
            end = utc(row.ts)
            state = PLAY
            if ms is not None:
                if ms == 0:
                    left_out["nothing was heard"] += 1
                    continue
                if ms < SKIPPED_BELOW and (row.skipped is True or row.skipped == 1 or row.reason_end in _SKIPPING):
                    state = SKIP
                end = end - ms // 1000 if end is not None else None
            if row.incognito_mode is True:
                state = PRIVATE
            add(end, artist, _text(row.master_metadata_track_name), _text(row.master_metadata_album_album_name), ms,
                state)  # fmt: skip


def _without_artist(row: _Extended) -> str:
    if row.episode_name or row.episode_show_name:
        return "podcasts and videos"
    return "audiobooks" if row.audiobook_title or row.audiobook_uri else "rows without an artist"


class _Account(msgspec.Struct, gc=False):
    endTime: Any = None
    artistName: Any = None
    trackName: Any = None
    msPlayed: Any = None
    podcastName: Any = None
    episodeName: Any = None


def spotify_account(stream: IO[bytes], into: Collector) -> None:
    """Read the streaming history among Spotify's account data; its times are the ends of plays, in UTC."""
    for batch in records(stream, _Account):
        for row in batch:
            if row.podcastName or row.episodeName:
                into.left_out["podcasts and videos"] += 1
            elif not row.artistName or not isinstance(row.artistName, str):
                into.left_out["rows without an artist"] += 1
            elif row.msPlayed == 0:
                into.left_out["nothing was heard"] += 1
            else:
                ms = row.msPlayed if isinstance(row.msPlayed, int) else None
                end = utc(row.endTime)
                into.add(end - (ms or 0) // 1000 if end is not None else None, row.artistName, _text(row.trackName),
                         "", ms)  # fmt: skip


def spotify_library(stream: IO[bytes], into: Collector) -> None:
    """Read the saved songs, albums and artists of Spotify's library; what was banned is left out."""
    library = whole(stream)
    for row in _dicts(library.get("tracks")):
        _save(into, row.get("artist"), row.get("track"), row.get("album"))
    for row in _dicts(library.get("albums")):
        _save(into, row.get("artist"), "", row.get("album"))
    for row in _dicts(library.get("artists")):
        _save(into, row.get("name"), "", "")


def spotify_playlists(stream: IO[bytes], into: Collector) -> None:
    """Read the songs of Spotify's playlists."""
    for playlist in _dicts(whole(stream).get("playlists")):
        for item in _dicts(playlist.get("items")):
            track = item.get("track") or item.get("localTrack")
            if isinstance(track, dict):
                _save(into, track.get("artistName"), track.get("trackName"), track.get("albumName"))
            else:
                into.left_out["podcasts and videos"] += 1


def _save(into: Collector, artist: Any, track: Any, album: Any) -> None:
    if artist and isinstance(artist, str):
        into.add(None, artist, _text(track), _text(album), None, SAVED)
    else:
        into.left_out["rows without an artist"] += 1


class _Listen(msgspec.Struct, gc=False):
    listened_at: Any = None
    track_metadata: Any = None


def listenbrainz(stream: IO[bytes], into: Collector) -> None:
    """Read listens of ListenBrainz: one a line, or a list; their times are the beginnings, in UTC."""
    for batch in records(stream, _Listen, re.compile(rb"\s*(?:\{\s*\"payload\".{0,2000}?\"listens\"\s*:\s*)?\[", re.S)):
        for row in batch:
            about = row.track_metadata if isinstance(row.track_metadata, dict) else {}
            artist = about.get("artist_name")
            if not artist or not isinstance(artist, str):
                into.left_out["rows without an artist"] += 1
                continue
            more = about.get("additional_info")
            ms = more.get("duration_ms") if isinstance(more, dict) else None
            into.add(seconds(row.listened_at)[0], artist, _text(about.get("track_name")),
                     _text(about.get("release_name")), ms if isinstance(ms, int) and ms > 0 else None)  # fmt: skip


class _Watched(msgspec.Struct, gc=False):
    header: Any = None
    title: Any = None
    time: Any = None
    subtitles: Any = None


def youtube(stream: IO[bytes], into: Collector) -> None:
    """Read the watch history of YouTube Music; the artist is who the channel is of."""
    for batch in records(stream, _Watched):
        for row in batch:
            channels = _dicts(row.subtitles)
            artist = channels[0].get("name") if channels else None
            if row.header != "YouTube Music":
                into.left_out["podcasts and videos"] += 1
            elif not artist or not isinstance(artist, str):
                into.left_out["rows without an artist"] += 1
            else:
                into.add(seconds(row.time)[0], re.sub(r" - Topic$|VEVO$", "", artist),
                         re.sub(r"^(?:Watched|Listened to) ", "", _text(row.title)))  # fmt: skip


class _Scrobble(msgspec.Struct, gc=False):
    track: Any = None
    artist: Any = None
    album: Any = None
    date: Any = None


def lastfm_statistics(stream: IO[bytes], into: Collector) -> None:
    """Read the scrobbles that lastfmstats exports as JSON; its times are milliseconds."""
    for batch in records(stream, _Scrobble, re.compile(rb".{0,2000}?\"scrobbles\"\s*:\s*\[", re.S)):
        for row in batch:
            if row.artist and isinstance(row.artist, str):
                into.add(seconds(row.date)[0], row.artist, _text(row.track), _text(row.album))
            else:
                into.left_out["rows without an artist"] += 1


def whole(stream: IO[bytes]) -> dict[str, Any]:
    """Return an object that is read at once.

    Raises
    ------
    BrokenError
        When it is none, or larger than any export's.
    """
    text = b""
    for piece in chunks(stream):
        text += piece
        if len(text) > LARGEST:
            raise BrokenError(f"it is larger than the {LARGEST >> 20} MiB such a file can have")
    try:
        value = msgspec.json.decode(decode(text))
    except msgspec.DecodeError as error:
        raise BrokenError(f"the text breaks off or is damaged ({error})") from error
    if not isinstance(value, dict):
        raise BrokenError("it is not an object")
    return value


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


JSON_FORMATS = tuple(
    JsonFormat(title, frozenset(fields.split()), read)
    for title, fields, read in (
        ("Spotify extended streaming history", "ts ms_played", spotify_extended),
        ("Spotify account data", "endTime msPlayed", spotify_account),
        ("ListenBrainz", "listened_at track_metadata", listenbrainz),
        ("YouTube Music", "header title titleUrl", youtube),
        ("YouTube Music", "header title time", youtube),
        ("Last.fm statistics", "scrobbles artist", lastfm_statistics),
        ("Spotify playlists", "playlists items", spotify_playlists),
        ("Spotify library", "tracks artists albums", spotify_library),
    )
)


def json_format(head: str) -> JsonFormat | None:
    """Return the format of a text in JSON by the fields its beginning has, None where none fits.

    Examples
    --------
    >>> json_format('[{"ts": "2024-01-02T18:43:00Z", "ms_played": 1, "platform": "x"}]').title
    'Spotify extended streaming history'
    >>> json_format('{"name": "somebody"}') is None
    True
    """
    found = set(_fields(head))
    return next((each for each in JSON_FORMATS if each.fields <= found), None)


def _fields(head: str) -> Iterator[str]:
    return (match[1] for match in re.finditer(r'"(\w+)"\s*:', head))
