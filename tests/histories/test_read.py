"""Every format, told apart by content; damage, danger and nonsense."""

import gzip
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from musicrec.histories import History, HistoryError, read_history
from musicrec.histories.simulated import Played

NOW = 1_760_000_000


def counts(history: History) -> dict[str, int]:
    found = zip(history.plays.artists, history.plays.counts.tolist(), strict=True)
    return {artist: count for artist, count in found if count}


def save(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def extended(**fields: object) -> dict[str, object]:
    return {
        "ts": "2024-01-02T18:43:00Z", "ms_played": 200_000, "master_metadata_album_artist_name": "Muse",
        "master_metadata_track_name": "Song", "skipped": False, "reason_end": "trackdone",
    } | fields  # fmt: skip


EXACT = ["spotify_extended.zip", "lastfm.csv", "lastfm_bare.csv", "listenbrainz.zip", "watch-history.json", "apple.zip"]


@pytest.mark.parametrize("file", EXACT)
def test_every_play_is_counted_and_no_skip(examples: Path, heard: dict[str, int], file: str) -> None:
    assert counts(read_history([examples / file], now=NOW)) == heard


@pytest.mark.parametrize("file", ["spotify_account.zip", "deezer.xlsx"])
def test_formats_that_tell_no_skips_count_every_play(examples: Path, invented: list[Played], file: str) -> None:
    assert int((read_history([examples / file], now=NOW).plays.state == 0).sum()) == len(invented)


@pytest.mark.parametrize("file", ["exportify.csv", "soundiiz.csv", "tunemymusic.csv"])
def test_playlists_are_saved_songs_each_once(examples: Path, invented: list[Played], file: str) -> None:
    songs = {(play.artist, play.track) for play in invented}
    twice = read_history([examples / file, examples / file], now=NOW).plays
    assert len(twice) == len(songs) and (twice.state == 3).all()


def test_the_name_of_a_file_says_nothing(examples: Path, heard: dict[str, int], tmp_path: Path) -> None:
    renamed = save(tmp_path / "x.dat", (examples / "spotify_extended.zip").read_bytes())
    packed = save(tmp_path / "y", gzip.compress((examples / "lastfm.csv").read_bytes()))
    assert counts(read_history([renamed], now=NOW)) == counts(read_history([packed], now=NOW)) == heard


def test_a_folder_is_read_like_its_archive(examples: Path, heard: dict[str, int], tmp_path: Path) -> None:
    with zipfile.ZipFile(examples / "listenbrainz.zip") as archive:
        archive.extractall(tmp_path)
    assert counts(read_history([tmp_path], now=NOW)) == heard


def test_what_several_services_have_counts_once(examples: Path, heard: dict[str, int]) -> None:
    services = ["spotify_extended.zip", "spotify_account.zip", "lastfm.csv", "lastfm_bare.csv", "listenbrainz.zip"]
    history = read_history([examples / file for file in services], now=NOW)
    played = history.plays.select(history.plays.state == 0)
    found = dict(zip(played.artists, played.counts.tolist(), strict=True))
    assert {artist: count for artist, count in found.items() if count} == heard


def test_times_are_beginnings_in_utc(examples: Path, invented: list[Played]) -> None:
    first = np.datetime64(min(play.at for play in invented if not play.skipped).replace(tzinfo=None), "s")
    for file in ("spotify_extended.zip", "lastfm.csv", "listenbrainz.zip", "deezer.xlsx", "watch-history.json"):
        plays = read_history([examples / file], now=NOW).plays
        assert abs(plays.time[plays.state == 0].min() - first) <= np.timedelta64(86_400, "s"), file


def test_unknown_zones_are_said(examples: Path) -> None:
    assert any("do not say their zone" in note for note in read_history([examples / "deezer.xlsx"], now=NOW).notes)
    assert not read_history([examples / "lastfm.csv"], now=NOW).notes


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ms_played": 20_000, "skipped": True}, "skips"),
        ({"ms_played": 20_000, "reason_end": "fwdbtn", "skipped": None}, "skips"),
        ({"incognito_mode": True}, "private sessions"),
        ({"master_metadata_album_artist_name": None, "episode_name": "E"}, "podcasts and videos"),
        ({"master_metadata_album_artist_name": None, "audiobook_title": "A"}, "audiobooks"),
        ({"master_metadata_album_artist_name": None}, "rows without an artist"),
        ({"ms_played": 0}, "nothing was heard"),
    ],
)
def test_what_says_nothing_of_taste_is_left_out_and_told(tmp_path: Path, fields: dict, reason: str) -> None:
    path = save(tmp_path / "a.json", json.dumps([extended(), extended(ts="2024-01-03T00:00:00Z", **fields)]))
    history = read_history([path], now=NOW)
    assert counts(history) == {"Muse": 1} and history.left_out == {reason: 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"ms_played": 40_000, "skipped": True},  # skipped late
        {"ms_played": 20_000, "reason_end": "trackdone"},  # a short song
        {"skipped": None, "reason_end": None, "incognito_mode": None, "master_metadata_track_name": None},
        {"ts": None}, {"ts": "nonsense"}, {"ms_played": None}, {"ms_played": "x"}, {"ts": "1970-01-01T00:00:00Z"},
        {"ts": "2099-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_what_is_missing_or_odd_makes_no_play_vanish(tmp_path: Path, fields: dict) -> None:
    path = save(tmp_path / "a.json", json.dumps([extended(**fields)]))
    assert counts(read_history([path], now=NOW)) == {"Muse": 1}


def test_clocks_that_were_wrong_are_said(tmp_path: Path) -> None:
    rows = [extended(ts="1970-01-01T00:10:00Z"), extended(ts="2099-01-01T00:00:00Z"), extended()]
    history = read_history([save(tmp_path / "a.json", json.dumps(rows))], now=NOW)
    assert np.isnat(history.plays.time).sum() == 2 and "2 rows have a time before 2000" in history.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    rows = json.dumps([extended(master_metadata_album_artist_name="Björk")], ensure_ascii=False)
    assert counts(read_history([save(tmp_path / "a.json", rows.encode(encoding))], now=NOW)) == {"Björk": 1}
    table = "uts,artist,album,track\n1700000000,Björk,,Jóga\n"
    assert counts(read_history([save(tmp_path / "a.csv", table.encode(encoding))], now=NOW)) == {"Björk": 1}


@pytest.mark.parametrize(
    "text",
    [
        "artist;track;date\nMuse;Song;2024-01-02 18:43\n",
        "Track\tArtist Name(s)\tPlayed At\nSong\tMuse\t1704220980\n",
        'Muse,Album,Song,"02 Jan 2024 18:43"\n',
        '"Song Title","Album Title","Artist Names"\n"Song","","Muse"\n',
        "Artist,Album,AlbumId,Track,Date#me\nMuse,A,x,Song,1704220980000\n",
        "artist,plays\nMuse,1\n",
    ],
)
def test_tables_whatever_their_columns(tmp_path: Path, text: str) -> None:
    assert counts(read_history([save(tmp_path / "t.csv", text)], now=NOW)) == {"Muse": 1}


def test_a_list_keeps_its_lines_and_counts_only_when_chosen(tmp_path: Path) -> None:
    path = save(tmp_path / "a.txt", "Tyler, The Creator\nMuse\n")
    assert read_history([path]).listed == ["Tyler, The Creator\n", "Muse\n"]
    with pytest.raises(HistoryError, match=r"nothing here.*found .*a\.txt"):
        read_history([tmp_path])


def test_a_list_in_json_may_hold_anything(tmp_path: Path) -> None:
    odd = [None, 3, "x", extended(master_metadata_track_name='} , {"ts": 1}, {'), [], {}]
    assert counts(read_history([save(tmp_path / "a.json", json.dumps(odd))], now=NOW)) == {"Muse": 1}


def test_many_records_are_read_whole_wherever_they_are_cut(tmp_path: Path) -> None:
    rows = [extended(ts=f"2024-01-{1 + n % 28:02}T00:{n % 60:02}:00Z", master_metadata_track_name=f"}},{{ {n}")
            for n in range(20_000)]  # fmt: skip
    for indent in (None, 2):
        path = save(tmp_path / "a.json", json.dumps(rows, indent=indent))
        assert counts(read_history([path], now=NOW)) == {"Muse": 20_000}


def test_a_download_that_broke_off_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    text = json.dumps([extended(master_metadata_track_name=str(n)) for n in range(10)])
    history = read_history([save(tmp_path / "a.json", text[:-50])], now=NOW)
    assert counts(history) == {"Muse": 9} and "breaks off" in history.notes[0]


def test_memory_is_that_of_the_plays_not_of_the_file(tmp_path: Path) -> None:
    row = json.dumps(extended(platform="x" * 500))
    path = save(tmp_path / "a.json", "[" + ",\n".join([row] * 50_000) + "]")
    tracemalloc.start()
    read_history([path], now=NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < path.stat().st_size


# ---- archives that mean harm


def test_names_that_point_outside_are_left_out_and_said(tmp_path: Path) -> None:
    files = {f"{at}a.json": json.dumps([extended()]) for at in ("../", "/etc/", "C:/", "..\\")}
    path = zipped(tmp_path / "a.zip", files | {"b.json": json.dumps([extended(ts="2024-05-01T00:00:00Z")])})
    history = read_history([path], now=NOW)
    assert counts(history) == {"Muse": 1} and sum("points out of the archive" in note for note in history.notes) == 4
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip"]


def test_what_unpacks_to_a_hundred_times_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.json": b" " * 30_000_000})
    with pytest.raises(HistoryError, match="would unpack to"):
        read_history([path])
    inside = zipped(tmp_path / "b.zip", {"a.zip": path.read_bytes()})
    with pytest.raises(HistoryError, match="would unpack to"):
        read_history([inside])


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    for start in (b"[", b"artist,track,uts\nMuse,x,1\n", b'[{"ts": 1, "ms_played": 1}'):
        path = save(tmp_path / "a.gz", gzip.compress(start + b" " * 200_000_000, 9))
        with pytest.raises(HistoryError, match=r"over 100 times its size|no record ends"):
            read_history([path])


def test_damaged_archives_are_explained(examples: Path, tmp_path: Path) -> None:
    whole = (examples / "spotify_extended.zip").read_bytes()
    with pytest.raises(HistoryError, match="not loaded to its end"):
        read_history([save(tmp_path / "a.zip", whole[: len(whole) // 2])])
    middle = bytearray(whole)
    middle[200:260] = bytes(60)
    try:
        assert any("damaged" in note for note in read_history([save(tmp_path / "b.zip", bytes(middle))]).notes)
    except HistoryError as error:
        assert "damaged" in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nothing here is a listening history"),
        (b"[]", "nothing here is a listening history"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "Looked for: Spotify"),
        (b"<!DOCTYPE html><html>", "Looked for"),
        (b'{"name": "me"}', "Looked for"),
        (json.dumps([extended(master_metadata_album_artist_name=None, episode_name="E")]).encode(),
         "holds no play of music; left out: 1 × podcasts"),
    ],
)  # fmt: skip
def test_what_is_no_history_is_refused_with_what_was_looked_for(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(HistoryError, match=message):
        read_history([save(tmp_path / "a", content)])


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no such file"):
        read_history([tmp_path / "nothing.zip"])


def test_apple_without_the_daily_tracks_is_explained(examples: Path, tmp_path: Path) -> None:
    inner = zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(examples / "apple.zip").read("Apple_Media_Services.zip")))
    name = next(name for name in inner.namelist() if "Play Activity" in name)
    with pytest.raises(HistoryError, match="add the file of daily tracks"):
        read_history([save(tmp_path / "activity.csv", inner.read(name))])


def test_nothing_is_written_anywhere(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = sorted(examples.rglob("*"))
    read_history([examples], now=NOW)
    assert not list(tmp_path.iterdir()) and sorted(examples.rglob("*")) == before
