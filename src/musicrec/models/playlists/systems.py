"""The systems that continue playlists, by name."""

from __future__ import annotations

from collections.abc import Callable

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
