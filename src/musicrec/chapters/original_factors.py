"""What "Recommender Systems Assignment" (2021) printed, and how it read its factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import item_tags
from musicrec.evaluation.statistics import Interval
from musicrec.models.base import FactorModel
from musicrec.models.factors.matrix_factorization import MatrixFactorization
from musicrec.models.factors.similar_items import nearest
from musicrec.splits.entries import hold_out

ARTISTS = (
    "Miley Cyrus",
    "Coldplay",
    "The Beatles",
    "Madonna",
    "Rihanna",
    "Britney Spears",
    "Lady Gaga",
    "The Cinematic Orchestra",
)
LOWEST, LOWEST_AT = "lowest test MSE", "iteration of the lowest"
# What the original printed at the end of each run; the minima of the test error were read off its curves.
REPORTED: dict[str, dict[str, float]] = {
    "mf-plain": {"train MSE": 0.254370, "test MSE": 14.583439, LOWEST: 13.06, LOWEST_AT: 230},
    "mf-low-init": {"train MSE": 0.325832, "test MSE": 7.582612, LOWEST: 6.857, LOWEST_AT: 420},
    "mf-regularized": {
        "train MSE": 0.358750,
        "test MSE": 10.193214,
        "regularization": 0.990896,
        "gravity": 0.756215,
        LOWEST: 7.83,
        LOWEST_AT: 170,
    },
}
# The value that artists of a tag were looked up by, where it is not the tag itself.
WRONG_FILTERS = {"alternative rock": "80", "classic rock": "rock"}


def original_run(name: str, ratings: Interactions, seed: int) -> MatrixFactorization:
    """Train one of its three runs; its test entries are what `history` calls validation."""
    train, test = hold_out(ratings, seed)
    model = MatrixFactorization.original(name, rate_plays=False)
    return model.fit(train, rng=np.random.default_rng(seed), valid=test)


def stopped_run(name: str, ratings: Interactions, seed: int, patience: int = 50) -> tuple[MatrixFactorization, float]:
    """Train on the same entries less a validation part that decides when to stop; return the test error beside it."""
    train, test = hold_out(ratings, seed)
    train, valid = hold_out(train, seed)
    model = MatrixFactorization.original(name, rate_plays=False, patience=patience)
    model.fit(train, rng=np.random.default_rng(seed), valid=valid)
    return model, squared_error(model, test)


def read_off(history: pd.DataFrame) -> dict[str, float]:
    """Return the figures the original reported of a run: at its end, and where its test error was lowest."""
    last = history.iloc[-1]
    return {
        "train MSE": last["error"],
        "test MSE": last["valid_error"],
        "regularization": last["regularization"],
        "gravity": last["gravity"],
        LOWEST: history["valid_error"].min(),
        LOWEST_AT: float(history["valid_error"].argmin()),
    }


def mean_over_seeds(values: ArrayLike) -> Interval:
    """Return the mean and its 95 % interval by Student's t; a single value has no interval (NaN).

    Examples
    --------
    >>> mean_over_seeds([1.0, 2.0, 3.0]).mean
    2.0
    """
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return Interval(float(sample.mean()), float("nan"), float("nan"))
    half = stats.t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample))
    return Interval(float(sample.mean()), float(sample.mean() - half), float(sample.mean() + half))


def interval_rows(intervals: Mapping[str, Interval]) -> pd.DataFrame:
    """Return intervals by name as `value`, `low` and `high`, the columns that `plots.intervals` draws.

    Examples
    --------
    >>> interval_rows({"als": Interval(0.2, 0.1, 0.3)})
         value  low  high
    als    0.2  0.1   0.3
    """
    return pd.DataFrame.from_dict(dict(intervals), orient="index", columns=["value", "low", "high"])


def squared_error(model: FactorModel, entries: Interactions) -> float:
    """Return the mean squared error of a model's scores on rated entries."""
    rows, columns = entries.coordinates()
    scores = np.einsum("nd,nd->n", model.user_factors[rows], model.item_factors[columns], dtype=np.float64)
    return float(np.mean((scores - entries.matrix.data) ** 2))


# ---- Its read-outs, and what they should have said


def asked_for(names: Sequence[str] | NDArray[np.object_], listeners: ArrayLike) -> list[str]:
    """Return the eight artists the original asked for, or, where the data do not have them, the eight best known."""
    if set(ARTISTS) <= {str(name) for name in names}:
        return list(ARTISTS)
    return [str(names[item]) for item in np.argsort(-np.asarray(listeners), kind="stable")[: len(ARTISTS)]]


def first_match(names: Sequence[str] | NDArray[np.object_], text: str) -> int:
    """Return the first name, in the order of the file, that contains a text: how the original found an artist.

    Raises
    ------
    ValueError
        When none does.
    """
    found = next((place for place, name in enumerate(names) if text in str(name)), None)
    if found is None:
        raise ValueError(f"no name contains {text!r}")
    return found


