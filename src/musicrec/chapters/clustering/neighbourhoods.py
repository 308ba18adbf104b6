"""Names for the neighbourhoods of a map: tags that fit artists without a say in it, else the best known artists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.chapters.clustering.clusters import name_clusters

PROPOSED = 4  # tags that a half of the artists may propose
FITS = 1 / 3  # of the other half's tagged artists have a tag that fits
TIMES = 3.0  # as often as the artists of other neighbourhoods, at least


def fitting_names(
    labels: ArrayLike,
    tags: sp.csr_array,
    tag_names: Sequence[str] | NDArray[np.object_],
    names: Sequence[str] | NDArray[np.object_],
    listeners: ArrayLike,
    *,
    rng: np.random.Generator,
    words: int = 2,
) -> pd.DataFrame:
    """Name clusters by the tags that fit, and where none does by their best known artists.

    The items are halved at random. A tag fits a cluster if each half of the cluster proposes it, by `name_clusters`,
    and `FITS` of the other half's tagged items have it, `TIMES` as many as outside. So no tag is judged by the items
    that proposed it.

    Parameters
    ----------
    labels : array-like of int, shape (n_items,)
        The cluster of each item, -1 for none.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags)
        Counts.
    tag_names : sequence of str, shape (n_tags,)
        Names of the tags.
    names, listeners : sequence of str and array-like of int, shape (n_items,)
        Names of the items, and how many people listened to them.
    rng : numpy.random.Generator
        Draws the halves.
    words : int
        How many tags, or artists, make a name at most.

    Returns
    -------
    pandas.DataFrame
        One row per cluster, by number: `name`, `items`, and `by_tags`, whether tags name it.
    """
    given, known = np.asarray(labels, dtype=np.int64), np.asarray(listeners)
    whole = name_clusters(given, tags, tag_names, words=PROPOSED)
    half = rng.random(len(given)) < 0.5
    fitting = [_fitting(given, side, tags, tag_names) for side in (half, ~half)]
    best_first = np.argsort(-known, kind="stable")
    rows, taken = [], set()
    for cluster in whole.index:
        fit = fitting[0].get(cluster, set()) & fitting[1].get(cluster, set())
        ranked = [tag for tag in str(whole["name"][cluster]).split(", ") if tag in fit]
        name = next((n for n in _choices(ranked, words) if n not in taken), "")
        residents = best_first[given[best_first] == cluster][:words]
        rows.append((name or " & ".join(str(names[item]) for item in residents), whole["items"][cluster], bool(name)))
        taken.add(rows[-1][0])
    return pd.DataFrame(rows, index=whole.index, columns=["name", "items", "by_tags"])


def _choices(ranked: Sequence[str], words: int) -> list[str]:
    """Return the names that ranked tags can make, the best first: later tags stand in where a name is taken."""
    first = ", ".join(ranked[:words])
    return [name for name in (first, *(f"{ranked[0]}, {tag}" for tag in ranked[words:])) if name] if ranked else []


def _fitting(
    labels: NDArray[np.int64],
    proposing: NDArray[np.bool_],
    tags: sp.csr_array,
    tag_names: Sequence[str] | NDArray[np.object_],
) -> dict[int, set[str]]:
    """Return for each cluster the tags that its proposing items propose and the others have."""
    proposed = name_clusters(np.where(proposing, labels, -1), tags, tag_names, words=PROPOSED)
    places = {str(name): place for place, name in enumerate(tag_names)}
    has = sp.csc_array(tags)
    asked = ~proposing & (np.diff(sp.csr_array(tags).indptr) > 0)
    found = {}
    for cluster, name in proposed["name"].items():
        inside, outside = asked & (labels == cluster), asked & (labels != cluster)
        fits = set()
        for tag in filter(places.__contains__, str(name).split(", ")):
            share = has[:, [places[tag]]].toarray()[:, 0] > 0
            if inside.any() and share[inside].mean() >= max(
                FITS, TIMES * (share[outside].mean() if outside.any() else 0)
            ):
                fits.add(tag)
        found[int(str(cluster))] = fits
    return found
