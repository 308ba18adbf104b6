"""One invented history for all tests, in every format."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from musicrec.histories.simulated import Played, invent_artists, invent_plays, write_examples


@pytest.fixture(scope="session")
def invented() -> list[Played]:
    rng = np.random.default_rng(3)
    return invent_plays(invent_artists(30, rng), 400, rng)


@pytest.fixture(scope="session")
def examples(invented: list[Played], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    write_examples(folder, invented)
    return folder


@pytest.fixture(scope="session")
def heard(invented: list[Played]) -> dict[str, int]:
    """How often each artist was heard, skips apart."""
    return dict(Counter(play.artist for play in invented if not play.skipped))
