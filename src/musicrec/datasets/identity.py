"""Which data `load` would give, told from the files alone: no table is parsed and the network is not asked."""

from __future__ import annotations

import hashlib

from musicrec.code_digest import code_closure, digest
from musicrec.datasets.sources import LASTFM, SPOTIFY, DataUnavailableError, at_hand

JOINED = "joined"
SIMULATED = ("simulated", "simulated-small")


def identity(name: str = "auto", *, seed: int = 0) -> tuple[str, str]:
    """Return the name of the data set that `load` would give, and a digest that changes whenever its content would.

    The digest covers the bytes of the files and the code that reads or makes the data. Two digests may stand for
    the same values (a comment changed); for values, compare `provenance.fingerprint`.

    Parameters
    ----------
    name : str
        `lastfm-2k`, `joined`, `simulated`, `simulated-small`, or `auto`: `joined` where copies of its parts are at
        hand, else `lastfm-2k` where a copy is, else `simulated`.
    seed : int
        Of simulated data.

    Raises
    ------
    DataUnavailableError
        When real data were asked for by name and no copy is at hand.
    DataError
        When the copy in `MUSICREC_DATA` lacks a file.
    ValueError
        When it is another name.
    """
    known = ("auto", JOINED, LASTFM.name, *SIMULATED)
    if name not in known:
        raise ValueError(f"no listeners are called {name!r}; choose from {', '.join(known)}")
    files = None if name in SIMULATED else at_hand(LASTFM)
    if files is None and name in (LASTFM.name, JOINED):
        raise DataUnavailableError(f"no copy of {LASTFM.name} is at hand")
    if files is None:
        name = SIMULATED[0] if name == "auto" else name
        return name, digest(f"{name}, seed {seed}", *code_closure(["import musicrec.datasets.simulated.listeners"]))
    songs = at_hand(SPOTIFY) if name in ("auto", JOINED) else None
    if songs is None and name == JOINED:
        raise DataUnavailableError(f"no copy of {SPOTIFY.name} is at hand")
    data = hashlib.sha256()
    for label, file in [*sorted(files.items()), *sorted((songs or {}).items())]:
        data.update(label.encode() + b"\0" + file.data)
    name = LASTFM.name if songs is None else JOINED
    module = "lastfm" if songs is None else "joined"
    return name, digest(data.hexdigest(), *code_closure([f"import musicrec.datasets.{module}"]))
