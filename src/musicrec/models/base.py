"""The verbs every recommender shares: fit, scores, recommend; and where they make sense fold_in and explain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.space import Space
from musicrec.models.top_k import Recommendations, join_recommendations, mask_seen, top_k

BATCH = 128  # users scored at once: 128 × 17,632 items × 4 bytes = 9 MB, which stay in a cache


class Recommender(ABC):
    """Base of all systems.

    A subclass implements `fit`, which must call ``super().fit``, and `scores`; if it can serve people who were not in
    training, `fold_in`; if a score is a sum over the history, `explain`. It says of itself, as constants that
    `musicrec.models.registry` reads without importing it:

    Attributes
    ----------
    name : str
        Kebab case, as in the score records.
    task : str
        What it is for; a class without one is not a system by itself. `listeners` is the leaderboard's.
    reference : str
        Key of `references.bib`.
    reads : tuple of str
        What it rests on beside who listened to what: "tags", "friends", "plays". With one of the first two, the
        class is built with `SideInformation` as its first argument.
    space : mapping of str to Range or Choice
        Which settings are searched; or `unsearched`, a sentence that says why none is.
    variants : mapping of str to mapping
        Further systems of the same class: by name, what differs (`fixed` settings, `space`, …).
    small : mapping
        Settings for a few dozen users, as in the contract test.
    personal : bool
        Whether it learns who goes with what; popularity does not.
    """

    name: ClassVar[str]
    task: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    space: ClassVar[Space] = {}
    unsearched: ClassVar[str] = ""
    variants: ClassVar[Mapping[str, Any]] = {}
    small: ClassVar[Mapping[str, Any]] = {}
    personal: ClassVar[bool] = True

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:
        """Learn from training interactions; every random draw comes from `rng`.

        Raises
        ------
        ValueError
            When there is nothing to learn from.
        """
        if len(train) == 0:
            raise ValueError(f"{self.name}: the training data hold no interactions")
        self.train = train
        return self

    @abstractmethod
    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return one score per item, higher is better, float32 of shape (len(users), n_items).

        `users` are row numbers of the training interactions. The array is the caller's to change.
        """

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Score all items for people given by their histories, shape (n, n_items) in and out.

        Raises
        ------
        NotImplementedError
            When the system can serve only the users it was trained on.
        """
        raise NotImplementedError(f"{self.name} can only recommend to users it was trained on")

    def explain(self, history: sp.csr_array, item: int) -> pd.Series:
        """Return what each item of one history, shape (1, n_items), adds to the score of `item`.

        The values are indexed by item and sum to the score (up to rounding), largest first.
        """
        raise NotImplementedError(f"{self.name} cannot say why it recommends something")

    def recommend(self, users: ArrayLike, k: int = 10, exclude: Interactions | None = None) -> Recommendations:
        """Return the k best items of each user.

        Parameters
        ----------
        users : array-like of int, shape (n,)
            Row numbers of the training interactions.
        k : int
            Length of each list.
        exclude : Interactions, optional
            What may not be recommended, by default what the user listened to in training.

        Raises
        ------
        IndexError
            When a user is unknown.
        """
        users = self._known(users)
        seen = (self.train if exclude is None else exclude).matrix
        parts = []
        for start in range(0, len(users), BATCH):
            batch = users[start : start + BATCH]
            parts.append(top_k(mask_seen(self.scores(batch), seen[batch]), k))
        return join_recommendations(parts, k)

    def recommend_new(self, histories: sp.csr_array, k: int = 10) -> Recommendations:
        """Return the k best items, none of their own, for people given by their histories, shape (n, n_items)."""
        parts = []
        for start in range(0, histories.shape[0], BATCH):
            batch = histories[start : start + BATCH]
            parts.append(top_k(mask_seen(self.fold_in(batch), batch), k))
        return join_recommendations(parts, k)

    def _known(self, users: ArrayLike) -> NDArray[np.int64]:
        users = np.atleast_1d(np.asarray(users, dtype=np.int64))
        if users.size and not (users.min() >= 0 and users.max() < self.train.n_users):
            bad = users[(users < 0) | (users >= self.train.n_users)][0]
            raise IndexError(
                f"{self.name}: user {bad} is not one of the {self.train.n_users} users in training; "
                "use fold_in for people who are new"
            )
        return users


class FactorModel(Recommender):
    """A recommender whose score is a dot product; `fit` of a subclass sets the factors.

    Attributes
    ----------
    user_factors, item_factors : numpy.ndarray, shape (n_users, dim), (n_items, dim)
        float32.
    """

    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return the dot products of users and items, float32 of shape (len(users), n_items)."""
        return self.user_factors[self._known(users)] @ self.item_factors.T
