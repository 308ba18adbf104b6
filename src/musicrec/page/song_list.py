"""A recommended list with names, looked up in a database as "Spotify Playlists Recommender" (2018) did."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def catalogue(names: Sequence[str]) -> sqlite3.Connection:
    """Return a database in memory with the table `items(item, name)`, in the manner of the original."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE items (item INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    connection.executemany("INSERT INTO items VALUES (?, ?)", enumerate(map(str, names)))
    return connection


def names_as_the_original(database: sqlite3.Connection, ids: ArrayLike) -> list[str]:
    """Look names up as the original did: SQL glued together, and whatever order the database finds them in."""
    wanted = ", ".join(str(int(i)) for i in np.asarray(ids))
    return [name for (name,) in database.execute(f"SELECT name FROM items WHERE item IN ({wanted})")]


def names_in_order(database: sqlite3.Connection, ids: ArrayLike, scores: ArrayLike) -> pd.DataFrame:
    """Look names up with their scores, best first; values reach the database as parameters, never as SQL text.

    Returns
    -------
    pandas.DataFrame
        Columns `name` and `score`.
    """
    wanted = [(int(i), float(s)) for i, s in zip(np.asarray(ids), np.asarray(scores), strict=True)]
    with database:
        database.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (place INTEGER PRIMARY KEY, item INTEGER, score REAL)")
        database.execute("DELETE FROM wanted")
        database.executemany("INSERT INTO wanted (item, score) VALUES (?, ?)", wanted)
        rows = database.execute("SELECT name, score FROM wanted JOIN items USING (item) ORDER BY score DESC, place")
        return pd.DataFrame(rows.fetchall(), columns=["name", "score"])
