"""The hybrid: several systems propose candidates, a learned ranker orders them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.side_information import SideInformation
from musicrec.models import registry
from musicrec.models.base import BATCH, Recommender
from musicrec.models.rankers.features import EXTRAS, Candidates, Description, Moments
from musicrec.models.rankers.softmax import softmax_weights
from musicrec.models.top_k import mask_seen, top_k

# The systems that propose and score, the first one first where scores tie. What each rests on, the registry says; an
# ablation leaves out whatever rests on an ingredient.
SCORERS = (
    "ease-side",
    "kernel-users",
    "ials",
    "ease",
    "user-knn",
    "item-knn",
    "rp3beta",
    "pure-svd",
    "tag-content",
    "friends",
)
# Those whose scores are also compared with what everybody gets for the same item. Not those that read what users
# tagged: through the scores of everybody else, a user's own tags would describe that user's candidates again.
COMPARED = ("kernel-users", "ials", "ease", "user-knn", "item-knn", "rp3beta", "pure-svd")


class Proposals(NamedTuple):
    """What the systems propose to some users."""

    users: NDArray[np.int64]  # shape (n_users,)
    rows: NDArray[np.int64]  # shape (n,): places in `users`, ascending
    items: NDArray[np.int64]  # shape (n,)
    scores: list[NDArray[np.float32]]  # of each system, shape (n,)

    def select(self, keep: NDArray[np.bool_]) -> Proposals:
        """Return only the proposals where `keep`, shape (n,), is true."""
        return Proposals(self.users, self.rows[keep], self.items[keep], [scores[keep] for scores in self.scores])


Example = tuple[Candidates, NDArray[np.bool_]]


class Hybrid(Recommender):
    """Two stages: several systems propose candidates, a learned ranker orders them.

    The ranker is a weighted sum of features, fitted so that hidden listens come out on top of the other candidates
    of their user (a softmax over each list [Cao et al., 2007]), plus a few boosted trees under LambdaMART [Burges,
    2010] that start from that sum. Trees alone overfit a few thousand lists; the sum carries most of the result.

    A score is shown to the ranker as it is, as a share of the user's best, as a rank, and as what it is among the
    scores of all users for that item, in standard deviations from their mean: an item that a system gives to
    everybody is less of a sign than one that it gives to this user.

    The ranker must not see scores that were fitted on its own targets, or it would trust whoever remembers best. So
    part of each user's training listens is hidden, all systems are fitted on the rest, and the hidden listens are
    what the ranker learns to put first; this is done `folds` times with other parts hidden. The systems are then
    fitted again on all training listens [stacking: Wolpert, 1992].

    A feature says nothing that identifies an item or a user: no numbers of rows or columns, whose order in the file
    gives away who listens to what. Nor does it hold a user's own tags on candidates (see `SideInformation`).

    Parameters
    ----------
    side : SideInformation
        Of the same users and items.
    scorers : sequence of str
        Which systems of `SCORERS` propose and score; the first breaks ties.
    without : sequence of str
        Ingredients to leave out: "tags", "friends", "popularity", "plays".
    n_candidates : int
        How many each system proposes to a user.
    folds, parts : int
        How many times a part is hidden, and what share of a history, 1 / `parts`.
    penalty : float
        On the squares of the weights of the sum.
    rounds, learning_rate, leaves, min_leaf
        Of the trees; no rounds leave the sum alone.

    Attributes
    ----------
    importance : pandas.DataFrame
        One row per feature: `weight` in the sum, of the standardised feature, and share of the `gain` of the trees.
    """

    name = "hybrid"
    task = "listeners"
    reference = "wolpert1992"
    reads = ("tags", "friends", "plays")
    unsearched = "was chosen by hand on validation listens (chapter 12)"
    small = {"folds": 1, "n_candidates": 10, "rounds": 3, "min_leaf": 20, "penalty": 1.0}  # few lists

    def __init__(
        self,
        side: SideInformation,
        *,
        scorers: Sequence[str] = SCORERS,
        without: Sequence[str] = (),
        n_candidates: int = 50,
        folds: int = 4,
        parts: int = 9,
        penalty: float = 3e-3,
        rounds: int = 50,
        learning_rate: float = 0.06,
        leaves: int = 15,
        min_leaf: int = 500,
    ) -> None:
        if not 0 < folds <= parts:
            raise ValueError(f"{folds} folds of {parts} parts: folds must be from 1 to the number of parts")
        known = frozenset().union(*(registry.find(name).reads for name in SCORERS), *EXTRAS.values())
        if unknown := set(without) - known:
            raise ValueError(f"no such ingredient: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        self.side, self.without, self.n_candidates, self.folds, self.parts = side, without, n_candidates, folds, parts
        self.penalty, self.rounds, self.learning_rate = penalty, rounds, learning_rate
        self.leaves, self.min_leaf = leaves, min_leaf
        self.scorers = [name for name in scorers if not registry.find(name).reads & set(without)]
        if not self.scorers:
            raise ValueError("no system is left to propose candidates")

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        part = _parts(train, self.parts, rng)
        examples: list[Example] = []
        for fold in tqdm(range(self.folds), desc=self.name, unit="fold", disable=None, leave=False):
            hidden = train.select(part == fold)
            if len(hidden) and len(hidden) < len(train):
                self._fit_scorers(train.select(part != fold), rng)
                examples += self._examples(hidden)
        self._fit_scorers(train, rng)
        self._learn([example for example in examples if len(example[0].users)], int(rng.integers(2**31)))
        self._moments = self._new_moments()
        for batch in _batches(np.arange(train.n_users)):
            for name, moments in self._moments.items():
                moments.add(self.systems[self.scorers.index(name)].scores(batch))
        return self

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return scores of shape (len(users), n_items): candidates as ranked, all others below by the first system."""
        first = self.systems[0].scores(users)
        if not first.size:
            return first
        low, high = first.min(axis=1, keepdims=True), first.max(axis=1, keepdims=True)
        scores = (first - low) / np.maximum(high - low, 1e-9)  # 0 to 1
        for start in range(0, len(users), BATCH):
            found = self._candidates(self._propose(users[start : start + BATCH]), self._moments)
            if len(found.users):
                values = self._rank(found.features)
                place = found.users + start
                # ties, as of a ranker that could learn nothing, keep the order of the first system
                scores[place, found.items] = 2 + values - values.min() + 1e-6 * scores[place, found.items]
        return scores

    def _fit_scorers(self, train: Interactions, rng: np.random.Generator) -> None:
        self.systems = [registry.build(name, self.side).fit(train, rng=rng) for name in self.scorers]
        self._describe = Description(self.side, train)

    def _new_moments(self) -> dict[str, Moments]:
        return {name: Moments(self.train.n_items) for name in self.scorers if name in COMPARED}

    def _propose(self, users: NDArray[np.int64], moments: Mapping[str, Moments] | None = None) -> Proposals:
        """Return what the systems propose to users, and count all their scores in `moments`."""
        seen = self.systems[0].train.matrix[users]
        all_scores, proposed = [], np.zeros((len(users), seen.shape[1]), dtype=bool)
        for name, system in zip(self.scorers, self.systems, strict=True):
            scores = system.scores(users)
            if moments and name in moments:
                moments[name].add(scores)
            all_scores.append(scores)
            ids, values = top_k(mask_seen(scores.copy(), seen), self.n_candidates)
            row, place = np.nonzero((ids >= 0) & (values != 0))  # 0 is "nothing to say" of those who count
            proposed[row, ids[row, place]] = True
        rows, items = np.nonzero(proposed)
        return Proposals(users, rows, items, [scores[rows, items] for scores in all_scores])

    def _candidates(self, found: Proposals, moments: Mapping[str, Moments]) -> Candidates:
        """Describe proposals, `users` as places in the batch."""
        columns: list[NDArray] = []
        for values in found.scores:
            order = np.lexsort((-values, found.rows))
            rank = np.empty(len(values), np.float32)
            rank[order] = np.arange(len(values)) - np.searchsorted(found.rows, found.rows)[order]
            best = np.full(len(found.users), -np.inf, np.float32)
            np.maximum.at(best, found.rows, values)
            columns += [values, np.clip(values / np.maximum(best[found.rows], 1e-9), -2, 1), np.log1p(rank)]
        for name, values in zip(self.scorers, found.scores, strict=True):
            if name in moments:
                columns.append(moments[name].standardise(values, found.items))
        described = self._describe(found.users, found.rows, found.items)
        columns += [column for name, column in described.items() if self._kept(name)]
        return Candidates(found.rows, found.items, np.column_stack(columns).astype(np.float32))

    def _kept(self, extra: str) -> bool:
        return not EXTRAS[extra] & set(self.without)

    def _examples(self, hidden: Interactions) -> list[Example]:
        """Return the candidates of users with at least one hit among them, and which ones are hits; batch by batch."""
        moments, examples = self._new_moments(), []
        for found in [self._propose(users, moments) for users in _batches(np.arange(hidden.n_users))]:
            hits = (hidden.matrix[found.users].toarray() > 0)[found.rows, found.items]
            useful = np.isin(found.rows, found.rows[hits])
            candidates = self._candidates(found.select(useful), moments)
            examples.append((candidates, hits[useful]))
        return examples

    def _curved(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add what lets a sum bend: the square of each share, and a rank that matters most at the top."""
        shares, ranks = (features[:, place : 3 * len(self.scorers) : 3] for place in (1, 2))
        return np.column_stack([features, shares * np.abs(shares), np.exp(-np.exp(ranks) / 10)])

    def _learn(self, examples: list[Example], seed: int) -> None:
        n_columns = len(self._names())
        self.booster: lightgbm.Booster | None = None
        if not examples:  # too little data to hide anything a system finds: the first system's order stands
            self.mean, self.spread = np.float32(0), np.float32(1)
            self.weights = np.zeros(n_columns + 2 * len(self.scorers), np.float32)
            self.importance = self._importance(np.zeros(n_columns))
            return
        features = np.concatenate([found.features for found, _ in examples])
        hits = np.concatenate([hits for _, hits in examples]).astype(np.float32)
        sizes = np.concatenate([found.sizes() for found, _ in examples])
        curved = self._curved(features)
        self.mean, self.spread = curved.mean(axis=0), curved.std(axis=0) + np.float32(1e-6)
        curved -= self.mean
        curved /= self.spread
        self.weights = softmax_weights(curved, hits, sizes, self.penalty)
        gain = np.zeros(n_columns)
        if self.rounds:
            data = lightgbm.Dataset(
                features, hits, group=sizes, init_score=curved @ self.weights, params={"max_bin": 63, "verbosity": -1}
            )
            settings = {
                "objective": "lambdarank", "learning_rate": self.learning_rate, "num_leaves": self.leaves,
                "min_data_in_leaf": self.min_leaf, "feature_fraction": 0.5, "bagging_fraction": 0.7,
                "bagging_freq": 1, "lambda_l2": 10.0, "lambdarank_truncation_level": 20, "max_bin": 63,
                "seed": seed, "verbosity": -1, "deterministic": True, "force_row_wise": True, "num_threads": 1,
            }  # fmt: skip
            self.booster = lightgbm.train(settings, data, num_boost_round=self.rounds)
            gain = self.booster.feature_importance("gain")
        self.importance = self._importance(gain)

    def _names(self) -> list[str]:
        """Return the names of the features, in the order of the columns of candidates."""
        scored = [f"{name}{what}" for name in self.scorers for what in ("", ", share of best", ", rank")]
        compared = [f"{name}, among all users" for name in self.scorers if name in COMPARED]
        return scored + compared + [name for name in EXTRAS if self._kept(name)]

    def _importance(self, gain: NDArray) -> pd.DataFrame:
        bent = [f"{name}{what}" for what in (", share squared", ", top ranks") for name in self.scorers]
        names = self._names() + bent
        shares = np.pad(gain / max(gain.sum(), 1e-12), (0, len(names) - len(gain)))
        return pd.DataFrame({"weight": self.weights, "gain": shares}, index=names)

    def _rank(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        values = (self._curved(features) - self.mean) / self.spread @ self.weights
        if self.booster is not None:
            values = values + np.asarray(self.booster.predict(features, num_threads=1))
        return values.astype(np.float32)


def _batches(users: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [users[start : start + BATCH] for start in range(0, len(users), BATCH)]


def _parts(train: Interactions, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a number from 0 to n - 1 for each listen, a user's spread evenly and at random, shape (n_entries,)."""
    rows, _ = train.coordinates()
    order = np.lexsort((rng.random(len(rows)), rows))
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - train.matrix.indptr[rows]
    return (place + rng.integers(n, size=train.n_users)[rows]) % n
