"""Serving: fitted models in a form that answers at once, for the command and for the page "Try it".

A served model knows the artists of at least two listeners: one listener alone cannot say what goes with what, and
their list is their own business. It is saved once for each data set under `build/models`, and read with NumPy alone,
because importing what fitting needs takes longer than answering.

Weights between artists are pruned, and these and factors rounded to small integers, so that they travel with a page;
command and page use the same rounded numbers and so give the same answers. `fidelity` measures what that costs.
"""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musicrec.files import build_dir, whole

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset
    from musicrec.interactions import Interactions
    from musicrec.models.base import Recommender

MODELS = ("als", "item-knn", "ease", "popularity")  # the one that ranks best on held-out listeners comes first
# How many artists each artist has something to say about; those of item-knn travel with the page.
NEIGHBOURS = {"ease": 400, "item-knn": 200}
LEVELS = 31  # weights and factors are whole numbers from -31 to 31, times a scale for each artist
MIN_LISTENERS = 2
FORMAT = 1
_CODE = ("serving.py", *(f"models/{name}.py" for name in ("base", "knn", "ease", "als", "least_squares", "popularity")))
Say = Callable[[str], None]


class Recommended(NamedTuple):
    """One recommendation: position of the artist, the model's score, and the score it was ranked by."""

    artist: int
    score: float
    adjusted: float


@dataclass(frozen=True, eq=False)
class Served(ABC):
    """A fitted model that answers for people who were not in training.

    Attributes
    ----------
    facts : mapping
        `model`, `dataset`, `simulated`, `fingerprint` (of the data), `source` (see `datasets.identity`) and
        `made_with` (a digest of settings and code).
    ids : numpy.ndarray, shape (n_artists,)
        The artists' ids in the data, the best known first.
    names : list of str
        Their names.
    listeners : numpy.ndarray, shape (n_artists,)
        How many listeners each has. Only artists of at least `MIN_LISTENERS` are served: the first `n`.
    """

    facts: Mapping[str, Any]
    ids: NDArray[np.int64]
    names: list[str]
    listeners: NDArray[np.int64]
    arrays: ClassVar[tuple[str, ...]] = ()  # what a subclass adds, by name

    @property
    def n(self) -> int:
        """How many artists are served."""
        return int((self.listeners >= MIN_LISTENERS).sum())

    @abstractmethod
    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the score of every served artist for someone who likes these (positions, each once), shape (n,)."""

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:
        """Return what each liked artist adds to the score of one artist, shape (n_liked,); they sum to the score."""
        return np.zeros(len(liked))

    def recommend(self, liked: ArrayLike, k: int = 10, avoid_popular: float = 0.0) -> list[Recommended]:
        """Return the k best artists, best first, none of them liked already and none with a score of zero or below.

        Parameters
        ----------
        liked : array-like of int
            Positions of the liked artists, below `n`; one named twice counts once.
        k : int
            How many at most.
        avoid_popular : float
            From 0 to 1: artists are ranked by score / listeners ** avoid_popular. At 0 by the score itself, at 1
            by the score per listener. Of equal ones, the better known comes first.

        Raises
        ------
        ValueError
            When `avoid_popular` is not between 0 and 1.
        IndexError
            When an artist is not served.
        """
        if not 0 <= avoid_popular <= 1:
            raise ValueError(f"to avoid the popular takes a number from 0 to 1, not {avoid_popular}")
        liked = np.unique(np.asarray(liked, dtype=np.int64))
        if liked.size and not (liked[0] >= 0 and liked[-1] < self.n):
            raise IndexError(f"artist {liked[-1]} is not one of the {self.n} that are served")
        scores = self.scores(liked)
        adjusted = scores / self.listeners[: self.n] ** float(avoid_popular)
        allowed = scores > 0
        allowed[liked] = False
        left = np.flatnonzero(allowed)
        best = left[np.lexsort((left, -adjusted[left]))[:k]]
        return [Recommended(int(a), float(scores[a]), float(adjusted[a])) for a in best]

    def save(self, path: Path) -> None:
        """Write the model to one ``.npz`` file, whole or not at all."""
        with whole(path, "wb") as file:
            np.savez_compressed(
                file, facts=np.array(json.dumps(dict(self.facts))), names=np.array(json.dumps(self.names)),
                ids=self.ids, listeners=self.listeners, **{name: getattr(self, name) for name in self.arrays},
            )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ItemWeights(Served):
    """A score is a sum of weights: of each liked artist, the ones it has most to say about.

    Attributes
    ----------
    starts : numpy.ndarray, shape (n + 1,)
        Where the weights of each artist start.
    columns, levels : numpy.ndarray, shape (n_weights,)
        The artists they are about, ascending within a row, and whole numbers from -31 to 31.
    scales : numpy.ndarray, shape (n,)
        What to multiply the levels of each artist by, float32.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    levels: NDArray[np.int8]
    scales: NDArray[np.float32]
    arrays: ClassVar[tuple[str, ...]] = ("starts", "columns", "levels", "scales")

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        total = np.zeros(self.n)
        for artist in liked:  # a level times a scale has 30 bits: sums of doubles are exact in any order
            entries = slice(self.starts[artist], self.starts[artist + 1])
            total[self.columns[entries]] += np.float64(self.scales[artist]) * self.levels[entries]
        return total

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:  # noqa: D102
        result = np.zeros(len(liked))
        for place, row in enumerate(liked):
            entries = slice(self.starts[row], self.starts[row + 1])
            found = self.levels[entries][self.columns[entries] == artist]
            result[place] = np.float64(self.scales[row]) * found.sum(dtype=np.float64)
        return result


