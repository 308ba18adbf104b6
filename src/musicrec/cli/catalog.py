"""`musicrec catalog`: the dataset catalogue on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import Json

if TYPE_CHECKING:
    from musicrec.catalog.base import Catalog
    from musicrec.catalog.entry import Entry
    from musicrec.catalog.text import Progress

app = typer.Typer(
    name="catalog",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keep data sets with their description and metadata.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The dataset's name; `musicrec catalog list` shows them.")]
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
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="UTF-8 when not given, or what fits, and said so.")
    ] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first row names the columns.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a dataset: data, description and metadata together, or nothing at all.

    The first row of a .csv names its columns. A .json is a list of records or has one record after another; objects
    inside a record become columns `outer.inner`. At most 1,000 columns, 100 million rows, 8 MiB a row (64 MiB in 2,048
    rows in succession), 16 GiB unpacked.

    Examples: `musicrec catalog add actor.csv --separator ';'`, `musicrec catalog add big.json.gz --name songs`,
    `musicrec catalog add scrobbles.csv --no-header --encoding cp1252`
    """
    from musicrec.catalog.csv_file import HeadingError
    from musicrec.cli.output import print_json, print_outcome

    def added(header: bool | None) -> Entry:
        with _watched(file.name, "nothing was added, and the same command starts anew") as progress:
            return _open().add(
                file, name, description, separator=separator, encoding=encoding, header=header, progress=progress
            )

    try:
        entry = added(header)
    except HeadingError as error:
        if not sys.stdin.isatty():
            raise
        typer.echo(_plain(str(error)), err=True)
        entry = added(not typer.confirm("is the first row one of the table?", err=True))
    if as_json:
        print_json(_about(entry), outcome=True)
    else:
        notes = "".join(f"\n  {_plain(note)}" for note in entry.notes)
        print_outcome(f"added {_plain(entry.name)}: {entry.rows:,} rows, {len(entry.features)} columns{notes}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the data sets.

    Example: `musicrec catalog list`
    """
    from musicrec.cli.output import print_json, print_table

    entries = _open().entries()
    if as_json:
        print_json([_about(entry) for entry in entries])
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
    from musicrec.catalog.view import FEATURES, facts, feature_rows
    from musicrec.cli.output import print_json, print_table

    entry = _open().show(name)
    if as_json:
        print_json(_about(entry))
        return
    for label, value in facts(entry).items():
        typer.echo(f"{label:<14} {_plain(value)}")
    typer.echo()
    print_table(FEATURES, [tuple(map(_plain, row)) for row in feature_rows(entry)], right=tuple(range(2, 9)))


@app.command()
def head(name: Name, rows: Rows = 10, as_json: Json = False) -> None:
    """Show the first rows of a dataset.

    Example: `musicrec catalog head actor --rows 3`
    """
    _print_rows(name, "first", rows, None, as_json)


@app.command()
def tail(name: Name, rows: Rows = 10, as_json: Json = False) -> None:
    """Show the last rows of a dataset.

    Example: `musicrec catalog tail actor`
    """
    _print_rows(name, "last", rows, None, as_json)


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
    _print_rows(name, "random", rows, seed, as_json)


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove a dataset with all that is known of it.

    Example: `musicrec catalog remove actor --yes`
    """
    from musicrec.cli.output import print_outcome

    entry = _open().show(name)
    if not yes:
        typer.confirm(f"remove {_plain(entry.name)} ({entry.rows:,} rows)?", abort=True)
    _open().remove(name)
    print_outcome(f"removed {_plain(entry.name)}")


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
    from musicrec.cli.output import print_outcome

    with _watched(file.name, "nothing was exported, and the same command starts anew") as progress:
        path = _open().export(name, file, overwrite=overwrite, progress=progress)
    print_outcome(f"wrote {_plain(str(path))}")


def _open() -> Catalog:
    from musicrec.catalog import open_catalog

    return open_catalog(_place["catalog"])


def _about(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.as_dict().items() if name != "key"}


def _print_rows(name: str, which: str, n: int, seed: int | None, as_json: bool) -> None:
    from musicrec.catalog.view import cell_text
    from musicrec.cli.output import print_table

    excerpt = _open().excerpt(name, which, n, seed=seed)
    if as_json:
        typer.echo(excerpt.as_json())
        return
    cells = [[_plain(cell_text(cell)) for cell in row] for row in excerpt.as_text()]
    rows = [(str(number), *row) for number, row in zip(excerpt.numbers, cells, strict=True)]
    print_table(("row", *map(_plain, excerpt.entry.columns)), rows, right=(0,))


def _plain(text: str) -> str:
    r"""Show what would move the cursor or colour the screen as an escape.

    Examples
    --------
    >>> _plain("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


@contextmanager
def _watched(name: str, stopped: str) -> Iterator[Progress]:
    """Show progress on standard error, and say what an interruption left."""
    from musicrec.cli.output import message_console
    from musicrec.progress import share_progress

    try:
        with share_progress(message_console(), _plain(name)) as progress:
            yield progress
    except KeyboardInterrupt:
        typer.echo(f"musicrec: stopped; {stopped}", err=True)
        raise typer.Exit(130) from None
