"""`musicrec playlists challenge` and `check`: the rules of the RecSys Challenge 2018."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from musicrec.cli.app import Json, Seed
from musicrec.cli.output import print_json, print_outcome, print_table

if TYPE_CHECKING:
    import pandas as pd

    from musicrec.datasets.playlists import Playlists

app = typer.Typer(
    name="playlists",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Playlists at full scale: slices into tables, invented ones, and the challenge of 2018.",
)
SHOWN = 20  # problems of a submission that are listed
Source = Annotated[
    str, typer.Option("--dataset", metavar="NAME", help="spotify-songs, mpd, simulated-songs; auto: the first or last.")
]
Tables = Annotated[
    Path | None,
    typer.Option(
        "--tables", metavar="FOLDER", help="Of `musicrec playlists ingest` or `simulate`, instead of --dataset."
    ),
]
HoldOut = Annotated[
    str,
    typer.Option(
        "--hold-out", metavar="HOW", help="random, or temporal: the playlists changed last, after all others."
    ),
]
Each = Annotated[
    int | None,
    typer.Option("--each", min=1, help="Playlists of each category, at most; by default 1,000 or a hundredth of all."),
]


Engine = Annotated[
    str, typer.Option("--engine", metavar="NAME", help="local, or spark: Apache Spark, of the extra musicrec[spark].")
]
Master = Annotated[
    str | None, typer.Option("--master", metavar="ADDRESS", help="Of Spark: local[2], spark://host:7077, yarn …")
]
ENGINES = ("local", "spark")


def check_engine(engine: str, master: str | None) -> None:
    """Raise ValueError where there is no engine of that name, or a master for another one than Spark."""
    if engine not in ENGINES:
        raise ValueError(f"there is no engine {engine!r}; choose from {', '.join(ENGINES)}")
    if master is not None and engine != "spark":
        raise ValueError("--master belongs to --engine spark")


@app.callback()
def playlists() -> None:
    """Playlists at full scale: slices into tables, invented ones, and the challenge of 2018."""


@app.command()
def challenge(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the two files go.")],
    dataset: Source = "auto",
    tables: Tables = None,
    hold_out: HoldOut = "random",
    each: Each = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make a challenge of your own: `challenge_set.json` in the form of the challenge of 2018, and `answers.json`.

    Playlists are cut off as in its ten categories, from a title alone to a hundred tracks drawn at random.

    Example: `musicrec playlists challenge mine --dataset spotify-songs`, then `musicrec playlists check
    mine.csv.gz --challenge mine/challenge_set.json --answers mine/answers.json`
    """
    from collections import Counter

    from musicrec.evaluation.challenge_files import write_challenge
    from musicrec.splits import challenge as split

    lists, simulated, items, source = load_playlists(dataset, tables, seed)
    drawn = split.hold_out(lists, seed, each=each, how=hold_out)
    before = {"learn_before": int(drawn.train.modified_at.max()) + 1} if hold_out == "temporal" else {}
    said = {"source": source, "simulated": simulated, "hold_out": hold_out, "seed": seed, **before}
    paths = write_challenge(folder, drawn, lists, items, **said)
    sizes = Counter(drawn.category.tolist())
    counts = {category.name: sizes[place] for place, category in enumerate(split.CATEGORIES)}
    if as_json:
        about = {"files": [str(path) for path in paths], "simulated": simulated, "playlists": counts}
        print_json(about, outcome=True)
        return
    print_table(("given", "playlists"), [(name, f"{n:,}") for name, n in counts.items()], right=(1,))
    told = " of SIMULATED playlists" if simulated else ""
    print_outcome(f"{paths[0]} and {paths[1].name}{told}; {len(drawn.train):,} playlists are left to learn from")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A submission, .csv.gz.")],
    challenge: Annotated[
        Path | None,
        typer.Option("--challenge", metavar="FILE", help="The challenge set: which playlists, and what is given."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="Of a challenge of your own: score it, too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a submission by the rules of the challenge; exit code 1 when it is rejected, with every line that is wrong.

    Examples: `musicrec playlists check mine.csv.gz --challenge challenge_set.json`
    """
    from musicrec.datasets.challenge_set import read_challenge_set
    from musicrec.evaluation.challenge_files import score
    from musicrec.evaluation.submission import read_submission

    if answers and not challenge:
        raise ValueError("to score a submission, name the challenge set too: --challenge FILE")
    cuts = read_challenge_set(challenge) if challenge else None
    right = read_challenge_set(answers) if answers else None
    found = read_submission(file, cuts)
    table = score(found, right, cuts) if right and cuts and not found.problems else None
    if as_json:
        problems = [problem._asdict() for problem in found.problems]
        scores = {} if table is None else {"scores": table.reset_index().to_dict("records")}
        print_json(
            {"accepted": not problems, "team": found.team, "playlists": len(found.lists), "problems": problems} | scores
        )
    else:
        for problem in found.problems[:SHOWN]:
            typer.echo(f"{file}: {problem}", err=True)
        if len(found.problems) > SHOWN:
            typer.echo(f"{file}: … and {len(found.problems) - SHOWN:,} more; --json lists them all", err=True)
        if not found.problems:
            unchecked = "" if cuts else "; without --challenge nobody knows which playlists, and what was given"
            print_outcome(f"{file}: {len(found.lists):,} playlists, nothing wrong{unchecked}")
        if table is not None:
            print_scores(table)
    if found.problems:
        raise typer.Exit(1)


class Loaded(NamedTuple):
    """Playlists and what is said of them."""

    lists: Playlists
    simulated: bool
    items: pd.DataFrame | None  # names and artists of the tracks, where they are at hand
    source: str


def load_playlists(dataset: str, tables: Path | None, seed: int) -> Loaded:
    """Return the playlists of a data set, or of a folder of tables."""
    if tables is not None:
        from musicrec.playlists.load import about, load

        return Loaded(load(tables), bool(about(tables).get("simulated")), None, tables.name)
    from musicrec import datasets
    from musicrec.datasets.playlists import playlists_of

    data = datasets.load("auto-songs" if dataset == "auto" else dataset, seed=seed)
    return Loaded(playlists_of(data), data.simulated, data.items, data.name)


def print_scores(table: pd.DataFrame) -> None:
    """Print means of metrics, a row for each category."""
    body = [
        (str(name), f"{row['playlists']:,.0f}", *(f"{value:.4f}" for value in row.iloc[1:]))
        for name, row in table.iterrows()
    ]
    print_table(("given", *table.columns), body, right=tuple(range(1, len(table.columns) + 1)))
