"""The `musicrec` command. Heavy imports stand inside the commands, so that `--help` is immediate."""

from __future__ import annotations

import functools
import json
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from musicrec.catalog.cli import app as catalog_app

if TYPE_CHECKING:
    from rich.console import Console

    from musicrec.datasets.dataset import Dataset
    from musicrec.models.knn import ItemKNN
    from musicrec.names import Names
    from musicrec.serving import Served


class Commands(TyperGroup):
    """Turns what the user can mend (bad input, missing files) into one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; exit code 1 after an error, 2 after a wrong use of the command."""
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
            typer.echo("musicrec: stopped; what was finished is kept, the same command goes on from there", err=True)
            raise typer.Exit(130) from None


app = typer.Typer(
    name="musicrec",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(catalog_app, name="catalog")

BookData = Annotated[
    str,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="lastfm-2k, simulated, simulated-small, or auto: the first, and where it cannot be had the second.",
    ),
]
Quick = Annotated[bool, typer.Option("--quick", help="Shorten training, for a first look; every page says so.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every random choice.")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Execute N chapters at a time; they share the cores.")
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


@app.command()
def data(
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="NAME", help="lastfm-2k, spotify-songs, mpd, simulated, … or auto.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Say which data are found, where, under which licence, and whether they are whole.

    Examples: `musicrec data`, `musicrec data --dataset spotify-songs --json`
    """
    from musicrec.chapters import resolve
    from musicrec.datasets import load

    about = [_describe(each) for each in (resolve().datasets if dataset == "auto" else [load(dataset)])]
    if as_json:
        typer.echo(json.dumps(about, indent=1, ensure_ascii=False))
        return
    for block in about:
        name = block.pop("name")
        typer.echo(typer.style(f"{name}{' — SIMULATED' if block.pop('simulated') else ''}", bold=True))
        block |= {f"table {table}": f"{rows:,} rows" for table, rows in block.pop("tables").items()}
        for label, value in block.items():
            for line in value if isinstance(value, list) else [value]:
                if line != "":
                    typer.echo(f"  {label:<22} {f'{line:,}' if isinstance(line, int) else line}")
        typer.echo()


def _describe(dataset: Dataset) -> dict[str, Any]:
    about = dataset.provenance
    return {
        "name": dataset.name,
        "simulated": dataset.simulated,
        "source": about.source,
        "page": about.url,
        "version": about.version,
        "licence": about.licence,
        "found": about.found,
        "instead of real data": about.fallback,
        "users": dataset.interactions.n_users,
        "items": dataset.interactions.n_items,
        "interactions": len(dataset.interactions),
        "tables": {name: len(table) for name, table in dataset.tables.items()},
        "fingerprint": about.fingerprint,
        "note": list(about.notes),
    }


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
    from musicrec.chapters import book_root, find_chapters, resolve
    from musicrec.progress import progress_on
    from musicrec.publish import make_book

    root = book_root()
    find_chapters(root, only)  # a wrong name is told before the data are looked for
    run, console = resolve(dataset, seed=seed, quick=quick), _console()
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

    from musicrec.scores import read_scores

    rows = [score for score in read_scores() if protocol in (None, score.protocol)]
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in rows], indent=1, ensure_ascii=False))
    elif not rows:
        raise LookupError(
            "no scores yet; `musicrec book` measures them" if protocol is None else f"no scores under {protocol!r}"
        )
    else:
        _print_table(
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
    from musicrec.chapters import BookError, book_root, find_chapters, resolve
    from musicrec.execution import execute_all
    from musicrec.pages import MARKS, number
    from musicrec.progress import progress_on
    from musicrec.scores import read_scores, reproduction

    reproduction([], only)  # refuses an unknown key
    root = book_root()
    chapters = [c for c in find_chapters(root) if (only in c.originals if only else c.originals)]
    if not chapters:
        raise BookError("no chapter of this book reproduces " + (f"{only!r}" if only else "an original"))
    run = resolve(dataset, seed=seed, quick=quick)
    execute_all(chapters, run, root, progress_on(_console()), jobs)
    names = {chapter.name for chapter in chapters}
    rows = reproduction([score for score in read_scores() if score.chapter in names], only)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        _print_table(
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
def recommend(
    artists: Annotated[
        list[str], typer.Argument(metavar="ARTIST...", help="Artists you love; case and accents don't matter.")
    ],
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="als, item-knn, ease or popularity.")] = "als",
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many to recommend.")] = 10,
    because: Annotated[
        bool, typer.Option("--because", help="Show what each of your artists adds to each score, exactly.")
    ] = False,
    avoid_popular: Annotated[
        float,
        typer.Option(
            "--avoid-popular",
            min=0,
            max=1,
            metavar="0..1",
            help="Rank by score / listeners^A: 0 by the score, 1 by the score per listener.",
        ),
    ] = 0.0,
    dataset: BookData = "auto",
    as_json: Json = False,
) -> None:
    """Recommend artists to someone who loves these, and say why.

    You need not be among the listeners of the data. The first answer of a model takes some seconds, because it is
    fitted to all listens; it is kept in the build folder, and the page "Try it" of the book gives the same answers.

    Examples: `musicrec recommend Radiohead bjork Portishead`, `musicrec recommend "the cure" --model item-knn
    --because`, `musicrec recommend Muse --avoid-popular 0.5 --k 5 --json`
    """
    import numpy as np

    from musicrec.serving import serve

    served = serve(dataset, model, lambda text: typer.echo(f"musicrec: {text}", err=True))
    liked = np.array(_artists_among(artists, served), dtype=np.int64)
    rows = []
    for artist, score, adjusted in served.recommend(liked, k, avoid_popular):
        adds = served.adds(liked, artist)
        order = (-adds).argsort(kind="stable")
        row: dict[str, Any] = {
            "artist": served.names[artist], "score": score, "adjusted": adjusted,
            "listeners": int(served.listeners[artist]),
            "because": [served.names[liked[place]] for place in order if adds[place] > 0],
        }  # fmt: skip
        if because:
            row["adds"] = [{"artist": served.names[liked[place]], "adds": float(adds[place])} for place in order]
        rows.append(row)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    if not rows:
        raise LookupError("no listener of these artists listens to anything else in these data; add another artist")
    reasons = [_adds(row["adds"]) if because else ", ".join(row["because"][:3]) or "everyone does" for row in rows]
    _print_table(
        ("artist", "score", *(["per listener^A"] if avoid_popular else []), "listeners", "because you love"),
        [
            (row["artist"], f"{row['score']:.3f}", *([f"{row['adjusted']:.2g}"] if avoid_popular else []),
             f"{row['listeners']:,}", reason)
            for row, reason in zip(rows, reasons, strict=True)
        ],
        right=(1, 2, 3) if avoid_popular else (1, 2),
    )  # fmt: skip


def _adds(adds: list[dict[str, Any]]) -> str:
    """Write what each artist adds to a score, "Radiohead +0.310, Björk −0.020"; nobody adds to popularity."""
    return ", ".join(f"{each['artist']} {each['adds']:+.3f}" for each in adds if each["adds"]) or "everyone does"


def _artists_among(texts: list[str], served: Served) -> list[int]:
    """Return the positions of the artists that are meant, each once and in their order.

    Raises
    ------
    LookupError
        When a name is empty or fits no artist, all of them told at once; or when none of the artists is served.
    """
    from musicrec.names import Names, UnknownNameError
    from musicrec.serving import MIN_LISTENERS

    names = Names(served.names, served.listeners)
    found: list[int] = []
    rare: list[int] = []
    problems = []
    for text in texts:
        if not text.strip():
            problems.append("an artist's name is empty")
            continue
        try:
            artist = names.find(text)
        except UnknownNameError as error:
            problems.append(str(error))
            continue
        (found if artist < served.n else rare).append(artist)
    if problems:
        raise LookupError("\n  ".join(dict.fromkeys(problems)))
    if rare:
        told = ", ".join(dict.fromkeys(served.names[artist] for artist in rare))
        message = f"fewer than {MIN_LISTENERS} listeners in these data have {told}: too few to say what goes with it"
        if not found:
            raise LookupError(f"{message}; name another artist")
        typer.echo(f"musicrec: left out: {message}", err=True)
    return list(dict.fromkeys(found))


@app.command()
def neighbours(
    artist: Annotated[str, typer.Argument(metavar="ARTIST", help="Case and accents don't matter.")],
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many to show.")] = 10,
    dataset: BookData = "auto",
    as_json: Json = False,
) -> None:
    """Show the artists with most listeners in common with one.

    Similarity is the cosine between the sets of listeners, damped for artists with few.

    Examples: `musicrec neighbours Coldplay`, `musicrec neighbours "the knife" --k 5 --json`
    """
    _, names, model = _item_knn(dataset)
    similar = model.weights[[names.find(artist)]]
    order = (-similar.data).argsort(kind="stable")[:k]
    rows = [
        {"artist": names.names[similar.indices[place]], "similarity": float(similar.data[place]),
         "listeners": int(names.listeners[similar.indices[place]])}
        for place in order
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    if not rows:
        raise LookupError(f"no listener of {artist!r} listens to anything else in these data")
    _print_table(
        ("artist", "similarity", "listeners"),
        [(row["artist"], f"{row['similarity']:.3f}", f"{row['listeners']:,}") for row in rows],
        right=(1, 2),
    )


@app.command()
def genre(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Case, accents and punctuation don't matter.")],
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many artists.")] = 10,
    subgenre: Annotated[bool, typer.Option("--subgenre", help="The name is that of a subgenre.")] = False,
    listed: Annotated[bool, typer.Option("--listed", help="Rank the artists listed under it, not the others.")] = False,
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="NAME", help="spotify-songs; lastfm-2k, for tags; simulated-songs, …")
    ] = "auto-songs",
    as_json: Json = False,
) -> None:
    """Recommend artists for a genre: those most like its own that are not listed under it yet.

    The model is that of chapter 09: LightFM on the sound of the artists' songs or, for tags, on who listens to them.

    Examples: `musicrec genre rock`, `musicrec genre "indie poptimism" --subgenre --k 5`,
    `musicrec genre indie --dataset lastfm-2k --json`
    """
    from musicrec.datasets import load
    from musicrec.genre import guide_for

    guide = guide_for(load("auto-songs" if dataset == "auto" else dataset), name, subgenre=subgenre)
    artists = guide.recommend(name, k, listed=listed)
    if as_json:
        typer.echo(artists.to_json(orient="records", force_ascii=False, indent=1))
        return
    if artists.empty:
        raise LookupError(f"every artist of these data is listed under {name!r}; ask with --listed to see them ranked")
    _print_table(
        ("artist", "listed under", "most like", "popularity"),
        [
            (row["artist"], ", ".join(row["listed under"][:3]), ", ".join(row["like"][:2]), f"{row['popularity']:,}")
            for row in artists.to_dict("records")
        ],
        right=(3,),
    )


@app.command()
def tune(
    systems: Annotated[
        list[str] | None, typer.Argument(metavar="SYSTEM...", help="One or several systems, or all.")
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many settings to try; alike for all.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the search.")] = 0,
    dataset: BookData = "auto",
    show: Annotated[bool, typer.Option("--list", help="Show every system, what is searched and what is kept.")] = False,
    as_json: Json = False,
) -> None:
    """Search for the settings of systems: as many trials and the same method for each.

    A trial is measured by the NDCG@10 on validation data of a split kept for that alone. Finished trials are stored:
    stopped halfway, the same command goes on to the same result. Settings chosen on lastfm-2k are kept with the
    package, where the book reads them; on other data, in the build folder.

    Examples: `musicrec tune --list`, `musicrec tune als ease`, `musicrec tune all --trials 20`
    """
    from musicrec import tuning

    if show:
        _list_systems(as_json)
        return
    if not systems:
        raise typer.BadParameter("name a system, or all; `musicrec tune --list` shows them", param_hint="SYSTEM...")
    names = tuning.searched(systems)
    from musicrec.datasets import load

    data = load(dataset, seed=seed)
    results = []
    for name in names:
        result, path = tuning.tune(name, data, trials=trials, seed=seed)
        results.append(result)
        typer.echo(f"{name}: kept in {path}", err=True)
    if as_json:
        typer.echo(json.dumps(results, indent=1, ensure_ascii=False))
        return
    _print_table(
        ("system", "NDCG@10", "recall@10", "settings", "trials", "seconds"),
        [
            (r["system"], f"{r['ndcg@10']:.4f}", f"{r['recall@10']:.4f}", _settings(r["settings"]),
             f"{r['budget']['trials']}" + (f", {n} failed" if (n := r["budget"]["failed"]) else ""),
             f"{r['budget']['seconds']:,.0f}")
            for r in results
        ],
        right=(1, 2, 4, 5),
    )  # fmt: skip
    for result in results:
        for edge in result["edges"]:
            typer.echo(f"mind: {result['system']}: {edge}")


def _list_systems(as_json: bool) -> None:
    """Show every system with its search space and the settings that are kept."""
    from musicrec import tuning

    rows: list[dict[str, Any]] = []
    for name, system in tuning.SYSTEMS.items():
        try:
            kept = tuning.record(name)
        except LookupError:
            kept = {}
        space = {setting: str(values) for setting, values in system.space.items()}
        rows.append({"system": name, "space": space, "note": system.why, "kept": kept or None})
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    _print_table(
        ("system", "searched", "chosen"),
        [
            (row["system"], "; ".join(f"{n}: {v}" for n, v in row["space"].items()) or row["note"],
             _settings(row["kept"]["settings"]) if row["kept"] else "not tuned yet" if row["space"] else "")
            for row in rows
        ],
    )  # fmt: skip


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )


@app.command()
def serve(port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8000) -> None:
    """Show the built site at http://127.0.0.1:8000/, to this machine only; Ctrl-C ends it.

    Example: `musicrec serve --port 8080`
    """
    from musicrec.publish import serve_site

    serve_site(port, typer.echo)


def _item_knn(dataset: str) -> tuple[Dataset, Names, ItemKNN]:
    """Load the listens, an index of the artists' names, and a model of all listens."""
    import numpy as np

    from musicrec.datasets import load
    from musicrec.models.knn import ItemKNN
    from musicrec.names import Names

    data = load(dataset)
    listens = data.interactions
    names = Names(data.item_names, listens.listeners())
    return data, names, ItemKNN().fit(listens, rng=np.random.default_rng(0))


def _console() -> Console:
    """Return the console of progress and notes: standard error, so that standard output is only the answer."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False)


def _print_table(header: tuple[str, ...], rows: list[tuple[str, ...]], right: tuple[int, ...] = ()) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:  # never cut or fold what goes to a file
        console.width = 10_000
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(header):
        table.add_column(name, justify="right" if position in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
