"""Score records: what a chapter measured, as small JSON files the site and the command read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from musicrec.datasets.dataset import Dataset
from musicrec.files import build_dir, write_text

if TYPE_CHECKING:
    from musicrec.evaluation.ranking import Evaluation

ORIGINALS = ("spotifier", "playlist-nncf", "lastfm-mf", "genre-lightfm", "two-stage")
ORIGINAL_DATA = {"lastfm-mf": "lastfm-2k"}  # the only original whose very data can be had


@dataclass(frozen=True)
class Score:
    """One measured number.

    `low` and `high` bound its 95 % interval. `reported` is what the original printed, `tolerance` how far from it,
    in the unit of the value, still counts as reproduced.
    """

    chapter: str
    system: str
    dataset: str
    simulated: bool
    protocol: str  # `listeners`, `continuation` or `original/<key>`
    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    sd: float | None = None  # over splits or seeds
    seeds: tuple[int, ...] = ()
    reported: float | None = None
    tolerance: float | None = None
    note: str = ""
    quick: bool = False

    @property
    def status(self) -> str:
        """Say `reproduced`, `differs`, or `not-applicable`: other data, or missed with training cut short."""
        if self.reported is None or self.dataset != ORIGINAL_DATA.get(self.key):
            return "not-applicable"
        # one part in 10^9 forgives the binary rounding of decimal figures
        slack = (self.tolerance or 0.0) + 1e-9 * max(1.0, abs(self.reported))
        if abs(self.value - self.reported) <= slack:
            return "reproduced"
        return "not-applicable" if self.quick else "differs"

    @property
    def key(self) -> str:
        """Return the short name of the original, "" under a shared protocol."""
        return self.protocol.removeprefix("original/") if self.protocol.startswith("original/") else ""


class ScoreBook:
    """Collects the scores of one chapter and keeps its file up to date.

    Parameters
    ----------
    chapter : str
        Name of the notebook, `02_baseline`.
    dataset : Dataset
        What the scores were measured on, unless a score names another.
    quick : bool
        Whether training was shortened for a first look.

    Raises
    ------
    ValueError
        From `add`, when a value is not a number: a table must not show what a run did not measure.
    """

    def __init__(self, chapter: str, dataset: Dataset, *, quick: bool = False) -> None:
        self.chapter, self.dataset, self.quick = chapter, dataset, quick
        self.scores: list[Score] = []

    def add(
        self,
        system: str,
        metric: str,
        value: float,
        *,
        protocol: str = "listeners",
        dataset: Dataset | None = None,
        tolerance: float | None = None,
        **more: Any,
    ) -> Self:
        """Add one score and write the file; `more` are further fields of `Score`."""
        if not math.isfinite(value):
            raise ValueError(f"{self.chapter}: {system} {metric} is {value}, not a number")
        data = dataset or self.dataset
        score = Score(
            self.chapter, system, data.name, data.simulated, protocol, metric, float(value),
            tolerance=tolerance, quick=self.quick, **more,
        )  # fmt: skip
        same = (score.system, score.metric, score.protocol, score.dataset)
        self.scores = [s for s in self.scores if (s.system, s.metric, s.protocol, s.dataset) != same] + [score]
        self._write()
        return self

    def add_evaluation(
        self, system: str, evaluations: Sequence[Evaluation], *, seeds: Sequence[int], **more: Any
    ) -> Self:
        """Add every metric of a system that was evaluated once per seed.

        Under the `listeners` protocol the per-user arrays are kept too, in `build/scores/listeners/SYSTEM.npz`: what
        the leaderboard tests systems against each other with, without training them again.
        """
        # imported here to keep scipy.stats out of the start of the command
        from musicrec.evaluation.statistics import summarise
        from musicrec.evaluation.storage import save_evaluations

        for metric, row in summarise(evaluations).iterrows():
            interval: dict[str, Any] = {
                name: float(row[name]) for name in ("low", "high", "sd") if math.isfinite(row[name])
            }
            self.add(system, str(metric), float(row["value"]), seeds=tuple(seeds), **interval, **more)
        if more.get("protocol", "listeners") == "listeners":
            save_evaluations(evaluations, build_dir() / "scores" / "listeners" / f"{system}.npz")
        return self

    def reproduce(self, key: str, quantity: str, value: float, reported: float, **more: Any) -> Self:
        """Add a figure that original `key` printed; by default it must be met to the digits it was printed with.

        Pass `tolerance` for an absolute one, or `within` for a share of the reported value. `system` names the
        system a figure belongs to, `data` when it describes the data.
        """
        if (within := more.pop("within", None)) is not None:
            more["tolerance"] = within * abs(reported)
        more.setdefault("tolerance", 0.0 if float(reported).is_integer() else _last_digit(reported) / 2)
        system = more.pop("system", "data")
        return self.add(system, quantity, value, protocol=f"original/{key}", reported=float(reported), **more)

    def _write(self) -> None:
        rows = [asdict(score) for score in self.scores]
        path = build_dir() / "scores" / f"{self.chapter}.json"
        write_text(path, json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _last_digit(number: float) -> float:
    """Return the unit of the last printed digit of a decimal number: 0.01 for 745.24."""
    text = repr(float(number))
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def read_scores(folder: Path | None = None) -> list[Score]:
    """Read all score files, in the order of the chapters.

    Raises
    ------
    ValueError
        When a file does not hold score records; the message names it.
    """
    folder = folder or build_dir() / "scores"
    scores = []
    for path in sorted(folder.glob("*.json")):
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
            scores += [Score(**{**row, "seeds": tuple(row["seeds"])}) for row in rows]
        except (json.JSONDecodeError, TypeError, KeyError) as error:
            raise ValueError(
                f"{path} does not hold score records ({error}); delete it and run the book again"
            ) from error
    return scores
