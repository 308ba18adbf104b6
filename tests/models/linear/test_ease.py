import numpy as np
import pytest

from musicrec.datasets.interactions import Interactions
from musicrec.models.linear.ease import EASE


def test_ease_among_users_equals_the_textbook_among_items(listens: Interactions) -> None:
    """Steck's closed form: invert the penalised Gram matrix of items, divide by its diagonal, clear the diagonal."""
    l2, x = 3.0, listens.binary().toarray().astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + l2 * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    model = EASE(l2).fit(listens, rng=np.random.default_rng(0))
    np.testing.assert_allclose(model.scores(np.arange(listens.n_users)), x @ weights, atol=1e-4)
    with pytest.raises(ValueError, match="above zero"):
        EASE(0)
