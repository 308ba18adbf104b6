"""What the chapter about newcomers sums up."""

import pandas as pd
import pytest

from musicrec.chapters import newcomers
from musicrec.evaluation.newcomers import FIRST, METRICS
from musicrec.serving.cache import MODELS


def measured(best: str) -> pd.DataFrame:
    rows = [
        {"system": system, "people": people, "given": given, "seed": seed, **dict.fromkeys(METRICS, value)}
        for system, value in {MODELS[0]: 0.3, "ease": 0.2, "popularity": 0.1, FIRST: 0.15, best: 0.4}.items()
        for people in ("listeners", "playlists")
        for given in (1, 5, 20)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows).set_index(["system", "people", "given", "seed"])


def test_what_is_served_is_compared_with_what_was_chosen() -> None:
    same, other = (newcomers.served(measured(best), measured(MODELS[0])) for best in (MODELS[0], "ease"))
    assert same.same and same.chosen == MODELS[0] and not other.same and other.chosen == "ease"
    assert (same.value, same.popularity, same.first) == (0.4, 0.1, 0.15)
    assert newcomers.takeaways(same)[:2] == (pytest.approx(4), pytest.approx(1.5))


def test_the_curve_of_one_kind_of_people() -> None:
    curve = newcomers.curve(measured("ease"), "playlists")
    assert curve.loc[5, "ease"] == 0.4 and list(curve.index) == [1, 5, 20]


def test_quick_runs_leave_out_what_takes_long() -> None:
    assert set(newcomers.builds()) - set(newcomers.builds(quick=True)) == {"als", "ials"}
