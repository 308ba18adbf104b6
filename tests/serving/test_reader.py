"""A history before a served model: matching, recommending, measuring, telling."""

import html
import json
from pathlib import Path

import numpy as np
import pytest

from musicrec.histories import read_history
from musicrec.serving.forms import Counts, ItemWeights
from musicrec.serving.reader import FAVOURITES, Reader, meet
from musicrec.serving.reader_words import as_data, page, sentences

N = 120
NAMES = [f"Artist {letter}{number}" for number in range(N // 2) for letter in "ab"]  # two crowds, a and b


def served() -> ItemWeights:
    """A model whose artists go with those of the same letter, the better known the more."""
    columns = np.concatenate([[c for c in range(N) if c % 2 == row % 2 and c != row] for row in range(N)])
    per = N // 2 - 1
    levels = np.tile(np.repeat(31 - np.arange(per) // 2, 1), N)
    return ItemWeights(
        {"model": "ease", "dataset": "d", "simulated": True}, np.arange(N), NAMES, np.arange(N + 1, 1, -1),
        np.arange(N + 1) * per, columns.astype(np.int32), levels.astype(np.int8), np.ones(N, np.float32),
    )  # fmt: skip


def reader(tmp_path: Path, rows: list[tuple[str, str]]) -> Reader:
    """A reader with (artist, day) as plays."""
    lines = (f'"{artist}",,s{n},{day} 10:00\n' for n, (artist, day) in enumerate(rows))
    path = tmp_path / "plays.csv"
    path.write_text("artist,album,track,date\n" + "".join(lines), encoding="utf-8")
    return meet(read_history([path], now=1_750_000_000), served())


def test_nobody_is_recommended_who_was_played(tmp_path: Path) -> None:
    rows = [(NAMES[at], "2024-01-01") for at in range(0, N, 2) for _ in range(N - at)][: 10**4]
    mine = reader(tmp_path, rows)
    assert len(mine.favourites) == FAVOURITES < len(mine.matched.items) == N // 2
    assert mine.recommend(10) == []  # all of the crowd are played, also those that are no favourites
    few = reader(tmp_path, [(NAMES[at], "2024-01-01") for at in (0, 2, 4)])
    assert [NAMES[each.artist] for each in few.recommend(3)] == ["Artist a3", "Artist a4", "Artist a5"]


def test_who_was_only_skipped_is_not_recommended_either(tmp_path: Path) -> None:
    row = {"ts": "2024-01-01T10:00:00Z", "ms_played": 9_000, "skipped": True}
    rows = [row | {"master_metadata_album_artist_name": NAMES[2]}]
    rows += [row | {"ms_played": 200_000, "master_metadata_album_artist_name": NAMES[0]}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    mine = meet(read_history([path]), served())
    assert [NAMES[at] for at in mine.favourites] == [NAMES[0]] and mine.recommend(1)[0].artist == 4


def test_a_model_that_fits_finds_what_was_hidden(tmp_path: Path) -> None:
    mine = reader(tmp_path, [(NAMES[at], "2024-01-01") for at in range(0, 20, 2)])
    found = mine.fidelity(np.random.default_rng(0))
    assert found and found.hidden == 2 and found.found == 1.0 and 0 < found.popular < 1
    assert reader(tmp_path, [(NAMES[0], "2024-01-01")]).fidelity(np.random.default_rng(0)) is None


def test_the_last_months_are_predicted_from_those_before(tmp_path: Path) -> None:
    before = [(NAMES[at], f"2023-{month:02}-05") for at in range(0, 20, 2) for month in range(1, 10)]
    after = [(NAMES[0], "2023-12-01"), (NAMES[20], "2023-12-01"), (NAMES[1], "2023-12-02"), ("Nobody", "2023-12-05")]
    forecast = reader(tmp_path, before + after).forecast()
    assert forecast and (forecast.since, forecast.artists, forecast.new) == ("2023-09-06", 3, 2)
    assert forecast.repeats == 0.1 and forecast.repeated_plays == 0.25
    assert forecast.new_found == 1 and forecast.new_popular == 2  # the crowd's next one; the two best known not played
    assert reader(tmp_path, before[:20] and [(NAMES[0], "2023-01-01")]).forecast() is None


def test_fame_is_compared_with_all_listens(tmp_path: Path) -> None:
    known, obscure = ([(NAMES[at], "2024-01-01") for at in rows] for rows in (range(5), range(N - 5, N)))
    first, second = (reader(tmp_path, rows).fame() for rows in (known, obscure))
    assert first.reader > first.everyone > second.reader and first.share_below > 0.9 > 0.1 > second.share_below


def test_nothing_known_is_said_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="the most played are Nobody"):
        reader(tmp_path, [("Nobody", "2024-01-01")])


def test_what_is_told_is_true_and_safe(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    mine = reader(tmp_path, [(NAMES[0], "2024-01-01")] * 3 + [(evil, "2024-02-01")])
    told = sentences(mine, np.random.default_rng(0))
    assert any("75.0% of what counts is by the 1 artists" in each for each in told)
    assert any(f"25.0% is by artists it does not know: {evil} (1)" in each for each in told)
    text = page(mine, [{"artist": evil, "listeners": 2, "because": [evil]}], told)
    assert evil not in text and html.escape(evil) in text and "<script" not in text and "SIMULATED" in text
    data = json.loads(json.dumps(as_data(mine, [], told)))
    assert data["artists"] == [{"artist": NAMES[0], "plays": 3}]
    assert data["unknown"] == [{"artist": evil, "plays": 1}]
    assert data["years"] == [{"year": 2024, "plays": 4, "artists": [NAMES[0], evil]}]


def test_popularity_serves_too(tmp_path: Path) -> None:
    mine = reader(tmp_path, [(NAMES[0], "2024-01-01")])
    about = {"model": "popularity", "dataset": "d"}
    popular = Counts(about, np.arange(N), NAMES, np.arange(N + 1, 1, -1))
    assert [each.artist for each in Reader(mine.history, mine.matched, popular).recommend(2)] == [1, 2]
