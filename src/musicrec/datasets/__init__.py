"""Data sets by name: real where they can be had, simulated where not, and never silently so."""

from __future__ import annotations

import dataclasses
import importlib
import warnings
from typing import TYPE_CHECKING

from musicrec.datasets.sources import DataError, DataUnavailableError

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset

__all__ = ["AUTO", "NAMES", "DataError", "DataUnavailableError", "SimulatedDataWarning", "load"]

NAMES = ("lastfm-2k", "spotify-songs", "mpd", "joined", "simulated", "simulated-small", "simulated-songs")
AUTO = {"auto": ("lastfm-2k", "simulated"), "auto-songs": ("spotify-songs", "simulated-songs")}
_MODULES = {"lastfm-2k": "lastfm", "spotify-songs": "spotify", "mpd": "mpd", "joined": "joined"}


class SimulatedDataWarning(UserWarning):
    """Real data could not be had; simulated data stand in for them."""


def load(name: str = "auto", *, seed: int = 0, progress: bool = True) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        `lastfm-2k`, `spotify-songs`, `mpd`, `joined` (the artists of the first two), `simulated`,
        `simulated-small` (a fifth of it, to check that things run) or
        `simulated-songs`; or `auto` (`lastfm-2k`, and where that can be had nowhere, `simulated`) or `auto-songs` (the
        same for `spotify-songs`). Real data come from the folder named by the environment variable `MUSICREC_DATA`,
        from the cache, or from their publisher.
    seed : int
        Of simulated data; real data do not depend on it.
    progress : bool
        Whether to show a progress bar while downloading.

    Returns
    -------
    Dataset
        Where simulated data stand in for real ones, `fell_back` is true and `provenance.fallback` says why.

    Warns
    -----
    SimulatedDataWarning
        When simulated data stand in for real ones.

    Raises
    ------
    DataUnavailableError
        When real data were asked for by name and can be had nowhere.
    DataError
        When a copy is not what was published; the message names file, line and what was expected. Under `auto`
        too: a damaged copy of one's own is to be repaired, not passed over.
    ValueError
        When there is no data set of that name.
    """
    if name in AUTO:
        real, stand_in = AUTO[name]
        try:
            return load(real, progress=progress)
        except DataUnavailableError as error:
            warnings.warn(
                f"SIMULATED DATA: {error}. Invented listeners stand in; their scores say nothing about real ones.",
                SimulatedDataWarning,
                stacklevel=2,
            )
            dataset = load(stand_in, seed=seed)
            provenance = dataclasses.replace(dataset.provenance, fallback=str(error))
            return dataclasses.replace(dataset, provenance=provenance)
    if name not in NAMES:
        raise ValueError(f"no data set is called {name!r}; choose from {', '.join((*AUTO, *NAMES))}")
    # Imported only now: pandas and scipy are slow to import, and the command must start fast.
    if name in _MODULES:
        return importlib.import_module(f"musicrec.datasets.{_MODULES[name]}").load(progress=progress)
    if name == "simulated-songs":
        return importlib.import_module("musicrec.datasets.simulated.songs").songs(seed)
    return importlib.import_module("musicrec.datasets.simulated.listeners").listeners(seed, name=name)
