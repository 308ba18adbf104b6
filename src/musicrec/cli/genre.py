"""`musicrec genre`: ten artists for a genre."""

from __future__ import annotations

from typing import Annotated

import typer

from musicrec.cli.app import Json, app
from musicrec.cli.output import print_table


@app.command()
def genre(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Case, accents and punctuation don't matter.")],
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many artists.")] = 10,
    subgenre: Annotated[bool, typer.Option("--subgenre", help="The name is first looked for among subgenres.")] = False,
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
    from musicrec.serving.genre_guide import guide_for

    guide = guide_for(load("auto-songs" if dataset == "auto" else dataset), name, subgenre=subgenre)
    kind = guide.table.kind
    if kind != "tag" and subgenre != (kind == "subgenre"):
        typer.echo(
            f"musicrec: {str(guide.table.names[guide.find(name)])!r} is a {kind}; these are its artists", err=True
        )
    artists = guide.recommend(name, k, listed=listed)
    if as_json:
        typer.echo(artists.to_json(orient="records", force_ascii=False, indent=1))
        return
    if artists.empty:
        raise LookupError(f"every artist of these data is listed under {name!r}; ask with --listed to see them ranked")
    print_table(
        ("artist", "listed under", "most like", "popularity"),
        [
            (row["artist"], ", ".join(row["listed under"][:3]), ", ".join(row["like"][:2]), f"{row['popularity']:,}")
            for row in artists.to_dict("records")
        ],
        right=(3,),
    )
