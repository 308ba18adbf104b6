"""From a fitted model to its served form: pruned, and rounded to small integers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from musicrec.models import registry
from musicrec.serving.forms import BLEND, LEVELS, MIN_LISTENERS, OF, Both, Counts, Factors, ItemWeights, Served

if TYPE_CHECKING:
    from musicrec.datasets.interactions import Interactions
    from musicrec.models.base import Recommender

# How many artists each artist has something to say about; those of item-knn travel with the page.
NEIGHBOURS = {"ease": 400, "item-knn": 200}


def fit(
    train: Interactions,
    names: list[str],
    model: str,
    facts: Mapping[str, Any] | None = None,
    times: NDArray[np.int64] | None = None,
) -> Served:
    """Merge the entries of each artist, fit a model, and bring it into the form that is served; see `abridged`."""
    from musicrec.serving.spellings import one_entry_each

    merged = one_entry_each(train, names)
    return abridged(merged.listens, merged.names, model, facts, times=times)


def abridged(
    train: Interactions,
    names: Sequence[str],
    model: str,
    facts: Mapping[str, Any] | None = None,
    fitted: Recommender | None = None,
    times: NDArray[np.int64] | None = None,
) -> Served:
    """Fit a model to listens as they are, unless a fitted one is given, and bring it into the form that is served.

    `times`, shape (n_users,), says how often each row counts in the fit; listeners are counted once each.
    """
    from musicrec.datasets.joined import repeated

    listeners = train.popularity()
    order = np.argsort(-listeners, kind="stable")
    ids = np.asarray(train.items)[order].astype(np.int64)
    known = [str(names[item]) for item in order]
    facts = facts if facts is not None else {"model": model}
    kept = order[: int((listeners >= MIN_LISTENERS).sum())]
    if len(kept) == 0:
        raise ValueError(f"no artist has {MIN_LISTENERS} listeners, so there is nothing to recommend")
    base = (facts, ids, known, listeners[order].astype(np.int64))
    if model == "popularity":
        return Counts(*base)
    fitted = fitted or full_model(model).fit(repeated(train, times), rng=np.random.default_rng(0))
    if model == BLEND:
        parts = fitted.parts  # type: ignore[attr-defined]
        halves = (abridged(train, names, name, fitted=part) for name, part in zip(OF, parts, strict=True))
        return Both(*base, *(getattr(half, array) for half in halves for array in half.arrays))
    if model in ("als", "ials"):
        factors = np.asarray(fitted.item_factors, np.float64)  # type: ignore[attr-defined]
        return Factors(*base, *_whole_numbers(factors[kept]), *_loss(fitted, factors, model))
    return ItemWeights(*base, *_rounded(_rows(fitted, kept), NEIGHBOURS[model]))


def _loss(fitted: Any, factors: NDArray[np.float64], model: str) -> tuple[NDArray[np.float32], ...]:
    """Return `gram`, `alpha`, `pull` and `ridge` of the loss that gives a new person's factors."""
    gram = factors.T @ factors
    if model == "als":
        gram += fitted.regularization * np.eye(factors.shape[1])
        numbers: tuple[Any, ...] = (gram, fitted.alpha, 1 + fitted.alpha, (0, 0, 1))
    else:
        ridge = (fitted.regularization, fitted.unobserved * len(factors), fitted.exponent)
        numbers = (fitted.unobserved * gram, 1, 1, ridge)
    return tuple(np.asarray(number, np.float32) for number in numbers)


def average_plays(histories: Any, train: Interactions, model: str) -> Any:
    """Give every artist of the histories plays of average strength, where the served form knows no others."""
    if model != "item-knn":
        histories = histories.copy()
        histories.data[:] = np.expm1(np.log1p(train.matrix.data.astype(np.float64)).mean())
    return histories


def _rows(fitted: Recommender, kept: NDArray[np.int64], batch: int = 512) -> Iterator[NDArray[np.float32]]:
    """Yield the weights between the served artists, some rows at a time, so that memory stays bounded."""
    for start in range(0, len(kept), batch):
        # take keeps a row's weights side by side in memory, which indexing with [:, kept] would not
        yield fitted.weights_from(kept[start : start + batch]).take(kept, axis=1)  # type: ignore[attr-defined]


def _rounded(rows: Iterator[NDArray[np.float32]], k: int) -> tuple[NDArray[Any], ...]:
    """Keep the k weights of each row that are farthest from zero, as whole numbers; return the arrays of a model."""
    from musicrec.models.top_k import top_k

    sizes, columns, levels, scales = [], [], [], []
    for block in rows:
        # Of equal weights those about better known artists stay; no weight (-1 below) is never one of the largest.
        size = np.where(block == 0, -np.inf, np.abs(block)).astype(np.float32)
        kept = np.sort(top_k(size, min(k, block.shape[1])).ids, axis=1)
        weights = np.where(kept < 0, 0, np.take_along_axis(block, np.maximum(kept, 0), axis=1))
        whole_numbers, scale = _whole_numbers(weights)
        row, place = np.nonzero(whole_numbers)
        sizes.append(np.bincount(row, minlength=len(block)))
        columns.append(kept[row, place].astype(np.int32))
        levels.append(whole_numbers[row, place])
        scales.append(scale)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return starts, np.concatenate(columns), np.concatenate(levels), np.concatenate(scales)


def _whole_numbers(rows: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return rows of numbers as levels, of the same shape, and the scale of each row, shape (n,)."""
    scales = (np.abs(rows).max(axis=1) / LEVELS).astype(np.float32)
    return np.rint(rows / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8), scales


def full_model(model: str) -> Recommender:
    """Return the model behind a served one, not fitted, with its tuned settings."""
    from musicrec.serving.blend import Blend, member

    if model == BLEND:
        return Blend()
    return member(model) if model in OF else registry.build(model)
