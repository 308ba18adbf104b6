"""Invented playlists without a file: what `simulate` writes, as the systems take it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists
from musicrec.playlists.simulated import SLICE, block


def simulated_playlists(
    n_playlists: int, seed: int, told: Callable[[str, float], None] = lambda what, share: None
) -> Playlists:
    """Draw playlists, the same as `musicrec.playlists.simulate` draws into tables.

    Parameters
    ----------
    n_playlists : int
        Above zero.
    seed : int
    told : callable
        Is told what is being done and which share of it is done.

    Returns
    -------
    Playlists
        Tracks are labelled by their number in the simulated world, and those that no playlist holds are left out.
    """
    parts = []
    for start in range(0, n_playlists, SLICE):
        parts.append(block(start // SLICE, min(SLICE, n_playlists - start), seed))
        told("drawing playlists", min(1.0, (start + SLICE) / n_playlists))
    tracks, artists, sizes = (np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS)
    titles, times, pids = (np.concatenate([part.playlists[name] for part in parts]) for name in COLUMNS)
    labels, known, columns = np.unique(tracks, return_index=True, return_inverse=True)
    rows = np.repeat(np.arange(n_playlists), sizes)
    # a track that a playlist holds twice stands where it stands first
    cells, first = np.unique(rows * len(labels) + columns, return_index=True)
    counts = np.bincount(cells // len(labels), minlength=n_playlists)
    matrix = sp.csr_array(
        (
            np.ones(len(cells), np.float32),
            (cells % len(labels)).astype(np.int32),
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=(n_playlists, len(labels)),
    )
    starts = np.cumsum(sizes) - sizes
    places = (first - starts[cells // len(labels)]).astype(np.int32)
    return Playlists(
        Interactions(matrix, pids, labels), places, titles.astype(object), artists[known], times.astype(np.int64)
    )


FIELDS = ("tracks", "artists", "sizes")
COLUMNS = ("name", "modified_at", "pid")
