"""Songs of artists, and playlists to import."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from musicrec.serving.playlists import songs_of, write_playlist

ID = "4VqPOruhp5EdPBeR92t6lQ"
SONGS = pd.DataFrame(
    {
        "id": [ID, "made-up", ID, ID, ID],
        "artist": ["Kesha", "Kesha", "MUSE", "Muse", None],
        "name": ["Tik, Tok", "Blow", "Uprising", "Uprising", "x"],
        "album": ["A", None, "B", "C", "D"],
        "popularity": [3, 9, 5, 7, 1],
    }
)


def test_the_best_known_songs_in_any_spelling() -> None:
    found = songs_of(["Ke$ha", "Muse", "Nobody"], SONGS)
    assert [song.title for song in found["Ke$ha"]] == ["Blow", "Tik, Tok"] and found["Nobody"] == []
    assert [(song.title, song.album) for song in found["Muse"]] == [("Uprising", "C")]
    assert [song.uri for song in found["Ke$ha"]] == ["", f"spotify:track:{ID}"]
    assert len(songs_of(["Ke$ha"], SONGS, n=1)["Ke$ha"]) == 1


def test_files_to_import(tmp_path: Path) -> None:
    found = songs_of(["Ke$ha", "Muse"], SONGS)
    assert write_playlist(tmp_path / "a.csv", found) == write_playlist(tmp_path / "a.txt", found) == 3
    rows = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8")))
    assert rows[0][:2] == ["Track name", "Artist name"] and rows[2] == ["Tik, Tok", "Ke$ha", "A", f"spotify:track:{ID}"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()[0] == "Ke$ha - Blow"
    with pytest.raises(ValueError, match=r"\.csv or \.txt"):
        write_playlist(tmp_path / "a.mp3", found)
