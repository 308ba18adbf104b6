"""Score records: what a chapter measured, as small JSON files the site and the command read."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from musicrec.datasets.dataset import Dataset
from musicrec.files import build_dir, write_text
from musicrec.scores.builds import build_name, current_build, writing_folder
from musicrec.scores.stamps import stamped

if TYPE_CHECKING:
    from musicrec.evaluation.ranking import Evaluation

ORIGINALS = ("spotifier", "playlist-nncf", "lastfm-mf", "genre-lightfm", "two-stage")
ORIGINAL_DATA = {"lastfm-mf": "lastfm-2k"}  # the only original whose very data anybody can have


@dataclass(frozen=True)
class Score:
    """One measured number.

    `low` and `high` bound its 95 % interval. `reported` is what the original printed, `tolerance` how far from it,
    in the unit of the value, still counts as reproduced, and `near` how far as close; `ScoreBook.reproduce` has the
    rule. `same_data` says that the figure was measured on data that only some have, drawn as the original drew them.
    """

    chapter: str
    system: str
    dataset: str
    simulated: bool
    protocol: str  # `listeners`, `newcomers`, `continuation`, `challenge` or `original/<key>`
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
    tolerance_from: str = ""  # where the tolerance comes from, for the reader
    near: float | None = None
    same_data: bool = False

    @property
    def comparable(self) -> bool:
        """Whether it was measured on the data of the original."""
        return self.same_data or (bool(self.key) and self.dataset == ORIGINAL_DATA.get(self.key))

    @property
    def status(self) -> str:
        """Say `reproduced`, `close`, `differs`, or `not-applicable`: other data, or missed with training cut short."""
        if self.reported is None or not self.comparable:
            return "not-applicable"
        # one part in 10^9 forgives the binary rounding of decimal figures
        beyond = abs(self.value - self.reported) - 1e-9 * max(1.0, abs(self.reported))
        if beyond <= (self.tolerance or 0.0):
            return "reproduced"
        if self.quick:
            return "not-applicable"
        return "close" if self.near is not None and beyond <= self.near else "differs"

    @property
    def key(self) -> str:
        """Return the short name of the original, "" under a shared protocol."""
        return self.protocol.removeprefix("original/") if self.protocol.startswith("original/") else ""


class ScoreBook:
    """Collects the scores of one chapter and keeps its file up to date.

    In a chapter that the book executes, the file becomes that of the book once the notebook has run to its end.
    Anywhere else it goes to `scratch` in the build folder, and a warning says so: the scores of the book are those the
    book has measured.

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
        self._name = build_name(dataset.name, quick=quick)
        self._folder, self._of_the_book = writing_folder(self._name)

    @property
    def path(self) -> Path:
        """The file it writes."""
        return self._folder / f"{self.chapter}.json"

    @property
    def build(self) -> Path:
        """The folder of the build it goes with: that of the execution, else the one of its data and mode."""
        return build_dir() if self._of_the_book else build_dir() / self._name

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
            tolerance=tolerance, quick=self.quick, same_data=protocol[len("original/") :] in data.provenance.originals,
            **more,
        )  # fmt: skip
        same = (score.system, score.metric, score.protocol, score.dataset)
        self.scores = [s for s in self.scores if (s.system, s.metric, s.protocol, s.dataset) != same] + [score]
        if not self._of_the_book and len(self.scores) == 1:
            warnings.warn(
                f"this is no execution by `musicrec book`: scores go to {self._folder}, those of the book stay as "
                "they are",
                stacklevel=2,
            )
        self._write()
        return self

    def add_evaluation(
        self, system: str, evaluations: Sequence[Evaluation], *, seeds: Sequence[int], **more: Any
    ) -> Self:
        """Add every metric of a system that was evaluated once per seed.

        Under the `listeners` protocols the per-user arrays are kept too, in a folder beside the file that is named as
        the chapter: what the leaderboard tests systems against each other with, without training them again.
        """
        # imported here to keep scipy.stats out of the start of the command
        from musicrec.evaluation.statistics import summarise
        from musicrec.evaluation.storage import save_evaluations

        for metric, row in summarise(evaluations).iterrows():
            interval: dict[str, Any] = {
                name: float(row[name]) for name in ("low", "high", "sd") if math.isfinite(row[name])
            }
            self.add(system, str(metric), float(row["value"]), seeds=tuple(seeds), **interval, **more)
        if more.get("protocol", "listeners") in ("listeners", "listeners+valid"):
            save_evaluations(evaluations, self._folder / self.chapter / f"{system}.npz")
        return self

    def reproduce(self, key: str, quantity: str, value: float, reported: float, **more: Any) -> Self:
        """Add a figure that original `key` printed.

        One rule decides how near is near enough. A figure that does not depend on chance must be met to the digits it
        was printed with. One whose `value` is the mean of several `seeds` with the standard deviation `sd` is
        reproduced when it lies within the 95 % interval of that mean (Student's t), and close when one further run of
        ours would fall as far away (95 % prediction interval): the original was a single run, its seed unknown. Half
        of the last printed digit is added to both.

        `system` names the system a figure belongs to, `data` when it describes the data.
        """
        runs, spread = len(more.get("seeds", ())), more.get("sd")
        if runs > 1 and spread is not None:
            from scipy.special import stdtrit

            rounding = _last_digit(reported) / 2
            reach = float(stdtrit(runs - 1, 0.975) * spread)
            more |= {
                "tolerance": reach / math.sqrt(runs) + rounding,
                "near": reach * math.sqrt(1 + 1 / runs) + rounding,
                "tolerance_from": f"95 % interval of the mean of {runs} seeds",
            }
        elif float(reported).is_integer():
            more |= {"tolerance": 0.0, "tolerance_from": "a whole number must be met"}
        else:
            more |= {"tolerance": _last_digit(reported) / 2, "tolerance_from": "half of the last printed digit"}
        system = more.pop("system", "data")
        return self.add(system, quantity, value, protocol=f"original/{key}", reported=float(reported), **more)

    def _write(self) -> None:
        rows = [asdict(score) for score in self.scores]
        write_text(self.path, json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _last_digit(number: float) -> float:
    """Return the unit of the last printed digit of a number: 0.01 for 745.24, 1 for 230."""
    if float(number).is_integer():
        return 1.0
    text = repr(float(number))
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def read_scores(folder: Path | None = None) -> list[Score]:
    """Read the scores of a build, in the order of the chapters: those that executions of the book wrote, no others.

    Parameters
    ----------
    folder : Path, optional
        Of the build; by default the one `current_build` returns.

    Raises
    ------
    LookupError
        When no folder is given and there is no build yet.
    ValueError
        When a file does not hold score records; the message names it.
    """
    folder = folder or current_build()
    return [score for name in stamped(folder) for score in read_file(folder / "scores" / f"{name}.json")]


def read_file(path: Path) -> list[Score]:
    """Read one file of score records; raises as `read_scores`."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [score_of(row) for row in rows]
    except (OSError, json.JSONDecodeError, TypeError, KeyError) as error:
        raise ValueError(f"{path} does not hold score records ({error}); run the book again") from error


def score_of(row: dict[str, Any]) -> Score:
    """Return a score from its fields, as `dataclasses.asdict` gives them."""
    return Score(**{**row, "seeds": tuple(row["seeds"])})
