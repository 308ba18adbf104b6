"""Costs by size: what is measured, and how memory and bytes are counted."""

import numpy as np
import pytest
import scipy.sparse as sp
from few_playlists import few_playlists

from musicrec.models.playlists.neighbours import PlaylistKNN
from musicrec.playlists.cost import measure_size, measure_sizes, nbytes, peak_memory, touched
from musicrec.splits.challenge import Asked


def test_each_stage_has_a_row() -> None:
    rows = {row["stage"]: row for row in measure_size(1000, 0, ("popularity", "playlist-knn"), each=2)}
    assert list(rows) == ["draw the playlists", "cut playlists off", "popularity", "playlist-knn"]
    peaks = [row["peak"] for row in rows.values()]
    assert peaks == sorted(peaks) and peaks[0] > 50e6
    knn = rows["playlist-knn"]
    assert knn["playlists"] == 1000 and knn["entries"] > 50_000 and knn["seconds"] > 0 and 0 < knn["answer"] < 1
    assert knn["ndcg@500"] > rows["popularity"]["ndcg@500"] > 0
    assert knn["bytes"] > rows["popularity"]["bytes"]  # an index beside what both keep


@pytest.mark.slow
def test_each_size_has_a_process_and_the_same_quality() -> None:
    ballast = np.ones(60_000_000)  # memory of this process is not that of the other
    (table,) = measure_sizes([1000], 0, ("popularity",), each=2)
    alone = measure_size(1000, 0, ("popularity",), each=2)
    assert table["ndcg@500"].iloc[-1] == alone[-1]["ndcg@500"]
    assert table["peak"].max() < peak_memory() and ballast.nbytes > 0


def test_bytes_are_those_of_arrays_each_once() -> None:
    cells = np.zeros(1000)
    assert nbytes([cells, cells, cells[:10], {"same": cells}]) == 8000
    matrix = sp.csr_array(np.eye(100, dtype=np.float32))
    assert nbytes(matrix) == matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    assert nbytes(7) == nbytes("text") == 0
    lists = few_playlists(100)
    knn = PlaylistKNN().fit(lists, rng=np.random.default_rng(0))
    assert nbytes(knn) > nbytes(lists) + nbytes(lists.tracks.matrix.indices)


def test_touched_by_hand() -> None:
    """A seed leads to the entries of all playlists that hold it."""
    lists = few_playlists(50)
    row = lists.tracks.matrix[[0]]
    track = int(row.indices[0])
    holders = (lists.tracks.matrix[:, [track]].toarray()[:, 0] > 0).nonzero()[0]
    asked = Asked(sp.csr_array(([1.0], ([0], [track])), shape=row.shape), np.array([""], dtype=object))
    assert touched(lists, asked) == lists.tracks.history_sizes()[holders].sum()
