"""Metrics among sampled candidates, as much of the literature has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicrec.evaluation.ranking import check_model, held_out_and_seen
from musicrec.models.base import BATCH, Recommender
from musicrec.splits.by_user import Split


def held_out_ranks(model: Recommender, split: Split, *, part: str = "test") -> pd.DataFrame:
    """Rank each held-out item among all items that its user has in no part up to this one.

    Other held-out items of the user are left out of the ranking, as where an item is ranked among sampled candidates.

    Parameters
    ----------
    model, split, part
        As in `evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row per held-out pair: `user` and `item` (row and column numbers), `rank` (1 is best, equal scores are
        ordered by item index) and `others`, the number of items it was ranked against.

    Raises
    ------
    TypeError, NotFittedError, ValueError
        As `evaluate`; or when a score is not a number.
    """
    held_out, seen = held_out_and_seen(split, part)
    check_model(model, held_out)
    users = np.flatnonzero(held_out.history_sizes())
    rows = []
    for batch in np.array_split(users, -(-len(users) // BATCH)):
        scores = model.scores(batch)
        if np.isnan(scores).any():
            raise ValueError(f"{model.name}: some scores are not numbers")
        for user, of_user in zip(batch, scores, strict=True):
            items, own = (m.indices[m.indptr[user] : m.indptr[user + 1]] for m in (held_out.matrix, seen.matrix))
            others = np.ones(len(of_user), dtype=bool)
            others[items] = others[own] = False
            candidates, scored = of_user[others], of_user[items][:, None]
            ahead = (candidates > scored) | ((candidates == scored) & (np.flatnonzero(others) < items[:, None]))
            n = np.full(len(items), len(candidates))
            rows.append(np.stack([np.full(len(items), user), items, ahead.sum(axis=1) + 1, n], axis=1))
    return pd.DataFrame(np.concatenate(rows), columns=["user", "item", "rank", "others"])


def sampled_metrics(
    ranks: pd.DataFrame, n: int | None = None, k: int = 10, *, rng: np.random.Generator | None = None
) -> pd.Series:
    """Measure held-out items one at a time, each among n sampled candidates, as much of the literature does.

    Only so that readers can compare: samples flatter every system, by an amount that differs between systems and
    may change their order [Krichene & Rendle, 2020]. The leaderboard ranks all items.

    How many of n candidates, drawn without replacement, come before the held-out item follows from its rank among
    all: the hypergeometric law. Drawing that number is the same as drawing the candidates, without scoring again.

    Parameters
    ----------
    ranks : pandas.DataFrame
        From `held_out_ranks`.
    n : int, optional
        Candidates beside the held-out item; all when there are fewer, and by default.
    k : int
        Cut-off.
    rng : numpy.random.Generator, optional
        Draws the candidates; needed with `n`.

    Returns
    -------
    pandas.Series
        `ndcg@k`, `hit@k`, `mrr@k` and `auc` (the share of candidates that come after the held-out item; the one of
        the four that sampling leaves alone), each the mean over users of the mean over their held-out items.

    Examples
    --------
    The best of five, and the fourth of five.

    >>> ranks = pd.DataFrame({"user": [0, 1], "item": [7, 8], "rank": [1, 4], "others": [4, 4]})
    >>> sampled_metrics(ranks, k=3).round(3).to_dict()
    {'ndcg@3': 0.5, 'hit@3': 0.5, 'mrr@3': 0.5, 'auc': 0.625}
    """
    ahead, others = ranks["rank"].to_numpy() - 1, ranks["others"].to_numpy()
    if n is not None:
        if rng is None:
            raise ValueError("sampled candidates need a random generator: pass rng")
        size = np.minimum(n, others)
        ahead, others = rng.hypergeometric(ahead, others - ahead, size), size
    inside = ahead < k
    values = {
        f"ndcg@{k}": inside / np.log2(ahead + 2),
        f"hit@{k}": inside.astype(np.float64),
        f"mrr@{k}": inside / (ahead + 1),
        "auc": 1 - ahead / np.maximum(others, 1),
    }
    return pd.DataFrame(values).groupby(ranks["user"].to_numpy()).mean().mean()
