"""What chapter 08 shows of a listener, of a crowd, and of three listeners: tables, and what sentences need of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.chapters.real_example import most_connected, reasons
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.jaccard import jaccard
from musicrec.evaluation.ranking import evaluate_lists
from musicrec.evaluation.statistics import bootstrap_mean
from musicrec.models.base import Recommender
from musicrec.scores.records import ScoreBook

REPORTED = {"items of the example": ("artists", 212), "followers of the example": ("friends", 232)}
Lists = Mapping[str, NDArray[np.int64]]  # by system: ids, best first; of one user, or a row per user


def write_down(book: ScoreBook, connected: pd.DataFrame, data: Dataset) -> None:
    """Add the two figures of the original's example beside those of our best connected listener."""
    note = f"the original's example is a playlist of its own sample; ours is a listener of {data.name}"
    for quantity, (column, figure) in REPORTED.items():
        book.reproduce("playlist-nncf", quantity, connected[column].iloc[0], figure, note=note)


class Typical(NamedTuple):
    """What is usual: the median number of friends, and the listeners of the median listener's median artist."""

    friends: float
    listeners: float


def typical(data: Dataset) -> Typical:
    """Return what is usual in a data set."""
    everybody = most_connected(data, data.interactions.n_users)
    return Typical(everybody["friends"].median(), everybody["listeners of the median artist"].median())


def first_artists(data: Dataset, hidden: Interactions, user: int, n: int = 20) -> pd.DataFrame:
    """Return the artists somebody plays most, and which of them are hidden."""
    listens = data.interactions
    row = listens.matrix[[user]]
    first = row.indices[np.argsort(-row.data, kind="stable")[:n]]
    columns = {
        "artist": data.item_names[first],
        "plays": listens.matrix[[user]].toarray()[0, first].astype(int),
        "listeners": listens.popularity()[first],
        "hidden": np.isin(first, hidden.matrix[[user]].indices),
    }
    return pd.DataFrame(columns, index=places(len(first)))


def places(n: int) -> pd.RangeIndex:
    """Return the places on a list of n, from 1."""
    return pd.RangeIndex(1, n + 1, name="place")


class Played(NamedTuple):
    """How many artists somebody has, how many are hidden, and to how many nobody else listens."""

    n: int
    hidden: int
    alone: int


def played(listens: Interactions, hidden: Interactions, user: int) -> Played:
    """Count somebody's artists."""
    own = listens.matrix[[user]].indices
    return Played(len(own), int(hidden.history_sizes()[user]), int((listens.popularity()[own] == 1).sum()))


class Orders(NamedTuple):
    """In how many orders `n` tables return one list, the places of its best artist, and how many stand right."""

    n: int
    different: int
    places: list[str]
    right: list[str]
    k: int


def orders(ordered: Sequence[str], answers: Mapping[str, Sequence[str]]) -> Orders:
    """Compare answers of a database with the order of the scores."""
    right = [sum(a == b for a, b in zip(answer, ordered, strict=True)) for answer in answers.values()]
    first = [list(answer).index(ordered[0]) + 1 for answer in answers.values()]
    different = len({tuple(answer) for answer in answers.values()})
    return Orders(len(answers), different, [str(place) for place in first], [str(n) for n in right], len(ordered))


def crowd(hidden: Interactions, seed: int, n: int = 300) -> NDArray[np.int64]:
    """Draw users with something hidden."""
    able = np.flatnonzero(hidden.history_sizes())
    return np.sort(np.random.default_rng(seed).choice(able, size=min(len(able), n), replace=False))


def measured(
    ids: NDArray[np.int64], users: NDArray[np.int64], hidden: Interactions, train: Interactions
) -> pd.DataFrame:
    """Return the metrics of the lists of some users, one row per user."""
    return evaluate_lists(ids, users, hidden, train).per_user


class Cost(NamedTuple):
    """What it does to NDCG@10 to show a list in the order of a file, with its interval, and what that says."""

    mean: float
    low: float
    high: float
    verdict: str


def cost(by_score: pd.DataFrame, by_file: pd.DataFrame) -> Cost:
    """Compare two orders of the same lists."""
    mean, low, high = bootstrap_mean((by_file["ndcg@10"] - by_score["ndcg@10"]).to_numpy())
    verdict = "The order of the network's own ten is hardly better than the accident of a file."
    if high < 0:
        verdict = "The order of the scores was worth having."
    elif low > 0:
        verdict = "An accident of the file beats the network's own order."
    return Cost(mean, low, high, verdict)


