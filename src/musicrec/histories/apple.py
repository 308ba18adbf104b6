"""Apple Music: plays without artists, joined with the daily tracks, which name them."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from typing import IO

from musicrec.histories.plays import PLAY, SKIP, Collector
from musicrec.histories.tables import fold
from musicrec.histories.text import lines
from musicrec.histories.times import seconds

ACTIVITY = {"song name", "event start timestamp", "play duration milliseconds"}
DAILY = {"date played", "track description", "play count"}
SKIPPED_BELOW = 30_000


def is_activity(cells: set[str]) -> bool:
    """Whether folded headings are those of the play activity."""
    return cells >= ACTIVITY


def is_daily(cells: set[str]) -> bool:
    """Whether folded headings are those of the daily tracks."""
    return cells >= DAILY


class AppleHistory:
    """Keeps both tables of an export until all files are read, and joins them then."""

    def __init__(self) -> None:
        self.artists: dict[str, Counter[str]] = defaultdict(Counter)  # by the name of the song
        self.by_day: dict[tuple[str, str], str] = {}
        self.days: list[tuple[str, str, str, int, int]] = []  # day, artist, song, plays, skips
        self.activity: list[tuple[int | None, str, str, str, int | None, int]] = []

    def __len__(self) -> int:
        return len(self.days) + len(self.activity)

    def read_daily(self, stream: IO[bytes], into: Collector) -> None:
        """Read the daily tracks, "Artist - Song" with the number of plays on a day."""
        for row in _rows(stream):
            artist, dash, song = row.get("track description", "").partition(" - ")
            if "VIDEO" in row.get("media type", "").upper():
                into.left_out["podcasts and videos"] += 1
            elif not dash or not artist.strip():
                into.left_out["rows without an artist"] += 1
            else:
                day, plays = row.get("date played", ""), _number(row.get("play count"))
                self.days.append((day, artist.strip(), song.strip(), plays or 0, _number(row.get("skip count")) or 0))
                self.artists[song.strip()][artist.strip()] += 1
                self.by_day[day.replace("-", ""), song.strip()] = artist.strip()

    def read_activity(self, stream: IO[bytes], into: Collector) -> None:
        """Read the play activity: one row for each play, with the time and the name of the song."""
        for row in _rows(stream):
            song, ms = row.get("song name", ""), _number(row.get("play duration milliseconds"))
            ended = row.get("end reason type", "").upper()
            if "VIDEO" in row.get("media type", "").upper():
                into.left_out["podcasts and videos"] += 1
            elif row.get("event type") not in ("PLAY_END", "", None):
                continue  # the beginning of a play whose end is another row
            elif not song or ms == 0:
                into.left_out["nothing was heard" if song else "rows without an artist"] += 1
            else:
                start = row.get("event start timestamp") or row.get("event end timestamp")
                short = ms is not None and 0 < ms < SKIPPED_BELOW and "SKIP" in ended
                album = row.get("album name", "") or row.get("container album name", "")
                named = row.get("artist name", "") or row.get("container artist name", "")
                self.activity.append((seconds(start)[0], song, album, named, ms, SKIP if short else PLAY))

    def join(self, into: Collector) -> str | None:
        """Add the plays; return what is to be said of them."""
        if not self.activity:
            for day, artist, song, plays, skips in self.days:
                when, _ = seconds(day)
                for _ in range(min(plays, 1000)):
                    into.add(when, artist, song)
                for _ in range(min(skips, 1000)):
                    into.add(when, artist, song, state=SKIP)
                into.no_zone += plays
            return None
        lost = 0
        for when, song, album, named, ms, state in self.activity:
            if artist := named or self._artist(when, song) or "":
                into.add(when, artist, song, album, ms, state)
            else:
                lost += 1
        if lost:
            into.left_out["rows without an artist"] += lost
        if lost and not self.days:
            return ("Apple's play activity names no artists; add the file of daily tracks "
                    "(Apple Music - Play History Daily Tracks.csv) of the same export")  # fmt: skip
        return None

    def _artist(self, when: int | None, song: str) -> str | None:
        """Return who a song is by: the artist heard with it that day, else most often."""
        if when is not None:
            from datetime import UTC, datetime

            day = datetime.fromtimestamp(when, UTC).strftime("%Y%m%d")
            if found := self.by_day.get((day, song)):
                return found
        found_often = self.artists.get(song)
        return found_often.most_common(1)[0][0] if found_often else None


def _number(text: str | None) -> int | None:
    try:
        return max(int(float(text or "")), 0)
    except ValueError:
        return None


def _rows(stream: IO[bytes]):  # type: ignore[no-untyped-def]
    rows = csv.reader(line.replace("\0", "") for line in lines(stream))
    heading = [fold(cell) for cell in next(rows, [])]
    for row in rows:
        yield dict(zip(heading, (cell.strip() for cell in row), strict=False))
