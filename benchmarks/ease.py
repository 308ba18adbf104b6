"""EASE solved among users against the textbook's inverse among items, on the items with most listeners."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.datasets.interactions import Interactions
from musicrec.models.linear.ease import EASE

ITEMS = 8000  # the textbook takes time that grows with the cube: minutes, and 2.5 GB, for all 17,632


def most_popular(listens: Interactions, n: int) -> Interactions:
    """Return the listens of the n items with most listeners."""
    kept = np.sort(np.argsort(-listens.popularity(), kind="stable")[:n])
    return Interactions(listens.matrix[:, kept], listens.users, listens.items[kept])


def textbook(listens: sp.csr_array, l2: float) -> np.ndarray:
    """Return the scores of all users as in the paper, with the faster inverse for symmetric matrices."""
    gram = (listens.T @ listens).toarray().astype(np.float64, order="F")
    gram.flat[:: len(gram) + 1] += l2
    lower, _ = lapack.dpotrf(gram, lower=True, overwrite_a=True)
    inverse, _ = lapack.dpotri(lower, lower=True, overwrite_c=True)  # its lower half
    diagonal = inverse.diagonal().copy()
    for start in range(0, len(inverse), 1000):  # mirrored in pieces, in place
        stop = start + 1000
        block = inverse[start:stop, start:stop]
        inverse[start:stop, start:stop] = np.tril(block) + np.tril(block, -1).T
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
    inverse /= -diagonal
    np.fill_diagonal(inverse, 0)
    return listens @ inverse


def run() -> list[Ratio]:
    """Fit and score all users, both ways; the scores must agree to 1e-4."""
    listens = most_popular(datasets.load("auto", progress=False).interactions, ITEMS)
    users, binary, model = np.arange(listens.n_users), listens.binary(), EASE()
    scores: dict[str, np.ndarray] = {}

    def ours() -> None:
        scores["ours"] = model.fit(listens, rng=np.random.default_rng(0)).scores(users)

    def theirs() -> None:
        scores["theirs"] = textbook(binary, model.l2)

    ours_seconds, theirs_seconds = seconds(ours, 3), seconds(theirs, 1)
    np.testing.assert_allclose(scores["ours"], scores["theirs"], atol=1e-4)
    apart = float(np.abs(scores["ours"] - scores["theirs"]).max())
    note = (
        f"seconds to fit and score {listens.n_users:,} users x the {listens.n_items:,} items with most listeners; "
        f"scores differ by at most {apart:.0e}"
    )
    return [Ratio("EASE among users", "inverse among items", ours_seconds, theirs_seconds, 10, "faster", note)]
