"""How the command prints: messages and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def message_console() -> Console:
    """Return the console of progress and notes: standard error, so that standard output is only the answer."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False)


def print_table(header: tuple[str, ...], rows: list[tuple[str, ...]], right: tuple[int, ...] = ()) -> None:
    """Print a table on standard output; what goes to a file is never cut or folded."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:  # never cut or fold what goes to a file
        console.width = 10_000
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(header):
        table.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
