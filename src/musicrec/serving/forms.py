"""Serving: fitted models in a form that answers at once, for the command and for the page "Try it".

A served model knows the artists of at least two listeners: one listener alone cannot say what goes with what, and
their list is their own business. It is saved once for each data set under `build/models`, and read with NumPy alone,
because importing what fitting needs takes longer than answering.

Weights between artists are pruned, and these and factors rounded to small integers, so that they travel with a page;
command and page use the same rounded numbers and so give the same answers. `fidelity` measures what that costs.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicrec.models import store

LEVELS = 31  # weights and factors are whole numbers from -31 to 31, times a scale for each artist
MIN_LISTENERS = 2
BLEND = "blend"
OF = ("item-knn", "ials")  # each half of its score
# Of the served factors: fewer, and found in fewer steps, than their search chose. They find as much here, travel with a
# page, and are there in a second.
SMALL = {"ials": {"dim": 48, "iterations": 7}}


class Recommended(NamedTuple):
    """One recommendation: position of the artist, the model's score, and the score it was ranked by."""

    artist: int
    score: float
    adjusted: float


@dataclass(frozen=True, eq=False)
class Served(ABC):
    """A fitted model that answers for people who were not in training.

    Attributes
    ----------
    facts : mapping
        `model`, `dataset`, `simulated`, `fingerprint` (of the data), `source` (see `datasets.identity`) and
        `made_with` (a digest of settings and code).
    ids : numpy.ndarray, shape (n_artists,)
        The artists' ids in the data, the best known first.
    names : list of str
        Their names.
    listeners : numpy.ndarray, shape (n_artists,)
        How many listeners each has. Only artists of at least `MIN_LISTENERS` are served: the first `n`.
    """

    facts: Mapping[str, Any]
    ids: NDArray[np.int64]
    names: list[str]
    listeners: NDArray[np.int64]
    arrays: ClassVar[tuple[str, ...]] = ()  # what a subclass adds, by name

    @property
    def n(self) -> int:
        """How many artists are served."""
        return int((self.listeners >= MIN_LISTENERS).sum())

    @abstractmethod
    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the score of every served artist for someone who likes these (positions, each once), shape (n,)."""

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:
        """Return what each liked artist adds to the score of one artist, shape (n_liked,); they sum to the score."""
        return np.zeros(len(liked))

    def recommend(self, liked: ArrayLike, k: int = 10, avoid_popular: float = 0.0) -> list[Recommended]:
        """Return the k best artists, best first, none of them liked already and none with a score of zero or below.

        Parameters
        ----------
        liked : array-like of int
            Positions of the liked artists, below `n`; one named twice counts once.
        k : int
            How many at most.
        avoid_popular : float
            From 0 to 1: artists are ranked by score / listeners ** avoid_popular. At 0 by the score itself, at 1
            by the score per listener. Of equal ones, the better known comes first.

        Raises
        ------
        ValueError
            When `avoid_popular` is not between 0 and 1.
        IndexError
            When an artist is not served.
        """
        if not 0 <= avoid_popular <= 1:
            raise ValueError(f"to avoid the popular takes a number from 0 to 1, not {avoid_popular}")
        liked = np.unique(np.asarray(liked, dtype=np.int64))
        if liked.size and not (liked[0] >= 0 and liked[-1] < self.n):
            raise IndexError(f"artist {liked[-1]} is not one of the {self.n} that are served")
        scores = self.scores(liked)
        adjusted = scores / self.listeners[: self.n] ** float(avoid_popular)
        allowed = scores > 0
        allowed[liked] = False
        left = np.flatnonzero(allowed)
        best = left[np.lexsort((left, -adjusted[left]))[:k]]
        return [Recommended(int(a), float(scores[a]), float(adjusted[a])) for a in best]

    def save(self, path: Path) -> None:
        """Write the model to one ``.npz`` file, whole or not at all."""
        parts = {name: getattr(self, name) for name in ("ids", "listeners", *self.arrays)}
        store.write(path, self.facts, {"names": np.array(json.dumps(self.names)), **parts}, compress=False)


@dataclass(frozen=True, eq=False)
class ItemWeights(Served):
    """A score is a sum of weights: of each liked artist, the ones it has most to say about.

    Attributes
    ----------
    starts : numpy.ndarray, shape (n + 1,)
        Where the weights of each artist start.
    columns, levels : numpy.ndarray, shape (n_weights,)
        The artists they are about, ascending within a row, and whole numbers from -31 to 31.
    scales : numpy.ndarray, shape (n,)
        What to multiply the levels of each artist by, float32.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    levels: NDArray[np.int8]
    scales: NDArray[np.float32]
    arrays: ClassVar[tuple[str, ...]] = ("starts", "columns", "levels", "scales")

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        total = np.zeros(self.n)
        for artist in liked:  # a level times a scale has 30 bits: sums of doubles are exact in any order
            entries = slice(self.starts[artist], self.starts[artist + 1])
            total[self.columns[entries]] += np.float64(self.scales[artist]) * self.levels[entries]
        return total

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:  # noqa: D102
        result = np.zeros(len(liked))
        for place, row in enumerate(liked):
            entries = slice(self.starts[row], self.starts[row + 1])
            found = self.levels[entries][self.columns[entries] == artist]
            result[place] = np.float64(self.scales[row]) * found.sum(dtype=np.float64)
        return result