class Checked(NamedTuple):
    """A list of ten, checked.

    Attributes
    ----------
    hidden, found : int
        Hidden artists; how many of them are on the list.
    ten, fifty : int
        How many of the list are among the ten and fifty best known that the user does not have.
    own, popularity : float
        Mean Jaccard index of recommended and own artists, of the list and of the best known.
    blind : bool
        Whether that index hardly notices the difference.
    """

    hidden: int
    found: int
    ten: int
    fifty: int
    own: float
    popularity: float
    blind: bool


def checked(
    ids: NDArray[np.int64], best_known: NDArray[np.int64], user: int, train: Interactions, hidden: Interactions
) -> Checked:
    """Check a list by what was hidden, by what everybody would be shown, and as the original did."""
    right, own = hidden.matrix[[user]].indices, train.matrix[[user]].indices
    list_index, known_index = (float(jaccard(train, each, own).mean()) for each in (ids, best_known[:10]))
    ten, fifty = (int(np.isin(ids, best_known[:n]).sum()) for n in (10, 50))
    found, blind = int(np.isin(ids, right).sum()), known_index > 0.8 * list_index
    return Checked(len(right), found, ten, fifty, list_index, known_index, blind)


def checked_table(checked: Checked) -> pd.DataFrame:
    """Return what a list holds, beside the most popular."""
    rows = {
        f"of the {checked.hidden} hidden artists": (checked.found, None),
        "of the ten most popular": (checked.ten, 10),
        "of the fifty most popular": (checked.fifty, 10),
        "mean Jaccard index with own artists": (f"{checked.own:.4f}", f"{checked.popularity:.4f}"),
    }
    table = pd.DataFrame(rows, ["the network's ten", "the most popular"], dtype=object).T
    return table.rename_axis("what is on the list")


def side_by_side(lists: Lists, user: int, hidden: Interactions, names: ArrayLike) -> pd.DataFrame:
    """Return lists by name, one column each; ✓ marks what was hidden."""
    right, named = hidden.matrix[[user]].indices, np.asarray(names, dtype=object)
    columns = {
        system: [f"{name} ✓" if hit else name for name, hit in zip(named[ids], np.isin(ids, right), strict=True)]
        for system, ids in lists.items()
    }
    return pd.DataFrame(columns).set_axis(places(10))


def card(lists: Lists, user: int, train: Interactions, hidden: Interactions, names: ArrayLike) -> pd.DataFrame:
    """Return what the lists of one user hold: one row per system."""
    right, own, named = hidden.matrix[[user]].indices, train.matrix[[user]].indices, np.asarray(names, dtype=object)
    rows = {}
    for system, ids in lists.items():
        hits = np.flatnonzero(np.isin(ids, right))
        rows[system] = {
            "found": len(hits),
            "which, at place": ", ".join(f"{named[ids[place]]} ({place + 1})" for place in hits) or "–",
            "listeners of the median artist": np.median(train.popularity()[ids]),
            "Jaccard with own": jaccard(train, ids, own).mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("system")


def hidden_artists(user: int, train: Interactions, hidden: Interactions, names: ArrayLike) -> pd.DataFrame:
    """Return what was hidden of a user, the best known first."""
    items = hidden.matrix[[user]].indices
    table = pd.DataFrame({"artist": np.asarray(names)[items], "listeners in training": train.popularity()[items]})
    return table.sort_values("listeners in training", ascending=False, kind="stable").set_axis(places(len(items)))


def reason_table(
    models: Mapping[str, Recommender], lists: Lists, user: int, names: ArrayLike, n: int = 3
) -> pd.DataFrame:
    """Return the first n of each list, and why."""
    named = np.asarray(names, dtype=object)
    rows = [
        (system, named[item], reason)
        for system, ids in lists.items()
        for item, reason in zip(ids[:n], reasons(models[system], user, ids[:n], names), strict=True)
    ]
    return pd.DataFrame(rows, columns=["system", "recommended", "because of"])


class Exact(NamedTuple):
    """The sum of all parts of a score, and how far the score is from it."""

    total: float
    apart: float


def exact(model: Recommender, user: int, item: int) -> Exact:
    """Add up the reasons of a score."""
    total = float(model.explain(model.train.matrix[[user]], item).sum())
    return Exact(total, abs(total - float(model.scores(np.array([user]))[0, item])))
