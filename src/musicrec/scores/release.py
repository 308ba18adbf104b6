"""Release records: what the published build measured on real data, and what another build measured otherwise.

They lie in `results/`, one file a data set, with all that is needed to judge them: revision, date, versions, machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from musicrec.files import write_text
from musicrec.scores.records import Score, score_of

FORMAT = 1
FLOOR = 0.005  # share of a value: trained models differ by so much between processors (the hybrid: 0.2364, 0.2371)
LEAST = 0.0005  # and no less than that, in the unit of the value
TIMES = ("second", "minute")  # a metric with such a word tells of the machine, not of the system
RULE = (
    f"a value may differ by the standard error of its mean over seeds, by {FLOOR:.1%} of itself or by {LEAST}, "
    "whichever is most; counts may not differ, times are not compared"
)


@dataclass(frozen=True)
class Difference:
    """A score that is not what the release says."""

    score: Score  # as released
    value: float | None  # in this build, None when it is not there
    allowed: float
    why: str

    @property
    def name(self) -> str:
        """Say which score: system, metric, protocol and chapter."""
        return f"{self.score.system} {self.score.metric} ({self.score.protocol}, {self.score.chapter})"


def save_release(
    results: Path, scores: Iterable[Score], about: Mapping[str, Any], seconds: Mapping[str, float]
) -> list[Path]:
    """Write the scores of a full build on real data to a file for each data set they were measured on.

    Parameters
    ----------
    results : Path
        The folder of the release records.
    scores : iterable of Score
        Of the whole build.
    about : mapping
        `build`, the data set the build is named after, and revision, date, versions, machine, fingerprint.
    seconds : mapping of str to float
        How long each chapter took.

    Raises
    ------
    ValueError
        When a score comes from simulated data or from a quick run, or when there is none.
    """
    scores = list(scores)
    if not scores:
        raise ValueError("there are no scores to release")
    if bad := [score for score in scores if score.simulated or score.quick]:
        kind = "simulated data" if bad[0].simulated else "a quick run"
        raise ValueError(f"{bad[0].chapter} measured on {kind}: only a full build on real data is released")
    paths = []
    for dataset in dict.fromkeys(score.dataset for score in scores):
        rows = [score for score in scores if score.dataset == dataset]
        chapters = {row.chapter for row in rows}
        head = {
            "format": FORMAT, "dataset": dataset, **about,
            "seconds": {name: s for name, s in seconds.items() if name in chapters},
        }  # fmt: skip
        lines = [json.dumps(asdict(row), ensure_ascii=False, allow_nan=False) for row in rows]
        text = json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "scores": [\n  ' + ",\n  ".join(lines)
        paths.append(results / f"{dataset}.json")
        write_text(paths[-1], text + "\n ]\n}\n")
    return paths


def read_release(results: Path) -> list[dict[str, Any]]:
    """Return the release records, one a data set, with `scores` as a list of `Score`; none when nothing is released.

    Raises
    ------
    ValueError
        When a file does not hold release records; the message names it.
    """
    found = []
    for path in sorted(results.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["format"] != FORMAT:
                raise ValueError(f"format {record['format']!r}, expected {FORMAT}")
            found.append({**record, "scores": [score_of(row) for row in record["scores"]]})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} does not hold release records ({error})") from error
    return found


def released(results: Path) -> list[Score]:
    """Return all released scores; raises what `read_release` raises."""
    return [score for record in read_release(results) for score in record["scores"]]


def seconds_of(root: Path, dataset: str) -> dict[str, float]:
    """Return how long each chapter took when the release was made, if its build was about that data set."""
    found: dict[str, float] = {}
    for record in read_release(root / "results"):
        if record["build"] == dataset:
            found |= record["seconds"]
    return found


def allowed(score: Score) -> float:
    """Return how far a value may be from a released one: see `RULE`."""
    if score.reported is not None and score.reported.is_integer() and score.value.is_integer():
        return 0.0
    error = score.sd / math.sqrt(len(score.seeds)) if score.sd and len(score.seeds) > 1 else 0.0
    return max(error, FLOOR * abs(score.value), LEAST)


def differences(before: Iterable[Score], after: Iterable[Score]) -> list[Difference]:
    """Return the released scores that a build lacks or that moved beyond what is allowed, worst first."""
    values = {_key(score): score for score in after}
    found = []
    for score in before:
        if any(word in score.metric for word in TIMES):
            continue
        room = allowed(score)
        other = values.get(_key(score))
        if other is None:
            found.append(Difference(score, None, room, "not measured"))
        elif abs(other.value - score.value) > room + 1e-9 * max(1.0, abs(score.value)):
            found.append(Difference(score, other.value, room, "moved"))
        elif score.status == "reproduced" and other.status in ("close", "differs"):
            found.append(Difference(score, other.value, room, "no longer reproduces the reported figure"))
    return sorted(found, key=_size, reverse=True)


def added(before: Iterable[Score], after: Iterable[Score]) -> list[Score]:
    """Return the scores of a build that were not released."""
    there = {_key(score) for score in before}
    return [score for score in after if _key(score) not in there]


def missing_figures(expected: Iterable[Score], found: Sequence[Score], only: str | None = None) -> list[Score]:
    """Return the reported figures that a release holds and a build does not, of one original or of all."""
    there = {(score.key, score.system, score.metric) for score in found}
    return [
        score for score in expected
        if score.reported is not None and score.key and only in (None, score.key)
        and (score.key, score.system, score.metric) not in there
    ]  # fmt: skip


def _key(score: Score) -> tuple[str, ...]:
    return score.chapter, score.system, score.protocol, score.metric, score.dataset


def _size(difference: Difference) -> float:
    if difference.value is None:
        return math.inf
    gap = abs(difference.value - difference.score.value)
    return gap / difference.allowed if difference.allowed else math.inf if gap else 0.0
