"""What every verb of a recommender checks of its input, in one place; `Recommender` puts it around each of them.

`model` and `self` stand for a `Recommender` throughout, or for a class of them; `musicrec.models.base` builds on this.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.labels import positions, shown
from musicrec.models.space import Choice
from musicrec.parallel import one_blas_thread

Verb = Callable[..., Any]


class NotFittedError(ValueError):
    """A model was asked before it was fitted."""


def check_fitted(model: Any) -> None:
    """Raise `NotFittedError` for a model that learned nothing yet, or whose training failed."""
    if not hasattr(model, "train"):
        raise NotFittedError(f"{model.name} is not fitted: call fit(train, rng=numpy.random.default_rng(0)) first")


def check_interactions(value: Any, name: str, like: Interactions | None = None) -> None:
    """Check that something is interactions, and where `like` is given, of as many users and items.

    Raises
    ------
    TypeError, ValueError
        Say what was given instead.
    """
    if not isinstance(value, Interactions):
        hint = {"DataFrame": "build them with Interactions.from_frame(frame)", "Dataset": "pass its .interactions"}
        say = hint.get(type(value).__name__, "build them with Interactions or Interactions.from_frame")
        raise TypeError(f"{name} must be Interactions, not {type(value).__name__}: {say}")
    if like is not None and value.matrix.shape != like.matrix.shape:
        raise ValueError(f"{name} are of {value.n_users} users and {value.n_items} items, but the training "
                         f"interactions of {like.n_users} and {like.n_items}")  # fmt: skip


def users_of(model: Any, users: Any) -> NDArray[np.int64]:
    """Return row numbers of training users; raises as `check_fitted` and `positions` do."""
    check_fitted(model)
    return positions(users, model.train.n_users, "user", " in training; use fold_in for people who are new")


def check_histories(histories: Any, n_items: int, name: str) -> sp.csr_array:
    """Return histories as float32 CSR, shape (n, n_items), entries ordered by column.

    Raises
    ------
    TypeError, ValueError
        When they are no matrix of that width, or a weight is not a finite number above zero.
    """
    if isinstance(histories, Interactions):
        raise TypeError(f"{name}: histories are a sparse matrix: pass the .matrix of the interactions")
    if not sp.issparse(histories):
        array = np.asarray(histories)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise TypeError(
                f"{name}: histories are a sparse matrix of shape (n, {n_items}), not {type(histories).__name__}; "
                f"history_of(items, {n_items}) makes one"
            )
        histories = sp.csr_array(array)
    if len(histories.shape) != 2 or histories.shape[1] != n_items:
        raise ValueError(f"{name}: histories of shape {histories.shape}, but there are {n_items} items in training")
    if not isinstance(histories, sp.csr_array) or histories.dtype.kind != "f":
        histories = sp.csr_array(histories, dtype=np.float32)
    try:
        histories.check_format(full_check=True)  # an index outside would be read from foreign memory
    except ValueError as error:
        raise ValueError(f"{name}: the histories name items that are not there: {error}") from None
    if not histories.has_canonical_format:
        histories = histories.copy()
        histories.sum_duplicates()
    if not (np.isfinite(histories.data) & (histories.data > 0)).all():
        raise ValueError(f"{name}: some weights of the histories are not finite numbers above zero")
    return histories


def check_length(k: Any) -> int:
    """Return the length of lists as a whole number of at least 1."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k, the length of a list, must be a whole number of at least 1, not {k!r}")
    return int(k)


