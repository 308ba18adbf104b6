"""Neighbours and factors on Apache Spark, for playlists beyond what one machine joins in bearable time.

The process that leads holds the entries of the playlists (8 bytes each); the joins, and the factors, are Spark's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.models.playlists.base import Candidates, PlaylistSystem
from musicrec.models.playlists.factors import PlaylistFactors
from musicrec.models.playlists.neighbours import EVERY, PlaylistKNN, TrackKNN, Votes
from musicrec.models.top_k import Recommendations, top_k
from musicrec.names import UnknownNameError
from musicrec.splits.challenge import Asked

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

ASKED = 100_000  # playlists at once
ROWS = 64  # rows of scores of all tracks at once


class _SparkVotes(Votes):
    """The votes of neighbours as two joins; every playlist is looked at, whatever `reach` says."""

    session: SparkSession
    batch: ClassVar[int] = ASKED

    def _index(self) -> NDArray[np.float64]:
        self._entries: DataFrame | None = None  # of the last fit; handed over when somebody asks
        return np.maximum(self.popularity, 1).astype(np.float64)

    def _frame(self) -> DataFrame:
        """Return the entries with the scale of their playlist and of their track, kept in the memory of Spark."""
        if self._entries is None:
            import pyarrow as pa

            bank = self.train.tracks.matrix
            lists = np.repeat(np.arange(bank.shape[0], dtype=np.int32), np.diff(bank.indptr))
            tracks = bank.indices.astype(np.int32)
            columns = {
                "list": lists, "track": tracks, "list_scale": self.list_scale[lists],
                "track_scale": self.track_scale[tracks],
            }  # fmt: skip
            self._entries = self.session.createDataFrame(pa.table(columns)).repartition("track").cache()
        return self._entries

    def candidates(self, asked: Asked, k: int) -> Candidates:
        import pyarrow as pa
        from pyspark.sql import Window
        from pyspark.sql import functions as f

        rows = np.repeat(np.arange(asked.seeds.shape[0], dtype=np.int32), np.diff(asked.seeds.indptr))
        tracks = asked.seeds.indices.astype(np.int32)
        if not len(rows):
            return _lists(pa.table({"row": [], "track": [], "score": []}), asked.seeds.shape[0], k)
        given = {"row": rows, "track": tracks, "weight": self.weights[tracks].astype(np.float64)}
        seeds, entries = self.session.createDataFrame(pa.table(given)), self._frame()
        near = (
            seeds.join(entries, "track")
            .groupBy("row", "list")
            .agg(f.sum("weight").alias("shared"), f.first("list_scale").alias("scale"))
        )
        near = near.select("row", "list", (f.col("shared") * f.col("scale")).alias("likeness"))
        if self.n_neighbours < EVERY:
            by_likeness = Window.partitionBy("row").orderBy(f.desc("likeness"), "list")
            near = near.withColumn("place", f.row_number().over(by_likeness)).filter(f"place <= {self.n_neighbours}")
        voted = (
            near.join(entries, "list")
            .groupBy("row", "track")
            .agg(
                f.sum(f.pow("likeness", f.lit(float(self.amplify)))).alias("votes"),
                f.first("track_scale").alias("scale"),
            )
        )
        voted = voted.join(seeds.select("row", "track"), ["row", "track"], "left_anti")
        scored = voted.select("row", "track", (f.col("votes") * f.col("scale")).alias("score"))
        by_score = Window.partitionBy("row").orderBy(f.desc("score"), "track")
        best = scored.withColumn("place", f.row_number().over(by_score)).filter(f"place <= {k}")
        return _lists(best.select("row", "track", "score").toArrow(), asked.seeds.shape[0], k)


def _lists(found: pa.Table, n: int, k: int) -> Candidates:
    """Return lists of rows in any order."""
    rows, tracks, scores = (found[name].to_numpy() for name in ("row", "track", "score"))
    order = np.lexsort((tracks, -scores, rows))
    rows, tracks, scores = rows[order].astype(np.int64), tracks[order], scores[order]
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    ids, best = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    ids[rows, place], best[rows, place] = tracks, scores
    return Candidates(ids, best)


class SparkTrackKNN(_SparkVotes, TrackKNN):
    """`track-knn` on Spark: the same scores, but for rounding and for `reach`."""

    def __init__(self, session: SparkSession) -> None:
        super().__init__(reach=EVERY)
        self.session = session


class SparkPlaylistKNN(_SparkVotes, PlaylistKNN):
    """`playlist-knn` on Spark: the same scores, but for rounding and for ties at the last neighbour."""

    def __init__(self, session: SparkSession) -> None:
        super().__init__(reach=EVERY)
        self.session = session


class SparkFactors(PlaylistFactors):
    """Alternating least squares of Spark's own library [Hu, Koren and Volinsky, 2008], in the place of `factors`.

    Another model than `IALS`: an entry counts 1 + α, a pair that is none counts 1, and the penalty of a row grows with
    its entries alone. A playlist that is asked for is solved for in the same way, given the factors of the tracks.

    Parameters
    ----------
    session : SparkSession
    dim, iterations : int
        As in `PlaylistFactors`.
    alpha, regularization : float
        See above.
    """

    def __init__(
        self, session: SparkSession, dim: int = 64, iterations: int = 8, alpha: float = 9.0, regularization: float = 0.1
    ) -> None:
        super().__init__(dim, iterations)
        self.session, self.alpha, self.regularization = session, alpha, regularization

    def _factorize(self, matrix: sp.csr_array, rng: np.random.Generator) -> None:
        import pyarrow as pa
        from pyspark.ml.recommendation import ALS

        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        entries = pa.table(
            {"row": rows, "track": matrix.indices.astype(np.int32), "value": np.ones(len(rows), np.float32)}
        )
        als = ALS(
            rank=int(self.settings["dim"]), maxIter=int(self.settings["iterations"]), regParam=self.regularization,
            implicitPrefs=True, alpha=self.alpha, userCol="row", itemCol="track", ratingCol="value",
            seed=int(rng.integers(2**31)),
        )  # fmt: skip
        found = als.fit(self.session.createDataFrame(entries)).itemFactors.toArrow()
        vectors = found["features"].combine_chunks()
        self.item_factors = np.zeros((len(self.head), int(self.settings["dim"])), np.float32)
        self.item_factors[found["id"].to_numpy()] = vectors.flatten().to_numpy().reshape(len(found), -1)
        self.gram = (self.item_factors.T @ self.item_factors).astype(np.float64)

    def _best(self, seeds: sp.csr_array, k: int) -> Recommendations:
        users = np.zeros((seeds.shape[0], len(self.gram)))
        for row in range(seeds.shape[0]):
            near = self.item_factors[seeds.indices[seeds.indptr[row] : seeds.indptr[row + 1]]].astype(np.float64)
            if len(near):
                penalty = self.regularization * len(near) * np.eye(len(self.gram))
                told = (1 + self.alpha) * near.sum(axis=0)
                users[row] = np.linalg.solve(self.gram + self.alpha * near.T @ near + penalty, told)
        parts = []
        for start in range(0, len(users), ROWS):
            scores = users[start : start + ROWS].astype(np.float32) @ self.item_factors.T
            own = seeds[start : start + ROWS]
            scores[own.nonzero()] = -np.inf
            parts.append(top_k(scores, k))
        return Recommendations(*(np.concatenate(each) for each in zip(*parts, strict=True)))


SYSTEMS: dict[str, Callable[[SparkSession], PlaylistSystem]] = {
    "track-knn": SparkTrackKNN,
    "playlist-knn": SparkPlaylistKNN,
    "factors": SparkFactors,
}


def maker(session: SparkSession) -> Callable[[str], PlaylistSystem]:
    """Return what makes an unfitted system of a name on Spark; it raises UnknownNameError where there is none."""

    def build(name: str) -> PlaylistSystem:
        if name not in SYSTEMS:
            raise UnknownNameError(name, list(SYSTEMS), "system on Spark")
        return SYSTEMS[name](session)

    return build
