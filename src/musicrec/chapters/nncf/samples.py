"""The two samples of chapter 05: the users of the most popular item, and as many drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions


def sample(interactions: Interactions, users: ArrayLike) -> Interactions:
    """Return some users and the items that at least one of them holds."""
    users = np.asarray(users, np.int64)
    rows = interactions.matrix[users]
    columns = np.unique(rows.indices)
    return Interactions(rows[:, columns], interactions.users[users], interactions.items[columns])


def sample_sizes(samples: dict[str, Interactions]) -> pd.DataFrame:
    """Return `listeners`, `artists`, `ones` and `density` of each sample."""
    rows = {
        name: {"listeners": part.n_users, "artists": part.n_items, "ones": len(part), "density": part.density}
        for name, part in samples.items()
    }
    return pd.DataFrame(rows).T.rename_axis("sample")


def best_connected(dataset: Dataset, users: NDArray[np.object_]) -> int:
    """Return which of some users, given by label, has the most friends; without friends, the first.

    The original's example is the most followed playlist; of a listener's followers Last.fm publishes the friends.
    """
    friends = dataset.tables.get("friends")
    if friends is None:
        return 0
    return int(np.argmax(friends["user"].value_counts().reindex(users, fill_value=0)))