def name_lists(
    names: NDArray[np.object_], lists: Mapping[str, NDArray[np.int64]], asked: Sequence[str]
) -> pd.DataFrame:
    """Return lists of items as names with commas between them: one row per artist asked for, one column per kind."""
    written = {kind: [", ".join(names[row]) for row in found] for kind, found in lists.items()}
    return pd.DataFrame(written, index=pd.Index(asked, name="artist"))


def string_order(ids: ArrayLike) -> NDArray[np.int64]:
    """Return the order of ids sorted as text, in which 10 comes before 9.

    Examples
    --------
    >>> string_order([8, 9, 10, 100]).tolist()
    [2, 3, 0, 1]
    """
    return np.argsort(np.asarray(ids).astype(str), kind="stable")


def neighbours_as_the_original_printed_them(
    factors: NDArray[np.float32], ids: ArrayLike, places: ArrayLike, *, k: int = 6, measure: str = "cosine"
) -> NDArray[np.int64]:
    """Return whom the original named as the nearest artists, with its mistake repeated on purpose.

    It made ids text and numbered them in text order, so row j of its factors belonged to the j-th id *as text*; but
    it looked artists up, and took their names, in the order of the file. It therefore asked for the neighbours of
    another artist and then called each of them by the name of yet another.

    Parameters
    ----------
    factors : numpy.ndarray, shape (n_items, dim)
        One vector per artist, in the order of the file.
    ids : array-like, shape (n_items,)
        In the order of the file.
    places : array-like of int, shape (n,)
        The artists asked for, by their place in the file, as `first_match` finds them.
    k : int
        How many; an artist may be its own neighbour.
    measure : {"cosine", "dot"}
        As in `musicrec.neighbours.nearest`.

    Returns
    -------
    numpy.ndarray, shape (n, k)
        Places in the file of the names it printed.
    """
    in_text_order = np.asarray(factors)[string_order(ids)]
    return nearest(in_text_order, places, k, measure=measure, itself=True).ids


def tag_likeness(tags: sp.csr_array, items: ArrayLike, others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean cosine between the tag counts of each item and of others, shape (n,) and (n, k) in, (n,) out.

    An item that nobody tagged is like nothing: 0. Others that are the item itself are left out of the mean.
    """
    counts = sp.csr_array(tags, dtype=np.float64)
    lengths = np.sqrt(np.asarray((counts * counts).sum(axis=1)).ravel())
    items = np.asarray(items, dtype=np.int64)
    asked, other = np.repeat(items, others.shape[1]), others.ravel()
    products = np.asarray((counts[asked] * counts[other]).sum(axis=1)).ravel()
    cosines = (products / np.maximum(lengths[asked] * lengths[other], 1e-12)).reshape(others.shape)
    different = others != items[:, None]
    return np.where(different, cosines, 0).sum(axis=1) / np.maximum(different.sum(axis=1), 1)


def most_listened_by_tag(dataset: Dataset, values: Mapping[str, str], *, mainly: bool = False) -> pd.DataFrame:
    """Return the best known artist of each tag.

    Parameters
    ----------
    dataset : Dataset
        With the tables `tags` and `tag_assignments`.
    values : mapping of str to str
        For each tag to show, the value to look artists up by: the tag itself, unless one repeats a mistake.
    mainly : bool
        Whether the tag must be the one the artist was given most often; otherwise once, by anybody, is enough.

    Returns
    -------
    pandas.DataFrame
        One row per tag: `value`, `artists` with that tag, and of the one with most listeners `item` (column of the
        interactions), `artist`, `listeners` and `share` (of all tags it was given, how many were this one). A value
        that no artist was tagged with has item -1 and missing entries.
    """
    tags = item_tags(dataset)
    place = {name: column for column, name in enumerate(dataset.tables["tags"]["name"])}
    listeners, total = dataset.interactions.popularity(), np.asarray(tags.sum(axis=1)).ravel()
    main = tags.max(axis=1).toarray().ravel()
    rows = []
    for value in values.values():
        given = tags[:, [place[value]]].toarray()[:, 0] if value in place else np.zeros(tags.shape[0])
        tagged = np.flatnonzero((given > 0) & (~mainly | (given == main)))
        row = {"value": value, "artists": len(tagged), "item": -1, "artist": None, "listeners": None, "share": None}
        if len(tagged):
            item = int(tagged[listeners[tagged].argmax()])
            artist, share = dataset.item_names[item], given[item] / total[item]
            row |= {"item": item, "artist": artist, "listeners": int(listeners[item]), "share": share}
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(values, name="tag"))


def top_tags(dataset: Dataset, n: int = 10) -> list[str]:
    """Return the names of the tags given most often."""
    tags = dataset.tables["tags"].set_index("id")["name"]
    return [str(tags[tag]) for tag in dataset.tables["tag_assignments"]["tag"].value_counts().index[:n]]
