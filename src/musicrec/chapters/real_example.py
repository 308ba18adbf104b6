"""A list to look at: whom to recommend to, in which order a list is shown, why, and how lists differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.models.base import Recommender
from musicrec.models.baselines.popularity import Popularity
from musicrec.models.rankers.hybrid import Hybrid
from musicrec.names import Names
from musicrec.serving.forms import Served

EVERYDAY = ("Radiohead", "Björk", "Portishead")  # what somebody might type who reads a book like this


def most_connected(dataset: Dataset, n: int = 10) -> pd.DataFrame:
    """Return the listeners with most friends: the counterpart of the most followed playlists.

    Returns
    -------
    pandas.DataFrame
        Index `listener`, the label in the data; columns `row` (of the interactions), `friends`, `artists`, `plays`
        and `listeners of the median artist`. Of equal numbers of friends the first in the data comes first.

    Raises
    ------
    KeyError
        When the data set has no table of friends: nobody is connected then.
    """
    if "friends" not in dataset.tables:
        raise KeyError(f"{dataset.name} has no table 'friends', so nobody in it is better connected than anybody else")
    listens, pairs = dataset.interactions, dataset.tables["friends"]
    distinct = pairs[pairs["user"] != pairs["friend"]].drop_duplicates(["user", "friend"])
    friends = distinct["user"].value_counts().reindex(listens.users, fill_value=0).to_numpy()
    best = np.argsort(-friends, kind="stable")[:n]
    return pd.DataFrame(
        {
            "row": best,
            "friends": friends[best],
            "artists": listens.history_sizes()[best],
            "plays": np.asarray(listens.matrix[best].sum(axis=1)).astype(np.int64),
            "listeners of the median artist": median_popularity(listens)[best],
        },
        index=pd.Index(listens.users[best], name="listener"),
    )


def median_popularity(listens: Interactions) -> NDArray[np.float64]:
    """Return how many listeners the median artist of each user has, shape (n_users,); NaN without artists.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> listens = Interactions(sp.csr_array(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]])), np.arange(3), np.arange(3))
    >>> median_popularity(listens).tolist()
    [1.5, 2.0, nan]
    """
    rows, columns = listens.coordinates()
    by_user = pd.Series(listens.popularity()[columns]).groupby(rows).median()
    return by_user.reindex(range(listens.n_users)).to_numpy(dtype=np.float64)


def kinds(train: Interactions, held_out: Interactions, *, least: int = 3) -> dict[str, int]:
    """Choose three listeners of different kinds by what can be counted in the training listens.

    Of listeners with something held out and at least the median number of artists, `mainstream` is the one whose
    `median_popularity` is nearest to the 95th percentile, `niche` nearest to the 5th: near the ends, but not the
    extremes, who are often odd in other ways. `few artists` has fewest artists of those with at least `least` that
    somebody else listens to as well. Of equals the first in the data is taken.

    Returns
    -------
    dict of str to int
        Row of each kind.

    Raises
    ------
    ValueError
        When there are no three such listeners.
    """
    popularity, sizes = median_popularity(train), train.history_sizes()
    able = (held_out.history_sizes() > 0) & (sizes >= np.median(sizes))
    some = np.flatnonzero(able)
    rows, columns = train.coordinates()
    shared = np.bincount(rows[train.popularity()[columns] > 1], minlength=train.n_users)
    if len(some) < 2 or not (shared >= least).any():
        raise ValueError(
            f"too few listeners to choose from: {len(some)} have something held out and at least the median number "
            f"of artists, {int((shared >= least).sum())} have {least} artists that somebody else listens to"
        )
    ends = np.quantile(popularity[some], [0.95, 0.05])
    mainstream, niche = (int(some[np.argmin(np.abs(popularity[some] - end))]) for end in ends)
    few = int(np.argmin(np.where(shared >= least, sizes, sizes.max() + 1)))
    if len({mainstream, niche, few}) < 3:
        raise ValueError("too few listeners to choose from: two of the three kinds would be the same listener")
    return {"mainstream": mainstream, "niche": niche, "few artists": few}


def unordered(names: Sequence[str], ids: ArrayLike, *, by_name: bool = False, index: bool = False) -> list[str]:
    """Ask SQLite for the names of some items with ``IN``, and return the rows as they come.

    What is asked for reaches the database as parameters; that the order is lost has nothing to do with how the text
    of the query is made.

    Parameters
    ----------
    names : sequence of str
        Names of all items, in the order of the file.
    ids : array-like of int
        The items asked for, best first.
    by_name : bool
        Whether the rows were written in the order of the names, instead of that of the file.
    index : bool
        Whether the column that is searched has an index.
    """
    rows = list(enumerate(map(str, names)))
    if by_name:
        rows.sort(key=lambda row: row[1])
    items = [int(item) for item in np.asarray(ids) if item >= 0]
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE TABLE items (item INTEGER NOT NULL, name TEXT NOT NULL)")
        database.executemany("INSERT INTO items VALUES (?, ?)", rows)
        if index:
            database.execute("CREATE INDEX by_item ON items (item)")
        places = ", ".join("?" * len(items))
        return [name for (name,) in database.execute(f"SELECT name FROM items WHERE item IN ({places})", items)]
    finally:
        database.close()


def in_file_order(lists: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return lists of items, shape (n, k), each in the order in which a plain table returns its rows.

    Examples
    --------
    >>> in_file_order(np.array([[7, 2, 5], [3, 1, -1]])).tolist()
    [[2, 5, 7], [1, 3, -1]]
    """
    last = np.iinfo(np.int64).max
    ordered = np.sort(np.where(lists < 0, last, lists), axis=1)
    return np.where(ordered == last, -1, ordered)


