"""The systems that continue playlists, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musicrec.datasets.playlists import Playlists
from musicrec.models.playlists.base import PlaylistSystem
from musicrec.models.playlists.factors import PlaylistFactors
from musicrec.models.playlists.head_ease import HeadEASE
from musicrec.models.playlists.neighbours import PlaylistKNN, TrackKNN
from musicrec.models.playlists.popular import PopularTracks
from musicrec.models.playlists.titles import TitleMatch
from musicrec.models.playlists.two_stage import TwoStage
from musicrec.names import UnknownNameError


def two_stage() -> TwoStage:
    """Return two stages on all other systems, unfitted."""
    near = PlaylistKNN()
    parts = (near, TrackKNN(), PlaylistFactors(), HeadEASE(tail=near), TitleMatch(), PopularTracks())
    return TwoStage({part.name: part for part in parts})


SYSTEMS: dict[str, Callable[[], PlaylistSystem]] = {
    "popularity": PopularTracks,
    "title-match": TitleMatch,
    "track-knn": TrackKNN,
    "playlist-knn": PlaylistKNN,
    "factors": PlaylistFactors,
    "ease-head": HeadEASE,
    "two-stage": two_stage,
}


def build(name: str) -> PlaylistSystem:
    """Return an unfitted system.

    Raises
    ------
    UnknownNameError
        When there is none of that name.
    """
    if name not in SYSTEMS:
        raise UnknownNameError(name, list(SYSTEMS), "system for playlists")
    return SYSTEMS[name]()


def fit(
    name: str,
    train: Playlists,
    *,
    rng: np.random.Generator,
    by_title: PlaylistSystem | None = None,
    made_by: Callable[[str], PlaylistSystem] = build,
) -> PlaylistSystem:
    """Return a system that is fitted, with a `TitleMatch` that answers for it where no track is given.

    Parameters
    ----------
    name : str
        Of the system.
    train : Playlists
        None of those that will be asked for.
    rng : numpy.random.Generator
    by_title : PlaylistSystem, optional
        One that is fitted on the same playlists, to share.
    made_by : callable
        Makes an unfitted system of a name; another one than `build` for another engine.

    Raises
    ------
    UnknownNameError
        When there is no system of that name.
    """
    system = made_by(name)
    if by_title is None and not isinstance(system, TitleMatch | TwoStage):
        by_title = TitleMatch().fit(train, rng=rng)
    return system.fit(train, rng=rng, by_title=by_title)
