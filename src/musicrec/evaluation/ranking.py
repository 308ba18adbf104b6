"""From a model and a split to one row of metrics per user."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.evaluation import metrics
from musicrec.models.base import Recommender
from musicrec.models.checks import check_fitted, check_interactions
from musicrec.splits.by_user import Split, is_held_out


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model did on one split.

    Attributes
    ----------
    users : numpy.ndarray, shape (n,)
        The users with at least one held-out item.
    per_user : pandas.DataFrame, shape (n, n_metrics)
        One row per such user, one column per metric (`ndcg@10`, …).
    lists : numpy.ndarray, shape (n, k)
        What was recommended, best first, -1 where nothing was left.
    overall : dict of str to float
        Metrics of all lists together (`coverage@10`, `gini@10`).
    fit_seconds, recommend_seconds : float
        Wall time of training and of ranking.
    """

    users: NDArray[np.int64]
    per_user: pd.DataFrame
    lists: NDArray[np.int64]
    overall: dict[str, float] = field(default_factory=dict)
    fit_seconds: float = 0.0
    recommend_seconds: float = 0.0

    def means(self) -> pd.Series:
        """Mean over users of each per-user metric, then those of all lists together."""
        return pd.concat([self.per_user.mean(), pd.Series(self.overall, dtype=float)])


def evaluate(
    model: Recommender, split: Split, k: int = 10, *, part: str = "test", tags: sp.csr_array | None = None
) -> Evaluation:
    """Rank all items for every user with something held out, and compare with what was held out.

    Whatever the user listened to in the earlier parts is never recommended: training for `part` "valid", training
    and validation for "test".

    Parameters
    ----------
    model : Recommender
        Fitted on ``split.train``.
    split : Split
        Names what is held out.
    k : int
        Length of the lists.
    part : {"test", "valid"}
        Which part is held out. Choose settings on "valid"; read "test" once.
    tags : scipy.sparse.csr_array, shape (n_items, n_tags), optional
        Adds the intra-list tag diversity.

    Raises
    ------
    TypeError
        When `model` is no recommender or `split` no split.
    NotFittedError
        When the model has not been fitted.
    ValueError
        When `part` is neither, or nobody has anything held out in it; when the model was fitted on what is held out, or
        on other users or items.
    """
    held_out, seen = held_out_and_seen(split, part)
    check_model(model, held_out)
    users = np.flatnonzero(held_out.history_sizes())
    start = time.perf_counter()
    lists = model.recommend(users, k, exclude=seen).ids
    seconds = time.perf_counter() - start
    return evaluate_lists(lists, users, held_out, split.train, tags=tags, recommend_seconds=seconds)


def held_out_and_seen(split: Split, part: str) -> tuple[Interactions, Interactions]:
    """Return what is held out in a part, and what was seen before it."""
    if not isinstance(split, Split):
        raise TypeError(f"expected a Split, as split_by_user returns, not {type(split).__name__}")
    if part not in ("valid", "test"):
        raise ValueError(f"part must be 'valid' or 'test', not {part!r}")
    held_out = split.test if part == "test" else split.valid
    if len(held_out) == 0:
        raise ValueError(f"no user has anything held out in the {part} part")
    return held_out, split.train + split.valid if part == "test" else split.train


def check_model(model: Recommender, held_out: Interactions) -> None:
    """Check that a model can be evaluated on what is held out.

    Raises
    ------
    TypeError, NotFittedError, ValueError
        As `evaluate`.
    """
    if not isinstance(model, Recommender):
        raise TypeError(f"expected a fitted model, not {model!r}")
    check_fitted(model)
    check_interactions(held_out, f"{model.name}: what is held out", model.train)
    if leaked := model.train.binary().multiply(held_out.binary()).nnz:
        raise ValueError(
            f"{model.name} was fitted on {leaked} of the {len(held_out)} interactions that are held out, so that its "
            "score would mean nothing: fit it on the training part of the split"
        )


def evaluate_lists(
    lists: NDArray[np.int64],
    users: NDArray[np.int64],
    held_out: Interactions,
    train: Interactions,
    *,
    tags: sp.csr_array | None = None,
    recommend_seconds: float = 0.0,
) -> Evaluation:
    """Measure ready-made lists, shape (len(users), k), of users with at least one held-out item."""
    k = lists.shape[1]
    n_relevant = held_out.history_sizes()[users]
    hits = is_held_out(lists, users, held_out)
    columns = {f"{name}@{k}": metric(hits, n_relevant) for name, metric in metrics.ACCURACY.items()}
    listeners = train.popularity()
    columns[f"popularity@{k}"] = metrics.mean_popularity(lists, listeners)
    columns[f"novelty@{k}"] = metrics.novelty(lists, listeners, train.n_users)
    if tags is not None:
        columns[f"tag-diversity@{k}"] = metrics.tag_diversity(lists, tags)
    overall = {
        f"coverage@{k}": metrics.coverage(lists, train.n_items),
        f"gini@{k}": metrics.gini(lists, train.n_items),
    }
    return Evaluation(users, pd.DataFrame(columns), lists, overall, recommend_seconds=recommend_seconds)