@dataclass(frozen=True, eq=False)
class Factors(Served):
    """A score is a product of factors; the listener's minimise the loss of ALS, every liked artist counting alike.

    Attributes
    ----------
    levels : numpy.ndarray, shape (n, dim)
        Whole numbers from -31 to 31.
    scales : numpy.ndarray, shape (n,)
        What to multiply the levels of each artist by to get its factors, float32.
    gram : numpy.ndarray, shape (dim, dim)
        The part of the loss that is the same for everyone, float32.
    alpha : numpy.ndarray, shape ()
        Extra confidence in a listen of average strength, float32.
    """

    levels: NDArray[np.int8]
    scales: NDArray[np.float32]
    gram: NDArray[np.float32]
    alpha: NDArray[np.float32]
    arrays: ClassVar[tuple[str, ...]] = ("levels", "scales", "gram", "alpha")

    def factors(self, artists: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factors of some artists, shape (n_given, dim)."""
        return self.levels[artists] * self.scales[artists].astype(np.float64)[:, None]

    def _shares(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what each liked artist adds to the listener's factors, shape (dim, n_liked)."""
        heard, alpha = self.factors(liked), float(self.alpha)
        loss = alpha * heard.T @ heard + self.gram.astype(np.float64)
        return np.asarray(np.linalg.solve(loss, (1 + alpha) * heard.T))

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        return (self.levels @ self._shares(liked).sum(axis=1)) * self.scales

    def adds(self, liked: NDArray[np.int64], artist: int) -> NDArray[np.float64]:  # noqa: D102
        return self.factors(np.array([artist]))[0] @ self._shares(liked)


class Counts(Served):
    """The score is the number of listeners, the same for everyone."""

    def scores(self, liked: NDArray[np.int64]) -> NDArray[np.float64]:  # noqa: D102
        return self.listeners[: self.n].astype(np.float64)


_FORMS: dict[str, type[Served]] = {"ease": ItemWeights, "item-knn": ItemWeights, "als": Factors, "popularity": Counts}


def serve(dataset: str, model: str, say: Say) -> Served:
    """Return a served model of a data set by name, from disk when its data and code have not changed.

    Parameters
    ----------
    dataset : str
        `lastfm-2k`, `simulated` or `auto`.
    model : str
        One of `MODELS`.
    say : callable
        Told when something takes longer, and what the answer rests on when that is not real data.

    Raises
    ------
    ValueError
        When there is no such model or data set.
    DataError
        When the data cannot be had or are not what they should be.
    """
    from musicrec.datasets.identity import identity
    from musicrec.datasets.sources import DataUnavailableError

    if model not in MODELS:
        raise ValueError(f"no model is called {model!r}; choose from {', '.join(MODELS)}")
    try:
        name, source = identity(dataset)
    except DataUnavailableError:
        name, source = dataset, ""
    wanted = made_with(model)
    for path in sorted((build_dir() / "models").glob(f"*-{model}.npz")) if source else ():
        try:
            facts = _facts(path)
            if facts["source"] == source and facts["made_with"] == wanted:
                if dataset == "auto" and facts["simulated"]:
                    say("warning: no real data are at hand; the answer is about SIMULATED artists and listeners")
                return read(path)
        except ValueError as error:
            say(f"{error}; fitting it again")
    say(f"reading the listens of {name} and fitting {model}; next time the answer comes at once …")
    from musicrec.datasets import load

    data = load(dataset, progress=False)
    if source == "" or data.name != name:  # downloaded just now
        _, source = identity(data.name)
    return served(data, model, source)


def served(data: Dataset, model: str, source: str = "") -> Served:
    """Return a served model of these data, from disk when they and the code have not changed, else fit and save it.

    `source` is the data's `identity`; without it, the model will not be found by name.
    """
    path = build_dir() / "models" / f"{data.provenance.fingerprint}-{model}.npz"
    facts = {
        "format": FORMAT, "model": model, "dataset": data.name, "simulated": data.simulated,
        "fingerprint": data.provenance.fingerprint, "source": source, "made_with": made_with(model),
    }  # fmt: skip
    try:
        if _facts(path) == facts:
            return read(path)
    except ValueError:
        pass  # missing or damaged
    made = fit(data.interactions, data.item_names.tolist(), model, facts)
    try:
        made.save(path)
    except OSError as error:  # the answer is there all the same
        warnings.warn(f"the model could not be kept for the next time: {error}", stacklevel=2)
    return made


def fit(
    train: Interactions,
    names: list[str],
    model: str,
    facts: Mapping[str, Any] | None = None,
    fitted: Recommender | None = None,
) -> Served:
    """Fit a model to listens, unless a fitted one is given, and bring it into the form that is served."""
    listeners = train.listeners()
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
    fitted = fitted or full_model(model).fit(train, rng=np.random.default_rng(0))
    if model == "als":
        factors = np.asarray(fitted.item_factors, np.float64)  # type: ignore[attr-defined]
        gram = factors.T @ factors + fitted.regularization * np.eye(factors.shape[1])  # type: ignore[attr-defined]
        alpha = np.float32(fitted.alpha)  # type: ignore[attr-defined]
        return Factors(*base, *_whole_numbers(factors[kept]), gram.astype(np.float32), np.asarray(alpha))
    return ItemWeights(*base, *_rounded(_rows(fitted, kept), NEIGHBOURS[model]))


class Fidelity(NamedTuple):
    """How a served model compares with the one behind it, on listeners neither was fitted on."""

    listeners: int  # how many were held out
    agreement: float  # share of the full model's top 10 that the served model recommends too
    ndcg_served: float  # NDCG@10 on the part of their listens that was hidden
    ndcg_full: float


def fidelity(train: Interactions, model: str, n_users: int = 200, seed: int = 0) -> Fidelity | None:
    """Hold listeners out, fit on the others, and compare the lists of the served model with those of the full one.

    Of each held-out listener's artists four fifths are given and the rest hidden. None where there are not twice as
    many listeners with ten artists or more as are to be held out.
    """
    from musicrec.interactions import Interactions
    from musicrec.metrics import ndcg

    rng = np.random.default_rng(seed)
    able = np.flatnonzero(train.history_sizes() >= 10)
    if len(able) < 2 * n_users:
        return None
    held = np.sort(rng.choice(able, n_users, replace=False))
    rows, columns = train.coordinates()
    given = rng.random(len(rows)) < 0.8
    rest = train.select(~np.isin(rows, held))
    full = full_model(model).fit(rest, rng=np.random.default_rng(0))
    small = fit(rest, [""] * train.n_items, model, fitted=full)
    position = np.argsort(np.argsort(-rest.listeners(), kind="stable"), kind="stable")  # of each item when served
    histories = Interactions(train.select(given).matrix[held], held, train.items)
    best = full.recommend_new(_average_plays(histories.matrix, rest, model), 10).ids
    item_at = np.argsort(-rest.listeners(), kind="stable")
    same, hits_served, hits_full, hidden = 0.0, [], [], []
    for place, user in enumerate(held):
        liked = position[histories.matrix[[place]].indices]
        mine = item_at[[r.artist for r in small.recommend(liked[liked < small.n], 10)]]
        mine = np.pad(mine, (0, 10 - len(mine)), constant_values=-1)
        wanted = columns[(rows == user) & ~given]
        same += np.isin(best[place], mine).mean() / n_users
        hits_served.append(np.isin(mine, wanted))
        hits_full.append(np.isin(best[place], wanted))
        hidden.append(len(wanted))
    some = np.array(hidden) > 0
    means = [float(ndcg(np.array(h)[some], np.array(hidden)[some]).mean()) for h in (hits_served, hits_full)]
    return Fidelity(n_users, float(same), *means)


def _average_plays(histories: Any, train: Interactions, model: str) -> Any:
    """Give every artist of the histories plays of average strength for ALS, whose served form knows no others."""
    if model == "als":
        histories = histories.copy()
        histories.data[:] = np.expm1(np.log1p(train.matrix.data.astype(np.float64)).mean())
    return histories


def full_model(model: str) -> Recommender:
    """Return the model behind a served one, not fitted, with its default settings."""
    if model == "ease":
        from musicrec.models.ease import EASE

        return EASE()
    if model == "item-knn":
        from musicrec.models.knn import ItemKNN

        return ItemKNN()
    if model == "als":
        from musicrec.models.als import ALS

        return ALS()
    from musicrec.models.popularity import Popularity

    return Popularity()


def _rows(fitted: Recommender, kept: NDArray[np.int64], batch: int = 512) -> Iterator[NDArray[np.float32]]:
    """Yield the weights between the served artists, some rows at a time, so that memory stays bounded."""
    for start in range(0, len(kept), batch):
        yield fitted.weights_from(kept[start : start + batch])[:, kept]  # type: ignore[attr-defined]


def _rounded(rows: Iterator[NDArray[np.float32]], k: int) -> tuple[NDArray[Any], ...]:
    """Keep the k weights of each row that are farthest from zero, as whole numbers; return the arrays of a model."""
    from musicrec.models.base import top_k

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


def made_with(model: str) -> str:
    """Return a digest of the settings and of the code a served model is made with."""
    digest = hashlib.sha256(f"{model} {NEIGHBOURS.get(model)} {LEVELS} {MIN_LISTENERS} {FORMAT}".encode())
    for name in _CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def _facts(path: Path) -> dict[str, Any]:
    """Read what a saved model is, without its arrays."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(json.loads(str(file["facts"])))
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} does not hold a served model ({error})") from error


def read(path: Path) -> Served:
    """Read a model that `save` wrote; nothing in the file is ever run.

    Raises
    ------
    ValueError
        When the file is damaged, or its parts do not fit each other.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            form = _FORMS[facts["model"]]
            names = json.loads(str(file["names"]))
            made = form(facts, file["ids"], names, file["listeners"], *(file[name] for name in form.arrays))
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} does not hold a served model ({error})") from error
    if problem := _problem(made):
        raise ValueError(f"{path} is damaged: {problem}")
    return made


