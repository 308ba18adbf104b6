"""What "Recommender Systems Assignment" (2021) printed of the Last.fm data, beside what this run finds.

A pair is always (ours, reported).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.page.reproduced import reproduced
from musicrec.scores.records import Score, ScoreBook

Pairs = dict[str, tuple[float, float]]
ARTISTS = {"Lady Gaga": 611, "Britney Spears": 522, "Rihanna": 484, "The Beatles": 480, "Katy Perry": 473}
TAGS = {
    "rock": 7503,
    "pop": 5418,
    "alternative": 5251,
    "electronic": 4672,
    "indie": 4458,
    "female vocalists": 4228,
    "80s": 2791,
    "dance": 2739,
    "alternative rock": 2631,
    "classic rock": 2287,
}
QUARTILES = {"first quartile": 25, "median": 50, "third quartile": 75}


def compare(book: ScoreBook, figures: Mapping[str, tuple[float, float]], *, caption: str) -> None:
    """Record what the original printed and show it beside what we find."""
    for quantity, (ours, reported) in figures.items():
        book.reproduce("lastfm-mf", quantity, ours, reported)
    reproduced(book.scores[-len(figures) :], caption=caption)


def sizes(data: Dataset) -> Pairs:
    """Compare the sizes of the tables and the missing values."""
    tables, listens = data.tables, data.interactions
    pictures = int(data.items["picture_url"].isna().sum())
    missing = sum(int(table.isna().sum().sum()) for table in tables.values())
    return {
        "listens": (len(tables["listens"]), 92_834),
        "users": (listens.n_users, 1_892),
        "artists": (listens.n_items, 17_632),
        "tags": (len(tables["tags"]), 11_946),
        "friend rows": (len(tables["friends"]), 25_434),
        "tag assignments": (len(tables["tag_assignments"]), 186_479),
        "artists without a picture": (pictures, 444),
        "other missing values": (missing - pictures, 0),
    }


def artists_by_listeners(data: Dataset) -> pd.Series:
    """Return the number of listeners of each artist by name, the most common first."""
    listeners = pd.Series(data.interactions.popularity(), index=data.item_names)
    return listeners.sort_values(ascending=False, kind="stable")


def tags_by_uses(data: Dataset) -> pd.Series:
    """Return the number of uses of each tag that is in use by name, the most used first."""
    names = data.tables["tags"].set_index("id")["name"]
    return data.tables["tag_assignments"]["tag"].map(names).value_counts()


def most_common_artists(listeners: pd.Series) -> Pairs:
    """Compare the five most common artists, and those with over a hundred listeners."""
    above = listeners[listeners > 100]
    return {
        **_places("listeners", listeners, ARTISTS),
        "artists with over 100 listeners": (len(above), 125),
        "listens of these artists": (above.sum(), 24_809),
        "share of all listens (%)": (100 * above.sum() / listeners.sum(), 26.7),
    }


def most_used_tags(uses: pd.Series) -> Pairs:
    """Compare the ten most used tags."""
    return _places("uses", uses, TAGS)


def _places(counted: str, found: pd.Series, reported: Mapping[str, int]) -> Pairs:
    """Compare counts by name; where the data do not know a name, with whatever stands in the same place."""
    return {
        f"{counted}, place {place} ({name})": (found.get(name, found.iloc[place - 1]), count)
        for place, (name, count) in enumerate(reported.items(), start=1)
    }


def play_counts(plays: NDArray[np.float64], cut: float) -> Pairs:
    """Compare the play counts as they are."""
    return {
        "play count, mean": (plays.mean(), 745.24),
        "play count, standard deviation": (plays.std(ddof=1), 3751.32),
        "play count, smallest": (plays.min(), 1),
        **_quartiles("play count", plays, (107, 260, 614)),
        "play count, largest": (plays.max(), 352_698),
        "play count, cut": (cut, 1161),
    }


def ratings(scaled: NDArray[np.float64]) -> Pairs:
    """Compare the play counts that were cut and scaled to ratings."""
    return {
        "rating, mean": (scaled.mean(), 4.154168),
        "rating, standard deviation": (scaled.std(ddof=1), 2.964601),
        **_quartiles("rating", scaled, (1.822414, 3.009483, 5.756034)),
    }


def _quartiles(measured: str, values: NDArray[np.float64], reported: tuple[float, float, float]) -> Pairs:
    found = zip(QUARTILES.items(), reported, strict=True)
    return {f"{measured}, {name}": (np.percentile(values, percent), figure) for (name, percent), figure in found}


class Verdict(NamedTuple):
    """How many figures were compared, and what came of it."""

    n: int
    outcomes: list[str]


def verdict(scores: Iterable[Score]) -> Verdict:
    """Count the scores by what came of the comparison, the most frequent outcome first."""
    words = {
        "reproduced": "reproduced to the last digit",
        "close": "close",
        "differs": "different",
        "not-applicable": "not comparable, because the data of this run are not the original's",
    }
    states = pd.Series([score.status for score in scores]).value_counts()
    return Verdict(int(states.sum()), [f"{count} {words[str(state)]}" for state, count in states.items()])
