"""One entry for each artist: the spellings of one artist are merged before a model is fitted to be served.

A name says most, and who listens decides where it does not. Names that differ only in what `musicrec.names.plain`
takes away are one artist unless their listeners are clearly others' ("The Ark" and "Ark"); names that only share
letters and digits are one only if their listeners say so ("AFI" and "A.F.I.", but not "Cold World" and "ColdWorld").
The guests of a joint credit do not make another artist of the first. What stands for a missing name is left out.

Scores are measured on the data as they are; only what is served is merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.names.fold import exact, is_placeholder, keys, main_artist, plain

# Chosen by looking at all pairs of names of lastfm-2k that may be typed alike; see `fit`. Below the first, names that
# differ in punctuation are two artists; from the second on, names with the same letters are one.
OTHERS_BELOW = 0.70
SAME_FROM = 0.95
ENOUGH = 3  # listeners the better known must have before its listeners say anything about others
MORE_THAN_CHANCE = 5  # times as many listeners in common as two artists so well known have by chance


class Merged(NamedTuple):
    """Listens with one column for each artist, and how the columns of the data became these."""

    listens: Interactions
    names: list[str]
    entry: NDArray[np.int64]  # for each item of the data its column, -1 for a placeholder


def one_entry_each(listens: Interactions, names: Sequence[str]) -> Merged:
    """Merge the spellings of each artist under the one most people have, and leave placeholders out.

    Plays are added up. Columns stay in the order of the data.

    Parameters
    ----------
    listens : Interactions
        Who listens to what.
    names : sequence of str, shape (n_items,)
        Names of the items.
    """
    names = [str(name) for name in names]
    known = listens.popularity()
    chief = _chiefs(names, known, _Listeners(listens))
    kept = np.flatnonzero(chief == np.arange(len(names)))
    column = np.full(len(names) + 1, -1)
    column[kept] = np.arange(len(kept))
    entry = column[chief]  # -1, a placeholder's, reads the last place
    if len(kept) == len(names):
        return Merged(listens, names, entry)
    rows, items = listens.coordinates()
    there = entry[items] >= 0
    shape = (listens.n_users, len(kept))
    cells = (listens.matrix.data[there], (rows[there], entry[items[there]]))
    matrix = sp.csr_array(sp.coo_array(cells, shape=shape))
    return Merged(Interactions(matrix, listens.users, listens.items[kept]), [names[item] for item in kept], entry)


def _chiefs(names: list[str], known: NDArray[np.int64], listeners: _Listeners) -> NDArray[np.int64]:
    """Return for each item the spelling it goes under: itself, a better known one, or -1 for a placeholder."""
    chief = np.arange(len(names))
    entries: dict[str, list[int]] = {}  # by what may be typed for them, the best known first
    joint: list[tuple[int, str]] = []
    for item in np.argsort(-known, kind="stable").tolist():
        name = names[item]
        if is_placeholder(name):
            chief[item] = -1
            continue
        if main := main_artist(name):
            joint.append((item, main))
        typed = keys(name)
        alike = list(dict.fromkeys(other for key in typed for other in entries.get(key, ())))
        same = [other for other in alike if listeners.one_artist(other, item, names[other], name)]
        if same:
            chief[item] = same[0]
            continue
        for key in typed:
            entries.setdefault(key, []).append(item)
    for item, main in joint:
        alike = [other for other in entries.get(keys(main)[0], ()) if plain(names[other]) == plain(main)]
        if alike and chief[item] == item:
            chief[item] = alike[0]
    named = chief >= 0  # a joint credit may have been the best known of its own spellings: two steps then
    chief[named] = chief[chief[named]]
    return chief


class _Listeners:
    """What the listeners of two names say of whether these are one artist."""

    def __init__(self, listens: Interactions) -> None:
        self.by_user = listens.binary().astype(np.float64)
        self.by_item = sp.csc_array(self.by_user)
        self.known = listens.popularity()
        self.root = np.sqrt(np.maximum(self.known, 1))
        self.shared = np.flatnonzero(self.known > 1)  # an artist of one listener is near to that listener alone
        self.weighed = sp.csr_array(self.by_user.multiply(1 / self.root[None, :]))

    def of(self, item: int) -> NDArray[np.int32]:
        """Return the users who listen to an item."""
        return np.asarray(self.by_item.indices[self.by_item.indptr[item] : self.by_item.indptr[item + 1]])

    def one_artist(self, better: int, other: int, better_name: str, name: str) -> bool:
        """Whether two names that may be typed alike are one artist; the first is the better known."""
        if exact(better_name) == exact(name):
            return True
        first, second = self.of(better), self.of(other)
        in_common = len(np.intersect1d(first, second))
        by_chance = len(first) * len(second) / self.by_user.shape[0]
        if in_common > MORE_THAN_CHANCE * by_chance:
            return True
        enough = len(first) >= ENOUGH
        if plain(better_name) == plain(name):
            return not enough or self.fit(better, other) >= OTHERS_BELOW
        return enough and self.fit(better, other) >= SAME_FROM

    def fit(self, better: int, other: int) -> float:
        """Return how well an artist fits those who listen to the other name, from 0 to 1, on average over them.

        For each of them, all artists are ranked by how much the listener's other artists are heard together with
        them (a cosine of listeners); the share of artists that rank below is the answer. 1 where nothing speaks.
        """
        shares = []
        for user in self.of(other):
            start, end = self.by_user.indptr[user : user + 2]
            history = self.by_user.indices[start:end]
            history = history[(history != better) & (history != other)]
            alike = np.asarray(self.weighed[:, history].sum(axis=1)).ravel()
            alike[user] = 0
            scores = (alike @ self.by_user) / self.root
            if scores.any():
                shares.append((scores[self.shared] < scores[better]).mean())
        return float(np.mean(shares)) if shares else 1.0
