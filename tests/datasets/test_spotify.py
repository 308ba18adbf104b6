"""The Spotify songs file: quoted names, repeated songs, songs without names, and what is wrong named by line."""

import csv
import io
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicrec.datasets import spotify
from musicrec.datasets.dataset import Provenance
from musicrec.datasets.sources import DataError, File

SONGS = [
    ("s1", "One, or two", "The Ones"),
    ("s2", 'So "quoted"', "Twos"),
    ("s3", "NA", "NA"),
    ("s4", "Four\nlines", "Ünç"),
]
LISTS = [("p1", "Mix", "pop", "dance"), ("p2", "Loud", "rock", "hard"), ("p1", "Mix", "rock", "hard")]
ROWS = [(0, 0), (1, 0), (2, 0), (3, 1), (0, 1), (0, 2), (1, 2)]  # songs s1 and s2 repeat in p1


@cache
def records() -> tuple[tuple[str, ...], ...]:
    rows = []
    for number, (s, p) in enumerate(ROWS):
        song, name, artist = SONGS[s]
        album = "NA" if name == "NA" else f"Album of {artist}"
        features = ["0.5", "0.25", "6", "-2.634", "1", "0.0583", "1e-05", "0", "0.0653", "0.518", "122.036", "194754"]
        features[0] = f"0.{s + 1}"
        playlist, title, genre, subgenre = LISTS[p]
        row = [
            song,
            name,
            artist,
            str(60 + s),
            f"a{s}",
            album,
            "2019-06-14",
            title,
            playlist,
            genre,
            subgenre,
            *features,
        ]
        assert len(row) == len(spotify.COLUMNS), number
        rows.append(tuple(row))
    return (spotify.COLUMNS, *rows)


def write(
    rows: list[tuple[str, ...]], end: str = "\n", mark: bytes = b"", quoting: int = csv.QUOTE_MINIMAL
) -> dict[str, File]:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=quoting).writerows(rows)
    return {"spotify_songs.csv": File("here/spotify_songs.csv", mark + buffer.getvalue().encode())}


SIZES = {"rows": 7, "songs": 4, "playlists": 2}


def parse(files: dict[str, File], known: str = "") -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    return spotify.parse(files, SIZES, known)


def test_the_tables() -> None:
    rows, print_, _ = parse(write(list(records())))
    data = spotify.assemble("toy", rows, Provenance("", "", "", "", "", "", print_))
    assert data.interactions.matrix.toarray().tolist() == [[1, 1, 1, 0], [1, 0, 0, 1]]
    assert data.interactions.users.tolist() == ["p1", "p2"]
    assert data.items["name"].tolist() == ["One, or two", 'So "quoted"', spotify.UNNAMED, "Four\nlines"]
    assert data.items["id"].tolist() == data.tables["songs"]["id"].tolist() == ["s1", "s2", "s3", "s4"]
    assert data.tables["songs"]["name"].isna().tolist() == [False, False, True, False]
    assert data.tables["songs"]["danceability"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert data.tables["playlists"].to_numpy().tolist() == [
        ["p1", "Mix", "pop", "dance"],
        ["p2", "Loud", "rock", "hard"],
    ]
    assert data.tables["playlist_subgenres"]["songs"].tolist() == [3, 2, 2]
    assert data.provenance.notes == (
        "2 rows repeat a song in a playlist; each song counts once",
        "1 rows (1 songs) lack names",
        "some playlists are listed under several subgenres (1 beyond the first)",
    )


@settings(max_examples=40, deadline=None)
@given(
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    order=st.permutations(range(len(spotify.COLUMNS))),
    numbered=st.booleans(),
    empty=st.booleans(),
    repeated=st.lists(st.integers(1, 7), max_size=2),
)
def test_every_tolerated_copy_has_the_same_fingerprint(
    end: str, mark: bytes, quoting: int, order: list[int], numbered: bool, empty: bool, repeated: list[int]
) -> None:
    rows = [records()[0], *records()[1:], *(records()[r] for r in repeated)]
    rows = [tuple(row[c] for c in order) for row in rows]
    if empty:  # as pandas writes what is missing
        rows = [tuple("" if cell == "NA" else cell for cell in row) for row in rows]
    if numbered:
        rows = [(str(i), *row) for i, row in enumerate(rows)]
    assert parse(write(rows, end, mark, quoting))[1] == parse(write(list(records())))[1]


def change(row: int, column: str, value: str) -> Callable[[], list[tuple[str, ...]]]:
    def rows() -> list[tuple[str, ...]]:
        changed = [list(r) for r in records()]
        changed[row][spotify.COLUMNS.index(column)] = value
        return [tuple(r) for r in changed]

    return rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (change(2, "energy", "loud"), "line 3: expected a number as energy, found 'loud'"),
        (change(2, "energy", "nan"), "line 3: expected a number as energy, found 'nan'"),
        (change(2, "energy", ""), "line 3: expected a number as energy, found ''"),
        (change(2, "energy", "1.5"), "line 3: expected a number between 0 and 1 as energy, found '1.5'"),
        (change(2, "duration_ms", "3.5"), "line 3: expected a whole number as duration_ms, found '3.5'"),
        (change(2, "track_popularity", "101"), "line 3: expected a number between 0 and 100 as track_popularity"),
        (change(2, "track_id", ""), "line 3: expected a value as track_id, found ''"),
        (change(2, "track_id", "s9"), r"line 9 \(the last\): expected 4 songs, found 5"),
        (change(2, "track_artist", "Others"), "line 9: expected the same values for track_id s2 as on line 3"),
        (change(0, "tempo", "speed"), "line 1: .*tempo is missing"),
        (lambda: [], "line 1: .* found an empty file"),
        (lambda: list(records()[:1]), ": expected 7 rows, found 0"),
        (lambda: list(records()[:-1]), r"line 8 \(the last\): expected 7 rows, found 6"),
        (lambda: [*records()[:3], records()[3][:9], *records()[4:]], "line 4: expected 23 columns, found 9"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(rows: Callable[[], list[tuple[str, ...]]], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        parse(write(rows()))
    assert str(caught.value).startswith("here/spotify_songs.csv")


def test_a_cut_off_file() -> None:
    files = write(list(records()))
    known = parse(files)[1]
    whole = files["spotify_songs.csv"].data
    for lost in (1, 2, 4, 12, 40):
        files["spotify_songs.csv"] = File("here/spotify_songs.csv", whole[:-lost])
        if lost == 1:
            assert parse(files, known)[1] == known
        else:
            with pytest.raises(DataError, match="line 9"):
                parse(files, known)


def test_an_open_quote_and_a_wrong_encoding() -> None:
    whole = write(list(records()))["spotify_songs.csv"].data
    with pytest.raises(DataError, match="line 10: expected comma-separated values"):
        parse({"spotify_songs.csv": File("here", whole + b'"open')})
    with pytest.raises(DataError, match="line 6: expected text in UTF-8"):
        parse({"spotify_songs.csv": File("here", whole.replace("Ünç".encode(), "Ünç".encode("latin-1")))})
