"""Example histories, invented: what somebody who does not exist played, in every format that is read.

For tests, for chapter 13 and for trying the command. The names of artists are given, or invented too; songs, times and
lengths are always invented.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from musicrec.datasets.simulated.invented import name
from musicrec.files import whole

BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
SONGS = 12  # of an artist
SKIPPED = 0.08  # of the plays


class Played(NamedTuple):
    """An invented play."""

    at: datetime  # the beginning
    artist: str
    track: str
    album: str
    ms: int
    skipped: bool


def invent_plays(artists: Sequence[str], n: int, rng: np.random.Generator, *, days: int = 730) -> list[Played]:
    """Invent plays of somebody whose favourites are few and change slowly.

    Every artist is discovered on some day and played from then on, much at first; plays come mostly in the evening.

    Parameters
    ----------
    artists : sequence of str
        Whom they play; the first are loved most.
    n : int
        How many plays.
    rng : numpy.random.Generator
        Of every choice.
    days : int
        How long the history is.
    """
    discovered = np.sort(rng.uniform(0, days, len(artists)))
    discovered[: max(3, len(artists) // 4)] = 0
    rng.shuffle(discovered)
    love = 1 / np.arange(1, len(artists) + 1) ** 0.8
    words = invent_artists(len(artists), rng)  # a word in all titles of an artist: Apple tells artists by titles
    plays = []
    for day in np.sort(rng.uniform(0, days, n)):
        age = day - discovered
        weight = np.where(age >= 0, love * (0.4 + np.exp(-age / 120)), 0)
        if not weight.any():
            weight = love
        place = int(rng.choice(len(artists), p=weight / weight.sum()))
        song = int(min(rng.geometric(0.25), SONGS))
        skipped = bool(rng.random() < SKIPPED)
        ms = int(rng.integers(2_000, 25_000) if skipped else rng.integers(120_000, 300_000))
        hour = float(np.clip(rng.normal(19, 3), 0, 23.9))
        at = BEGIN + timedelta(days=int(day), hours=hour)
        track, album = f"{words[place]} {song}", f"Album {1 + song // 6}"
        plays.append(Played(at.replace(microsecond=0), artists[place], track, album, ms, skipped))
    return sorted(plays)


def invent_artists(n: int, rng: np.random.Generator) -> list[str]:
    """Invent names of artists, all different."""
    names: dict[str, None] = {}
    while len(names) < n:
        names.setdefault(name(rng))
    return list(names)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def spotify_extended(plays: Sequence[Played]) -> bytes:
    """Return Spotify's extended history as a zip of two files, with a podcast and a private session among them."""
    rows = [
        {"ts": _stamp(play.at + timedelta(milliseconds=play.ms)), "platform": "invented", "ms_played": play.ms,
         "conn_country": "XX", "master_metadata_track_name": play.track,
         "master_metadata_album_artist_name": play.artist, "master_metadata_album_album_name": play.album,
         "spotify_track_uri": None, "episode_name": None, "episode_show_name": None, "spotify_episode_uri": None,
         "audiobook_title": None, "audiobook_uri": None, "reason_start": "clickrow",
         "reason_end": "fwdbtn" if play.skipped else "trackdone", "shuffle": False, "skipped": play.skipped,
         "offline": False, "offline_timestamp": None, "incognito_mode": False}
        for play in plays
    ]  # fmt: skip
    nothing = dict.fromkeys(rows[0])
    podcast = nothing | {"ts": rows[0]["ts"], "ms_played": 900_000, "episode_name": "An episode"}
    private = rows[0] | {"ts": rows[-1]["ts"], "incognito_mode": True, "ms_played": 200_000, "skipped": False}
    half = len(rows) // 2
    files = {"Streaming_History_Audio_2022_0.json": [*rows[:half], podcast], "Streaming_History_Audio_2023_1.json": [
        private, *rows[half:]]}  # fmt: skip
    return _zip({f"Spotify Extended Streaming History/{file}": json.dumps(part, indent=2, ensure_ascii=False)
                 for file, part in files.items()} | {"ReadMeFirst.txt": "Some words.\nMuse\n"})  # fmt: skip


