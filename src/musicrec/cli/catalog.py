"""`musicrec catalog`: the dataset catalogue on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from musicrec.catalog.base import Catalog
    from musicrec.catalog.entry import Entry
    from musicrec.catalog.reading import Progress

app = typer.Typer(
    name="catalog",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keep data sets with their description and metadata.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The dataset's name; `musicrec catalog list` shows them.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")]
Rows = Annotated[int, typer.Option("--rows", "-n", min=1, max=10_000, help="How many rows.")]
_place: dict[str, str | None] = {"catalog": None}


@app.callback()
def catalog(
    place: Annotated[
        str | None,
        typer.Option(
            "--catalog", metavar="WHERE", envvar="MUSICREC_CATALOG",
            help="A file, by default catalog.duckdb beside the book's settings; or the https address of a Firebase "
            "Realtime Database, whose token is read from MUSICREC_FIREBASE_TOKEN.",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Keep data sets with their description and metadata, in one file or in a Firebase Realtime Database.

    Example: `musicrec catalog add songs.csv --description "Audio features"`, then `musicrec catalog show songs`
    """
    _place["catalog"] = place


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".csv or .json, or one of these gzipped.")],
    name: Annotated[str | None, typer.Option("--name", help="By default the file's name without its ending.")] = None,
    description: Annotated[str, typer.Option("--description", help="A sentence for people.")] = "",
    separator: Annotated[
        str | None, typer.Option("--separator", metavar="MARK", help="Between columns; detected when not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a dataset: data, description and metadata together, or nothing at all.

    The first row of a .csv names its columns. A .json is a list of records or has one record a line; objects inside a
    record become columns `outer.inner`.

    Examples: `musicrec catalog add actor.csv --separator ';'`, `musicrec catalog add big.json.gz --name songs`
    """
    with _bar(file.name) as progress:
        entry = _open().add(file, name, description, separator=separator, progress=progress)
    if as_json:
        _print_json(_about(entry))
    else:
        typer.echo(f"added {_plain(entry.name)}: {entry.rows:,} rows, {len(entry.features)} columns")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the data sets.

    Example: `musicrec catalog list`
    """
    from musicrec.cli.output import print_table

    entries = _open().entries()
    if as_json:
        _print_json([_about(entry) for entry in entries])
    elif not entries:
        typer.echo("the catalogue is empty; `musicrec catalog add FILE` adds a dataset", err=True)
    else:
        print_table(
            ("name", "rows", "columns", "size (MB)", "type", "added", "description"),
            [
                (_plain(e.name), f"{e.rows:,}", str(len(e.features)), f"{e.size / 1e6:,.3f}", e.type, e.added[:10],
                 _plain(e.description))
                for e in entries
            ],
            right=(1, 2, 3),
        )  # fmt: skip


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show description and metadata of a dataset.

    Example: `musicrec catalog show actor`
    """
    from musicrec.catalog.view import facts, feature_rows
    from musicrec.cli.output import print_table

    entry = _open().show(name)
    if as_json:
        _print_json(_about(entry))
        return
    for label, value in facts(entry).items():
        typer.echo(f"{label:<14} {_plain(value)}")
    typer.echo()
    header, rows = feature_rows(entry)
    print_table(header, [tuple(map(_plain, row)) for row in rows], right=tuple(range(2, len(header))))


@app.command()
def head(name: Name, rows: Rows = 10, as_json: Json = False) -> None:
    """Show the first rows of a dataset.

    Example: `musicrec catalog head actor --rows 3`
    """
    _print_rows(_open().head(name, rows), as_json)


@app.command()
def tail(name: Name, rows: Rows = 10, as_json: Json = False) -> None:
    """Show the last rows of a dataset.

    Example: `musicrec catalog tail actor`
    """
    _print_rows(_open().tail(name, rows), as_json)


@app.command()
def sample(
    name: Name,
    rows: Rows = 10,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed draws the same rows.")] = None,
    as_json: Json = False,
) -> None:
    """Show random rows of a dataset.

    Example: `musicrec catalog sample actor --rows 5 --seed 1`
    """
    _print_rows(_open().sample(name, rows, seed=seed), as_json)


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove a dataset with all that is known of it.

    Example: `musicrec catalog remove actor --yes`
    """
    catalogue = _open()
    entry = catalogue.show(name)
    if not yes:
        typer.confirm(f"remove {_plain(name)} ({entry.rows:,} rows)?", abort=True)
    catalogue.remove(name)
    typer.echo(f"removed {_plain(name)}")


@app.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .json.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write a dataset to a .csv or .json file.

    Cells are written as they are. A cell such as =SUM(A1) is text here, but a spreadsheet program may run it as a
    formula: import such a file with all columns as text.

    Example: `musicrec catalog export actor actor.json`
    """
    with _bar(file.name) as progress:
        path = _open().export(name, file, overwrite=overwrite, progress=progress)
    typer.echo(f"wrote {path}")


def _open() -> Catalog:
    from musicrec.catalog import open_catalog

    return open_catalog(_place["catalog"])


def _about(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.as_dict().items() if name != "key"}


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def _print_rows(frame: pd.DataFrame, as_json: bool) -> None:
    from musicrec.cli.output import print_table

    if as_json:
        records = [
            {str(key): value for key, value in record.items()}
            for record in json.loads(frame.to_json(orient="records", date_format="iso", force_ascii=False))
        ]
        _print_json(records)
        return
    from musicrec.catalog.view import cell_text

    rows = [
        (str(number), *(_plain(cell_text(cell)) for cell in row))
        for number, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True)
    ]
    print_table(("row", *(_plain(str(name)) for name in frame.columns)), rows, right=(0,))


def _plain(text: str) -> str:
    r"""Show what would move the cursor or colour the screen as an escape.

    Examples
    --------
    >>> _plain("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    """Draw a bar on a terminal's standard error; elsewhere, a line now and then."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from musicrec.cli.output import message_console

    console = message_console()
    if not console.is_terminal:
        from musicrec.progress import EVERY

        yield _lines(console.print, EVERY)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(_plain(name), total=1.0)
        yield lambda what, share: bars.update(task, description=f"{_plain(name)}: {what}", completed=share)


def _lines(say: Any, every: float) -> Progress:
    import time

    last = time.monotonic()

    def progress(what: str, share: float) -> None:
        nonlocal last
        if time.monotonic() - last > every:
            last = time.monotonic()
            say(f"{what}: {share:.0%}")

    return progress
