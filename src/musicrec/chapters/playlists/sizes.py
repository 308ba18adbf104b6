"""Chapter 05 on playlists: how large samples are, and which playlist is the example."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from musicrec.chapters.nncf.reported import KEY, SIZES
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.scores.records import ScoreBook


def sizes_of(samples: Iterable[tuple[int, Dataset]]) -> pd.DataFrame:
    """Return `lists`, `items`, `entries` and `density (%)` of samples, a row each."""
    rows = {}
    for seed, data in samples:
        part = data.interactions
        rows[seed] = dict(
            zip(SIZES["seeded"], (part.n_users, part.n_items, len(part), 100 * part.density), strict=True)
        )
    return pd.DataFrame(rows).T.rename_axis("sample")


def write_down(book: ScoreBook, sizes: pd.DataFrame, name: str, data: Dataset) -> None:
    """Add what the original said of one of its samples beside the mean of ours.

    Parameters
    ----------
    book : ScoreBook
        Where.
    sizes : pandas.DataFrame
        From `sizes_of`.
    name : {"seeded", "random"}
        Which of the two samples.
    data : Dataset
        One of ours of that kind.
    """
    for quantity, reported in SIZES[name].items():
        found = sizes[quantity]
        sd = {"sd": found.std()} if len(found) > 1 else {}
        seeds = tuple(int(seed) for seed in sizes.index)
        quantity = f"{quantity}, {name} sample"
        book.reproduce(KEY, quantity, found.mean(), reported, dataset=data, seeds=seeds, **sd)


def most_followed(train: Interactions, data: Dataset) -> int:
    """Return the row of the playlist with most followers of which at least two tracks are known, of equals the first.

    Parameters
    ----------
    train : Interactions
        What is known, rows as those of the table `playlists`.
    data : Dataset
        With that table.
    """
    followers = data.tables["playlists"]["num_followers"].fillna(0).to_numpy()
    return int(np.argmax(np.where(train.history_sizes() >= 2, followers, -1)))
