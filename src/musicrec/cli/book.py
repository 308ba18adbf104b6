"""`musicrec book` and `serve`: make the book, look at it."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

from musicrec.cli.app import BookData, BuildData, Jobs, Quick, QuickBuild, Seed, app
from musicrec.cli.output import message_console


@app.command()
def book(
    dataset: BookData = "auto",
    only: Annotated[
        str | None, typer.Option("--only", metavar="CHAPTER", help="Execute one chapter: its number or name.")
    ] = None,
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = None,
) -> None:
    """Execute the notebooks that are out of date and build the site.

    Only what changed is executed again: the notebook, the code it imports, the data, the parameters or the locked
    environment. Stopped halfway, it goes on with the chapters it was at. A chapter that reads the scores of the others
    comes last, whatever the number of jobs. Builds of other data, seeds or modes have folders of their own.

    Examples: `musicrec book --jobs 1`, `musicrec book --only 02`, `musicrec book --dataset simulated --quick`
    """
    from musicrec.files import build_dir
    from musicrec.hardware import workers
    from musicrec.progress import progress_on
    from musicrec.site.build import make_book
    from musicrec.site.notebooks import book_root, find_chapters, resolve

    root = book_root()
    find_chapters(root, build_dir(), only)  # a wrong name is told before the data are looked for
    run, console = resolve(dataset, seed=seed, quick=quick), message_console()
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
