"""`musicrec reproduce`: reported and measured figures, side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import EditionData, Jobs, Json, PlaylistPlace, Quick, Sample, Seed, app
from musicrec.cli.output import message_console, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from musicrec.scores.records import Score


@app.command()
def reproduce(
    only: Annotated[
        str | None, typer.Option("--only", metavar="KEY", help="One original: lastfm-mf, spotifier, …")
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            "--figure", metavar="NAME", help="One figure, by its name or a part of it: only its chapter runs."
        ),
    ] = None,
    as_json: Json = False,
    dataset: EditionData = "auto",
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    playlists: PlaylistPlace = None,
    sample: Sample = None,
) -> None:
    """Compare every figure the originals reported with what this machine measures.

    Brings the chapters concerned up to date first, and says how long that takes. Exit code 1 when a figure differs, or
    when one is missing that the release of the book has. A figure is reproduced when it is met to the printed digits
    or, where it depends on chance, lies within the 95 % interval of our mean over seeds; it is close when one further
    run of ours would fall as far away; else it differs.

    Examples: `musicrec reproduce`, `musicrec reproduce --only lastfm-mf --json`, `musicrec reproduce --figure "users"`
    """
    from musicrec.cli.book import resolved
    from musicrec.files import build_dir
    from musicrec.hardware import workers
    from musicrec.progress import progress_on
    from musicrec.scores.builds import PLAYLISTS
    from musicrec.scores.figures import figure_name, find_figure
    from musicrec.scores.records import read_scores
    from musicrec.scores.release import missing_figures, released
    from musicrec.scores.reproduction import reproduction
    from musicrec.site.execution import execute_all
    from musicrec.site.notebooks import BookError, book_root, find_chapters

    reproduction([], only)  # refuses an unknown key
    root = book_root()
    edition = PLAYLISTS if dataset == PLAYLISTS else ""
    expected = [] if edition else released(root / "results")  # nobody has released that edition
    chapters = find_chapters(root, build_dir(), edition=edition)
    chapters = [c for c in chapters if (only in c.originals if only else c.originals)]
    if not chapters:
        raise BookError("no chapter of this book reproduces " + (f"{only!r}" if only else "an original"))
    one = find_figure(figure, [*expected, *_measured_before()], only) if figure else None
    names = {c.name for c in chapters if one is None or c.name == one.chapter}
    run = resolved(dataset, playlists, sample, seed=seed, quick=quick)
    execute_all(
        [c for c in find_chapters(root, run.folder, edition=run.edition) if c.name in names],
        run,
        root,
        progress_on(message_console()),
        jobs or workers(),
    )
    measured = [score for score in read_scores(run.folder) if score.chapter in names]
    if one:
        measured = [s for s in measured if (s.key, figure_name(s)) == (one.key, figure_name(one))]
        expected = [s for s in expected if (s.key, figure_name(s)) == (one.key, figure_name(one))]
    missing = missing_figures(expected, measured, only)
    rows = reproduction(measured, only)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        _show(rows)
    _count(rows, missing, bool(expected), root, as_json)
    comparable = not (run.data.simulated or run.quick)
    if any(row["status"] == "differs" for row in rows) or (missing and comparable) or (one and not rows):
        raise typer.Exit(1)


def _measured_before() -> list[Score]:
    """Return what any build here has measured."""
    from musicrec.scores.builds import builds
    from musicrec.scores.records import read_scores

    return [score for build in builds() for score in read_scores(build.folder)]


def _show(rows: list[dict[str, Any]]) -> None:
    from musicrec.site.pages import MARKS, number

    print_table(
        ("original", "figure", "reported", "here", "tolerance", "result"),
        [
            (r["key"], r["quantity"], number(r["reported"], r["reported"]), number(r["reproduced"], r["reported"]),
             (f"±{r['tolerance']:.3g}" if r["tolerance"] else "exact")
             + (f" ({r['tolerance_from']})" if r["tolerance_from"] else ""),
             MARKS[r["status"]] + (f" ({r['note']})" if r["note"] else ""))
            for r in rows
        ],
        right=(2, 3),
    )  # fmt: skip


def _count(rows: list[dict[str, Any]], missing: list[Score], expected: bool, root: Path, as_json: bool) -> None:
    """Say how many figures there are, and which the release has and this build has not."""
    from musicrec.scores.figures import figure_name
    from musicrec.site.pages import MARKS

    counts = {status: sum(row["status"] == status for row in rows) for status in MARKS}
    text = f"{len(rows)} figures: " + ", ".join(f"{count} {status}" for status, count in counts.items())
    if expected:
        text += f", {len(missing)} missing of those released"
    else:
        text += f"; how many there should be is not known: {root / 'results'} holds no release"
    typer.echo(text, err=as_json)
    for score in missing:
        typer.echo(f"missing: {score.key}, {figure_name(score)} ({score.chapter})", err=True)
