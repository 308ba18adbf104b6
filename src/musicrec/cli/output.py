"""How the command prints: messages, tables and JSON, on whatever terminal there is."""

from __future__ import annotations

import codecs
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


def prepare_streams(*, as_json: bool) -> None:
    """Let no character that a terminal cannot show end a command.

    On standard output and standard error such characters are replaced: by question marks, in JSON by its own escapes,
    so that nothing is lost.
    """
    for stream, errors in ((sys.stdout, "json-escape" if as_json else "replace"), (sys.stderr, "backslashreplace")):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)


def _json_escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(json.dumps(mark)[1:-1] for mark in error.object[error.start : error.end]), error.end


codecs.register_error("json-escape", _json_escape)


def print_json(value: Any, *, outcome: bool = False) -> None:
    """Print a value as JSON; an outcome as `print_outcome` does."""
    (print_outcome if outcome else typer.echo)(json.dumps(value, indent=1, ensure_ascii=False))


def print_outcome(text: str) -> None:
    """Say what was done. It is done: that nobody can be told, because a pipe or a disk is full, is no failure."""
    try:
        typer.echo(text)
    except OSError:
        # what is still in the buffer goes nowhere, instead of failing again when the process ends
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)


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