def check_settings(model: Any, args: tuple[Any, ...], given: Mapping[str, Any]) -> None:
    """Check the settings a model is to be built with, by their type hints and their search space.

    Raises
    ------
    TypeError
        When there is no such setting.
    ValueError
        When a number is meant and there is something else, when it is too small, or when a name is none of the choices.
    """
    if model.__init__ is object.__init__ and (args or given):
        raise TypeError(f"{model.name} has no settings, but was given {[*args, *given]}")
    signature = _signature(model)
    for name, value in signature.bind_partial(None, *args, **given).arguments.items():
        kind, values = str(signature.parameters[name].annotation), model.space.get(name)
        if isinstance(values, Choice) and value not in values.names:
            raise ValueError(f"{model.name}: {name} must be {values}, not {value!r}")
        if kind not in ("int", "float"):
            continue
        numbers = (int, np.integer) if kind == "int" else (int, float, np.number)
        if isinstance(value, bool | complex) or not isinstance(value, numbers) or not math.isfinite(value):
            what = "a whole number" if kind == "int" else "a finite number"
            raise ValueError(f"{model.name}: {name} must be {what}, not {shown(value)}")
        if value < 0:
            raise ValueError(f"{model.name}: {name} must not be below zero, but is {value}")
        if kind == "int" and value == 0 and name not in model.may_be_zero:
            raise ValueError(f"{model.name}: {name} must be above zero, not {value}")


@functools.cache
def _signature(model: Any) -> inspect.Signature:
    return inspect.signature(model.__init__)


def _fit(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def fit(self: Any, train: Interactions, *args: Any, rng: np.random.Generator, **options: Any) -> Any:
        check_interactions(train, f"{self.name}: what it is fitted on")
        if len(train) == 0:
            raise ValueError(f"{self.name}: the training data hold no interactions")
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"{self.name}: rng must be a generator such as numpy.random.default_rng(0), not {rng!r}")
        if isinstance(valid := options.get("valid"), Interactions) or (valid is not None and verb.__name__ == "fit"):
            check_interactions(valid, f"{self.name}: the validation interactions", train)
        if (watch := options.get("watch")) is not None and not callable(watch):
            raise TypeError(f"{self.name}: watch must be a function that measures the model, not {watch!r}")
        if {"tags", "friends"} & set(self.reads) and not callable(getattr(self.side, "known", None)):
            raise TypeError(f"{self.name} is built with SideInformation(dataset), not {type(self.side).__name__}")
        self.train = train
        try:
            with one_blas_thread():
                return verb(self, train, *args, rng=rng, **options)
        except BaseException:
            self.__dict__.pop("train", None)  # half of a model must not answer
            raise

    return fit


def _scores(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def scores(self: Any, users: Any, *args: Any, **options: Any) -> Any:
        return verb(self, users_of(self, users), *args, **options)

    return scores


def _of_histories(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def with_histories(self: Any, histories: Any, *args: Any, **options: Any) -> Any:
        check_fitted(self)
        return verb(self, check_histories(histories, self.train.n_items, self.name), *args, **options)

    return with_histories


def _of_items(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def with_items(self: Any, items: Any) -> Any:
        check_fitted(self)
        return verb(self, positions(items, self.train.n_items, "item"))

    return with_items


def _explain(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def explain(self: Any, history: Any, item: Any) -> Any:
        check_fitted(self)
        history = check_histories(history, self.train.n_items, self.name)
        if history.shape[0] != 1:
            raise ValueError(f"{self.name}: explains one history at a time, not {history.shape[0]}")
        (item,) = positions([item], self.train.n_items, "item")
        return verb(self, history, int(item))

    return explain


def _fitted(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def after_fit(self: Any, *args: Any, **options: Any) -> Any:
        check_fitted(self)
        return verb(self, *args, **options)

    return after_fit


AROUND: dict[str, Callable[[Verb], Verb]] = {
    "fit": _fit, "fit_examples": _fit, "scores": _scores, "fold_in": _of_histories, "similar": _of_histories,
    "user_vectors": _of_histories, "user_loss": _of_histories, "explain": _explain,
    "save": _fitted, "truncated": _fitted, "weights_from": _of_items,
    "log_odds": _fitted, "test": _fitted,
}  # fmt: skip


def add_checks(model: type) -> None:
    """Put the checks around the verbs that a class defines."""
    for name, around in AROUND.items():
        if inspect.isfunction(verb := vars(model).get(name)) and not hasattr(verb, "__wrapped__"):
            setattr(model, name, around(verb))
