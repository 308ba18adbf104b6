"""One evaluation by RecTools, in an environment of its own: `python peer_rectools.py ARRAYS.npz` prints JSON.

Started by `ranking.py`. RecTools cannot share our environment, because it needs an older NumPy.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import scipy.sparse as sp
from rectools import Columns
from rectools.dataset import Dataset, IdMap, Interactions
from rectools.metrics import (
    MRR,
    NDCG,
    AvgRecPopularity,
    CatalogCoverage,
    HitRate,
    IntraListDiversity,
    MeanInvUserFreq,
    Precision,
    Recall,
)
from rectools.metrics.distances import PairwiseDistanceCalculator
from rectools.models.rank import Distance
from rectools.models.vector import Factors, VectorModel


class CosineDistance(PairwiseDistanceCalculator):
    """Distance of items by their tags, as we measure it; what RecTools has itself is Hamming's."""

    def __init__(self, tags: sp.csr_matrix) -> None:
        norms = np.sqrt(tags.multiply(tags).sum(axis=1).A1)
        self.unit = sp.csr_matrix(sp.diags(1 / np.where(norms > 0, norms, 1)) @ tags)
        self.untagged = norms == 0

    def _get_distances_for_item_pairs(self, items_0: np.ndarray, items_1: np.ndarray) -> np.ndarray:
        first, second = items_0.astype(np.int64), items_1.astype(np.int64)
        distances = 1 - self.unit[first].multiply(self.unit[second]).sum(axis=1).A1
        distances[self.untagged[first] | self.untagged[second]] = np.nan
        return distances


class GivenFactors(VectorModel):
    """A fitted model of RecTools whose scores are dot products, on one thread."""

    u2i_dist = Distance.DOT

    def __init__(self, users: np.ndarray, items: np.ndarray) -> None:
        super().__init__()
        self.users, self.items, self.is_fitted = users, items, True
        self.recommend_n_threads, self.recommend_use_gpu_ranking = 1, False

    def _get_users_factors(self, dataset: Dataset) -> Factors:
        return Factors(self.users)

    def _get_items_factors(self, dataset: Dataset) -> Factors:
        return Factors(self.items)


def interactions(matrix: sp.csr_matrix) -> pd.DataFrame:
    """Return one row per entry, as RecTools wants them."""
    rows, columns = matrix.nonzero()
    return pd.DataFrame({Columns.User: rows, Columns.Item: columns})


def main(path: str) -> None:
    """Rank all items for every user, compute the metrics both sides have per user; keep the shortest of thirty runs."""
    with np.load(path) as file:
        arrays = dict(file)
    k, n_items = int(arrays["k"]), len(arrays["item_factors"])
    train, seen, test = (
        sp.csr_matrix((np.ones(len(i), np.float32), i, p), shape=(len(arrays["user_factors"]), n_items))
        for i, p in ((arrays[f"{part}_indices"], arrays[f"{part}_indptr"]) for part in ("train", "seen", "test"))
    )
    tags = sp.csr_matrix(
        (arrays["tags_data"], arrays["tags_indices"], arrays["tags_indptr"]), tuple(arrays["tags_shape"])
    )
    users = np.flatnonzero(np.diff(test.indptr))
    wanted, known = interactions(test), interactions(train)
    ids = (IdMap.from_values(np.arange(n)) for n in seen.shape)  # of users and of items
    weighed = interactions(seen).assign(**{Columns.Weight: 1.0, Columns.Datetime: pd.Timestamp(0)})
    heard = Dataset(*ids, Interactions(weighed))
    model = GivenFactors(arrays["user_factors"], arrays["item_factors"])
    metrics = {
        "ndcg": (NDCG(k, divide_by_achievable=True), wanted), "recall": (Recall(k), wanted), "mrr": (MRR(k), wanted),
        "hit": (HitRate(k), wanted), "precision": (Precision(k), wanted),
        "r-precision": (Precision(k, r_precision=True), wanted),
        "popularity": (AvgRecPopularity(k), known), "novelty": (MeanInvUserFreq(k), known),
        "tag-diversity": (IntraListDiversity(k, CosineDistance(tags)),),
    }  # fmt: skip
    coverage, catalog = CatalogCoverage(k, normalize=True), np.arange(n_items)

    def evaluate() -> dict[str, float]:
        lists = model.recommend(users, heard, k, filter_viewed=True)
        values = {name: metric.calc_per_user(lists, *given).mean() for name, (metric, *given) in metrics.items()}
        return {**values, "coverage": coverage.calc(lists, catalog)}

    values, best = evaluate(), float("inf")
    for _ in range(30):
        start = time.process_time()
        evaluate()
        best = min(best, time.process_time() - start)
    print(json.dumps({"seconds": best, "values": {name: float(value) for name, value in values.items()}}))


if __name__ == "__main__":
    main(sys.argv[1])
