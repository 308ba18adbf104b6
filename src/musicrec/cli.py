"""The `musicrec` command. Heavy imports stand inside the commands, so that `--help` is immediate."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True)


@app.command()
def book(dataset: str = "auto", only: str | None = None, quick: bool = False) -> None:
    """Make the book."""
    from rich.console import Console

    from musicrec.chapters import book_root, resolve
    from musicrec.progress import progress_on
    from musicrec.publish import make_book

    console = Console(stderr=True)
    site = make_book(book_root(), resolve(dataset, quick=quick), progress_on(console), console.print, only)
    print(site)


@app.callback()
def main() -> None:
    """Say hello."""
