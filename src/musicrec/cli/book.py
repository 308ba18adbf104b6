"""`musicrec book` and `serve`: make the book, look at it."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musicrec.cli.app import BuildData, EditionData, Jobs, PlaylistPlace, Quick, QuickBuild, Sample, Seed, app
from musicrec.cli.output import message_console

if TYPE_CHECKING:
    from musicrec.site.notebooks import Run


@app.command()
def book(
    dataset: EditionData = "auto",
    only: Annotated[
        str | None, typer.Option("--only", metavar="CHAPTER", help="Execute one chapter: its number or name.")
    ] = None,
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    playlists: PlaylistPlace = None,
    sample: Sample = None,
) -> None:
    """Execute the notebooks that are out of date and build the site.

    Only what changed is executed again: the notebook, the code it imports, the data, the parameters or the locked
    environment. Stopped halfway, it goes on with the chapters it was at. A chapter that reads the scores of the others
    comes last, whatever the number of jobs. Builds of other data, seeds or modes have folders of their own.

    The edition about playlists has chapters 02, 03, 04, 05 and 08, on a sample of whatever playlists you hold.

    Examples: `musicrec book --jobs 1`, `musicrec book --only 02`, `musicrec book --dataset simulated --quick`,
    `musicrec book --dataset playlists --playlists mpd-tables`
    """
    from musicrec.files import build_dir
    from musicrec.hardware import workers
    from musicrec.progress import progress_on
    from musicrec.scores.builds import PLAYLISTS
    from musicrec.site.build import make_book
    from musicrec.site.notebooks import book_root, find_chapters

    root = book_root()
    edition = PLAYLISTS if dataset == PLAYLISTS else ""
    find_chapters(root, build_dir(), only, edition)  # a wrong name is told before the data are looked for
    run, console = resolved(dataset, playlists, sample, seed=seed, quick=quick), message_console()
    say = functools.partial(console.print, soft_wrap=True)
    site = make_book(root, run, progress_on(console), say, only, jobs=jobs or workers())
    about = run.data.provenance
    state = "built" if site.rebuilt else "unchanged"
    typer.echo(f"the book: {site.index.resolve()} ({site.pages} pages, {site.figures} figures, {state})")
    typer.echo(f"the data: {run.data.name}, {about.source}; found: {about.found}; fingerprint {about.fingerprint}")
    if run.label:
        typer.echo(typer.style(f"mind:     {run.label.upper()}; every page says so", bold=True))
    options = f" DATASET={run.data.name}" * (dataset != "auto" or run.data.simulated) + " QUICK=1" * quick
    typer.echo(f"look:     make serve{options}, or open the file above in a browser")


def resolved(dataset: str, playlists: Path | None, sample: int | None, *, seed: int, quick: bool) -> Run:
    """Find the data; slices of playlists are read into tables first."""
    from musicrec.scores.builds import PLAYLISTS
    from musicrec.site.notebooks import resolve

    if dataset != PLAYLISTS:
        return resolve(dataset, seed=seed, quick=quick, tables=playlists, size=sample)
    from musicrec.playlists.sample import PLACE, tables_of

    if playlists is None and (named := os.environ.get(PLACE)):
        playlists = Path(named)
    if playlists is None:
        raise ValueError(
            "the edition about playlists is made from yours: name tables or slices with --playlists DIR (`make book "
            "DATASET=playlists PLAYLISTS=DIR`); `musicrec playlists simulate` invents some"
        )
    from musicrec.progress import share_progress

    with share_progress(message_console(), "ingest") as told:
        tables = tables_of(playlists.expanduser(), told)
    return resolve(dataset, seed=seed, quick=quick, tables=tables, size=sample)


@app.command()
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8000,
    dataset: BuildData = None,
    quick: QuickBuild = False,
) -> None:
    """Show a built site at http://127.0.0.1:8000/, to this machine only; Ctrl-C ends it.

    Without options the last one made on real data; where there is none, the last one.

    Examples: `musicrec serve --port 8080`, `musicrec serve --dataset simulated-small --quick`
    """
    from musicrec.scores.builds import choose_build
    from musicrec.site.server import serve_site

    build = choose_build(dataset, quick=quick, site=True)
    typer.echo(f"{build.folder.name}: {build.label}", err=True)
    serve_site(build.html, port, typer.echo)