def _problem(made: Served) -> str:
    """Return what is wrong with a model that was read, "" when nothing is."""
    if not (len(made.ids) == len(made.names) == len(made.listeners)):
        return "it has not as many names as artists"
    if (np.diff(made.listeners) > 0).any():
        return "its artists are not ordered by listeners"
    if isinstance(made, ItemWeights):
        fits = len(made.starts) == made.n + 1 and made.starts[0] == 0 and (np.diff(made.starts) >= 0).all()
        if not (fits and made.starts[-1] == len(made.columns) == len(made.levels) and len(made.scales) == made.n):
            return "its weights do not fit its artists"
        if len(made.columns) and not (made.columns.min() >= 0 and made.columns.max() < made.n):
            return "a weight is about an artist that is not there"
        return "" if np.isfinite(made.scales).all() else "a weight is not a finite number"
    if isinstance(made, Factors):
        if made.levels.ndim != 2 or not len(made.levels) == len(made.scales) == made.n:
            return "its factors do not fit its artists"
        if made.gram.shape != (made.levels.shape[1],) * 2 or made.alpha.shape != ():
            return "its loss does not fit its factors"
        if not (np.isfinite(made.scales).all() and np.isfinite(made.gram).all() and np.isfinite(made.alpha)):
            return "a factor is not a finite number"
    return ""
