"""What the systems of the hybrid propose, and what its ranker learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musicrec.models.rankers.features import Description, Moments


class Proposals(NamedTuple):
    """What the systems propose to some users."""

    users: NDArray[np.int64]  # shape (n,), ascending
    items: NDArray[np.int64]  # shape (n,)
    by: NDArray[np.uint16]  # shape (n,): a bit for each system that proposes it
    scores: NDArray[np.float32]  # shape (n, n_systems)

    def select(self, keep: NDArray[np.bool_] | slice) -> Proposals:
        """Return only the proposals where `keep`, shape (n,), is true."""
        return Proposals(self.users[keep], self.items[keep], self.by[keep], self.scores[keep])

    def of(self, places: Sequence[int]) -> Proposals:
        """Return what some of the systems propose, by their places."""
        kept = self.by & np.uint16(sum(1 << place for place in places)) > 0
        return Proposals(self.users[kept], self.items[kept], self.by[kept], self.scores[kept][:, places])


class Lesson(NamedTuple):
    """What the systems, fitted without a part of the listens, propose; and which proposals that part holds."""

    found: Proposals  # of users with a hit
    hits: NDArray[np.bool_]  # shape (n,)
    moments: Mapping[str, Moments]  # of the systems in `COMPARED`
    describe: Description


def ranks(values: NDArray[np.floating], lists: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each value in its list, 0 for the highest; of equal values the earlier one is first.

    Examples
    --------
    >>> ranks(np.array([0.1, 0.7, 0.7, 0.2]), np.array([0, 0, 0, 5]))
    array([2, 0, 1, 0])
    """
    order = np.lexsort((-values, lists))
    places = np.empty(len(values), np.int64)
    places[order] = np.arange(len(values)) - np.searchsorted(lists[order], lists[order])
    return places


def useful(lesson: Lesson) -> Lesson:
    """Return only the proposals to users with a hit."""
    useful = np.isin(lesson.found.users, lesson.found.users[lesson.hits])
    return lesson._replace(found=lesson.found.select(useful), hits=lesson.hits[useful])
