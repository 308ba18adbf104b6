"""The tables of trials, and which searches are alike."""

import json
from pathlib import Path

import pytest

from musicrec.models.space import Choice, Range
from musicrec.tuning.trials import read_trials, warn_unequal, write_trials

SPACE = {"l2": Range(0.1, 10.0), "n": Range(1, 9), "strength": Choice(("equal", "log"))}


def test_a_table_comes_back_exactly(tmp_path: Path):
    rows = [
        {"number": n, "l2": 0.1 + 0.2 * n, "n": n + 1, "strength": "log", "ndcg@10": 1 / 3, "recall@10": 0.25,
         "seconds": 0.5, "state": "complete"}
        for n in range(3)
    ]  # fmt: skip
    write_trials(tmp_path / "new" / "ease.csv", rows)
    assert read_trials(tmp_path / "new" / "ease.csv", SPACE) == rows


def kept(system: str, **budget: int) -> dict:
    return {"system": system, "budget": budget, "search": {"seed": 0}, "dataset": {"fingerprint": "f"}}


def test_a_space_that_ran_out_was_searched_like_the_others(tmp_path: Path, recwarn: pytest.WarningsRecorder):
    (tmp_path / "als.json").write_text(json.dumps(kept("als", trials=20)))
    warn_unequal(tmp_path, kept("friends", trials=6, asked=20))
    assert not recwarn
    with pytest.warns(UserWarning, match="ease was not searched as als"):
        warn_unequal(tmp_path, kept("ease", trials=6, asked=6))
