"""What a served model says to a reader who brings a listening history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musicrec.histories.matching import Matched, match_artists, played_items
from musicrec.histories.plays import PLAY
from musicrec.histories.read import History
from musicrec.serving.forms import Recommended, Served
from musicrec.serving.lookup import Lookup

FAVOURITES = 50  # artists a model is told: the listeners it learned from are known by their 50 most played ones
DRAWS = 20  # times a part of the favourites is hidden
HIDDEN = 0.2  # of the favourites
LAST = np.timedelta64(90, "D")
LEAST_HISTORY = np.timedelta64(180, "D")


@dataclass(frozen=True)
class Fidelity:
    """How well a model knows a reader: a part of the favourites is hidden and looked for among all other artists.

    Attributes
    ----------
    hidden : int
        Favourites that were hidden each time.
    found : float
        Share of them among the first 10, on average over the draws.
    popular : float
        The same when the best known artists are recommended to everyone.
    """

    hidden: int
    found: float
    popular: float


@dataclass(frozen=True)
class Forecast:
    """The last three months of a history, predicted from what was before.

    Attributes
    ----------
    since : str
        The day the last months begin.
    artists, new : int
        How many known artists were played then, and how many of them never before.
    repeats : float
        Of the 10 most played before, the share played again.
    model : float
        Of the 10 artists the model ranks first, played before or not, the share played.
    new_found, new_popular : int
        How many of the new artists are among the 20 that the model, and popularity, recommends.
    repeated_plays : float
        Share of the plays of the last months that went to artists played before.
    """

    since: str
    artists: int
    new: int
    repeats: float
    model: float
    new_found: int
    new_popular: int
    repeated_plays: float


@dataclass(frozen=True)
class Fame:
    """How well known the reader's artists are: medians of their listeners in the data.

    Attributes
    ----------
    reader : int
        Half of the reader's favourites have at most so many listeners.
    everyone : int
        Half of all listens of the data go to artists of at most so many.
    share_below : float
        Share of all listens of the data that go to artists less known than the reader's median.
    """

    reader: int
    everyone: int
    share_below: float


@dataclass(frozen=True, eq=False)
class Reader:
    """A history and the model that is to know it.

    Attributes
    ----------
    history : History
        As read.
    matched : Matched
        Its artists among those served.
    served : Served
        The model.
    """

    history: History
    matched: Matched
    served: Served

    @property
    def favourites(self) -> NDArray[np.int64]:
        """The most played artists, which the model is told, at most `FAVOURITES`."""
        return np.array(self.matched.items[:FAVOURITES], dtype=np.int64)

    @property
    def heard(self) -> set[int]:
        """All artists of the history, also those that were only skipped or played in private."""
        return {*self.matched.items, *(item for items in self.matched.item_of for item in items)}

    def recommend(self, k: int = 10, avoid_popular: float = 0.0) -> list[Recommended]:
        """Return the k best artists that are nowhere in the history."""
        return new_to(self.served, self.favourites, self.heard, k, avoid_popular)

    def fidelity(self, rng: np.random.Generator) -> Fidelity | None:
        """Hide a part of the favourites and look for it; None where there are too few."""
        return fidelity(self.served, self.favourites, self.heard, rng)

    def forecast(self) -> Forecast | None:
        """Predict the last three months from what was before; None where the history has no times or is too short."""
        plays = self.history.plays
        rows = plays.select((plays.state == PLAY) & ~np.isnat(plays.time))
        if not len(rows) or rows.time.max() - rows.time.min() < LEAST_HISTORY:
            return None
        since = rows.time.max() - LAST
        artist, late = rows.artist, rows.time > since
        before, after = played_items(self.matched, artist[~late]), played_items(self.matched, artist[late])
        if not before or not after:
            return None
        told = np.array(before[:FAVOURITES], dtype=np.int64)
        new = set(after) - set(before)
        heard_before = np.isin(artist[late], artist[~late])
        ranked = np.argsort(-self.served.scores(np.sort(told)), kind="stable")[:10]
        unheard = np.setdiff1d(np.arange(self.served.n), before)[:20]  # artists are ordered by listeners
        return Forecast(
            str(since.astype("datetime64[D]")), len(after), len(new), _share(before[:10], set(after), among=True),
            _share(ranked.tolist(), set(after), among=True),
            sum(each.artist in new for each in new_to(self.served, told, set(before), 20)),
            sum(int(item) in new for item in unheard), float(heard_before.mean()),
        )  # fmt: skip

    def fame(self) -> Fame:
        """Compare how well known the favourites are with what everyone in the data listens to."""
        listeners = self.served.listeners[: self.served.n]
        mine = int(np.median(listeners[self.favourites]))
        order = np.argsort(listeners, kind="stable")
        half = np.searchsorted(np.cumsum(listeners[order]), listeners.sum() / 2)
        return Fame(mine, int(listeners[order][half]), float(listeners[listeners < mine].sum() / listeners.sum()))

    def years(self, top: int = 3) -> list[tuple[int, int, list[str]]]:
        """Return for each year how many plays it has, and its most played artists as the history writes them."""
        plays = self.history.plays
        rows = plays.select((plays.state == PLAY) & ~np.isnat(plays.time))
        year = rows.time.astype("datetime64[Y]").astype(int) + 1970
        found = []
        for each in np.unique(year).tolist():
            counts = np.bincount(rows.artist[year == each], minlength=1)
            best = np.argsort(-counts, kind="stable")[:top]
            found.append((each, int((year == each).sum()), [plays.artists[a] for a in best if counts[a]]))
        return found


def new_to(
    served: Served, told: NDArray[np.int64], played: set[int], k: int, avoid_popular: float = 0.0
) -> list[Recommended]:
    """Return the k best artists for someone who loves those told, leaving out all that were played."""
    found = served.recommend(told, k + len(played), avoid_popular)
    return [each for each in found if each.artist not in played][:k]


def fidelity(
    served: Served, favourites: NDArray[np.int64], played: Collection[int], rng: np.random.Generator, draws: int = DRAWS
) -> Fidelity | None:
    """Hide a part of somebody's favourites and look for it; None where there are too few to hide one.

    Parameters
    ----------
    served : Served
        A model that did not learn from this person.
    favourites : numpy.ndarray of int
        What the model is told, but for the part that is hidden.
    played : collection of int
        All that the person played; none of it is recommended but what is hidden.
    rng : numpy.random.Generator
        Of what is hidden.
    draws : int
        How often.
    """
    n = round(HIDDEN * len(favourites))
    if n < 1:
        return None
    found = popular = 0.0
    for _ in range(draws):
        hidden = rng.choice(favourites, n, replace=False)
        looked_for, others = set(hidden.tolist()), set(played) - set(hidden.tolist())
        ranked = new_to(served, np.setdiff1d(favourites, hidden), others, 10)
        found += _share([each.artist for each in ranked], looked_for)
        best_known = np.setdiff1d(np.arange(min(served.n, 10 + len(others))), list(others))[:10]
        popular += _share(best_known.tolist(), looked_for)
    return Fidelity(n, found / draws, popular / draws)


def _share(ranked: Sequence[int], relevant: set[int], *, among: bool = False) -> float:
    """Return the share of the relevant that are ranked, or of the ranked that are relevant."""
    hits = len(relevant.intersection(ranked))
    return hits / max(len(ranked) if among else len(relevant), 1)


def meet(history: History, served: Served) -> Reader:
    """Match a history with the artists of a served model.

    Raises
    ------
    LookupError
        When none of its artists is served; the message names the most played.
    """
    lookup = Lookup(served.names, served.listeners)

    def find(name: str) -> int | None:
        found = lookup.index.look_up(name)
        return int(lookup.places[found.item]) if found else None

    matched = match_artists(history, find, lambda name: lookup.too_rare(name) is not None, served.names.__getitem__)
    if not matched.items:
        most = ", ".join(name for name, _ in [*matched.unknown, *matched.rare][:5])
        raise LookupError(f"none of the artists of this history is known to the model; the most played are {most}")
    return Reader(history, matched, served)
