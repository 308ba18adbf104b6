"""Two stages: several systems propose, boosted trees order what they propose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.playlists import Playlists
from musicrec.models.playlists.base import Candidates, PlaylistSystem
from musicrec.models.rankers.lambdamart import LambdaMART
from musicrec.models.rankers.pairs import Pairs
from musicrec.splits.by_user import is_held_out
from musicrec.splits.challenge import Asked, hold_out

OTHERS = ("popularity", "tracks given", "given by the artist", "share of the artist", "title given")
NEGATIVES = 200  # wrong proposals that are learnt from, of each list


class TwoStage(PlaylistSystem):
    """Candidates of other systems, in the order that boosted trees learnt from playlists cut off as in the challenge.

    Of the training playlists some are cut off once more. The parts are fitted on the others, propose tracks for those,
    and `LambdaMART` learns which proposals are right, from what each part says of a track, its popularity, and how many
    of the given tracks are by its artist. Then the parts are fitted on all training playlists.

    Parameters
    ----------
    parts : mapping of str to PlaylistSystem
        Who proposes; they are fitted here.
    each : int
        How many tracks each part proposes.
    lessons : int
        Playlists of each category to learn from, at most.
    trees : int
        How many trees.
    refit : bool
        Whether the parts are fitted a second time. Where a hundredth of the playlists is cut off, it brings little.
    """

    name: ClassVar[str] = "two-stage"
    title: ClassVar[str] = "Two stages"

    def __init__(
        self,
        parts: Mapping[str, PlaylistSystem],
        *,
        each: int = 300,
        lessons: int = 100,
        trees: int = 100,
        refit: bool = True,
    ) -> None:
        self.parts, self.each, self.lessons, self.trees, self.refit = dict(parts), each, lessons, trees, refit

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (*(f"{kind} {name}" for name in self.parts for kind in ("score", "rank")), *OTHERS)

    def _learn(self, rng: np.random.Generator) -> None:
        everything = self.train
        lesson = hold_out(everything, int(rng.integers(2**31)), each=self.lessons)
        self._fit_parts(lesson.train, rng)
        lists, inputs = self._describe(lesson.asked, self.each)
        right = is_held_out(lists, np.arange(len(lists)), lesson.held_out)
        labels = np.where(lists < 0, -1, right).astype(np.int8)
        wrong = (labels == 0).sum(axis=1, keepdims=True)
        labels[(labels == 0) & (rng.random(labels.shape) * wrong > NEGATIVES)] = -1
        useful = right.any(axis=1)
        self.ranker = LambdaMART(trees=self.trees, leaves=15)
        self.ranker.fit(Pairs(lists[useful], inputs[useful], labels[useful], self.names), rng=rng)
        if self.refit:
            self._fit_parts(everything, rng)

    def _fit_parts(self, playlists: Playlists, rng: np.random.Generator) -> None:
        for part in self.parts.values():
            part.fit(playlists, rng=rng)
        self.popular_now = playlists.tracks.popularity()

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        lists, inputs = self._describe(asked, max(k, self.each))
        scores = np.where(lists >= 0, self.ranker.scores(inputs), -np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        ids, best = (np.take_along_axis(values, order, axis=1) for values in (lists, scores))
        if (lacking := k - ids.shape[1]) > 0:
            ids = np.pad(ids, ((0, 0), (0, lacking)), constant_values=-1)
            best = np.pad(best, ((0, 0), (0, lacking)), constant_values=-np.inf)
        return Candidates(ids, best.astype(np.float32))

    def _for_titles(self) -> PlaylistSystem:
        return self  # a part that reads titles proposes

    def _describe(self, asked: Asked, each: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return what the parts propose, shape (n, most), -1 where there is none, and the features of each."""
        found = [part.candidates(asked, each) for part in self.parts.values()]
        together = np.sort(np.concatenate([one.ids for one in found], axis=1), axis=1)
        together[:, 1:][together[:, 1:] == together[:, :-1]] = -1
        together = -np.sort(-together, axis=1)  # the empty places last
        lists = together[:, : max(1, int((together >= 0).sum(axis=1).max(initial=1)))]
        inputs = np.zeros((*lists.shape, len(self.names)), np.float32)
        for row in range(len(lists)):
            for place, one in enumerate(found):
                _enter(inputs[row, :, 2 * place : 2 * place + 2], lists[row], one.ids[row], one.scores[row])
            own = asked.seeds.indices[asked.seeds.indptr[row] : asked.seeds.indptr[row + 1]]
            self._enter_others(inputs[row, :, -len(OTHERS) :], lists[row], own, bool(asked.titles[row]))
        return lists, inputs

    def _enter_others(
        self, cells: NDArray[np.float32], tracks: NDArray[np.int64], own: NDArray[np.integer], titled: bool
    ) -> None:
        artists = self.train.artists
        names, counts = np.unique(artists[own], return_counts=True)
        by = np.zeros(len(tracks))
        if len(names):
            place = np.minimum(np.searchsorted(names, artists[tracks]), len(names) - 1)
            by = np.where(names[place] == artists[tracks], counts[place], 0)
        cells[:, 0] = np.log1p(self.popular_now[tracks])
        cells[:, 1] = len(own)
        cells[:, 2] = by
        cells[:, 3] = by / max(1, len(own))
        cells[:, 4] = titled


def _enter(
    cells: NDArray[np.float32], tracks: NDArray[np.int64], ids: NDArray[np.int64], scores: NDArray[np.float32]
) -> None:
    """Enter what one part says of tracks: its score in relation to its highest, and one over the place in its list."""
    there = ids >= 0
    ids, scores = ids[there], scores[there]
    if not len(ids):
        return
    order = np.argsort(ids)
    place = np.minimum(np.searchsorted(ids[order], tracks), len(ids) - 1)
    found = order[place]
    same = ids[found] == tracks
    cells[:, 0] = np.where(same, scores[found] / max(float(scores[0]), 1e-12), 0)
    cells[:, 1] = np.where(same, 1 / (1 + found), 0)
