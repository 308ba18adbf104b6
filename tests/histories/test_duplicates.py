"""One play that several files have."""

from datetime import UTC, datetime

from musicrec.histories.duplicates import without_duplicates
from musicrec.histories.plays import SAVED, Collector

NOON = int(datetime(2024, 1, 2, 12, tzinfo=UTC).timestamp())


def left(*rows: tuple) -> int:
    """How many of (source, time, artist, track, ms) remain."""
    into = Collector(NOON + 10**7)
    for source, time, artist, track, ms in rows:
        into.begin(source)
        into.add(time, artist, track, "", ms)
    return len(without_duplicates(into.plays())[0])


def test_two_formats_within_two_minutes_in_any_spelling() -> None:
    first = ("Spotify", NOON, "The Knife", "Silent Shout", 200_000)
    assert left(first, ("Last.fm", NOON + 60, "knife", "silent shout!", None)) == 1
    assert left(first, ("Last.fm", NOON + 200, "The Knife", "Silent Shout", None)) == 2
    assert left(first, ("Last.fm", NOON, "The Knife", "Heartbeats", None)) == 2


def test_one_format_only_when_time_and_length_are_the_same() -> None:
    first = ("Spotify", NOON, "A", "B", 5000)
    assert left(first, first) == 1
    assert left(first, ("Spotify", NOON, "A", "B", 6000)) == 2
    assert left(first, ("Spotify", NOON + 30, "A", "B", 5000)) == 2


def test_where_only_the_day_is_known_a_song_may_be_played_twice() -> None:
    day = ("Apple Music", NOON - 12 * 3600, "A", "B", None)
    assert left(day, day, day) == 3


def test_without_a_time_nothing_is_dropped_but_saved_songs_count_once() -> None:
    into = Collector(NOON)
    into.begin("Spotify")
    for _ in range(3):
        into.add(None, "A", "B")
        into.add(None, "A", "B", state=SAVED)
    assert without_duplicates(into.plays())[1] == 2
    assert len(without_duplicates(Collector(NOON).plays())[0]) == 0
