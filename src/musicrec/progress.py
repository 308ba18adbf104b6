"""Progress of the book on the screen: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

EVERY = 30.0  # seconds between two signs of life in a log


class PlainProgress:
    """One line when a chapter begins, one when it ends, and a sign of life in between.

    Every line begins with the place of its chapter in the book, because the lines of several may alternate.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.names: list[str] = []
        self.cells: dict[str, int] = {}
        self.cells_done: dict[str, int] = {}
        self.last: dict[str, float] = {}
        self.start = time.monotonic()

    def begin(self, names: Sequence[str]) -> None:
        """Say which chapters there are."""
        self.names, self.start = list(names), time.monotonic()

    def chapter(self, name: str, cells: int, why: str) -> None:
        """Say that a chapter with so many cells begins."""
        self.cells[name], self.cells_done[name], self.last[name] = cells, 0, time.monotonic()
        self._say(name, f"executing {cells} cells ({why})")

    def cell(self, name: str) -> None:
        """Say that a cell of a chapter is done."""
        self.cells_done[name] += 1
        if time.monotonic() - self.last[name] > EVERY:
            self.last[name] = time.monotonic()
            self._say(name, f"cell {self.cells_done[name]} of {self.cells[name]}")

    def done(self, name: str, note: str) -> None:
        """Say that a chapter is done."""
        self._say(name, f"{note}, {time.monotonic() - self.start:.0f} s in all")

    def end(self) -> None:
        """Say that nothing more comes."""

    def _say(self, name: str, text: str) -> None:
        line = f"[{self.names.index(name) + 1}/{len(self.names)}] {name}: {text}"
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


class BarProgress:
    """A bar over the chapters and one over the cells of each that runs, with the time each has taken."""

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self.book = TaskID(0)
        self.running: dict[str, TaskID] = {}

    def begin(self, names: Sequence[str]) -> None:
        """Say which chapters there are."""
        self.book = self.bars.add_task("book", total=len(names))
        self.bars.start()

    def chapter(self, name: str, cells: int, why: str) -> None:
        """Say that a chapter with so many cells begins."""
        self.running[name] = self.bars.add_task(f"  {name} ({why})", total=cells)

    def cell(self, name: str) -> None:
        """Say that a cell of a chapter is done."""
        self.bars.advance(self.running[name])

    def done(self, name: str, note: str) -> None:
        """Say that a chapter is done."""
        self.bars.console.print(f"  {name}: {note}", markup=False, highlight=False)
        if name in self.running:
            self.bars.update(self.running.pop(name), visible=False)
        self.bars.advance(self.book)

    def end(self) -> None:
        """Say that nothing more comes."""
        self.bars.stop()


def progress_on(console: Console) -> PlainProgress | BarProgress:
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