@dataclass(frozen=True, eq=False)
class Factors(Served):
    """A score is a product of factors; the listener's minimise a loss in which every liked artist counts alike.

    Attributes
    ----------
    levels : numpy.ndarray, shape (n, dim)
        Whole numbers from -31 to 31.
    scales : numpy.ndarray, shape (n,)
        What to multiply the levels of each artist by to get its factors, float32.
    gram : numpy.ndarray, shape (dim, dim)
        The part of the loss that is the same for everyone, float32.
    alpha, pull : numpy.ndarray, shape ()
        Weight of a liked artist in the quadratic and in the linear part of the loss, float32.
    ridge : numpy.ndarray, shape (3,)
        λ, offset and exponent of the penalty λ (n + offset)^exponent for a listener with n artists, float32.
    """

    levels: NDArray[np.int8]
    scales: NDArray[np.float32]
    gram: NDArray[np.float32]
    alpha: NDArray[np.float32]
    pull: NDArray[np.float32]
    ridge: NDArray[np.float32]
    arrays: ClassVar[tuple[str, ...]] = ("levels", "scales", "gram", "alpha", "pull", "ridge")

    def factors(self, artists: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factors of some artists, shape (n_given, dim)."""
        return self.levels[artists] * self.scales[artists].astype(np.float64)[:, None]

    def _shares(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what each liked artist adds to the listener's factors, shape (dim, n_liked)."""
        heard = self.factors(liked)
        penalty, offset, exponent = self.ridge.astype(np.float64)
        loss = float(self.alpha) * heard.T @ heard + self.gram.astype(np.float64)
        loss.flat[:: len(loss) + 1] += penalty * (len(liked) + offset) ** exponent
        return np.asarray(np.linalg.solve(loss, float(self.pull) * heard.T))

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        return (self.levels @ self._shares(liked).sum(axis=1)) * self.scales

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:  # noqa: D102
        return self.factors(np.array([artist]))[0] @ self._shares(liked)


@dataclass(frozen=True, eq=False)
class Both(Served):
    """Half of a score is a sum of weights, half a product of factors, each as a share of the best artist's.

    Attributes
    ----------
    starts, columns, weight_levels, weight_scales
        As `ItemWeights` has them.
    factor_levels, factor_scales, gram, alpha, pull, ridge
        As `Factors` has them.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    weight_levels: NDArray[np.int8]
    weight_scales: NDArray[np.float32]
    factor_levels: NDArray[np.int8]
    factor_scales: NDArray[np.float32]
    gram: NDArray[np.float32]
    alpha: NDArray[np.float32]
    pull: NDArray[np.float32]
    ridge: NDArray[np.float32]
    arrays: ClassVar[tuple[str, ...]] = (
        "starts", "columns", "weight_levels", "weight_scales",
        "factor_levels", "factor_scales", "gram", "alpha", "pull", "ridge",
    )  # fmt: skip

    @cached_property
    def parts(self) -> tuple[ItemWeights, Factors]:
        """The two models by themselves."""
        base = (self.facts, self.ids, self.names, self.listeners)
        found = [getattr(self, name) for name in self.arrays]
        return ItemWeights(*base, *found[:4]), Factors(*base, *found[4:])

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        found = [part.scores(liked) for part in self.parts]
        return sum((each / (2 * best) for each in found if (best := each.max()) > 0), np.zeros(self.n))

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:  # noqa: D102
        result = np.zeros(len(liked))
        for part in self.parts:
            if (best := part.scores(liked).max()) > 0:
                result += part.adds(liked, artist) / (2 * best)
        return result


class Counts(Served):
    """The score is the number of listeners, the same for everyone."""

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        return self.listeners[: self.n].astype(np.float64)


FORMS: dict[str, type[Served]] = {
    BLEND: Both, "item-knn": ItemWeights, "ials": Factors, "als": Factors, "ease": ItemWeights, "popularity": Counts,
}  # fmt: skip
