"""What kind of music a reader plays, by the tags that the people of the data gave to the artists."""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.side_information import item_tags
from musicrec.names import plain
from musicrec.serving.reader import Reader


def taste(data: Dataset, reader: Reader, n: int = 10) -> pd.DataFrame:
    """Return the tags that the reader's favourites have more often than what everyone listens to.

    Of each artist the tags sum to one. `reader` is the mean over the favourites, `everyone` that over all listens; the
    rows are those of the largest difference.
    """
    tags = item_tags(data)
    totals = np.asarray(tags.sum(axis=1)).ravel()
    shares = tags.multiply(1 / np.maximum(totals, 1)[:, None]).tocsr()
    row = {plain(str(name)): item for item, name in reversed(list(enumerate(data.item_names)))}
    mine = [row[key] for item in reader.favourites if (key := plain(reader.served.names[item])) in row]
    mine = [item for item in mine if totals[item]]
    listens = data.interactions.popularity() * (totals > 0)
    table = pd.DataFrame(
        {
            "reader": np.asarray(shares[mine].mean(axis=0)).ravel() if mine else 0.0,
            "everyone": np.asarray((listens / max(listens.sum(), 1)) @ shares).ravel(),
        },
        index=pd.Index(data.tables["tags"].iloc[:, 1].astype(str), name="tag"),
    )
    difference = table["reader"] - table["everyone"]
    return table.iloc[np.argsort(-difference.to_numpy(), kind="stable")[:n]]