def spotify_account(plays: Sequence[Played]) -> bytes:
    """Return Spotify's account data as a zip: streaming history, library and playlists."""
    history = [
        {"endTime": (play.at + timedelta(milliseconds=play.ms)).strftime("%Y-%m-%d %H:%M"), "artistName": play.artist,
         "trackName": play.track, "msPlayed": play.ms}
        for play in plays
    ]  # fmt: skip
    songs = list({(play.artist, play.track): play for play in plays}.values())[:5]
    library = {
        "tracks": [{"artist": play.artist, "album": play.album, "track": play.track, "uri": ""} for play in songs],
        "albums": [], "shows": [], "episodes": [], "bannedTracks": [],
        "artists": [{"name": songs[0].artist, "uri": ""}],
    }  # fmt: skip
    items = [{"track": {"trackName": play.track, "artistName": play.artist, "albumName": play.album, "trackUri": ""},
              "episode": None, "localTrack": None, "addedDate": "2023-01-01"} for play in songs]  # fmt: skip
    playlists = {"playlists": [{"name": "Invented", "lastModifiedDate": "2023-01-01", "items": items}]}
    files = {"StreamingHistory_music_0.json": history, "YourLibrary.json": library, "Playlist1.json": playlists}
    return _zip({f"Spotify Account Data/{file}": json.dumps(each, indent=2) for file, each in files.items()})


def lastfm(plays: Sequence[Played]) -> bytes:
    """Return scrobbles as CSV with a heading and seconds since 1970; the newest come first, skips are missing."""
    rows = [(int(play.at.timestamp()), play.at.strftime("%d %b %Y, %H:%M"), play.artist, "", play.album, "", play.track,
             "") for play in reversed(plays) if not play.skipped]  # fmt: skip
    heading = ("uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid")
    return _csv([heading, *rows])


def lastfm_bare(plays: Sequence[Played]) -> bytes:
    """Return scrobbles as CSV without a heading; the first is playing at the moment and has no date."""
    rows = [(play.artist, play.album, play.track, play.at.strftime("%d %b %Y %H:%M"))
            for play in reversed(plays) if not play.skipped]  # fmt: skip
    return _csv([(*rows[0][:3], ""), *rows])


def listenbrainz(plays: Sequence[Played]) -> bytes:
    """Return the zip of ListenBrainz: a file for each month, one listen a line."""
    months: dict[str, list[str]] = {}
    for play in plays:
        if not play.skipped:
            about = {"artist_name": play.artist, "track_name": play.track, "release_name": play.album,
                     "additional_info": {"duration_ms": play.ms}}  # fmt: skip
            line = json.dumps({"listened_at": int(play.at.timestamp()), "track_metadata": about})
            months.setdefault(f"listens/{play.at.year}/{play.at.month}.jsonl", []).append(line)
    user = {"user.json": json.dumps({"user_id": 0, "username": "invented"})}
    return _zip({file: "\n".join(part) + "\n" for file, part in months.items()} | user)


def youtube(plays: Sequence[Played]) -> bytes:
    """Return a watch history of YouTube Music, with a video of YouTube in it."""
    rows: list[dict[str, Any]] = [
        {"header": "YouTube Music", "title": f"Watched {play.track}", "titleUrl": "https://music.youtube.com/",
         "subtitles": [{"name": f"{play.artist} - Topic", "url": ""}], "time": _stamp(play.at),
         "products": ["YouTube"], "activityControls": ["YouTube watch history"]}
        for play in reversed(plays) if not play.skipped
    ]  # fmt: skip
    rows.insert(1, rows[0] | {"header": "YouTube", "title": "Watched a video", "subtitles": [{"name": "A channel"}]})
    return json.dumps(rows, ensure_ascii=False).encode()


