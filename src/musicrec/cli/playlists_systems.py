"""`musicrec playlists compare` and `submit`: systems that continue playlists, measured and put to use."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import Json, Seed
from musicrec.cli.output import message_console, print_json, print_outcome, print_table
from musicrec.cli.playlists_challenge import (
    Each,
    Engine,
    HoldOut,
    Master,
    Source,
    Tables,
    app,
    check_engine,
    load_playlists,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from musicrec.models.playlists.base import PlaylistSystem

Systems = Annotated[
    list[str] | None, typer.Option("--system", "-s", metavar="NAME", help="Of which system; by default all.")
]


@app.command()
def compare(
    dataset: Source = "auto",
    tables: Tables = None,
    hold_out: HoldOut = "random",
    each: Each = None,
    systems: Systems = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="How often playlists are drawn.")] = 1,
    seed: Seed = 0,
    engine: Engine = "local",
    master: Master = None,
    as_json: Json = False,
) -> None:
    """Fit systems, and measure them on playlists that were cut off as in the challenge of 2018.

    Examples: `musicrec playlists compare --dataset spotify-songs --draws 5`, `musicrec playlists compare
    -s playlist-knn -s title-match --hold-out temporal`
    """
    import pandas as pd

    from musicrec.evaluation import challenge_comparison as comparison
    from musicrec.evaluation.challenge import DEFINITIONS
    from musicrec.models.playlists.systems import SYSTEMS, build

    check_engine(engine, master)
    lists, simulated, _, _ = load_playlists(dataset, tables, seed)
    with contextlib.ExitStack() as stack:
        made_by: Callable[[str], PlaylistSystem] = build
        there = list(SYSTEMS)
        if engine == "spark":
            from musicrec.models.playlists import on_spark
            from musicrec.spark import MASTER, session

            made_by = on_spark.maker(stack.enter_context(session(master or MASTER)))
            there = list(on_spark.SYSTEMS)
        names, seeds = systems or there, range(seed, seed + draws)
        status, parts = stack.enter_context(message_console().status("")), []
        status.update(f"{names[0]} …")
        for part in comparison.compare(lists, names, seeds=seeds, each=each, how=hold_out, made_by=made_by):
            parts.append(part)
            status.update(f"{len(parts)} of {len(names) * draws} fits, the last {part['system'].iloc[0]} …")
    table = comparison.summary(pd.concat(parts))
    if as_json:
        print_json({"simulated": simulated, "systems": table.reset_index().to_dict("records")})
        return
    if simulated:
        typer.echo("SIMULATED playlists: these scores say nothing about real ones")
    header = ("system", *table.columns[:-2], "fit, s", "answer, ms")
    body = [
        (
            str(name),
            *(f"{row[metric]:.4f}" for metric in table.columns[:-2]),
            f"{row['fit']:.1f}",
            f"{1000 * row['answer']:.2f}",
        )
        for name, row in table.iterrows()
    ]
    print_table(header, body, right=tuple(range(1, len(header))))
    for metric, text in DEFINITIONS.items():
        typer.echo(f"{metric}: {text}")


@app.command()
def submit(
    challenge: Annotated[Path, typer.Argument(metavar="FILE", help="The challenge set, a JSON file.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The submission, .csv.gz.")],
    team: Annotated[str, typer.Option("--team", help="Its name, for the first line.")],
    email: Annotated[str, typer.Option("--email", help="An address, for the first line.")],
    system: Annotated[str, typer.Option("--system", "-s", metavar="NAME", help="Who continues.")] = "two-stage",
    dataset: Source = "auto",
    tables: Tables = None,
    seed: Seed = 0,
) -> None:
    """Continue the playlists of a challenge set, and write a submission that keeps the rules.

    Example: `musicrec playlists submit mine/challenge_set.json --out mine.csv.gz --team us --email us@example.org`
    """
    import numpy as np

    from musicrec.datasets.challenge_set import read_challenge_set, said_of
    from musicrec.evaluation.challenge_files import addresses, asked_of
    from musicrec.evaluation.submission import write_submission
    from musicrec.models.playlists.systems import build, fit

    cuts = read_challenge_set(challenge)
    build(system)  # a wrong name is said before the work begins
    lists, simulated, _, _ = load_playlists(dataset, tables, seed)
    before = said_of(challenge).get("learn_before", 0)
    train, asked = asked_of(cuts, lists, before if isinstance(before, int) else 0)
    with message_console().status(f"{system}: {len(train):,} playlists to learn from, {len(cuts):,} to continue …"):
        found = fit(system, train, rng=np.random.default_rng(seed)).recommend(asked)
    uris = np.array(addresses(lists.tracks.items), dtype=object)
    named = {pid: uris[row[row >= 0]].tolist() for pid, row in zip(cuts, found, strict=True)}
    write_submission(out, team, email, named, cuts)
    print_outcome(f"{out}: {len(cuts):,} playlists{', learnt from SIMULATED ones' if simulated else ''}")


@app.command()
def cost(
    sizes: Annotated[
        list[int], typer.Argument(min=1000, metavar="N...", help="How many playlists; the entries grow with them.")
    ],
    systems: Systems = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write what was measured, as CSV.")] = None,
    seed: Seed = 0,
    engine: Engine = "local",
    master: Master = None,
    as_json: Json = False,
) -> None:
    """Measure what continuing playlists costs: seconds, memory, bytes and quality, on SIMULATED playlists of each size.

    Each size has a process of its own. A million playlists take about half an hour and some 9 GB. With `--engine spark`
    the same work is timed with and without Spark.

    Examples: `musicrec playlists cost 1000 10000 100000 --out cost.csv`, `musicrec playlists cost 1000 10000 --engine
    spark --master local[2]`
    """
    import pandas as pd

    from musicrec.files import write_text
    from musicrec.hardware import hardware
    from musicrec.models.playlists.systems import build
    from musicrec.playlists.cost import SYSTEMS, measure_sizes

    check_engine(engine, master)
    if engine == "spark":
        if systems:
            raise ValueError("--system has no say with --engine spark: it measures ingest, track-knn and factors")
        _cost_of_engines(sizes, master, out, seed, as_json=as_json)
        return
    for name in systems or SYSTEMS:
        build(name)
    parts = []
    with message_console().status("") as status:
        for size in sizes:
            status.update(f"{size:,} playlists …")
            parts += list(measure_sizes([size], seed, systems or SYSTEMS))
            if out:  # what is finished is kept
                write_text(out, pd.concat(parts).assign(machine=hardware()).to_csv(index=False))
    table = pd.concat(parts)
    if as_json:
        print_json({"simulated": True, "machine": hardware(), "stages": json_rows(table)})
        return
    typer.echo("SIMULATED playlists")
    header = ("playlists", "stage", "seconds", "answer, ms", "peak, MB", "own, MB", "ndcg@500")
    body: list[tuple[str, ...]] = [
        (
            f"{row['playlists']:,}", row["stage"], f"{row['seconds']:.2f}", _or_dash(1000 * row["answer"], 2),
            _or_dash(row["peak"] / 1e6, 0), _or_dash(row["bytes"] / 1e6, 0), _or_dash(row["ndcg@500"], 4),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    print_table(header, body, right=(0, 2, 3, 4, 5, 6))
    if out:
        print_outcome(f"{out} holds {len(table):,} rows")


def _cost_of_engines(sizes: list[int], master: str | None, out: Path | None, seed: int, *, as_json: bool) -> None:
    import pandas as pd

    from musicrec.files import write_text
    from musicrec.hardware import hardware
    from musicrec.playlists.engines import compare_engines
    from musicrec.spark import MASTER

    parts = []
    with message_console().status("") as status:
        status.update(f"{sizes[0]:,} playlists, with and without Spark …")
        for part in compare_engines(sizes, seed, master or MASTER):
            parts.append(part.assign(machine=hardware()))
            if out:  # what is finished is kept
                write_text(out, pd.concat(parts).to_csv(index=False))
            status.update(f"{len(parts)} of {len(sizes)} sizes are measured …")
    table = pd.concat(parts)
    if as_json:
        print_json({"simulated": True, "machine": hardware(), "stages": json_rows(table)})
        return
    typer.echo("SIMULATED playlists")
    body: list[tuple[str, ...]] = [
        (
            f"{row['playlists']:,}",
            str(row["stage"]),
            str(row["engine"]),
            f"{row['seconds']:.2f}",
            _or_dash(row["ndcg@500"], 4),
        )
        for row in table.to_dict("records")
    ]
    print_table(("playlists", "stage", "engine", "seconds", "ndcg@500"), body, right=(0, 3, 4))
    if out:
        print_outcome(f"{out} holds {len(table):,} rows")


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table without the cells that hold nothing."""
    return [{str(k): v for k, v in row.items() if v == v} for row in table.to_dict("records")]


def _or_dash(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if value == value else "–"