def jaccard(first: ArrayLike, second: ArrayLike) -> float:
    """Return the items on both lists as a share of those on either; two empty lists are equal.

    Examples
    --------
    >>> jaccard([1, 2, 3], [3, 4, -1])
    0.25
    """
    a, b = ({int(item) for item in np.asarray(each) if item >= 0} for each in (first, second))
    return len(a & b) / len(a | b) if a | b else 1.0


def rank_biased_overlap(first: ArrayLike, second: ArrayLike, p: float = 0.9) -> float:
    r"""Compare two rankings of which the tops are known, the first places weighing most [Webber et al., 2010].

    With :math:`X_d` items in common among the first d, and k places known, the extrapolated value

    .. math:: \frac{X_k}{k} p^k + \frac{1 - p}{p} \sum_{d=1}^k \frac{X_d}{d} p^d

    supposes that the rest of the rankings agrees as much as what is known. Where the lists are of different length,
    the longer one is cut.

    Parameters
    ----------
    first, second : array-like of int
        Items, best first; -1 is left out.
    p : float
        Between 0 and 1, how much each further place counts: at 0.9 the first ten have 86 % of the weight.

    Returns
    -------
    float
        From 0 (nothing in common) to 1 (the same).

    Raises
    ------
    ValueError
        When p is not between 0 and 1, or an item stands twice on a list.

    Examples
    --------
    >>> rank_biased_overlap([1, 2], [1, 2]), rank_biased_overlap([1, 2], [3, 4])
    (1.0, 0.0)
    >>> round(rank_biased_overlap([1, 2], [2, 1], p=0.5), 3)  # 1 · 1/4 + 1 · (0 · 1/2 + 1 · 1/4)
    0.5
    """
    if not 0 < p < 1:
        raise ValueError(f"p must lie between 0 and 1, not be {p}")
    a, b = ([int(item) for item in np.asarray(each) if item >= 0] for each in (first, second))
    if len(set(a)) < len(a) or len(set(b)) < len(b):
        raise ValueError("an item stands twice on a list")
    k = min(len(a), len(b))
    if k == 0:
        return float(len(a) == len(b))
    depths = np.arange(1, k + 1)
    share = np.array([len(set(a[:d]) & set(b[:d])) for d in depths]) / depths
    return float(share[-1] * p**k + (1 - p) / p * (share * p**depths).sum())


