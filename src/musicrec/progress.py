"""Progress of long tasks on the screen: bars on a terminal, plain lines everywhere else.

A task is a chapter that is executed or a system whose settings are searched; its steps are cells or trials.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

EVERY = 30.0  # seconds between two signs of life in a log


class Progress(Protocol):
    """Told how several tasks go, perhaps at once."""

    def begin(self, names: Sequence[str], seconds: Mapping[str, float] | None = None, jobs: int = 1) -> None:
        """Say which tasks there are, how long each took before (those never done are missing), how many run at once."""

    def start(self, name: str, steps: int, why: str) -> None:
        """Say that a task of so many steps begins."""

    def step(self, name: str, note: str = "") -> None:
        """Say that a step of a task is done; what has a note is always shown."""

    def done(self, name: str, note: str) -> None:
        """Say that a task is done."""

    def end(self) -> None:
        """Say that nothing more comes."""


class Silent:
    """Shows nothing."""

    def begin(self, names: Sequence[str], seconds: Mapping[str, float] | None = None, jobs: int = 1) -> None:
        """Do nothing."""

    def start(self, name: str, steps: int, why: str) -> None:
        """Do nothing."""

    def step(self, name: str, note: str = "") -> None:
        """Do nothing."""

    def done(self, name: str, note: str) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


class Remaining:
    """Says how long the rest takes, from what each task took before, or else from the steps it has done.

    Parameters
    ----------
    names : sequence of str
        The tasks.
    before : mapping of str to float
        Seconds each took before; those never done may be missing.
    jobs : int
        How many run at once.
    """

    def __init__(self, names: Sequence[str], before: Mapping[str, float], jobs: int = 1) -> None:
        self.jobs = jobs
        self.left = set(names)
        self.before = dict(before)
        self.began: dict[str, tuple[float, int]] = {}
        self.steps: dict[str, int] = {}

    def start(self, name: str, steps: int) -> None:
        """Note that a task begins."""
        self.began[name], self.steps[name] = (time.monotonic(), steps), 0

    def step(self, name: str) -> None:
        """Note that a step is done."""
        self.steps[name] += 1

    def done(self, name: str) -> None:
        """Note that a task is done, now or before."""
        self.left.discard(name)

    def text(self) -> str:
        """Return "about 3 min left"; "at least" when a task was never done before, "" when nothing can be said."""
        parts = [self._of(name) for name in self.left]
        known = [seconds for seconds in parts if seconds is not None]
        if not known:
            return ""
        total = sum(known) / min(self.jobs, len(known))
        much = f"{total:.0f} s" if total < 90 else f"{total / 60:.0f} min"
        return f"{'about' if len(known) == len(parts) else 'at least'} {much} left"

    def _of(self, name: str) -> float | None:
        """Return the seconds a task still needs, None when nobody can know."""
        if name not in self.began:
            return self.before.get(name)
        start, steps = self.began[name]
        passed = time.monotonic() - start
        if name in self.before:
            return max(self.before[name] - passed, 0.0)
        return passed / self.steps[name] * (steps - self.steps[name]) if self.steps[name] else None


class PlainProgress:
    """One line when a task begins, one when it ends, and a sign of life in between.

    Every line begins with the place of its task in the list, because the lines of several may alternate.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.names: list[str] = []
        self.steps: dict[str, int] = {}
        self.last: dict[str, float] = {}
        self.started = time.monotonic()
        self.remaining = Remaining((), {})

    def begin(self, names: Sequence[str], seconds: Mapping[str, float] | None = None, jobs: int = 1) -> None:
        """Say which tasks there are."""
        self.names, self.started = list(names), time.monotonic()
        self.remaining = Remaining(names, seconds or {}, jobs)

    def start(self, name: str, steps: int, why: str) -> None:
        """Say that a task of so many steps begins."""
        self.steps[name], self.last[name] = steps, time.monotonic()
        self.remaining.start(name, steps)
        self._say(name, f"{steps} steps ({why})", self.remaining.text())

    def step(self, name: str, note: str = "") -> None:
        """Say that a step of a task is done."""
        self.remaining.step(name)
        if note or time.monotonic() - self.last[name] > EVERY:
            self.last[name] = time.monotonic()
            place = f"step {self.remaining.steps[name]} of {self.steps[name]}"
            self._say(name, f"{place}: {note}" if note else place, "" if note else self.remaining.text())

    def done(self, name: str, note: str) -> None:
        """Say that a task is done."""
        self.remaining.done(name)
        self._say(name, note, f"{time.monotonic() - self.started:.0f} s in all", self.remaining.text())

    def end(self) -> None:
        """Say that nothing more comes."""

    def _say(self, name: str, *texts: str) -> None:
        line = f"[{self.names.index(name) + 1}/{len(self.names)}] {name}: {', '.join(filter(None, texts))}"
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


class BarProgress:
    """A bar over the tasks and one over the steps of each that runs, with the time taken and the time left."""

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"), console=console,
        )  # fmt: skip
        self.all = TaskID(0)
        self.running: dict[str, TaskID] = {}
        self.remaining = Remaining((), {})

    def begin(self, names: Sequence[str], seconds: Mapping[str, float] | None = None, jobs: int = 1) -> None:
        """Say which tasks there are."""
        self.remaining = Remaining(names, seconds or {}, jobs)
        self.all = self.bars.add_task("all", total=len(names), note=self.remaining.text())
        self.bars.start()

    def start(self, name: str, steps: int, why: str) -> None:
        """Say that a task of so many steps begins."""
        self.remaining.start(name, steps)
        self.running[name] = self.bars.add_task(f"  {name} ({why})", total=steps, note="")

    def step(self, name: str, note: str = "") -> None:
        """Say that a step of a task is done."""
        self.remaining.step(name)
        self.bars.update(self.running[name], advance=1, note=note)
        self.bars.update(self.all, note=self.remaining.text())

    def done(self, name: str, note: str) -> None:
        """Say that a task is done."""
        self.remaining.done(name)
        self.bars.console.print(f"  {name}: {note}", markup=False, highlight=False)
        if name in self.running:
            self.bars.update(self.running.pop(name), visible=False)
        self.bars.update(self.all, advance=1, note=self.remaining.text())

    def end(self) -> None:
        """Say that nothing more comes."""
        self.bars.stop()


def progress_on(console: Console) -> Progress:
    """Return bars for a terminal and plain lines for a log."""
    return BarProgress(console) if console.is_terminal else PlainProgress(console)


@contextmanager
def share_progress(console: Console, name: str) -> Iterator[Callable[[str, float], None]]:
    """Show how much of one piece of work is done: a bar on a terminal, a line now and then in a log.

    What is yielded is told what is being done and which share of it, from 0 to 1.
    """
    if not console.is_terminal:
        last = time.monotonic()

        def say(what: str, share: float) -> None:
            nonlocal last
            if time.monotonic() - last > EVERY:
                last = time.monotonic()
                console.print(f"{name}: {what}: {share:.0%}", markup=False, highlight=False, soft_wrap=True)

        yield say
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(name, total=1.0)
        yield lambda what, share: bars.update(task, description=f"{name}: {what}", completed=share)
