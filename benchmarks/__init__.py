"""Benchmarks: ratios against a named peer that does the same work in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """How our time compares with a peer's.

    `times` is "faster" (peer's seconds / ours, the goal is at least) or "longer" (ours / peer's, the goal is at
    most); `note` says what the work was.
    """

    name: str
    peer: str
    ours: float  # seconds, or bytes where the name says memory
    theirs: float
    goal: float
    times: str = "faster"
    note: str = ""

    @property
    def value(self) -> float:
        """The ratio."""
        return self.theirs / self.ours if self.times == "faster" else self.ours / self.theirs

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.times == "faster" else self.value <= self.goal


@dataclass(frozen=True)
class Skipped:
    """A ratio that could not be measured here, and why."""

    name: str
    peer: str
    reason: str


def seconds(work: Callable[[], Any], repeat: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the shortest of several runs: what the machine can do when nothing else disturbs it."""
    best = float("inf")
    for _ in range(repeat):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best
