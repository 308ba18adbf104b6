"""`musicrec book`, `scores`, `reproduce` and `serve`: the book and what it measured."""

from __future__ import annotations

import functools
import json
from typing import Annotated

import typer

from musicrec.cli.app import BookData, Jobs, Json, Quick, Seed, app
from musicrec.cli.output import message_console, print_table


@app.command()
def book(
    dataset: BookData = "auto",
    only: Annotated[
        str | None, typer.Option("--only", metavar="CHAPTER", help="Execute one chapter: its number or name.")
    ] = None,
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Execute the notebooks that are out of date and build the site.

    Only what changed is executed again: the notebook, the code it imports, the data, the parameters or the locked
    environment. Stopped halfway, it goes on with the chapters it was at. A chapter that reads the scores of the others
    comes last, whatever the number of jobs.

    Examples: `musicrec book --jobs 2`, `musicrec book --only 02`, `musicrec book --dataset simulated --quick`
    """
    from musicrec.progress import progress_on
    from musicrec.site.build import make_book
    from musicrec.site.notebooks import book_root, find_chapters, resolve

    root = book_root()
    find_chapters(root, only)  # a wrong name is told before the data are looked for
    run, console = resolve(dataset, seed=seed, quick=quick), message_console()
    say = functools.partial(console.print, soft_wrap=True)
    site = make_book(root, run, progress_on(console), say, only, jobs=jobs)
    about = run.data.provenance
    state = "built" if site.rebuilt else "unchanged"
    typer.echo(f"the book: {site.index.resolve()} ({site.pages} pages, {site.figures} figures, {state})")
    typer.echo(f"the data: {run.data.name}, {about.source}; found: {about.found}; fingerprint {about.fingerprint}")
    if run.label:
        typer.echo(typer.style(f"mind:     {run.label.upper()}; every page says so", bold=True))
    typer.echo("look:     make serve, or open the file above in a browser")


@app.command()
def scores(
    as_json: Json = False,
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="NAME", help="listeners, continuation or original/KEY.")
    ] = None,
) -> None:
    """Print every score the chapters have measured.

    Examples: `musicrec scores`, `musicrec scores --protocol listeners`, `musicrec scores --json`
    """
    from dataclasses import asdict

    from musicrec.scores.records import read_scores

    rows = [score for score in read_scores() if protocol in (None, score.protocol)]
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in rows], indent=1, ensure_ascii=False))
    elif not rows:
        raise LookupError(
            "no scores yet; `musicrec book` measures them" if protocol is None else f"no scores under {protocol!r}"
        )
    else:
        print_table(
            ("chapter", "system", "data", "protocol", "metric", "value", "95 % interval"),
            [
                (s.chapter, s.system, s.dataset + " (simulated)" * s.simulated + " (quick)" * s.quick, s.protocol,
                 s.metric, f"{s.value:,.4f}", "" if s.low is None else f"{s.low:,.4f} – {s.high:,.4f}")
                for s in rows
            ],
            right=(5, 6),
        )  # fmt: skip


@app.command()
def reproduce(
    only: Annotated[
        str | None, typer.Option("--only", metavar="KEY", help="One original: lastfm-mf, spotifier, …")
    ] = None,
    as_json: Json = False,
    dataset: BookData = "auto",
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Compare every figure the originals reported with what this machine measures.

    Brings the chapters concerned up to date first. Exit code 1 when a figure differs by more than its tolerance.

    Examples: `musicrec reproduce`, `musicrec reproduce --only lastfm-mf --json`
    """
    from musicrec.progress import progress_on
    from musicrec.scores.records import read_scores
    from musicrec.scores.reproduction import reproduction
    from musicrec.site.execution import execute_all
    from musicrec.site.notebooks import BookError, book_root, find_chapters, resolve
    from musicrec.site.pages import MARKS, number

    reproduction([], only)  # refuses an unknown key
    root = book_root()
    chapters = [c for c in find_chapters(root) if (only in c.originals if only else c.originals)]
    if not chapters:
        raise BookError("no chapter of this book reproduces " + (f"{only!r}" if only else "an original"))
    run = resolve(dataset, seed=seed, quick=quick)
    execute_all(chapters, run, root, progress_on(message_console()), jobs)
    names = {chapter.name for chapter in chapters}
    rows = reproduction([score for score in read_scores() if score.chapter in names], only)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        print_table(
            ("original", "figure", "reported", "here", "tolerance", "result"),
            [
                (r["key"], r["quantity"], number(r["reported"], r["reported"]), number(r["reproduced"], r["reported"]),
                 f"±{r['tolerance']:.3g}" if r["tolerance"] else "exact",
                 MARKS[r["status"]] + (f" ({r['note']})" if r["note"] else ""))
                for r in rows
            ],
            right=(2, 3, 4),
        )  # fmt: skip
        counts = {status: sum(r["status"] == status for r in rows) for status in MARKS}
        typer.echo(", ".join(f"{count} {status}" for status, count in counts.items()))
    if any(row["status"] == "differs" for row in rows):
        raise typer.Exit(1)


@app.command()
def serve(port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8000) -> None:
    """Show the built site at http://127.0.0.1:8000/, to this machine only; Ctrl-C ends it.

    Example: `musicrec serve --port 8080`
    """
    from musicrec.site.server import serve_site

    serve_site(port, typer.echo)
