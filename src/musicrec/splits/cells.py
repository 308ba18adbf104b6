"""Held-out cells, as "Spotify Playlists Recommender" (2018) had them: ones and zeros alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions

PARTS = ("train", "valid", "test")
CELLS_AT_ONCE = 4_000_000  # scored together: 16 MB of scores, and a few times that in passing

Scorer = Callable[[NDArray[np.int64]], NDArray[np.float32]]  # users -> scores, shape (len(users), n_items)


class Cells(NamedTuple):
    """Held-out cells with the scores some system gives them, each of shape (n_cells,)."""

    labels: NDArray[np.bool_]  # whether the cell is a one
    scores: NDArray[np.float32]
    items: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class CellSplit:
    """Every cell belongs to training, validation or test, by a hash of its place.

    The part of a cell is computed from its row, its column and the seed, so that nothing about the zeros is ever
    stored: 5 % of the cells of 10,000 playlists × 74,450 tracks would be 37 million pairs.

    Parameters
    ----------
    interactions : Interactions
        The ones.
    seed : int
        Names the split.
    share : float
        Share of all cells held out, half of them for validation and half for test: 0.05 in the original.

    Raises
    ------
    ValueError
        When the share is not between 0 and 1, or when no one is left to learn from or none is held out.
    """

    interactions: Interactions
    seed: int
    share: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"the share of cells held out must lie between 0 and 1, not be {self.share}")
        for part in PARTS:
            if len(self.ones(part)) == 0:
                raise ValueError(
                    f"too small to hold out cells: of {len(self.interactions)} ones, none falls into the {part} part"
                )

    def part(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the part of each cell, an index into `PARTS`; rows and columns are broadcast."""
        place = _uniform(rows * self.interactions.n_items + columns, self.seed)
        return (place < self.share).astype(np.int8) + (place < self.share / 2)

    def held_out(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each cell whether it is held out, for validation or for test."""
        return self.part(rows, columns) > 0

    def ones(self, part: str) -> Interactions:
        """Return the ones of a part."""
        return self.interactions.select(self.part(*self.interactions.coordinates()) == PARTS.index(part))

    @cached_property
    def train(self) -> Interactions:
        """The ones to learn from."""
        return self.ones("train")

    def cells(self, scores: Scorer, part: str = "test") -> Cells:
        """Score all cells of a part, a batch of users at a time.

        Parameters
        ----------
        scores : callable
            Scores of all items for some users, as `Recommender.scores`.
        part : {"valid", "test"}
            Which cells.
        """
        data, number = self.interactions, PARTS.index(part)
        columns = np.arange(data.n_items)
        labels, values, items = [], [], []
        step = max(1, CELLS_AT_ONCE // data.n_items)
        for start in range(0, data.n_users, step):
            users = np.arange(start, min(start + step, data.n_users))
            inside = self.part(users[:, None], columns) == number
            labels.append((data.matrix[users].toarray() > 0)[inside])
            values.append(scores(users)[inside])
            items.append(np.nonzero(inside)[1].astype(np.int32))
        return Cells(np.concatenate(labels), np.concatenate(values), np.concatenate(items))


def _uniform(cells: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return a number between 0 and 1 for each cell, as good as random: the finaliser of SplitMix64 [Steele, 2014]."""
    with np.errstate(over="ignore"):
        x = (np.atleast_1d(cells).astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x += np.random.default_rng(seed).integers(2**64, size=1, dtype=np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53
