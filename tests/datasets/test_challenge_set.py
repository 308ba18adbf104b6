"""The file of the challenge, as published and damaged."""

import json
from pathlib import Path

import pytest

from musicrec.datasets.challenge_set import Cut, read_challenge_set, write_challenge_set
from musicrec.datasets.sources import DataError

CUTS = [Cut(1000002, "Party", ("spotify:track:b", "spotify:track:a"), (3, 8), 12), Cut(5, "", (), (), 7)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    write_challenge_set(path, CUTS, {"spotify:track:a": {"track_name": "A"}}, simulated=True)
    assert list(read_challenge_set(path).values()) == CUTS
    content = json.loads(path.read_text())
    assert content["simulated"] is True and {"date", "version", "playlists"} <= set(content)
    first, second = content["playlists"]
    assert first["num_tracks"] == 14 and first["num_samples"] == 2 and first["num_holdouts"] == 12
    assert first["tracks"][1] == {"pos": 8, "track_uri": "spotify:track:a", "track_name": "A"}
    assert "name" not in second


def test_a_seed_that_comes_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    tracks = [{"pos": place, "track_uri": uri} for place, uri in ((4, "b"), (1, "a"), (2, "b"))]
    path.write_text(json.dumps({"playlists": [{"pid": 1, "tracks": tracks}]}))
    assert read_challenge_set(path)[1].tracks == ("a", "b")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"playlists": [{"pid": 1', "line 1: expected JSON"),
        ("[]", "a list called playlists"),
        ('{"playlists": []}', "that holds some"),
        ('{"playlists": [7]}', r"playlists\[0\]: expected an object"),
        ('{"playlists": [{"pid": "1", "tracks": []}]}', "expected a whole number as pid"),
        ('{"playlists": [{"pid": true, "tracks": []}]}', "expected a whole number as pid"),
        ('{"playlists": [{"pid": 1}]}', "expected a list as tracks, found null"),
        ('{"playlists": [{"pid": 1, "tracks": [{"pos": 0}]}]}', r"tracks\[0\]: expected a track_uri"),
        ('{"playlists": [{"pid": 1, "name": 3, "tracks": []}]}', "expected text as name"),
        ('{"playlists": [{"pid": 1, "tracks": []}, {"pid": 1, "tracks": []}]}', r"\[1\]: expected every pid once"),
    ],
)
def test_what_is_no_challenge_set_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "set.json"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_challenge_set(path)


def test_other_encodings_are_named(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes('{"playlists": [{"pid": 1, "name": "é", "tracks": []}]}'.encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        read_challenge_set(path)
