"""Boosted trees that rank."""

from __future__ import annotations

import numpy as np
import pandas as pd

from musicrec.datasets.songs import Floats
from musicrec.models.rankers.pairs import Pairs


class LambdaMART:
    """Gradient-boosted trees that learn to order lists [Burges, 2010], by LightGBM.

    Parameters
    ----------
    trees, leaves : int
        How many trees, and leaves of each.
    learning_rate : float
        How much a tree counts.
    """

    def __init__(self, trees: int = 100, leaves: int = 7, learning_rate: float = 0.05) -> None:
        self.trees, self.leaves, self.learning_rate = trees, leaves, learning_rate

    def fit(self, pairs: Pairs, *, rng: np.random.Generator) -> LambdaMART:
        """Learn from labelled lists."""
        import lightgbm

        there = pairs.labels >= 0
        # one thread: its threads wait for each other busily, which on a shared machine is slower than one alone
        self.model = lightgbm.LGBMRanker(
            objective="lambdarank",
            n_estimators=self.trees,
            num_leaves=self.leaves,
            learning_rate=self.learning_rate,
            min_child_samples=50,
            subsample=0.8,
            subsample_freq=1,
            colsample_bytree=0.7,
            lambdarank_truncation_level=30,
            random_state=int(rng.integers(2**31)),
            deterministic=True,
            force_row_wise=True,
            num_threads=1,
            verbose=-1,
        )
        self.model.fit(pairs.inputs[there], pairs.labels[there], group=there.sum(axis=1))
        self.names = pairs.names
        return self

    def scores(self, values: Floats, trees: int | None = None) -> Floats:
        """Return one score per candidate, shape (n, k), from the first `trees` trees, or from all."""
        flat = self.model.booster_.predict(
            values.reshape(-1, values.shape[-1]), num_iteration=trees or -1, num_threads=1
        )
        return np.asarray(flat, np.float32).reshape(values.shape[:-1])

    def gains(self) -> pd.Series:
        """Return the share of each feature in what the trees gained, largest first."""
        gains = pd.Series(self.model.booster_.feature_importance("gain"), index=list(self.names))
        return (gains / gains.sum()).sort_values(ascending=False)
