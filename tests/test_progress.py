"""Progress on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from musicrec import progress


def test_the_lines_of_chapters_that_run_together_can_be_told_apart(monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []
    for console in (Console(file=io.StringIO()), Console(file=io.StringIO(), force_terminal=True)):
        told = progress.progress_on(console)
        monkeypatch.setattr(progress, "EVERY", -1.0)
        told.begin(["01_eda", "02_baseline"])
        told.start("01_eda", 3, "never executed")
        told.start("02_baseline", 4, "changed: code")
        told.step("02_baseline")
        told.step("01_eda")
        told.done("02_baseline", "9 s")
        told.done("01_eda", "12 s")
        told.end()
        lines.append(console.file.getvalue())  # type: ignore[attr-defined]
    plain = lines[0].splitlines()
    plain[2:4] = [line.partition(", at least")[0].partition(", about")[0] for line in plain[2:4]]
    assert plain[:4] == [
        "[1/2] 01_eda: 3 steps (never executed)",
        "[2/2] 02_baseline: 4 steps (changed: code)",
        "[2/2] 02_baseline: step 1 of 4",
        "[1/2] 01_eda: step 1 of 3",
    ]
    assert plain[4].startswith("[2/2] 02_baseline: 9 s, ") and plain[5].startswith("[1/2] 01_eda: 12 s, ")
    assert "02_baseline: 9 s" in lines[1] and "2/2" in lines[1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until it is set."""
    time = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[0])
    return time


def test_the_time_left_comes_from_the_last_time_or_from_the_steps_done(clock: list[float]):
    left = progress.Remaining(["a", "b", "c"], {"a": 60.0, "b": 30.0})
    assert left.text() == "at least 90 s left".replace("90 s", "2 min")
    left.start("a", 10)
    clock[0] += 20
    assert left.text() == "at least 70 s left"
    left.done("a")
    left.start("c", 4)
    left.step("c")
    clock[0] += 10
    left.step("c")
    assert left.text() == "about 40 s left", "30 of b as before, 10 of c at the pace of its steps"
    left.done("b")
    left.done("c")
    assert left.text() == ""


def test_tasks_at_the_same_time_take_a_share_of_it(clock: list[float]):
    assert progress.Remaining(["a", "b"], {"a": 40.0, "b": 40.0}, jobs=2).text() == "about 40 s left"
    assert progress.Remaining(["a"], {"a": 40.0}, jobs=2).text() == "about 40 s left"
    assert progress.Remaining(["a"], {}).text() == ""


def test_a_step_with_a_note_is_always_shown():
    console = Console(file=io.StringIO())
    told = progress.progress_on(console)
    told.begin(["ease"])
    told.start("ease", 3, "from the beginning")
    told.step("ease", "NDCG@10 0.2")
    assert "[1/1] ease: step 1 of 3: NDCG@10 0.2" in console.file.getvalue()  # type: ignore[attr-defined]
