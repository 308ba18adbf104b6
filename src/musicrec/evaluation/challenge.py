"""The metrics of the RecSys Challenge 2018, by category of what is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.evaluation import continuation
from musicrec.evaluation.ranking import Evaluation
from musicrec.splits.by_user import is_held_out
from musicrec.splits.challenge import CATEGORIES, Challenge

ARTIST_CREDIT = 0.25  # of a right artist, beside 1 for a right track
DEFINITIONS = {
    "r-precision": "share of the G held-out tracks among the first G of the list",
    "r-precision, artists": (
        "(right tracks + ¼ · right artists) / G, both among the first G of the list; an artist counts once, whether or "
        "not a track is right, so that the most there is lies between 1 and 1.25"
    ),
    "ndcg@500": "discounted gain of the right tracks among 500, over that of all G in front",
    "clicks": "pages of ten tracks to turn before the first right one, 51 when none is among 500; lower is better",
}
METRICS = tuple(DEFINITIONS)


def measure(lists: NDArray[np.int64], challenge: Challenge) -> Evaluation:
    """Measure lists of tracks, best first, one for each playlist that is asked for.

    Parameters
    ----------
    lists : numpy.ndarray, shape (n, k)
        Tracks; -1 where there is none.
    challenge : Challenge
        The right answers.

    Returns
    -------
    Evaluation
        The metrics of `DEFINITIONS` per playlist. NDCG is that of the challenge's own program, with the logarithm of
        place + 1; its web page has the logarithm of the place from the second place on.

    Raises
    ------
    ValueError
        When there is not one list for each playlist, or when a list holds a seed or a track twice.
    """
    held_out = challenge.held_out
    if len(lists) != held_out.n_users:
        raise ValueError(f"{len(lists):,} lists for {held_out.n_users:,} playlists")
    _check(lists, challenge)
    found = continuation.measure(lists, held_out)
    columns = found.per_user[["r-precision", "ndcg@500", "clicks"]]
    columns.insert(1, "r-precision, artists", _with_artists(lists, challenge))
    return Evaluation(found.users, columns, lists)


def by_category(evaluation: Evaluation, challenge: Challenge) -> pd.DataFrame:
    """Return the mean of each metric for each category that has playlists, with their number, and for all."""
    frame = evaluation.per_user.groupby(challenge.category)
    table = frame.mean()
    table.insert(0, "playlists", frame.size())
    table.index = pd.Index([CATEGORIES[place].name for place in table.index], name="given")
    everything = pd.DataFrame([{"playlists": len(evaluation.per_user), **evaluation.per_user.mean()}], index=["all"])
    return pd.concat([table, everything]).rename_axis("given").astype({"playlists": int})


def _with_artists(lists: NDArray[np.int64], challenge: Challenge) -> NDArray[np.float64]:
    """Return R-precision with a quarter for each right artist."""
    artists, held_out = challenge.train.artists, challenge.held_out.matrix
    hits = is_held_out(lists, np.arange(len(lists)), challenge.held_out)
    values = np.empty(len(lists))
    for row, tracks in enumerate(lists):
        right = held_out.indices[held_out.indptr[row] : held_out.indptr[row + 1]]
        first = tracks[: len(right)]
        found = np.intersect1d(artists[first[first >= 0]], artists[right])
        values[row] = (hits[row, : len(right)].sum() + ARTIST_CREDIT * len(found)) / len(right)
    return values


def _check(lists: NDArray[np.int64], challenge: Challenge) -> None:
    ordered = np.sort(lists, axis=1)
    if twice := int(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1).sum()):
        raise ValueError(f"{twice:,} lists hold a track twice")
    seeds, n_items = challenge.asked.seeds, challenge.held_out.n_items
    rows = np.repeat(np.arange(len(lists)), np.diff(seeds.indptr))
    given = np.isin(np.arange(len(lists))[:, None] * n_items + lists, rows * n_items + seeds.indices) & (lists >= 0)
    if given.any():
        raise ValueError(f"{int(given.any(axis=1).sum()):,} lists hold a track that was given")
