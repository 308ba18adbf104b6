"""`musicrec playlists ingest` and `simulate`: slices of the Million Playlist format into tables, or invented ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from musicrec.cli.app import Json, Seed
from musicrec.cli.output import message_console, print_json, print_outcome
from musicrec.cli.playlists_challenge import Engine, Master, app, check_engine

SHOWN = 10  # sentences about what is wrong with slices

Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes; by default as many as cores.")
]
Into = Annotated[
    Path,
    typer.Option("--into", metavar="FOLDER", help="Where the tables go: five Parquet files and playlists.duckdb."),
]


@app.command()
def ingest(
    places: Annotated[
        list[Path], typer.Argument(metavar="DIR|ZIP|FILES", help="Slices: a folder, an archive, or files one by one.")
    ],
    into: Into = Path("playlists"),
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first thing that is wrong.")] = False,
    jobs: Jobs = None,
    engine: Engine = "local",
    master: Master = None,
    as_json: Json = False,
) -> None:
    """Read slices of the Million Playlist Dataset, or of any export in its format, into tables.

    What is whole of a damaged slice is kept, and the rest named. A run that was stopped goes on where it stopped; with
    Spark it begins anew.

    Example: `musicrec playlists ingest spotify_million_playlist_dataset/data --into mpd-tables`
    """
    from musicrec.playlists import ingest as work
    from musicrec.playlists.slices import find
    from musicrec.progress import share_progress

    check_engine(engine, master)
    slices = find(places)
    if engine == "spark":
        from musicrec.playlists import on_spark
        from musicrec.spark import MASTER, session

        with session(master or MASTER) as spark, share_progress(message_console(), "ingest") as told:
            about = on_spark.ingest(slices, into, spark, strict=strict, told=told)
    else:
        with share_progress(message_console(), "ingest") as told:
            about = work.ingest(slices, into, strict=strict, jobs=jobs, told=told)
    _tell(about, into, as_json=as_json)


@app.command()
def simulate(
    playlists: Annotated[int, typer.Option("--playlists", "-n", min=1, metavar="N", help="How many.")] = 10_000,
    seed: Seed = 0,
    into: Into = Path("playlists-simulated"),
    slices: Annotated[
        bool, typer.Option("--slices", help="Write slices in the format of the original, not tables.")
    ] = False,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Invent playlists of the shape of the Million Playlist Dataset: lengths, tails, titles, followers, dates.

    Nothing of it is real, and every file says so.

    Examples: `musicrec playlists simulate -n 100000`, `musicrec playlists simulate -n 5000 --slices --into slices`
    """
    import os

    from musicrec.playlists import simulate as work
    from musicrec.playlists.simulated import write_slices
    from musicrec.progress import share_progress

    with share_progress(message_console(), "simulate") as told:
        if slices:
            if into.exists() and (not into.is_dir() or any(into.iterdir())):
                raise ValueError(f"{into} is not an empty folder; name a new one, so that nothing of yours is replaced")
            paths = write_slices(into, playlists, seed, lambda share: told("writing slices", share))
        else:
            about = work.simulate(into, playlists, seed, jobs=jobs or os.cpu_count() or 1, told=told)
    if not slices:
        _tell(about, into, as_json=as_json)
    elif as_json:
        print_json({"files": [str(path) for path in paths], "simulated": True}, outcome=True)
    else:
        print_outcome(f"{into} holds {playlists:,} SIMULATED playlists in {len(paths):,} slices")


def _tell(about: dict[str, Any], into: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"folder": str(into), **about}, outcome=True)
        return
    lines = [f"{into}{' holds SIMULATED playlists' if about['simulated'] else ''}"]
    lines += [f"  {name:<18} {count:>12,}" for name, count in about["counts"].items()]
    lines.append(f"  {'tracks each':<18} {about['mean length']:>12.2f}")
    lines.append(f"  {'last changed':<18} {about['first change'] or '?'} to {about['last change'] or '?'}")
    if about["followers"]["most"] is not None:
        mean, most = about["followers"].values()
        lines.append(f"  {'followers':<18} {mean:>12.2f} on average, {most:,} at most")
    for name, values in about.get("official", {}).items():
        same = values["found"] == values["published"]
        beside = "as published" if same else f"{values['found']:,} here, {values['published']:,} published"
        lines.append(f"  {name:<18} {beside}")
    wrong = [f"{name}: {problem}" for name, problems in about["problems"].items() for problem in problems]
    print_outcome("\n".join(lines))
    for sentence in wrong[:SHOWN]:
        typer.echo(f"musicrec: {sentence}", err=True)
    if len(wrong) > SHOWN:
        typer.echo(f"musicrec: … and {len(wrong) - SHOWN:,} more; --json lists them all", err=True)
