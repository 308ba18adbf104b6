"""`musicrec scores`: what the chapters measured, and how it differs from the release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import BuildData, Json, QuickBuild, app
from musicrec.cli.output import print_table

if TYPE_CHECKING:
    from musicrec.scores.builds import Build
    from musicrec.scores.records import Score


@app.command()
def scores(
    as_json: Json = False,
    system: Annotated[str | None, typer.Option("--system", metavar="NAME", help="Only this system.")] = None,
    metric: Annotated[str | None, typer.Option("--metric", metavar="NAME", help="Only this metric: ndcg@10, …")] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol", metavar="NAME", help="listeners, newcomers, continuation, challenge or original/KEY."
        ),
    ] = None,
    dataset: BuildData = None,
    quick: QuickBuild = False,
    save_release: Annotated[
        bool,
        typer.Option("--save-release", help="Write them to results/ and README, as what is published from now on."),
    ] = False,
    compare_release: Annotated[
        bool,
        typer.Option(
            "--compare-release",
            help="Name what moved since the release; exit code 1 if anything did on the same kind of processor.",
        ),
    ] = False,
) -> None:
    """Print what the chapters have measured: under a shared protocol one line a system, for originals one a figure.

    The scores are those of one build: the last one on real data, unless another is named.

    Examples: `musicrec scores`, `musicrec scores --protocol listeners --metric ndcg@10`, `musicrec scores --json`,
    `musicrec scores --compare-release`
    """
    from dataclasses import asdict

    from musicrec.scores.builds import builds, choose_build, outside
    from musicrec.scores.records import read_scores

    if as_json and not builds() and not outside():
        typer.echo("[]")
        return
    build = choose_build(dataset, quick=quick)
    everything = read_scores(build.folder)
    if save_release:
        _save(build, everything)
        return
    if compare_release:
        _compare(build, everything)
        return
    rows = _select(everything, system=system, metric=metric, protocol=protocol)
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in rows], indent=1, ensure_ascii=False))
        return
    if not rows:
        asked = " ".join(filter(None, (system, metric, protocol)))
        raise LookupError(f"no scores of {asked}" if asked else "no scores yet; `musicrec book` measures them")
    typer.echo(f"{build.folder.name}: {build.label}", err=True)
    _print(rows)


def _select(scores: list[Score], **asked: str | None) -> list[Score]:
    """Return the scores whose fields are as asked; a value nobody knows is refused with those there are."""
    from musicrec.scores.records import ORIGINALS
    from musicrec.site.pages import PROTOCOLS

    for field, value in asked.items():
        choices = dict.fromkeys(getattr(score, field) for score in scores)
        if field == "protocol":
            choices |= dict.fromkeys([*PROTOCOLS, *(f"original/{key}" for key in ORIGINALS)])
        if value is not None and choices and value not in choices:
            raise LookupError(f"no score has the {field} {value!r}; choose from {', '.join(choices)}")
    return [s for s in scores if all(value in (None, getattr(s, field)) for field, value in asked.items())]


def _print(scores: list[Score]) -> None:
    """Print a table for each protocol and data set."""
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.protocol, score.dataset), []).append(score)
    for (protocol, dataset), group in groups.items():
        typer.echo(f"{protocol}, {dataset}")
        metrics = list(dict.fromkeys(score.metric for score in group))
        if group[0].key or len(metrics) == 1:
            print_table(
                ("system", "chapter", "metric", "value", "95 % interval"),
                [
                    (s.system, s.chapter, s.metric, f"{s.value:,.4f}",
                     "" if s.low is None else f"{s.low:,.4f} – {s.high:,.4f}")
                    for s in group
                ],
                right=(3, 4),
            )  # fmt: skip
        else:
            rows = _by_system(group)
            print_table(
                ("system", "chapter", *metrics),
                [(*who, *(values.get(metric, "") for metric in metrics)) for who, values in rows],
                right=tuple(range(2, 2 + len(metrics))),
            )


def _by_system(scores: list[Score]) -> list[tuple[tuple[str, str], dict[str, str]]]:
    """Return the values of each system by metric; chapters that measured the same stand in one row."""
    measured: dict[tuple[str, str], dict[str, str]] = {}
    for s in scores:
        measured.setdefault((s.system, s.chapter), {})[s.metric] = f"{s.value:,.4f}"
    rows: list[tuple[tuple[str, str], dict[str, str]]] = []
    for (system, chapter), values in measured.items():
        same = next((n for n, ((name, _), there) in enumerate(rows) if (name, there) == (system, values)), None)
        if same is None:
            rows.append(((system, chapter), values))
        else:
            rows[same] = ((system, f"{rows[same][0][1]}, {chapter}"), values)
    return rows


def _save(build: Build, scores: list[Score]) -> None:
    """Write the release records of a complete build on real data."""
    from datetime import UTC, datetime

    from musicrec.hardware import machine
    from musicrec.scores.release import save_release
    from musicrec.site.findings import publish
    from musicrec.site.notebooks import BookError, book_root, find_chapters, resolve
    from musicrec.site.provenance import git_revision, versions
    from musicrec.site.staleness import why_stale

    root = book_root()
    if build.simulated or build.quick:
        raise BookError(f"{build.folder.name} is {build.label}: only a full build on real data is released")
    run = resolve(build.dataset, seed=build.seed)
    chapters = find_chapters(root, build.folder, edition=run.edition)
    if stale := [f"{c.name} ({why})" for c in chapters if (why := why_stale(c, run, root))]:
        raise BookError(f"not up to date: {', '.join(stale)}; run `musicrec book --dataset {build.dataset}` first")
    about: dict[str, Any] = {
        "build": build.dataset, "revision": git_revision(root).replace("`", ""),
        "date": datetime.now(UTC).date().isoformat(), "seed": build.seed,
        "fingerprints": {data.name: data.provenance.fingerprint for data in run.datasets},
        "machine": machine(), "versions": dict(versions()),
    }  # fmt: skip
    seconds = {c.name: stamp["seconds"] for c in chapters if (stamp := c.stamp())}
    paths = save_release(root / "results", scores, about, seconds)
    for path in [*paths, *publish(root)]:
        typer.echo(f"released: {path}")


def _compare(build: Build, scores: list[Score]) -> None:
    """Name what a build measured otherwise than the release says."""
    from musicrec.hardware import machine
    from musicrec.scores.release import RULE, added, differences, read_release
    from musicrec.site.notebooks import book_root

    records = [record for record in read_release(book_root() / "results") if record["build"] == build.dataset]
    if not records:
        raise LookupError(f"nothing is released for {build.dataset}; `musicrec scores --save-release` does that")
    if build.quick:
        raise ValueError("a quick build is no rival of the release; compare a full one")
    before = [score for record in records for score in record["scores"]]
    found, new = differences(before, scores), added(before, scores)
    if found:
        print_table(
            ("score", "released", "here", "may differ by", "what"),
            [
                (d.name, f"{d.score.value:,.4f}", "" if d.value is None else f"{d.value:,.4f}", f"{d.allowed:.4g}",
                 d.why)
                for d in found
            ],
            right=(1, 2, 3),
        )  # fmt: skip
    typer.echo(f"released {records[0]['date']} at {records[0]['revision']}; {RULE}")
    typer.echo(f"{len(before)} scores released, {len(found)} differ, {len(new)} new here")
    kinds = [f"{about.get('processor')}, {about.get('cores')} cores" for about in (records[0]["machine"], machine())]
    if found and kinds[0] != kinds[1]:
        typer.echo(f"released on {kinds[0]}; here are {kinds[1]}: trained models round otherwise, this is no failure")
    elif found:
        raise typer.Exit(1)
