"""A small map of invented artists, some with names that would be markup."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from musicrec.page import artist_map

MARKUP = ("<img src=x onerror=alert(1)>", "</script><b>")
NAMES = ["Björk", "The Beatles", "Sigur Rós", *MARKUP, "عمرو دياب", "!!!", "Muse"]


def world(n: int = 60) -> dict:
    """Eight named artists in one corner, the rest in the other; the first is the best known."""
    rng = np.random.default_rng(0)
    names = NAMES + [f"Artist {place}" for place in range(len(NAMES), n)]
    corner = np.arange(n) >= len(NAMES)
    layout = (rng.uniform(0, 1, (n, 2)) + np.where(corner, 8, 0)[:, None]).astype(np.float32)
    tags = sp.csr_array(np.column_stack([~corner, corner * 2, np.arange(n) % 2]).astype(np.float32))
    large = corner.astype(np.int64)
    small = np.where(corner, -1, 0)
    named = pd.DataFrame({"name": ["art <i>pop</i>", "elsewhere"]})
    near = (np.arange(n)[:, None] + [1, 2]) % n
    return artist_map.map_data(
        names, np.arange(n, 0, -1) * 3, layout, [(large, named), (small, named[:1])], tags, ["art", "other", "odd"],
        near, label="Map of artists",
    )  # fmt: skip
