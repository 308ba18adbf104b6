"""The experiments of "Recommender Systems Assignment" (2021), as it ran them and as they should have been run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
import tensorflow as tf
from implicit.cpu import _als
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from musicrec.datasets.dataset import Dataset
from musicrec.evaluation import Interval
from musicrec.interactions import Interactions
from musicrec.models.base import BATCH, FactorModel
from musicrec.models.matrix_factorization import MatrixFactorization
from musicrec.neighbours import nearest
from musicrec.preparation import clip_and_scale
from musicrec.side_information import item_tags

ARTISTS = (
    "Miley Cyrus", "Coldplay", "The Beatles", "Madonna", "Rihanna", "Britney Spears", "Lady Gaga",
    "The Cinematic Orchestra",
)  # fmt: skip
# What the original printed at the end of each run; the minima of the test error were read off its curves.
REPORTED: dict[str, dict[str, float]] = {
    "mf-plain": {
        "train MSE": 0.254370, "test MSE": 14.583439, "lowest test MSE": 13.06, "iteration of the lowest": 230,
    },
    "mf-low-init": {
        "train MSE": 0.325832, "test MSE": 7.582612, "lowest test MSE": 6.857, "iteration of the lowest": 420,
    },
    "mf-regularized": {
        "train MSE": 0.358750, "test MSE": 10.193214, "regularization": 0.990896, "gravity": 0.756215,
        "lowest test MSE": 7.83, "iteration of the lowest": 170,
    },
}  # fmt: skip
# As a share of the reported value: how far a mean over seeds may be from a run whose seed nobody knows.
TOLERANCE = {
    "train MSE": 0.06, "test MSE": 0.08, "regularization": 0.02, "gravity": 0.02,
    "lowest test MSE": 0.08, "iteration of the lowest": 0.1,
}  # fmt: skip
# The value that artists of a tag were looked up by, where it is not the tag itself.
WRONG_FILTERS = {"alternative rock": "80", "classic rock": "rock"}


# ---- Its protocol


def rated(interactions: Interactions) -> Interactions:
    """Return the same entries with ratings from 1 to 10 for play counts, as the original prepared them: all at once."""
    matrix = interactions.matrix
    ratings = clip_and_scale(matrix.data)
    return Interactions(
        sp.csr_array((ratings, matrix.indices, matrix.indptr), shape=matrix.shape),
        interactions.users,
        interactions.items,
    )


def hold_out(entries: Interactions, seed: int, share: float = 0.1) -> tuple[Interactions, Interactions]:
    """Split entries at random, whoever they belong to, into those to learn from and a share held out.

    Raises
    ------
    ValueError
        When one of the two parts would be empty.
    """
    n = round(share * len(entries))
    if not 0 < n < len(entries):
        raise ValueError(f"too small to split: a share of {share:g} of {len(entries)} entries is {n}")
    held_out = np.zeros(len(entries), bool)
    held_out[np.random.default_rng(seed).choice(len(entries), size=n, replace=False)] = True
    return entries.select(~held_out), entries.select(held_out)


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
        "train MSE": last["error"], "test MSE": last["valid_error"], "regularization": last["regularization"],
        "gravity": last["gravity"], "lowest test MSE": history["valid_error"].min(),
        "iteration of the lowest": float(history["valid_error"].argmin()),
    }  # fmt: skip


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


def squared_error(model: FactorModel, entries: Interactions) -> float:
    """Return the mean squared error of a model's scores on rated entries."""
    rows, columns = entries.coordinates()
    scores = np.einsum("nd,nd->n", model.user_factors[rows], model.item_factors[columns], dtype=np.float64)
    return float(np.mean((scores - entries.matrix.data) ** 2))


