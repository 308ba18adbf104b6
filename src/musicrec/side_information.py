"""What is known of items and users besides listens, cleaned of what held-out listens would leak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from musicrec.datasets.dataset import Dataset
from musicrec.interactions import Interactions


def item_tags(dataset: Dataset, hidden: Interactions | None = None) -> sp.csr_array:
    """Count how often each tag was given to each item.

    Parameters
    ----------
    dataset : Dataset
        With the tables `tags` and `tag_assignments`.
    hidden : Interactions, optional
        Held-out listens. A user's own tag on an artist says that the user listened to it, so the assignments of a
        hidden pair are left out.

    Returns
    -------
    scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts, float32; columns in the order of ``dataset.tables["tags"]``. Assignments to items or tags that the
        data set does not list are left out.
    """
    listens = dataset.interactions
    given = dataset.tables["tag_assignments"]
    item = pd.Index(listens.items).get_indexer(given["artist"])
    tag = pd.Index(dataset.tables["tags"]["id"]).get_indexer(given["tag"])
    keep = (item >= 0) & (tag >= 0)
    if hidden is not None:
        user = pd.Index(listens.users).get_indexer(given["user"])
        rows, columns = hidden.coordinates()
        held_out = rows * hidden.n_items + columns
        keep &= ~((user >= 0) & np.isin(user * hidden.n_items + item, held_out))
    counts = (np.ones(keep.sum(), np.float32), (item[keep], tag[keep]))
    return sp.coo_array(counts, shape=(listens.n_items, len(dataset.tables["tags"]))).tocsr()
