"""Dataset: interactions with their tables and where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions


@dataclass(frozen=True)
class Provenance:
    """Where data come from and what may be done with them."""

    source: str  # who published it, for a reader: "GroupLens, HetRec 2011"
    url: str  # the official page, "" for simulated data
    version: str
    licence: str
    citation: str  # the key in book/references.bib, "" when there is nothing to cite
    found: str  # how it was found this time: "MUSICREC_DATA", "cache", "download", "simulated (seed 0)"
    fingerprint: str  # of the parsed tables, see `fingerprint`
    simulated: bool = False
    notes: tuple[str, ...] = ()  # what was tolerated while reading, for a reader
    fallback: str = ""  # why simulated data stand in for real ones; "" when they were asked for
    originals: tuple[str, ...] = ()  # keys of the originals that drew their data as these were drawn, from the same


class Oracle(Protocol):
    """The planted truth behind simulated listeners."""

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return the planted weight of every item for each user, shape (len(users), n_items), all above zero.

        Listens were drawn with probabilities proportional to it, so that nothing can rank better on average.
        """


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions of users on items, with side tables and provenance.

    Attributes
    ----------
    name : str
        `lastfm-2k`, `spotify-songs`, `mpd`, `simulated`, `simulated-small` or `simulated-songs`.
    interactions : Interactions
        Users × items; weights are play counts, or 1.
    items : pandas.DataFrame
        One row per column of the interactions, in the same order, with at least the column `name`.
    tables : mapping of str to pandas.DataFrame
        Further tables, by name (`tags`, `tag_assignments`, `friends`, `songs`, …).
    oracle : Oracle, optional
        Simulated data only: the planted probability that a user listens to an item.
    """

    name: str
    interactions: Interactions
    items: pd.DataFrame
    provenance: Provenance
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    oracle: Oracle | None = None

    @property
    def simulated(self) -> bool:
        """Whether the listeners are invented."""
        return self.provenance.simulated

    @property
    def fell_back(self) -> bool:
        """Whether simulated data stand in for real ones that could not be had; `provenance.fallback` says why."""
        return bool(self.provenance.fallback)

    @property
    def item_names(self) -> NDArray[np.object_]:
        """Names of the items, in column order, shape (n_items,)."""
        return self.items["name"].to_numpy(dtype=object)


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return 16 hexadecimal digits that change when any value of any table changes.

    Depends on table names, column names, the order of rows and the values; not on line ends, encodings or the
    version of pandas.

    Examples
    --------
    >>> fingerprint({"tags": pd.DataFrame({"id": [1], "tag": ["rock"]})})
    'faf03739bac9a6eb'
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        table = tables[name]
        digest.update(f"{name}|{'|'.join(map(str, table.columns))}|{len(table)}\n".encode())
        for column in table.columns:
            there = table[column].notna()
            values = table[column].tolist() if there.all() else table[column].astype(object).where(there, "")
            digest.update("\x1f".join(map(str, values)).encode())
    return digest.hexdigest()[:16]
