"""What machine this is."""

import os

import pytest

from musicrec.hardware import hardware, machine, memory, workers


def test_one_description_says_the_same_everywhere():
    about = machine()
    assert set(about) == {"system", "processor", "cores", "memory"} and all(about.values())
    assert about["cores"] == str(os.cpu_count())
    assert hardware() == f"{about['processor']}, {about['cores']} cores"


@pytest.mark.parametrize(("has", "cores", "jobs"), [(16, 8, 4), (16, 2, 2), (7, 8, 1), (2, 8, 1), (0, 4, 1)])
def test_as_many_chapters_at_a_time_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, has: float, cores: int, jobs: int
):
    assert memory() >= 0
    monkeypatch.setattr("musicrec.hardware.memory", lambda: has)
    monkeypatch.setattr("musicrec.hardware.cores", lambda: cores)
    assert workers() == jobs
