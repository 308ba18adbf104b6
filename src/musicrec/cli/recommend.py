"""`musicrec recommend` and `neighbours`: artists for a person, artists like an artist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import BookData, Json, app
from musicrec.cli.output import print_table

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset
    from musicrec.models.neighbours.item_knn import ItemKNN
    from musicrec.names import Names
    from musicrec.serving.forms import Served


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

    from musicrec.serving.cache import serve

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
    print_table(
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
    from musicrec.serving.forms import MIN_LISTENERS

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
    print_table(
        ("artist", "similarity", "listeners"),
        [(row["artist"], f"{row['similarity']:.3f}", f"{row['listeners']:,}") for row in rows],
        right=(1, 2),
    )


def _item_knn(dataset: str) -> tuple[Dataset, Names, ItemKNN]:
    """Load the listens, an index of the artists' names, and a model of all listens."""
    import numpy as np

    from musicrec.datasets import load
    from musicrec.models.neighbours.item_knn import ItemKNN
    from musicrec.names import Names

    data = load(dataset)
    listens = data.interactions
    names = Names(data.item_names, listens.popularity())
    return data, names, ItemKNN().fit(listens, rng=np.random.default_rng(0))
