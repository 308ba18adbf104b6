"""The most popular tracks, for everyone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from musicrec.models.playlists.base import Candidates, PlaylistSystem, fill_up
from musicrec.splits.challenge import Asked


class PopularTracks(PlaylistSystem):
    """The tracks that most playlists hold, whatever is given."""

    name: ClassVar[str] = "popularity"
    title: ClassVar[str] = "Popular tracks"

    def _learn(self, rng: np.random.Generator) -> None:
        pass

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        ids = fill_up(np.full((len(asked.titles), k), -1, np.int64), asked.seeds, self.popular)
        return Candidates(ids, np.where(ids >= 0, self.popularity[ids], -np.inf).astype(np.float32))

    def _for_titles(self) -> PlaylistSystem:
        return self
