"""Slices of the Million Playlist Dataset: read in order, checked, never downloaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from musicrec import datasets
from musicrec.datasets import mpd


def track(name: str, pos: int) -> dict[str, Any]:
    return {
        "pos": pos, "track_name": name, "track_uri": f"spotify:track:{name}", "artist_name": f"{name}ists",
        "artist_uri": f"spotify:artist:{name}", "album_name": "All",
        "album_uri": "spotify:album:all", "duration_ms": 1000,
    }  # fmt: skip


def playlist(pid: int, *names: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"list {pid}", "collaborative": "false", "pid": pid, "modified_at": 1493424000,
        "num_tracks": len(names), "num_albums": 1, "num_artists": len(set(names)), "num_followers": 1, "num_edits": 2,
        "duration_ms": 1000 * len(names), "tracks": [track(name, i) for i, name in enumerate(names)], **more,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSICREC_DATA", str(tmp_path))
    (tmp_path / "mpd").mkdir()
    return tmp_path / "mpd"


def put(folder: Path, first: int, *playlists: Any) -> Path:
    path = folder / f"mpd.slice.{first}-{first + 999}.json"
    path.write_text(json.dumps({"info": {}, "playlists": playlists}))
    return path


def test_slices_are_read_in_the_order_of_their_playlists(folder: Path) -> None:
    put(folder, 10000, playlist(10000, "c", "d"))
    put(folder, 9000, playlist(9000, "a", "b", "a", description="twice a"), playlist(9001, "b", num_tracks=7))
    (folder / "mpd.slice.copy.json").write_text("not a slice")
    data = datasets.load("mpd")
    assert data.interactions.users.tolist() == [9000, 9001, 10000]
    assert data.items["name"].tolist() == ["a", "b", "c", "d"]
    assert data.items["artist"].tolist() == ["aists", "bists", "cists", "dists"]
    assert data.interactions.matrix.toarray().tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]
    assert data.tables["entries"]["track"].str[-1].tolist() == ["a", "b", "a", "b", "c", "d"]
    assert data.tables["playlists"]["description"].isna().tolist() == [False, True, True]
    assert data.tables["playlists"]["collaborative"].tolist() == [False] * 3
    assert data.provenance.notes == (
        "1 playlist holds another number of tracks than declared",
        "1 entries repeat a track in a playlist; each track counts once",
    )
    assert not data.simulated


def test_only_so_many_slices(folder: Path) -> None:
    for first in (0, 1000, 2000):
        put(folder, first, playlist(first, "a"))
    data = mpd.load(max_slices=2, progress=False)
    assert data.interactions.users.tolist() == [0, 1000]
    assert data.provenance.notes == ("the first 2 of 3 slices",)


@pytest.mark.parametrize("place", ["mpd-sample", "spotify_million_playlist_dataset/data", "."])
def test_other_folders(folder: Path, place: str) -> None:
    other = folder.parent / place
    other.mkdir(parents=True, exist_ok=True)
    put(other, 0, playlist(0, "a"))
    assert len(datasets.load("mpd").interactions) == 1


def test_without_slices_the_error_says_where_to_get_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(datasets.DataUnavailableError, match=r"holds none.*Register at https://www\.aicrowd\.com"):
        datasets.load("mpd")
    monkeypatch.delenv("MUSICREC_DATA")
    with pytest.raises(datasets.DataUnavailableError, match="MUSICREC_DATA is not set"):
        datasets.load("mpd")


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (7, r"playlists\[1\]: expected an object, found 7"),
        (without(playlist(1, "a"), "pid"), r"playlists\[1\]: expected pid, which is missing"),
        (playlist(1, "a", num_followers="3"), r'playlists\[1\]: expected a whole number as num_followers, found "3"'),
        (playlist(1, "a", num_followers=True), r"playlists\[1\]: expected a whole number as num_followers, found true"),
        (playlist(1, "a", name=None), r"playlists\[1\]: expected text as name, found null"),
        (playlist(1, "a", collaborative="no"), r'playlists\[1\]: expected "true" or "false" as collaborative'),
        (playlist(1, tracks={}), r"playlists\[1\]: expected a list as tracks"),
        (
            playlist(1, tracks=[track("a", 0), without(track("b", 1), "track_uri")]),
            r"playlists\[1\]\.tracks\[1\]: expected track_uri",
        ),
        (playlist(0, "b"), r"playlists\[1\]: expected every pid once, but 0 came before"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_place(folder: Path, bad: Any, said: str) -> None:
    path = put(folder, 0, playlist(0, "a"), bad)
    with pytest.raises(datasets.DataError, match=said) as caught:
        datasets.load("mpd")
    assert str(caught.value).startswith(str(path))


def test_malformed_json(folder: Path) -> None:
    path = put(folder, 0, playlist(0, "a"))
    text = json.dumps(json.loads(path.read_text()), indent=1)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(datasets.DataError, match=r"mpd\.slice\.0-999\.json, line \d+: expected JSON"):
        datasets.load("mpd")
    path.write_text("[]")
    with pytest.raises(datasets.DataError, match="expected an object with a list called playlists"):
        datasets.load("mpd")
    path.write_text('{"playlists": []}')
    with pytest.raises(datasets.DataError, match="expected tracks, found none"):
        datasets.load("mpd")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(datasets.DataError, match="cannot be read"):
        datasets.load("mpd")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("0-999", "0-1999"), "both hold playlist 0"),
        (("0-999", "999-1998"), "both hold playlist 999"),
        (("5000-9999", "6000-6999"), "both hold playlist 6000"),
        (("0-999", "00-999"), "both hold playlist 0"),
        (("1999-1000",), "found 1999 after 1000"),
        (("0-999", "1000-1999", "1500-1501", "2000-2999"), "both hold playlist 1500"),
    ],
)
def test_slices_that_overlap_are_never_a_silent_choice(folder: Path, names: tuple[str, ...], said: str) -> None:
    path = put(folder, 0, playlist(0, "a"))
    for name in names:
        (path.parent / f"mpd.slice.{name}.json").write_text(path.read_text())
    with pytest.raises(datasets.DataError, match=said):
        datasets.load("mpd")
