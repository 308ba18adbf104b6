"""Small data every test can use."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions

# kernels and other processes that tests start find the helpers too
HELPERS = str(Path(__file__).parent / "helpers")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (HELPERS, os.environ.get("PYTHONPATH"))))


def checkerboard(n: int = 24, *, hole: bool = True) -> Interactions:
    """User u listens to every item of the same parity; with a hole, all but item u: the one right answer."""
    board = (np.add.outer(np.arange(n), np.arange(n)) % 2 == 0).astype(np.float32)
    if hole:
        np.fill_diagonal(board, 0)
    return Interactions(sp.csr_array(board), np.arange(n), np.arange(n))


@pytest.fixture
def board() -> Interactions:
    return checkerboard()


@pytest.fixture
def listens() -> Interactions:
    """60 users with 20 of 80 items each, drawn from two tastes; weights are play counts."""
    rng = np.random.default_rng(7)
    taste = np.where(np.arange(60)[:, None] % 2 == np.arange(80) % 2, 4.0, 1.0) / (1 + np.arange(80) / 10)
    matrix = np.zeros((60, 80), np.float32)
    for user, chance in enumerate(taste):
        liked = rng.choice(80, size=20, replace=False, p=chance / chance.sum())
        matrix[user, liked] = rng.integers(1, 1000, size=20)
    return Interactions(sp.csr_array(matrix), np.arange(100, 160), np.arange(500, 580))
