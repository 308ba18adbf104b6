"""One play that several files have: exports overlap, and scrobblers hear what players play."""

from __future__ import annotations

import numpy as np

from musicrec.histories.plays import SAVED, Plays
from musicrec.names.fold import plain

WITHIN = 120  # seconds: minutes are all that some formats keep, and a pause moves the beginning
DETAIL = ("Spotify extended streaming history", "ListenBrainz", "Last.fm scrobbles")  # keep these rather than others


def without_duplicates(plays: Plays) -> tuple[Plays, int]:
    """Return the plays with each once, and how many rows were dropped.

    Rows of one format are the same play when time and length are the same; rows of two formats when the song is, in
    any spelling, and their beginnings are less than two minutes apart; the format with most detail is kept then. Saved
    songs count once for each song.
    """
    if len(plays) == 0:
        return plays, 0
    songs = _songs(plays) if len(plays.sources) > 1 else np.arange(len(plays.titles), dtype=np.int64)
    song = songs[plays.title]
    saved = plays.state == SAVED
    time = plays.time.astype(np.int64)
    timed = ~np.isnat(plays.time) & ~saved
    places = [(DETAIL.index(name) if name in DETAIL else len(DETAIL), name) for name in plays.sources]
    rank = np.array([sorted(places).index(place) for place in places])[plays.source]
    dropped = np.zeros(len(plays), dtype=bool)

    rows = np.flatnonzero(timed)
    rows = rows[np.lexsort((rank[rows], time[rows], song[rows]))]
    here, after = rows[:-1], rows[1:]
    same = (song[here] == song[after]) & (time[here] == time[after]) & (plays.ms[here] == plays.ms[after])
    whole_days = (time[after] % 86_400 == 0) & (
        plays.ms[after] < 0
    )  # where only the day is known, a song may have been played twice on it
    dropped[after[same & (plays.source[here] == plays.source[after]) & ~whole_days]] = True
    if len(rows):
        apart = (song[here] != song[after]) | (time[after] - time[here] > WITHIN)
        starts = np.flatnonzero(np.concatenate([[True], apart]))
        best = np.minimum.reduceat(rank[rows], starts)  # of each run of rows: the format that is kept
        dropped[rows[rank[rows] > np.repeat(best, np.diff([*starts, len(rows)]))]] = True

    kept = np.flatnonzero(saved)
    first = np.unique(song[kept], return_index=True)[1]
    dropped[kept] = True
    dropped[kept[first]] = False
    return plays.select(~dropped), int(dropped.sum())


def _songs(plays: Plays) -> np.ndarray:
    """Return one number for all spellings of a song, shape (n_titles,)."""
    folded = [plain(name) for name in plays.artists]
    numbers: dict[tuple[str, str], int] = {}
    return np.array(
        [numbers.setdefault((folded[artist], plain(name)), len(numbers)) for artist, name, _ in plays.titles],
        dtype=np.int64,
    )
