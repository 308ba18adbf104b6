"""Three listeners of different kinds, and somebody who is not in the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from musicrec.chapters.real_example import answer, median_popularity, rank_biased_overlap
from musicrec.chapters.real_example_results import Lists
from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.serving.forms import Served


def who(kinds: Mapping[str, int], train: Interactions, hidden: Interactions, names: ArrayLike) -> pd.DataFrame:
    """Return who the listeners of each kind are, with the four artists they play most."""
    users, named = list(kinds.values()), np.asarray(names, dtype=object)
    most = []
    for user in users:
        row = train.matrix[[user]]
        most.append(", ".join(named[row.indices[np.argsort(-row.data, kind="stable")[:4]]]))
    columns = {
        "listener": train.users[users].astype(str),
        "artists in training": train.history_sizes()[users],
        "hidden": hidden.history_sizes()[users],
        "listeners of the median artist": median_popularity(train)[users],
        "most played": most,
    }
    return pd.DataFrame(columns, index=pd.Index(kinds, name="kind"))


def cards(
    kinds: Mapping[str, int], lists: Mapping[str, Lists], train: Interactions, hidden: Interactions
) -> pd.DataFrame:
    """Return what the lists of each kind of listener hold, one row per kind and system; NaN where nothing is hidden."""
    rows = {}
    for kind, user in kinds.items():
        right = hidden.matrix[[user]].indices
        for name, ids in lists[kind].items():
            rows[kind, name] = {
                "found": float(np.isin(ids, right).sum()) if len(right) else np.nan,
                "listeners of the median artist": np.median(train.popularity()[ids]),
                "overlap with popularity": rank_biased_overlap(ids, lists[kind]["popularity"]),
            }
    return pd.DataFrame(rows).T.rename_axis(["kind", "system"])


class Faces(NamedTuple):
    """How well known the artists are that two systems recommend to the mainstream and to the niche listener.

    `counted` says whether anything is hidden of the third.
    """

    mainstream: float
    niche: float
    network_mainstream: float
    network_niche: float
    counted: bool


def faces(cards: pd.DataFrame) -> Faces:
    """Sum up the table of `cards`."""
    known, found = cards["listeners of the median artist"].to_dict(), cards["found"].xs("few artists")
    ease, network = ([known[kind, name] for kind in ("mainstream", "niche")] for name in ("ease", "nncf"))
    return Faces(ease[0], ease[1], network[0], network[1], bool(found.notna().all()))


def reason_map(model: Recommender, user: int, ids: ArrayLike, names: ArrayLike, n: int = 8) -> pd.DataFrame:
    """Return every part of every score, a row per recommended item; the n own items with most to say."""
    named, history = np.asarray(names, dtype=object), model.train.matrix[[user]]
    items = [int(item) for item in np.asarray(ids)]
    parts = pd.DataFrame([model.explain(history, item).sort_index() for item in items], index=named[items])
    parts = parts[parts.abs().sum().sort_values(ascending=False, kind="stable").index[:n]]
    return parts.set_axis(named[parts.columns.to_numpy()], axis=1)


def reason_caption(parts: pd.DataFrame, size: int) -> str:
    """Say what a map of reasons shows of a history of `size` items: all of it, or the largest parts."""
    return "Each row adds up to the score." if parts.shape[1] == size else "The own artists with most to say."


class Folded(NamedTuple):
    """How far the parts are from the score, at most, and which named artist has the largest say over a whole list."""

    apart: float
    most: str


def folded(answered: pd.DataFrame) -> Folded:
    """Sum up a list of `real_example.answer`."""
    parts = answered.drop(columns=["artist", "score", "listeners"]).astype(float)
    return Folded((parts.sum(axis=1) - answered["score"]).abs().max(), str(parts.sum().idxmax()))


def shared(answered: pd.DataFrame, popularity: Served, served: Served, asked: Sequence[str]) -> pd.DataFrame:
    """Return how many artists a list shares with that of everybody, and with that for each named artist alone."""
    lists = {"the list that everybody gets": answer(popularity, asked)}
    lists |= {f"the list for {name} alone": answer(served, [name]) for name in asked}
    common = {name: int(each["artist"].isin(answered["artist"]).sum()) for name, each in lists.items()}
    return pd.DataFrame({"artists in common": common}).loc[list(lists)].rename_axis("shared with")


class Typed(NamedTuple):
    """The first name as it was typed once more, and as it is, and whether that changes nothing."""

    typed: str
    first: str
    same: bool


def typed(answered: pd.DataFrame, served: Served, asked: Sequence[str]) -> Typed:
    """Ask again with the first name in capitals."""
    capitals = asked[0].upper()
    again = answer(served, [capitals, *asked[1:]])
    return Typed(capitals, asked[0], again["artist"].equals(answered["artist"]))