def pairwise(lists: Mapping[str, ArrayLike], how: Callable[[ArrayLike, ArrayLike], float] = jaccard) -> pd.DataFrame:
    """Compare every list with every other; index and columns are the names of the lists."""
    return pd.DataFrame({a: {b: how(lists[a], lists[b]) for b in lists} for a in lists})


def reasons(model: Recommender, user: int, ids: ArrayLike, names: ArrayLike, *, n: int = 2) -> list[str]:
    """Say in a few words why each of some items is recommended, as far as the model itself can tell.

    A sum over the user's own items names the n largest parts of it; popularity says how popular; a hybrid which of
    its systems have the item among their own ten best, and at which place. "cannot say" is what is left.

    Parameters
    ----------
    model : Recommender
        Fitted.
    user : int
        Row of its training interactions.
    ids : array-like of int
        Items; -1 is left out.
    names : array-like of str, shape (n_items,)
        Names of all items.
    """
    items, named = [int(item) for item in np.asarray(ids) if item >= 0], np.asarray(names, dtype=object)
    if isinstance(model, Popularity):
        return [f"{model.listeners[item]:,.0f} listeners" for item in items]
    if isinstance(model, Hybrid):
        return [_named({name: place for name, place in row.items() if place}) for row in proposers(model, user, items)]
    history = model.train.matrix[[user]]
    try:
        parts = [model.explain(history, item).head(n) for item in items]
    except NotImplementedError:
        return ["cannot say"] * len(items)
    return [
        ", ".join(f"{named[own]} {part:+.2f}" for own, part in zip(each.index.to_numpy(), each, strict=True))
        for each in parts
    ]


def proposers(model: Hybrid, user: int, items: Sequence[int], k: int = 10) -> list[dict[str, int]]:
    """Return for each item its place (from 1) on the k best of every system of a hybrid; 0 where it is not there."""
    systems = zip(model.scorers, model.systems, strict=True)
    tops = {name: system.recommend([user], k).ids[0].tolist() for name, system in systems}
    return [{name: top.index(item) + 1 if item in top else 0 for name, top in tops.items()} for item in items]


def _named(places: Mapping[str, int]) -> str:
    best = sorted(places.items(), key=lambda each: each[1])[:3]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(f"{name} #{place}" for name, place in best) + more if places else "no system's first ten"


def asked_for(served: Served, names: Sequence[str] = EVERYDAY) -> list[str]:
    """Return the names somebody might type, or, where the data have them not, as many of the best known."""
    in_data = set(names) <= set(served.names[: served.n])
    return list(names) if in_data else served.names[: min(len(names), served.n)]


def answer(served: Served, texts: Sequence[str], k: int = 10) -> pd.DataFrame:
    """Recommend to somebody who types the names of a few artists, as the command `musicrec recommend` does.

    Returns
    -------
    pandas.DataFrame
        Best first: `artist`, `score`, `listeners`, and a column for each given artist, under its name in the data,
        with what it adds to the score. These add up to the score, except under popularity, to which nobody adds.

    Raises
    ------
    LookupError
        When a name fits no artist, with names that come close; or an artist has too few listeners to be served.
    """
    names = Names(served.names, served.listeners)
    liked = np.array(list(dict.fromkeys(names.find(text) for text in texts)), dtype=np.int64)
    if rare := [served.names[artist] for artist in liked if artist >= served.n]:
        raise LookupError(f"too few listeners in these data have {', '.join(rare)}")
    found = served.recommend(liked, k)
    adds = [served.adds(liked, each.artist) for each in found]
    parts = pd.DataFrame(np.reshape(adds, (len(found), len(liked))), columns=[served.names[a] for a in liked])
    items = [each.artist for each in found]
    columns = {
        "artist": [served.names[item] for item in items],
        "score": [each.score for each in found],
        "listeners": [int(served.listeners[item]) for item in items],
    }
    return pd.concat([pd.DataFrame(columns), parts], axis=1)