class MeanRating(FactorModel):
    """What a rating is without any factorization: the mean, plus a deviation of the item and one of the user.

    Deviations are means of what is left, shrunk towards zero as if each item and each user had `shrinkage` more
    entries without any [Koren, 2008]. Written as factors (1, b_user) · (mean + b_item, 1).

    Parameters
    ----------
    shrinkage : float
        How many entries of nothing to add.
    parts : str
        Which deviations to use: "", "item", "user" or "item+user".
    """

    name = "mean-rating"

    def __init__(self, shrinkage: float = 5.0, parts: str = "item+user") -> None:
        self.shrinkage, self.parts = shrinkage, parts

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        super().fit(train, rng=rng)
        rows, columns = train.coordinates()
        left = train.matrix.data.astype(np.float64)
        mean = left.mean()
        left = left - mean
        deviations = {}
        for part, codes, n in (("item", columns, train.n_items), ("user", rows, train.n_users)):
            sums, counts = np.bincount(codes, left, n), np.bincount(codes, minlength=n)
            # with no shrinkage, what nobody rated deviates by nothing
            deviations[part] = sums / np.maximum(counts + self.shrinkage, 1e-12) * (part in self.parts)
            left = left - deviations[part][codes]
        self.user_factors = np.column_stack([np.ones(train.n_users), deviations["user"]]).astype(np.float32)
        self.item_factors = np.column_stack([mean + deviations["item"], np.ones(train.n_items)]).astype(np.float32)
        return self


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
    listeners, total = dataset.interactions.listeners(), np.asarray(tags.sum(axis=1)).ravel()
    main = tags.max(axis=1).toarray().ravel()
    rows = []
    for value in values.values():
        given = tags[:, [place[value]]].toarray()[:, 0] if value in place else np.zeros(tags.shape[0])
        tagged = np.flatnonzero((given > 0) & (~mainly | (given == main)))
        row = {"value": value, "artists": len(tagged), "item": -1, "artist": None, "listeners": None, "share": None}
        if len(tagged):
            item = int(tagged[listeners[tagged].argmax()])
            row |= {"item": item, "artist": dataset.item_names[item], "listeners": int(listeners[item]),
                    "share": given[item] / total[item]}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(values, name="tag"))


def top_tags(dataset: Dataset, n: int = 10) -> list[str]:
    """Return the names of the tags given most often."""
    tags = dataset.tables["tags"].set_index("id")["name"]
    return [str(tags[tag]) for tag in dataset.tables["tag_assignments"]["tag"].value_counts().index[:n]]


# ---- Gravity and implicit feedback


@dataclass(frozen=True)
class Bridge:
    """How the loss with gravity turns into the one of implicit feedback [Hu, Koren & Volinsky, 2008].

    With n entries rated y among N·M pairs, and w = N·M / (gravity · n), N·M/gravity times the loss with gravity is
    the sum over all pairs of c·(p − s)², up to a constant, where c = 1 + w and p = y·w/(1 + w) for the entries, and
    c = 1 and p = 0 for all other pairs. Where every entry is rated (1 + w)/w, p is 1, as in implicit feedback. The
    two penalties become one when the users' vectors are stretched by `stretch` and the items' shrunk by it, which
    changes no score.
    """

    scale: float  # loss of implicit feedback = scale · loss with gravity − constant
    constant: float
    confidence: float  # c of an entry
    rating: float  # of every entry, so that p is 1
    penalty: float  # on all vectors
    stretch: float

    @classmethod
    def between(cls, listens: Interactions, *, gravity: float, regularization: float) -> Self:
        """Return the bridge for some listens and the weights of the two penalties, both above zero."""
        n, users, items = len(listens), listens.n_users, listens.n_items
        w = users * items / (gravity * n)
        return cls(
            scale=users * items / gravity, constant=n * (1 + w) / w, confidence=1 + w, rating=(1 + w) / w,
            penalty=regularization * math.sqrt(users * items) / gravity, stretch=(items / users) ** 0.25,
        )  # fmt: skip

    @staticmethod
    def weights(listens: Interactions, *, alpha: float, penalty: float) -> dict[str, float]:
        """Return the way back: the gravity and regularization that stand for a confidence of 1 + alpha."""
        pairs = listens.n_users * listens.n_items
        gravity = pairs / (alpha * len(listens))
        return {"gravity": gravity, "regularization": penalty * gravity / math.sqrt(pairs)}

    def rate(self, listens: Interactions) -> Interactions:
        """Return the listens, all rated so that p is 1."""
        matrix = listens.binary()
        matrix.data[:] = self.rating
        return Interactions(matrix, listens.users, listens.items)


