"""What the original's charts of the Last.fm data leave out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from musicrec.chapters.eda.measures import FriendOverlap, explained_variance
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.play_counts import clip_and_scale, outlier_cut
from musicrec.evaluation.statistics import interval_table


class ListLengths(NamedTuple):
    """Where the lists of the users end."""

    n_users: int
    most: int  # artists on the longest list
    n_full: int  # users with a list as long as that
    full: float  # their share
    last: float  # plays of the last artist on such a list, the median


def _full_lists(data: Dataset) -> np.ndarray:
    """Say of each user whether the list is as long as the longest."""
    sizes = data.interactions.history_sizes()
    return sizes == sizes.max()


def list_lengths(data: Dataset) -> ListLengths:
    """Find out at which length the lists of artists end, and what stands in the last place."""
    full, listens = _full_lists(data), data.interactions
    last = data.tables["listens"].groupby("user")["plays"].min()[listens.users[full]]
    most = int(listens.history_sizes().max())
    return ListLengths(listens.n_users, most, int(full.sum()), full.mean(), last.median())


class Tail(NamedTuple):
    """How listens concentrate on artists."""

    single: float  # share of the artists with one listener
    percent: float  # of the listens, drawn by the most common 1 % of the artists
    tenth: float  # of the listens, drawn by the most common 10 %, in %
    alone: float  # share of the listens whose artist has no other listener
    ceiling: float  # the share that is left


def tail(listeners: pd.Series) -> Tail:
    """Describe the distribution of the listeners of artists, sorted from the most common down."""
    share = 100 * listeners.cumsum() / listeners.sum()
    percent, tenth = (share.iloc[int(len(share) * part) - 1] for part in (0.01, 0.1))
    single = listeners == 1
    alone = single.sum() / listeners.sum()
    return Tail(single.mean(), percent, tenth, alone, 1 - alone)


def popularity_curve(listeners: pd.Series, n_points: int = 300) -> pd.DataFrame:
    """Return the share of all listens (%) drawn by the first artists, at points that a log axis spaces evenly."""
    share = 100 * listeners.to_numpy().cumsum() / listeners.sum()
    ranks = np.unique(np.geomspace(1, len(share), n_points).astype(int))
    return pd.DataFrame({"share": share[ranks - 1]}, index=ranks)


class Plays(NamedTuple):
    """What a play count measures."""

    cut: float
    median: float
    at_cut: float  # share of the listens at or beyond the cut
    between: float  # share of the variance of log play counts that lies between users
    between_ratings: float  # the same of the ratings
    never: float  # share of the users without an artist at the cut
    mostly: float  # share of the users with more than half of their artists there
    artist: str  # with the most plays by one user
    largest: int
    years: float  # that this takes, at four minutes a song


def plays(data: Dataset) -> Plays:
    """Describe the play counts, cut and scaled as the original does, by whose they are."""
    listens = data.tables["listens"]
    counts = listens["plays"].to_numpy(float)
    cut = outlier_cut(counts)
    at_cut = pd.Series(counts >= cut).groupby(listens["user"].to_numpy()).mean()
    row = int(counts.argmax())
    artist, largest = listens["artist"].iloc[row], int(counts[row])
    return Plays(
        cut=cut,
        median=float(np.median(counts)),
        at_cut=(counts >= cut).mean(),
        between=explained_variance(np.log(counts), listens["user"]),
        between_ratings=explained_variance(clip_and_scale(counts, cut=cut), listens["user"]),
        never=(at_cut == 0).mean(),
        mostly=(at_cut > 0.5).mean(),
        artist=str(data.items.set_index("id")["name"].loc[artist]),
        largest=largest,
        years=largest * 4 / (60 * 24 * 365),
    )


def whose_plays(facts: Plays) -> pd.DataFrame:
    """Return how much plays and ratings say about the user: index `quantity`, column `value`, written out."""
    quantities = {
        "variance of log play counts between users": f"{facts.between:.1%}",
        "variance of ratings between users": f"{facts.between_ratings:.1%}",
        "users without an artist at rating 10": f"{facts.never:.1%}",
        "users with more than half of their artists at rating 10": f"{facts.mostly:.1%}",
    }
    return pd.Series(quantities, name="value").rename_axis("quantity").to_frame()


def busy_and_quiet(data: Dataset, n: int = 10) -> dict[str, pd.Series]:
    """Return the play counts of users with the longest lists, from the quietest to the busiest tenth.

    The users are lined up by their plays in all; the line is cut into `n` equal parts, and the one in the middle of
    each is taken. The name of each is the number of plays in all.
    """
    listens = data.tables["listens"]
    total = listens.groupby("user")["plays"].sum()[data.interactions.users[_full_lists(data)]]
    total = total.sort_values(kind="stable")
    middle = ((np.arange(n) + 0.5) / n * len(total)).astype(int)
    return {f"{total[user]:,}": listens.loc[listens["user"] == user, "plays"] for user in total.index[middle]}


class Tags(NamedTuple):
    """What tags reach, and what they give away."""

    used_once: float  # share of the tags in use
    reach: float  # share of the listens whose artist has a tag
    own: float  # share of the uses on an artist from the user's own list


def tags(data: Dataset, uses: pd.Series) -> Tags:
    """Describe the tags against the listens."""
    listens, assigned = data.tables["listens"], data.tables["tag_assignments"]
    pairs = pd.MultiIndex.from_frame(listens[["user", "artist"]])
    own = pd.MultiIndex.from_frame(assigned[["user", "artist"]]).isin(pairs)
    reach = listens["artist"].isin(assigned["artist"]).mean()
    return Tags((uses == 1).mean(), reach, own.mean())


def tag_table(data: Dataset, uses: pd.Series) -> pd.DataFrame:
    """Return what the ten most used tags do not show: index `quantity`, column `value`, written out."""
    found, assigned = tags(data, uses), data.tables["tag_assignments"]
    n_tags, ids = len(data.tables["tags"]), data.items["id"]
    by_user = assigned["user"].value_counts()
    quantities = {
        "tags never used": f"{n_tags - len(uses):,} of {n_tags:,}",
        "tags in use that were used once": f"{found.used_once:.1%}",
        "uses that go to the ten most used tags": f"{uses.head(10).sum() / len(assigned):.1%}",
        "uses by the busiest tenth of the taggers": f"{by_user.head(len(by_user) // 10).sum() / len(assigned):.1%}",
        "artists with at least one tag": f"{ids.isin(assigned['artist']).mean():.1%}",
        "listens of such artists": f"{found.reach:.1%}",
        "uses on an artist from the user's own list": f"{found.own:.1%}",
        "uses on artists missing from the table of artists": f"{(~assigned['artist'].isin(ids)).sum():,}",
        "uses dated before 2002, when Last.fm began": f"{(assigned['year'] < 2002).sum():,}",
    }
    return pd.Series(quantities, name="value").rename_axis("quantity").to_frame()


def shared_with_friends(overlap: FriendOverlap, seed: int) -> pd.DataFrame:
    """Return artists shared `with friends`, `with others` and their `difference`: means over users with intervals."""
    both = overlap.per_user.rename(columns={"with_friends": "with friends", "with_others": "with others"})
    columns = both.assign(difference=both["with friends"] - both["with others"])
    table = interval_table({str(name): values for name, values in columns.items()}, seed=seed)
    return table.rename_axis("shared artists")


class Gap(NamedTuple):
    """Artists shared with friends and with others, and the difference with its interval."""

    with_friends: float
    with_others: float
    difference: float
    low: float
    high: float


def gap(shared: pd.DataFrame) -> Gap:
    """Return the means of `shared_with_friends` and the interval of the difference."""
    friends, others, difference = shared["value"]
    return Gap(friends, others, difference, shared["low"]["difference"], shared["high"]["difference"])
