"""Release records: what is published, and what moved since."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from trial_book import score

from musicrec.scores import release
from musicrec.scores.release import added, differences, missing_figures, read_release, save_release

ABOUT = {"build": "lastfm-2k", "revision": "abc", "date": "2026-01-02", "machine": {}, "versions": {"numpy": "2"}}
HYBRID = score("hybrid", 0.2364, sd=0.003, seeds=(0, 1, 2, 3, 4))
USERS = score("data", 1892.0, "users", protocol="original/lastfm-mf", reported=1892.0, tolerance=0.0)


def test_what_is_saved_is_read_again_by_data_set(tmp_path: Path):
    songs = score("spotifier", 0.5, "r2", "03_regression", dataset="spotify-songs")
    paths = save_release(tmp_path, [HYBRID, USERS, songs], ABOUT, {"02_baseline": 3.5, "03_regression": 9.0})
    assert [path.name for path in paths] == ["lastfm-2k.json", "spotify-songs.json"]
    first, second = read_release(tmp_path)
    assert first["scores"] == [HYBRID, USERS] and second["scores"] == [songs]
    assert first["revision"] == "abc" and first["seconds"] == {"02_baseline": 3.5}
    assert paths[0].read_text().count("\n") < 30, "one line a score, so that a change is one line"
    (tmp_path / "results").mkdir()
    save_release(tmp_path / "results", [HYBRID, songs], ABOUT, {"02_baseline": 3.5, "03_regression": 9.0})
    assert release.seconds_of(tmp_path, "lastfm-2k") == {"02_baseline": 3.5, "03_regression": 9.0}
    assert release.seconds_of(tmp_path, "simulated") == {}


@pytest.mark.parametrize(
    ("more", "message"),
    [({"simulated": True, "dataset": "simulated"}, "measured on simulated data"), ({"quick": True}, "a quick run")],
)
def test_only_full_builds_on_real_data_are_released(tmp_path: Path, more: dict, message: str):
    with pytest.raises(ValueError, match=message):
        save_release(tmp_path, [HYBRID, replace(HYBRID, **more)], ABOUT, {})
    with pytest.raises(ValueError, match="no scores"):
        save_release(tmp_path, [], ABOUT, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 2}', '{"format": 1, "scores": [{}]}'])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str):
    (tmp_path / "lastfm-2k.json").write_text(damage)
    with pytest.raises(ValueError, match=r"lastfm-2k\.json does not hold release records"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    ("before", "value", "moved"),
    [
        (HYBRID, 0.2371, False),  # another machine
        (HYBRID, 0.2340, True),
        (HYBRID, 0.2390, True),
        (replace(HYBRID, sd=0.01), 0.2400, False),  # within the standard error of its mean
        (replace(HYBRID, sd=0.01, seeds=(0,)), 0.2400, True),  # of one seed nobody knows it
        (replace(HYBRID, sd=None), 0.2364 * 1.004, False),
        (score("random", 0.0002), 0.0006, False),
        (score("random", 0.0), 0.0006, True),
        (USERS, 1893.0, True),
        (replace(USERS, value=745.2434, reported=745.24), 745.9, False),
        (score("als", 12.0, "training seconds"), 99.0, False),
    ],
)
def test_what_moved_beyond_its_tolerance_is_named(before, value: float, moved: bool):
    found = differences([before], [replace(before, value=value)])
    assert bool(found) == moved
    if moved:
        assert found[0].name.startswith(f"{before.system} {before.metric}") and found[0].why == "moved"


def test_what_is_missing_new_or_no_longer_reproduced_is_named():
    (gone,) = differences([HYBRID], [])
    assert gone.value is None and gone.why == "not measured"
    assert added([HYBRID], [HYBRID, USERS]) == [USERS]
    figure = score("data", 745.2434, "mean", protocol="original/lastfm-mf", reported=745.24, tolerance=0.005)
    (lost,) = differences([figure], [replace(figure, value=745.30)])
    assert lost.why == "no longer reproduces the reported figure"
    worst = differences([HYBRID, USERS], [replace(HYBRID, value=0.1)])
    assert [d.score.system for d in worst] == ["data", "hybrid"], "what is missing comes first"


def test_figures_are_counted_against_the_release():
    other = score("data", 1.0, "items", protocol="original/spotifier", reported=1.0)
    assert missing_figures([USERS, other, HYBRID], [USERS]) == [other]
    assert missing_figures([USERS, other], [USERS], only="lastfm-mf") == []
    simulated = replace(USERS, dataset="simulated", simulated=True, value=7.0)
    assert missing_figures([USERS], [simulated]) == [], "the figure is there, whatever it was measured on"
    assert json.dumps(release.RULE)
