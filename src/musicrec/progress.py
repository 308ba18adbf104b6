"""Progress of the book on the screen: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

EVERY = 30.0  # seconds between two signs of life in a log


class PlainProgress:
    """One line when a chapter begins, one when it ends, and a sign of life in between."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.chapters = self.number = self.cells = self.cells_done = 0
        self.name = ""
        self.start = self.last = time.monotonic()

    def begin(self, chapters: int) -> None:
        """Say how many chapters there are."""
        self.chapters, self.start = chapters, time.monotonic()

    def chapter(self, name: str, cells: int, why: str) -> None:
        """Say that a chapter with so many cells begins."""
        self.name, self.cells, self.cells_done, self.last = name, cells, 0, time.monotonic()
        self._say(f"[{self.number + 1}/{self.chapters}] {name}: executing {cells} cells ({why})")

    def cell(self) -> None:
        """Say that a cell is done."""
        self.cells_done += 1
        if time.monotonic() - self.last > EVERY:
            self.last = time.monotonic()
            self._say(f"    {self.name}: cell {self.cells_done} of {self.cells}")

    def done(self, name: str, note: str) -> None:
        """Say that a chapter is done."""
        self.number += 1
        self._say(f"[{self.number}/{self.chapters}] {name}: {note}, {time.monotonic() - self.start:.0f} s in all")

    def end(self) -> None:
        """Say that nothing more comes."""

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


class BarProgress:
    """A bar over the chapters and one over the cells of the current chapter, with the time each has taken."""

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self.book = self.current = TaskID(0)

    def begin(self, chapters: int) -> None:
        """Say how many chapters there are."""
        self.book = self.bars.add_task("book", total=chapters)
        self.bars.start()

    def chapter(self, name: str, cells: int, why: str) -> None:
        """Say that a chapter with so many cells begins."""
        self.current = self.bars.add_task(f"  {name} ({why})", total=cells)

    def cell(self) -> None:
        """Say that a cell is done."""
        self.bars.advance(self.current)

    def done(self, name: str, note: str) -> None:
        """Say that a chapter is done."""
        self.bars.console.print(f"  {name}: {note}", markup=False, highlight=False)
        if self.current != self.book:
            self.bars.update(self.current, visible=False)
        self.bars.advance(self.book)

    def end(self) -> None:
        """Say that nothing more comes."""
        self.bars.stop()


def progress_on(console: Console) -> PlainProgress | BarProgress:
    """Return bars for a terminal and plain lines for a log."""
    return BarProgress(console) if console.is_terminal else PlainProgress(console)
