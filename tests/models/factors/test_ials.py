"""iALS: short rows solved through their own size are solved exactly, and each half step lowers the loss."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.ials import IALS
from musicrec.models.factors.row_solver import solve_rows


@pytest.mark.parametrize("size", [0, 1, 3, 8, 30])
def test_a_row_shorter_or_longer_than_the_factors_is_solved_exactly(size: int) -> None:
    rng = np.random.default_rng(size)
    factors, diagonal, penalty = rng.normal(size=(40, 6)), rng.random(6), np.array([0.3])
    columns, weights = rng.choice(40, size, replace=False), rng.random(size) + 0.1
    row = sp.csr_array((weights, columns, [0, size]), shape=(1, 40))
    found = solve_rows(row, factors, diagonal, penalty)[0]
    heard = factors[columns]
    form = np.diag(diagonal + penalty) + (heard.T * weights) @ heard
    np.testing.assert_allclose(found, np.linalg.solve(form, heard.T @ weights), atol=1e-10)


def test_rows_of_one_length_are_solved_as_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    dense = np.where(rng.random((50, 20)) < 0.2, rng.random((50, 20)) + 0.1, 0)
    rows, factors, penalty = sp.csr_array(dense), rng.normal(size=(20, 4)), rng.random(50) + 0.1
    alone = [solve_rows(rows[[row]], factors, np.ones(4), penalty[[row]])[0] for row in range(50)]
    monkeypatch.setattr("musicrec.models.factors.row_solver.CELLS", 40)  # several groups of the same length
    np.testing.assert_allclose(solve_rows(rows, factors, np.ones(4), penalty), alone, atol=1e-12)


def loss(model: IALS, train: Interactions) -> float:
    """The loss as the docstring has it, over all pairs of a small matrix."""
    users, items = model.user_factors.astype(float), model.item_factors.astype(float)
    scores = users @ items.T
    weights = model._weighted(train.matrix).toarray()
    total = (weights * (1 - scores) ** 2).sum() + model.unobserved * (scores**2).sum()
    for vectors, seen, others in ((users, train.history_sizes(), len(items)), (items, train.popularity(), len(users))):
        penalty = model.regularization * (seen + model.unobserved * others) ** model.exponent
        total += (penalty * (vectors**2).sum(axis=1)).sum()
    return total


def test_more_iterations_never_raise_the_loss(listens: Interactions) -> None:
    losses = [loss(IALS(dim=8, iterations=n).fit(listens, rng=np.random.default_rng(0)), listens) for n in (1, 2, 4, 8)]
    assert all(later <= earlier * (1 + 1e-6) for earlier, later in itertools.pairwise(losses))


def test_a_listen_weighs_by_its_plays_beside_the_same_users_mean() -> None:
    weighted = IALS()._weighted(sp.csr_array(np.float32([[0, 1, 7, 0], [1, 0, 0, 1]])))
    np.testing.assert_allclose(weighted.toarray(), [[0, 0.5, 1.5, 0], [1, 0, 0, 1]], rtol=1e-6)
