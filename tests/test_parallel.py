"""Work on one thread, whatever the environment says."""

import time

import numpy as np
from threadpoolctl import threadpool_info

from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.als import ALS
from musicrec.models.neighbours.user_knn import UserKNN
from musicrec.parallel import one_blas_thread, parallel_map


def blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_one_thread_inside_and_as_before_outside() -> None:
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == {1}
        with one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_models_are_fitted_and_vectors_solved_for_on_one_thread(listens: Interactions, monkeypatch) -> None:
    seen = []

    class Watched(UserKNN):
        def fit(self, train, *, rng):
            seen.append(blas_threads())
            return super().fit(train, rng=rng)

    Watched().fit(listens, rng=np.random.default_rng(0))
    model = ALS(dim=4).fit(listens, rng=np.random.default_rng(0))
    from musicrec.models.factors import least_squares

    solve = least_squares._minimum
    monkeypatch.setattr(least_squares, "_minimum", lambda *parts: (seen.append(blas_threads()), solve(*parts))[1])
    model.fold_in(listens.matrix[:3])
    assert seen == [{1}] * 4


def test_results_come_in_order() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.05 * (number == 0))
        return number * 10

    assert list(parallel_map(slow_first, range(4), jobs=2)) == [0, 10, 20, 30]
