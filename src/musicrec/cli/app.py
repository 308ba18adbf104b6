"""The `musicrec` command. Heavy imports stand inside the commands, so that `--help` is immediate."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from musicrec.cli.output import prepare_streams


class Commands(TyperGroup):
    """Turns what the user can mend (bad input, missing files) into one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; exit code 1 after an error, 2 after a wrong use of the command."""
        prepare_streams(as_json="--json" in ctx.args)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `musicrec scores | head`
            sys.stderr.close()
            raise typer.Exit(0) from None
        except (ValueError, LookupError, NotImplementedError, OSError) as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"musicrec: error: {error.args[0] if isinstance(error, KeyError) else error}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            goes_on = ctx.invoked_subcommand in ("book", "reproduce", "tune", "playlists", "ingest")
            more = "; what was finished is kept, the same command goes on from there" if goes_on else ""
            typer.echo(f"musicrec: stopped{more}", err=True)
            raise typer.Exit(130) from None


app = typer.Typer(
    name="musicrec",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

BookData = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="lastfm-2k, simulated, simulated-small, or auto: the first, and where it cannot be had the second.",
    ),
]
EditionData = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="lastfm-2k, simulated, simulated-small, or auto: the first, and where it cannot be had the second. Or "
        "playlists: the edition of the book about them.",
    ),
]
PlaylistPlace = Annotated[
    Path | None,
    typer.Option(
        "--playlists",
        metavar="DIR",
        help="With --dataset playlists: tables that `musicrec playlists ingest` or `simulate` made; or slices, which "
        "are then read into tables in the build folder first. By default what MUSICREC_PLAYLISTS names.",
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample", min=50, metavar="N", help="Playlists to draw from them: by default 10,000, with --quick 1,000."
    ),
]
ServedData = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="joined, lastfm-2k, simulated, simulated-small, or auto: the first of these that can be had.",
    ),
]
BuildData = Annotated[
    str | None, typer.Option("--dataset", metavar="NAME", help="Of which build; by default the last on real data.")
]
QuickBuild = Annotated[bool, typer.Option("--quick", help="A build whose training was shortened.")]
Quick = Annotated[bool, typer.Option("--quick", help="Shorten training, for a first look; every page says so.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random choice.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="Execute N chapters at a time; they share the cores. By default as many as cores and memory allow.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, nothing else.")]


def _version(asked: bool) -> None:
    if asked:
        from musicrec import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def musicrec(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Music recommendation, rerun: the data, the scores and the pages of the book.

    Run it inside the book's folder. `musicrec COMMAND --help` shows examples.
    """
    warnings.formatwarning = lambda message, *_, **__: f"musicrec: warning: {message}\n"
