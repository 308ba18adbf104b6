"""The hybrid: several systems propose candidates, a learned ranker orders them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

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
from musicrec.models.rankers.lessons import Lesson, Proposals, ranks, useful
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
    fitted again on all training listens [stacking: Wolpert, 1992]. The trees are shown, and move, only the best
    `reordered` of each list: what stands below matters to nobody, and costs most of the time.

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
        How many times a part is hidden, and what share of a history, 1 / `parts`. After `parts` folds, when every
        listen has been hidden once, the parts are drawn anew.
    penalty : float
        On the squares of the weights of the sum.
    rounds, learning_rate, leaves, min_leaf
        Of the trees; no rounds leave the sum alone.
    reordered : int
        How many of the best by the sum the trees put into a new order.

    Attributes
    ----------
    importance : pandas.DataFrame
        One row per feature: `weight` in the sum, of the standardised feature, and share of the `gain` of the trees.
    """

    name = "hybrid"
    title = "Hybrid of ten systems"
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
        n_candidates: int = 30,
        folds: int = 4,
        parts: int = 9,
        penalty: float = 3e-3,
        rounds: int = 50,
        learning_rate: float = 0.06,
        leaves: int = 15,
        min_leaf: int = 500,
        reordered: int = 50,
    ) -> None:
        known = frozenset().union(*(registry.find(name).reads for name in SCORERS), *EXTRAS.values())
        if unknown := set(without) - known:
            raise ValueError(f"no such ingredient: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        self.side, self.without, self.n_candidates, self.folds, self.parts = side, without, n_candidates, folds, parts
        self.penalty, self.rounds, self.learning_rate = penalty, rounds, learning_rate
        self.leaves, self.min_leaf, self.reordered = leaves, min_leaf, reordered
        self.scorers = [name for name in scorers if not registry.find(name).reads & set(without)]
        if not self.scorers:
            raise ValueError("no system is left to propose candidates")

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:  # noqa: D102
        seeds = rng.integers(2**31, size=self.folds + 2)
        self.lessons: list[Lesson] = []
        for fold in tqdm(range(self.folds), desc=self.name, unit="fold", disable=None, leave=False):
            if fold % self.parts == 0:
                part = _parts(train, self.parts, rng)
            hidden = train.select(part == fold % self.parts)
            if len(hidden) and len(hidden) < len(train):
                self._fit_scorers(train.select(part != fold % self.parts), int(seeds[fold]))
                self.lessons.append(self._lesson(hidden))
        self._fit_scorers(train, int(seeds[-2]))
        self.found, self.moments = self._propose(train.n_users)
        self.seed = int(seeds[-1])
        self._learn()
        return self

    def ablated(self, *, without: Sequence[str] = (), rounds: int | None = None) -> Hybrid:
        """Return the same hybrid without some ingredients, or with fewer trees, as if fitted so with the same `rng`.

        Nothing is fitted anew but the ranker: the systems do not know of each other.

        Parameters
        ----------
        without, rounds
            As in the class; by default as here.
        """
        less = copy.copy(self)
        less.without = tuple({*self.without, *without})
        less.rounds = self.rounds if rounds is None else rounds
        less.scorers = [name for name in self.scorers if not registry.find(name).reads & set(without)]
        places = [self.scorers.index(name) for name in less.scorers]
        less.systems, less.found = [self.systems[place] for place in places], self.found.of(places)
        less.lessons = []
        for lesson in self.lessons:
            hits = lesson.hits[lesson.found.by & np.uint16(sum(1 << place for place in places)) > 0]
            less.lessons.append(useful(lesson._replace(found=lesson.found.of(places), hits=hits)))
        less._learn()
        return less

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return scores of shape (len(users), n_items): candidates as ranked, all others below by the first system."""
        distinct, places = np.unique(users, return_inverse=True)
        if not np.array_equal(distinct, users):
            return self.scores(distinct)[places]
        first = self.systems[0].scores(users)
        if not first.size:
            return first
        low, high = first.min(axis=1, keepdims=True), first.max(axis=1, keepdims=True)
        scores = (first - low) / np.maximum(high - low, 1e-9)  # 0 to 1
        found = self.found.select(np.isin(self.found.users, users))
        if len(found.users):
            values = self._rank(self._candidates(found, self.moments, self._describe))
            place = np.searchsorted(users, found.users)
            lowest = np.full(len(users), np.inf, np.float32)
            np.minimum.at(lowest, place, values)
            # ties, as of a ranker that could learn nothing, keep the order of the first system
            scores[place, found.items] = 2 + values - lowest[place] + 1e-6 * scores[place, found.items]
        return scores

    def _fit_scorers(self, train: Interactions, seed: int) -> None:
        # each draws from a generator of its own, so that a hybrid without some of them has the same others
        self.systems = [
            registry.build(name, self.side).fit(train, rng=np.random.default_rng(seed)) for name in self.scorers
        ]
        self._describe = Description(self.side, train)

    def _propose(self, n_users: int) -> tuple[Proposals, dict[str, Moments]]:
        """Return what the systems propose to all users, and the moments of their scores; batch by batch."""
        train = self.systems[0].train
        moments = {name: Moments(train.n_items) for name in self.scorers if name in COMPARED}
        batches = []
        for users in _batches(np.arange(n_users)):
            seen = train.matrix[users]
            by = np.zeros((len(users), train.n_items), np.uint16)
            all_scores = []
            for place, (name, system) in enumerate(zip(self.scorers, self.systems, strict=True)):
                scores = system.scores(users)
                if name in moments:
                    moments[name].add(scores)
                all_scores.append(scores)
                ids, values = top_k(mask_seen(scores.copy(), seen), self.n_candidates)
                row, rank = np.nonzero((ids >= 0) & (values != 0))  # 0 is "nothing to say" of those who count
                by[row, ids[row, rank]] |= np.uint16(1 << place)
            rows, items = np.nonzero(by)
            columns = np.column_stack([scores[rows, items] for scores in all_scores])
            batches.append(Proposals(users[rows], items, by[rows, items], columns))
        return Proposals(*(np.concatenate(column) for column in zip(*batches, strict=True))), moments

    def _candidates(self, found: Proposals, moments: Mapping[str, Moments], describe: Description) -> Candidates:
        """Describe proposals."""
        columns: list[NDArray] = []
        starts, rows = np.unique(found.users, return_index=True, return_inverse=True)[1:]
        for values in found.scores.T:
            best = np.maximum.reduceat(values, starts)
            columns += [values, np.clip(values / np.maximum(best[rows], 1e-9), -2, 1), np.log1p(ranks(values, rows))]
        for name, values in zip(self.scorers, found.scores.T, strict=True):
            if name in moments:
                columns.append(moments[name].standardise(values, found.items))
        described = describe(found.users, found.items)
        columns += [column for name, column in described.items() if self._kept(name)]
        return Candidates(found.users, found.items, np.column_stack(columns).astype(np.float32))

    def _kept(self, extra: str) -> bool:
        return not EXTRAS[extra] & set(self.without)

    def _lesson(self, hidden: Interactions) -> Lesson:
        """Return what is proposed to users with at least one hidden listen among it."""
        found, moments = self._propose(hidden.n_users)
        hits = np.isin(found.users * hidden.n_items + found.items, _keys(hidden))
        return useful(Lesson(found, hits, moments, self._describe))

    def _curved(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add what lets a sum bend: the square of each share, and a rank that matters most at the top."""
        shares, ranks = (features[:, place : 3 * len(self.scorers) : 3] for place in (1, 2))
        return np.column_stack([features, shares * np.abs(shares), np.exp(-np.exp(ranks) / 10)])

    def _learn(self) -> None:
        """Fit the ranker to the lessons."""
        n_columns = len(self._names())
        self.booster: lightgbm.Booster | None = None
        lessons = [lesson for lesson in self.lessons if len(lesson.hits)]
        if not lessons:  # too little data to hide anything a system finds: the first system's order stands
            self.mean, self.spread = np.float32(0), np.float32(1)
            self.weights = np.zeros(n_columns + 2 * len(self.scorers), np.float32)
            self.importance = self._importance(np.zeros(n_columns))
            return
        candidates = [self._candidates(lesson.found, lesson.moments, lesson.describe) for lesson in lessons]
        features = np.concatenate([found.features for found in candidates])
        sizes = np.concatenate([found.sizes() for found in candidates])
        hits = np.concatenate([lesson.hits for lesson in lessons]).astype(np.float32)
        curved = self._curved(features)
        self.mean, self.spread = curved.mean(axis=0), curved.std(axis=0) + np.float32(1e-6)
        curved -= self.mean
        curved /= self.spread
        self.weights = softmax_weights(curved, hits, sizes, self.penalty)
        gain = np.zeros(n_columns)
        if self.rounds:
            values = curved @ self.weights
            lists = np.repeat(np.arange(len(sizes)), sizes)
            top = np.flatnonzero(ranks(values, lists) < self.reordered)
            data = lightgbm.Dataset(
                features[top], hits[top], group=np.bincount(lists[top]), init_score=values[top],
                params={"max_bin": 63, "verbosity": -1},
            )  # fmt: skip
            settings = {
                "objective": "lambdarank", "learning_rate": self.learning_rate, "num_leaves": self.leaves,
                "min_data_in_leaf": self.min_leaf, "feature_fraction": 0.5, "bagging_fraction": 0.7,
                "bagging_freq": 1, "lambda_l2": 10.0, "lambdarank_truncation_level": 20, "max_bin": 63,
                "seed": self.seed, "verbosity": -1, "deterministic": True, "force_row_wise": True, "num_threads": 1,
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

    def _rank(self, found: Candidates) -> NDArray[np.float32]:
        values = (self._curved(found.features) - self.mean) / self.spread @ self.weights
        if self.booster is not None:
            top = np.flatnonzero(ranks(values, found.users) < self.reordered)
            values[top] += np.asarray(self.booster.predict(found.features[top], num_threads=1))
        return values.astype(np.float32)


def _keys(listens: Interactions) -> NDArray[np.int64]:
    users, items = listens.coordinates()
    return users * listens.n_items + items


def _batches(users: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [users[start : start + BATCH] for start in range(0, len(users), BATCH)]


def _parts(train: Interactions, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a number from 0 to n - 1 for each listen, a user's spread evenly and at random, shape (n_entries,)."""
    rows, _ = train.coordinates()
    order = np.lexsort((rng.random(len(rows)), rows))
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - train.matrix.indptr[rows]
    return (place + rng.integers(n, size=train.n_users)[rows]) % n