def gravity_loss(
    users: ArrayLike, items: ArrayLike, entries: Interactions, *, gravity: float, regularization: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the loss of `MatrixFactorization` and, by automatic differentiation, its gradients in users and items.

    Written down from its definition in double precision, to check the fast version and the bridge.
    """
    rows, columns = entries.coordinates()
    ratings = tf.constant(entries.matrix.data, tf.float64)
    u, v = (tf.constant(np.asarray(factors), tf.float64) for factors in (users, items))
    with tf.GradientTape() as tape:
        tape.watch([u, v])
        error = tf.reduce_mean((tf.reduce_sum(tf.gather(u, rows) * tf.gather(v, columns), axis=1) - ratings) ** 2)
        norms = tf.reduce_sum(u * u) / u.shape[0] + tf.reduce_sum(v * v) / v.shape[0]
        all_pairs = tf.reduce_sum(tf.matmul(u, u, transpose_a=True) * tf.matmul(v, v, transpose_a=True))
        loss = error + regularization * norms + gravity / (u.shape[0] * v.shape[0]) * all_pairs
    gradients = (tf.convert_to_tensor(gradient).numpy() for gradient in tape.gradient(loss, [u, v]))
    return float(loss), *gradients


def implicit_loss(
    users: ArrayLike, items: ArrayLike, listens: Interactions, *, confidence: float, penalty: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the loss of implicit feedback and its gradients in users and items, from every pair, in batches."""
    u, v = (np.asarray(factors, dtype=np.float64) for factors in (users, items))
    loss = penalty * (np.sum(u * u) + np.sum(v * v))
    of_users, of_items = 2 * penalty * u, 2 * penalty * v
    for start in range(0, len(u), BATCH):
        batch = slice(start, start + BATCH)
        wanted = listens.binary()[batch].toarray().astype(np.float64)
        left = wanted - u[batch] @ v.T
        weighted = (1 + (confidence - 1) * wanted) * left
        loss += np.sum(weighted * left)
        of_users[batch] -= 2 * weighted @ v
        of_items -= 2 * weighted.T @ u[batch]
    return float(loss), of_users, of_items


def library_loss(
    users: ArrayLike, items: ArrayLike, listens: Interactions, *, confidence: float, penalty: float
) -> float:
    """Return the loss the library `implicit` computes, times what it divides by: the sum of all confidences."""
    weights = sp.csr_matrix(listens.binary() * np.float32(confidence))
    factors = (np.ascontiguousarray(f, dtype=np.float32) for f in (users, items))
    share = _als.calculate_loss(weights, *factors, penalty, num_threads=1)
    return float(share) * total_confidence(listens, confidence)


def compare_losses(
    users: NDArray[np.float64], items: NDArray[np.float64], listens: Interactions, **weights: float
) -> dict[str, float]:
    """Compute the loss with gravity, rescaled, and that of implicit feedback, twice, on the same vectors.

    `weights` are the gravity and the regularization. The gradients differ by the largest difference of any entry, as a
    share of the largest entry.
    """
    bridge = Bridge.between(listens, **weights)
    implied = {"confidence": bridge.confidence, "penalty": bridge.penalty}
    loss, *ours = gravity_loss(users, items, bridge.rate(listens), **weights)
    stretched = users * bridge.stretch, items / bridge.stretch
    all_pairs, *theirs = implicit_loss(*stretched, listens, **implied)
    factors = bridge.scale / bridge.stretch, bridge.scale * bridge.stretch
    apart = [np.abs(f * a - b).max() for f, a, b in zip(factors, ours, theirs, strict=True)]
    return {
        "gravity, rescaled": bridge.scale * loss - bridge.constant,
        "implicit, all pairs": all_pairs,
        "library": library_loss(*stretched, listens, **implied),
        "gradients differ by": max(apart) / max(np.abs(b).max() for b in theirs),
    }


def total_confidence(listens: Interactions, confidence: float) -> float:
    """Return the sum of the confidences of all pairs."""
    return listens.n_users * listens.n_items + (confidence - 1) * len(listens)
