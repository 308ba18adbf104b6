"""Reading and matching a million plays against merely parsing the same archive with the fastest JSON library."""

import json
import tempfile
import zipfile
from pathlib import Path

import msgspec
import numpy as np

from benchmarks import Ratio, seconds
from musicrec.histories import read_history
from musicrec.histories.matching import match_artists
from musicrec.histories.simulated import invent_artists
from musicrec.names import Names

PLAYS, FILES, ARTISTS = 1_000_000, 60, 5_000


def write_history(path: Path, artists: list[str], rng: np.random.Generator) -> None:
    """Write an archive of the shape of Spotify's extended history: a few artists have most of the plays."""
    artist = (rng.pareto(1, PLAYS) * 20).astype(int) % ARTISTS
    song, ms = rng.integers(0, 20, PLAYS), rng.integers(1, 300_000, PLAYS)
    times = np.datetime64("2012-01-01T00:00:00") + np.arange(PLAYS) * np.timedelta64(400, "s")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, rows in enumerate(np.array_split(np.arange(PLAYS), FILES)):
            plays = [
                {"ts": f"{times[i]}Z", "platform": "Android OS 9 API 28 (invented)", "ms_played": int(ms[i]),
                 "conn_country": "XX", "ip_addr": "0.0.0.0", "master_metadata_track_name": f"Song {song[i]}",
                 "master_metadata_album_artist_name": artists[artist[i]],
                 "master_metadata_album_album_name": f"Album {song[i] // 5}",
                 "spotify_track_uri": "spotify:track:0000000000000000000000", "episode_name": None,
                 "episode_show_name": None, "spotify_episode_uri": None, "audiobook_title": None,
                 "audiobook_uri": None, "reason_start": "trackdone", "reason_end": "trackdone", "shuffle": True,
                 "skipped": False, "offline": False, "offline_timestamp": None, "incognito_mode": False}
                for i in rows
            ]  # fmt: skip
            archive.writestr(f"Streaming_History_Audio_{number}.json", json.dumps(plays, indent=2))


def run() -> list[Ratio]:
    """Read the archive both ways; every play must be there."""
    rng = np.random.default_rng(0)
    artists = invent_artists(ARTISTS, rng)
    names = Names(artists[: ARTISTS // 2], np.arange(ARTISTS // 2, 0, -1))

    def find(name: str) -> int | None:
        found = names.look_up(name)
        return found.item if found else None

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.zip"
        write_history(path, artists, rng)

        def ours() -> None:
            history = read_history([path])
            assert len(history.plays) == PLAYS
            match_artists(history, find, lambda _: False, names.names.__getitem__)

        def theirs() -> None:
            with zipfile.ZipFile(path) as archive:
                assert sum(len(msgspec.json.decode(archive.read(name))) for name in archive.namelist()) == PLAYS

        times = seconds(ours, 2), seconds(theirs, 2)
    note = f"seconds for {PLAYS:,} plays in a zip; ours also reads times, drops copies and matches {ARTISTS:,} names"
    return [Ratio("reading a history", "msgspec, parsing alone", *times, 3, "longer", note)]