def deezer(plays: Sequence[Played]) -> bytes:
    """Return Deezer's workbook; its sheet of the listening history counts in seconds."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.create_sheet("01_accountInfo").append(["Name", "invented"])
    sheet = book.create_sheet("10_listeningHistory")
    sheet.append(["Song Title", "Artist", "ISRC", "Album Title", "IP Address", "Listening Time", "Platform Name",
                  "Platform Model", "Date"])  # fmt: skip
    for play in plays:
        sheet.append([play.track, play.artist, "", play.album, "", play.ms // 1000, "invented", "", str(play.at)[:19]])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def apple(plays: Sequence[Played]) -> bytes:
    """Return Apple's zip in a zip: the play activity, which names no artists, and the daily tracks, which do."""
    activity: list[Sequence[Any]] = [("Song Name", "Album Name", "Event Type", "Media Type", "Event Start Timestamp",
                                      "End Reason Type", "Play Duration Milliseconds")]  # fmt: skip
    daily: list[Sequence[Any]] = [("Date Played", "Media type", "Play Count", "Skip Count", "Track Description")]
    for play in plays:
        end = "TRACK_SKIPPED_FORWARDS" if play.skipped else "NATURAL_END_OF_TRACK"
        activity.append((play.track, play.album, "PLAY_END", "AUDIO", _stamp(play.at), end, play.ms))
        daily.append((f"{play.at:%Y%m%d}", "AUDIO", int(not play.skipped), int(play.skipped),
                      f"{play.artist} - {play.track}"))  # fmt: skip
    folder = "Apple_Media_Services/Apple Music Activity"
    inner = _zip({f"{folder}/Apple Music Play Activity.csv": _csv(activity),
                  f"{folder}/Apple Music - Play History Daily Tracks.csv": _csv(daily)})  # fmt: skip
    return _zip({"Apple_Media_Services.zip": inner})


def exportify(plays: Sequence[Played]) -> bytes:
    """Return a playlist as Exportify writes it."""
    heading = ("Track URI", "Track Name", "Album Name", "Artist Name(s)", "Release Date", "Duration (ms)", "Added At")
    return _csv([heading, *(("", p.track, p.album, p.artist, "", p.ms, _stamp(p.at)) for p in _songs(plays))])


def soundiiz(plays: Sequence[Played]) -> bytes:
    """Return a playlist as Soundiiz writes it."""
    return _csv([("title", "artist", "album", "isrc"), *((p.track, p.artist, p.album, "") for p in _songs(plays))])


def tunemymusic(plays: Sequence[Played]) -> bytes:
    """Return a playlist as TuneMyMusic writes it."""
    heading = ("Track name", "Artist name", "Album", "Playlist name", "Type", "ISRC")
    return _csv([heading, *((p.track, p.artist, p.album, "Invented", "Playlist", "") for p in _songs(plays))])


def artist_list(plays: Sequence[Played]) -> bytes:
    """Return a plain list of artists."""
    return "\n".join(dict.fromkeys(play.artist for play in plays)).encode()


EXAMPLES: dict[str, Callable[[Sequence[Played]], bytes]] = {
    "spotify_extended.zip": spotify_extended, "spotify_account.zip": spotify_account, "lastfm.csv": lastfm,
    "lastfm_bare.csv": lastfm_bare, "listenbrainz.zip": listenbrainz, "watch-history.json": youtube,
    "deezer.xlsx": deezer, "apple.zip": apple, "exportify.csv": exportify, "soundiiz.csv": soundiiz,
    "tunemymusic.csv": tunemymusic, "artists.txt": artist_list,
}  # fmt: skip


def write_examples(folder: Path, plays: Sequence[Played], names: Sequence[str] = tuple(EXAMPLES)) -> list[Path]:
    """Write a history in several formats; return the files."""
    for file in names:
        with whole(folder / file, "wb") as out:
            out.write(EXAMPLES[file](plays))
    return [folder / file for file in names]


def _songs(plays: Sequence[Played]) -> list[Played]:
    return list({(play.artist, play.track): play for play in plays}.values())


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _zip(files: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(zipfile.ZipInfo(file, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
