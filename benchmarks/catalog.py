"""Adding a file to the dataset catalogue against `pandas.read_csv` and `to_sql` into SQLite."""

import sqlite3
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks import Ratio, seconds
from musicrec.catalog import open_catalog

SONGS, TIMES = 232_725, 4  # a table of the shape the original uploaded, several times over


def write_songs(path: Path) -> None:
    """Write songs with their audio features; one title in ten needs quotes."""
    rng = np.random.default_rng(0)
    number = np.arange(SONGS)
    titles = pd.Series(number).map(lambda i: f"A Song, Part {i}" if i % 10 == 0 else f"Some Title of {i}")
    columns = {
        "genre": rng.choice(["Movie", "R&B", "A Capella", "Alternative", "Country"], SONGS),
        "artist_name": np.char.add("Artist ", rng.integers(0, 14_000, SONGS).astype(str)),
        "track_name": titles,
        "track_id": [f"{value:022x}" for value in rng.integers(0, 2**63, SONGS)],
        "popularity": rng.integers(0, 101, SONGS),
        "duration_ms": rng.integers(30_000, 500_000, SONGS),
        "key": rng.choice(list("CDEFGAB"), SONGS),
        "mode": rng.choice(["Major", "Minor"], SONGS),
        "time_signature": rng.choice(["4/4", "3/4"], SONGS),
        "tempo": (60 + 140 * rng.random(SONGS)).round(3),
        "loudness": (-60 * rng.random(SONGS)).round(3),
    }
    for feature in ("acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "valence"):
        columns[feature] = rng.random(SONGS).round(4)
    heading, _, body = pd.DataFrame(columns).to_csv(index=False).partition("\n")
    with path.open("w") as file:
        file.write(heading + "\n")
        file.writelines(body for _ in range(TIMES))


def run() -> list[Ratio]:
    """Add the file both ways; what the catalogue stores must be what pandas reads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "songs.csv"
        write_songs(path)

        def ours() -> None:
            for left in folder.glob("catalog.duckdb*"):
                left.unlink()
            open_catalog(folder / "catalog.duckdb").add(path)

        def theirs() -> None:
            (folder / "songs.sqlite").unlink(missing_ok=True)
            connection = sqlite3.connect(folder / "songs.sqlite")
            pd.read_csv(path).to_sql("songs", connection, index=False)
            connection.commit()
            connection.close()

        def bare() -> None:
            (folder / "bare.duckdb").unlink(missing_ok=True)
            with duckdb.connect(str(folder / "bare.duckdb")) as connection:
                connection.execute("CREATE TABLE songs AS FROM read_csv(?)", [str(path)])

        times = seconds(ours, 3), seconds(theirs, 2)
        alone = seconds(bare, 3)
        catalog = open_catalog(folder / "catalog.duckdb")
        frame = pd.read_csv(path, nrows=50)
        assert catalog.show("songs").rows == SONGS * TIMES
        pd.testing.assert_frame_equal(catalog.head("songs", 50).reset_index(drop=True), frame, check_dtype=False)
        size = path.stat().st_size / 1e6
    note = (
        f"seconds for a .csv of {size:,.0f} MB: {size / times[0]:,.0f} MB/s against {size / times[1]:,.0f}; ours "
        f"checks every row, settles types without loss and describes every column (DuckDB by itself: {alone:.4g})"
    )
    return [Ratio("adding to the catalogue", "pandas.read_csv + to_sql", *times, 0.5, "faster", note)]
