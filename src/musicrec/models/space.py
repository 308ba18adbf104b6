"""Search spaces: which settings of a system are searched, and within which bounds.

Ranges are wide enough for the best to lie inside, and end where a trial takes about a minute of one core. Numbers of
steps are fixed where more of them only bring a model closer to the minimum of its loss, and searched where stopping
early is part of how the model works.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

EDGE = 0.03  # share of a range that counts as its end


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones when both ends are whole.

    With `log` every doubling is as likely as any other.
    """

    low: float
    high: float
    log: bool = False

    @property
    def integer(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" + (", log" if self.log else "")

    def tidy(self, value: float) -> float:
        """Round a number to three digits, without leaving the range."""
        return value if self.integer else min(max(float(f"{value:.3g}"), self.low), self.high)

    def end(self, value: float) -> str:
        """Say at which end of the range a number lies: "lower", "upper" or ""."""
        low, high, place = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        share = (place - low) / (high - low)
        return "lower" if share <= EDGE else "upper" if share >= 1 - EDGE else ""


@dataclass(frozen=True)
class Choice:
    """One of several names."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join(self.names)


Space = Mapping[str, Range | Choice]

NEIGHBOURS = Range(10, 16_000, log=True)
EMBEDDING = Range(8, 128, log=True)
STEPS: Space = {"learning_rate": Range(0.0005, 0.02, log=True), "epochs": Range(3, 30)}
NEGATIVES: Space = {"n_negatives": Range(1, 10)}
DROPOUT: Space = {"dropout": Range(0.0, 0.6)}
STRENGTH = Choice(("equal", "log"))  # of a listen: all alike, or by plays
FACTORS: Space = {
    "dim": Range(16, 256, log=True),
    "alpha": Range(0.5, 100.0, log=True),
    "regularization": Range(1.0, 500.0, log=True),
}
NOTHING = "has no settings"
ORIGINAL = "stands with the settings of the original it shows"
