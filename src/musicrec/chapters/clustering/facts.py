"""What the sentences of chapter 07 say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.clustering.comparison import DENSE, ROUND
from musicrec.chapters.clustering.quality import tag_agreement, trustworthiness
from musicrec.evaluation.statistics import Interval, bootstrap_mean


class Asked(NamedTuple):
    """Which tags are asked."""

    n: int
    kept: int
    share: float  # of the artists with two listeners or more that have a main tag


def tags_asked(n: int, kept: int, main: NDArray[np.int64], popularity: NDArray[np.int64]) -> Asked:
    """Count tags, and artists with a main tag (at or above 0)."""
    return Asked(n, kept, float(np.mean(main[popularity >= 2] >= 0)))


class Agreement(NamedTuple):
    """Shares of the ten nearest on several maps that are of the same kind."""

    shares: pd.Series  # by map
    best: str
    most: float
    worst: str
    least: float
    chance: float


def map_agreement(layouts: Mapping[str, NDArray[np.float32]], kinds: NDArray[np.int64]) -> Agreement:
    """Return how often neighbours on each map are of the same kind: main tag, or leaning."""
    shares = {name: tag_agreement(layout, kinds, measure="euclidean").mean() for name, layout in layouts.items()}
    found = pd.Series(shares)
    best, worst = str(found.idxmax()), str(found.idxmin())
    return Agreement(found, best, found[best], worst, found[worst], by_chance(kinds))


def by_chance(kinds: NDArray[np.int64]) -> float:
    """Return how often two of these are of the same kind.

    Examples
    --------
    >>> by_chance(np.array([0, 0, 1, 1]))
    0.5
    """
    return float(np.sum(np.bincount(kinds) ** 2) / len(kinds) ** 2)


class Trust(NamedTuple):
    """Trustworthiness of layouts, and what they keep of neighbours of the same tag."""

    pca: float
    umap: float
    tsne: float
    more_umap: float  # what a third dimension adds
    more_tsne: float
    unreduced: float  # share of neighbours of the same tag
    flat: float  # and on the flat t-SNE map
    loses: bool


def trust_facts(table: pd.DataFrame) -> Trust:
    """Sum up `layout_quality`."""
    trust, same = table["trustworthiness"], table["same tag"]
    unreduced, flat = same["not reduced"], same["t-SNE, 2-D"]
    return Trust(
        trust["PCA, 2-D"],
        trust["UMAP, 2-D"],
        trust["t-SNE, 2-D"],
        trust["UMAP, 3-D"] - trust["UMAP, 2-D"],
        trust["t-SNE, 3-D"] - trust["t-SNE, 2-D"],
        unreduced,
        flat,
        bool(flat < unreduced - 0.005),
    )


class Starts(NamedTuple):
    """Cosine of the vectors of the rarest artists with the start of each run."""

    few: float  # share of artists with four listeners or fewer
    plain: float
    low: float
    regularized: float


def start_facts(turned: pd.DataFrame, popularity: NDArray[np.int64]) -> Starts:
    """Read the first band of `turned_since_start`."""
    return Starts(float((popularity <= 4).mean()), *turned.iloc[0][["mf-plain", "mf-low-init", "mf-regularized"]])


class Genres(NamedTuple):
    """Shares of the ten nearest artists with the same main tag, by embedding."""

    value: pd.Series
    chance: float
    dim: int  # of the regularized run
    short: float  # als with as many factors
    lead: Interval  # of als over the regularized run
    svd: Interval  # pure-svd minus als
    right: bool  # whether the regularized run is the best of the three


def genre_facts(agreement: Mapping[str, NDArray[np.float64]], chance: float, runs: Mapping[str, int]) -> Genres:
    """Sum up the agreement of each artist's neighbours, by embedding; `runs` has the vectors' length of each run."""
    value = pd.Series({name: shares.mean() for name, shares in agreement.items()})
    dim = runs["mf-regularized"]
    lead = bootstrap_mean(agreement["als"] - agreement["mf-regularized"])
    svd = bootstrap_mean(agreement["pure-svd"] - agreement["als"])
    right = value[list(runs)].idxmax() == "mf-regularized"
    return Genres(value, chance, dim, value[f"als, {dim} factors"], lead, svd, bool(right))


class Spaces(NamedTuple):
    """Where to look for clusters."""

    raw: float  # share of artists in no cluster of the embedding itself
    raw_few: bool  # more than half
    raw_ami: float
    plane: float  # in none on the flat map
    gain: float  # in AMI, five dimensions instead of two
    little: bool
    purity: float  # on the flat map
    tags: int  # different main tags
    chance: float  # purity of shuffled tags


def space_facts(quality: pd.DataFrame, main: NDArray[np.int64]) -> Spaces:
    """Sum up `cluster_quality` by the space HDBSCAN looked in."""
    raw, space, plane = quality.loc[["HDBSCAN on the embedding", "HDBSCAN on a 5-D UMAP", DENSE]].to_dict("records")
    gain = space["AMI"] - plane["AMI"]
    return Spaces(
        raw["in none"],
        raw["in none"] > 0.5,
        raw["AMI"],
        plane["in none"],
        gain,
        gain < 0.05,
        plane["purity"],
        len(np.unique(main)),
        plane["purity by chance"],
    )


class Noise(NamedTuple):
    """What random numbers have of clusters."""

    clusters: int
    agreement: float


def noise_facts(compared: pd.DataFrame) -> Noise:
    """Read the row `random` of `compare_clusters`."""
    return Noise(int(compared["clusters"]["random"]), compared["AMI, HDBSCAN"]["random"])


class Stable(NamedTuple):
    """Whether clusters come back with another seed of the layout or of k-means."""

    layout: float  # adjusted Rand index of HDBSCAN
    means: float  # and of k-means
    dense_first: bool  # whether the dense regions come back more faithfully


def stability_facts(stable: pd.DataFrame, what: str) -> Stable:
    """Read one row of adjusted Rand indices."""
    layout, means = stable[DENSE][what], stable[ROUND][what]
    return Stable(layout, means, bool(layout > means))


class Chart(NamedTuple):
    """The map of artists."""

    large: int  # neighbourhoods
    small: int
    none: float  # share of artists in none of either
    fits: float  # median share of artists without a say that have the first tag proposed
    times: float  # as many as elsewhere
    named: float  # share of neighbourhoods of both sizes that tags name
    trust: Interval


def chart_facts(
    large: NDArray[np.int64],
    small: NDArray[np.int64],
    checked: pd.DataFrame,
    levels: Sequence[pd.DataFrame],
    vectors: NDArray[np.float32],
    layout: NDArray[np.float32],
) -> Chart:
    """Sum up two levels of neighbourhoods, their `settled_names`, `name_check` of the large ones, and the map itself.

    The trustworthiness is that of every eighth artist.
    """
    times = (checked["fits"] / checked["elsewhere"].clip(lower=1e-3)).median()
    trust = bootstrap_mean(trustworthiness(vectors, layout, sample=np.arange(0, len(layout), 8)))
    none = float(np.mean((large < 0) & (small < 0)))
    named = float(pd.concat(levels)["by tags"].mean())
    return Chart(int(large.max()) + 1, int(small.max()) + 1, none, checked["fits"].median(), times, named, trust)
