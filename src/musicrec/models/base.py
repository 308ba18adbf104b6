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
from musicrec.models.checks import (
    add_checks,
    check_fitted,
    check_histories,
    check_interactions,
    check_length,
    check_settings,
    users_of,
)
from musicrec.models.space import Space
from musicrec.models.top_k import Recommendations, join_recommendations, mask_seen, top_k

BATCH = 128  # users scored at once: 128 × 17,632 items × 4 bytes = 9 MB, which stay in a cache


class Recommender(ABC):
    """Base of all systems.

    A subclass implements `fit` and `scores`; if it can serve people who were not in training, `fold_in`; if a score is
    a sum over the history, `explain`. Callers may pass lists; what a subclass receives has been checked (see
    `musicrec.models.checks`): `train` is there, users are row numbers of it, histories a CSR matrix of as many items.
    A subclass says of itself, as constants that `musicrec.models.registry` reads without importing it:

    Attributes
    ----------
    name : str
        Kebab case, as in the score records.
    title : str
        What a reader calls it; by default the name.
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
    may_be_zero : tuple of str
        Whole settings of which there may be none; all others are at least 1.

    Attributes
    ----------
    train : Interactions
        What it was fitted on; not there before.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    task: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    space: ClassVar[Space] = {}
    unsearched: ClassVar[str] = ""
    variants: ClassVar[Mapping[str, Any]] = {}
    small: ClassVar[Mapping[str, Any]] = {}
    personal: ClassVar[bool] = True
    may_be_zero: ClassVar[tuple[str, ...]] = ("min_items", "min_listeners", "n_layers", "rounds")
    train: Interactions

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        add_checks(cls)

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Check the settings, which may come from anywhere, before the class takes them.

        Raises
        ------
        TypeError, ValueError
            When one of them cannot be meant; see `check_settings`.
        """
        check_settings(cls, args, settings)
        return super().__new__(cls)

    def fit(self, train: Interactions, *, rng: np.random.Generator) -> Self:
        """Learn from training interactions; every random draw comes from `rng`.

        Raises
        ------
        TypeError
            When `train` are no interactions or `rng` is no generator.
        ValueError
            When there is nothing to learn from.
        """
        return self

    @abstractmethod
    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return one score per item, higher is better, float32 of shape (len(users), n_items).

        `users`, an array or a list, are row numbers of the training interactions. The array is the caller's to change.

        Raises
        ------
        NotFittedError
            When `fit` has not been called.
        TypeError, IndexError
            When users are not given by their row numbers, or one is unknown.
        """

    def fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Score all items for people given by their histories, shape (n, n_items) in and out.

        Raises
        ------
        NotImplementedError
            When the system can serve only the users it was trained on.
        NotFittedError, TypeError, ValueError
            Before `fit`; when histories are no such matrix, or hold weights that are not finite numbers above zero.
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
        NotFittedError
            When `fit` has not been called.
        TypeError, ValueError, IndexError
            When users are not given by their row numbers or one is unknown; when `k` is no whole number of at least 1;
            when `exclude` is of other users or items.
        """
        users, k = users_of(self, users), check_length(k)
        if exclude is not None:
            check_interactions(exclude, "exclude", self.train)
        seen = (self.train if exclude is None else exclude).matrix
        parts = []
        for start in range(0, len(users), BATCH):
            batch = users[start : start + BATCH]
            parts.append(top_k(mask_seen(self.scores(batch), seen[batch]), k))
        return join_recommendations(parts, k)

    def recommend_new(self, histories: sp.csr_array, k: int = 10) -> Recommendations:
        """Return the k best items, none of their own, for people given by their histories, shape (n, n_items).

        Raises
        ------
        NotImplementedError, NotFittedError, TypeError, ValueError
            As `fold_in` and `recommend`.
        """
        check_fitted(self)
        k, histories = check_length(k), check_histories(histories, self.train.n_items, self.name)
        parts = []
        for start in range(0, histories.shape[0], BATCH):
            batch = histories[start : start + BATCH]
            parts.append(top_k(mask_seen(self.fold_in(batch), batch), k))
        return join_recommendations(parts, k)

    def recommend_labels(
        self,
        users: ArrayLike,
        k: int = 10,
        exclude: Interactions | None = None,
        *,
        names: ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Return the k best items of users who are given by their labels, with the labels of the items.

        Parameters
        ----------
        users : array-like
            Labels, as in ``train.users``.
        k, exclude
            As in `recommend`.
        names : array-like, shape (n_items,), optional
            What to call the items instead of ``train.items``, such as ``dataset.item_names``.

        Returns
        -------
        pandas.DataFrame
            Columns `user`, `rank`, `item` and `score`; see `Recommendations.to_frame`.

        Raises
        ------
        LookupError
            When no user has that label; otherwise as `recommend`.
        """
        check_fitted(self)
        numbers = self.train.numbers("user", users)
        return self.recommend(numbers, k, exclude).to_frame(self.train, numbers, names=names)


add_checks(Recommender)


class FactorModel(Recommender):
    """A recommender whose score is a dot product; `fit` of a subclass sets the factors.

    Attributes
    ----------
    user_factors, item_factors : numpy.ndarray, shape (n_users, dim), (n_items, dim)
        float32.
    """

    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    def scores(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the dot products of users and items, float32 of shape (len(users), n_items)."""
        return self.user_factors[users] @ self.item_factors.T
