"""`musicrec recommend` and `neighbours`: artists for a person, artists like an artist."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.answers import print_recommended, reasons_for
from musicrec.cli.app import BookData, Json, ServedData, app
from musicrec.cli.output import print_table

if TYPE_CHECKING:
    from musicrec.datasets.interactions import Interactions
    from musicrec.histories.read import Source
    from musicrec.models.neighbours.item_to_item import ItemToItem
    from musicrec.serving.forms import Served


@app.command()
def recommend(
    artists: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ARTIST...",
            help="Artists you love; case and accents don't matter. Lines of a list are read too, and - reads a list "
            "from standard input.",
        ),
    ] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(
            "--history",
            metavar="PATH",
            help="Instead of ARTIST: what a service gave you of your listening, a file, zip or folder; repeatable.",
        ),
    ] = None,
    listenbrainz: Annotated[
        str | None,
        typer.Option(
            "--listenbrainz", metavar="USER", help="Or with it: the listens of a ListenBrainz user, over the network."
        ),
    ] = None,
    spotify: Annotated[
        bool,
        typer.Option("--spotify", help="Or with it: the saved songs and playlists of your Spotify account."),
    ] = False,
    playlist: Annotated[
        Path | None,
        typer.Option("--playlist", metavar="FILE", help="With --history: write songs to import, as .csv or .txt."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="With --history: write everything as one HTML file.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="blend, which sums up the two after it, item-knn, ials, als, ease or popularity.",
        ),
    ] = "blend",
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
    dataset: ServedData = "auto",
    join: Annotated[
        list[Path] | None,
        typer.Option(
            "--join",
            metavar="FILE",
            help="People of your own who join those of the data: a table of user, artist and plays, or playlists "
            "in the format of the Million Playlist Dataset; repeatable.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recommend artists to someone who loves these, and say why.

    You need not be among the listeners of the data. These are the listeners of Last.fm (2011) and, where at hand, the
    playlists of Spotify songs (2020), a playlist counting as a listener; --dataset lastfm-2k takes the first alone.
    The first answer of a model takes longer, because it is fitted to all of them; it is kept in the build folder, and
    the page "Try it" of the book gives the same answers.

    Examples: `musicrec recommend Radiohead bjork Portishead`, `musicrec recommend "the cure" --model item-knn
    --because`, `musicrec recommend Muse --avoid-popular 0.5 --k 5 --json`, `musicrec recommend - < my_artists.txt`

    With --history, exports of Spotify, Last.fm, ListenBrainz, YouTube Music, Deezer and Apple Music are read, tables
    of Exportify, Soundiiz and TuneMyMusic, and lists; what several have counts once. Nothing leaves this computer, and
    only --playlist and --html write anything of it: `musicrec recommend --history my_spotify_data.zip --history
    lastfm.csv --playlist new.csv`

    With --join, a file's people count as listeners, and their artists can be recommended once two people have them:
    `musicrec recommend "Billie Eilish" --join friends.csv`. What is fitted of it stays in the build folder.

    An account is read in the same way: `musicrec recommend --listenbrainz USER` (only the name is sent), `musicrec
    recommend --spotify` (see `musicrec spotify --help`). Nothing of what is read is kept.
    """
    import numpy as np

    from musicrec.serving.cache import serve

    of_a_reader = bool(history) or listenbrainz is not None or spotify
    if bool(artists) == of_a_reader:
        raise typer.BadParameter("name artists you love, or what you have with --history", param_hint="ARTIST...")
    if not of_a_reader and (playlist or page):
        raise typer.BadParameter("--playlist and --html go with --history", param_hint="--history")

    def say(text: str) -> None:
        typer.echo(f"musicrec: {text}", err=True)

    if of_a_reader:
        from musicrec.cli.history import check_outputs, read, tell

        check_outputs(playlist, page)
        read_plays = read(history or [], _accounts(listenbrainz, spotify))
        served = serve(dataset, model, say, join or [])
        tell(read_plays, served, k, avoid_popular, because=because, as_json=as_json, playlist=playlist, page=page)
        return
    served = serve(dataset, model, say, join or [])
    liked = np.array(_artists_among(artists or [], served), dtype=np.int64)
    rows = reasons_for(served, liked, served.recommend(liked, k, avoid_popular), because=because)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    if not rows:
        raise LookupError("no listener of these artists listens to anything else in these data; add another artist")
    print_recommended(rows, avoid_popular, because=because)


def _accounts(listenbrainz: str | None, spotify: bool) -> list[Source]:
    found: list[Source] = []
    if listenbrainz is not None:
        from musicrec.accounts.listenbrainz import ListenBrainz

        found.append(ListenBrainz(listenbrainz))
    if spotify:
        from musicrec.accounts.spotify_music import Library
        from musicrec.cli.spotify import account

        signed_in = account()
        signed_in.sign_in()
        found.append(Library(signed_in))
    return found


def _artists_among(texts: list[str], served: Served) -> list[int]:
    """Return the positions of the artists that are meant, each once and in their order.

    Raises
    ------
    LookupError
        When a name is empty or fits no artist, all of them told at once; or when none of the artists is served. Of a
        list from standard input, what is not found is left out and told.
    """
    from musicrec.serving.lookup import Lookup

    listed = "-" in texts
    if listed:
        texts = [sys.stdin.read() if text == "-" else text for text in texts]
    meant = Lookup(served.names, served.listeners).read(texts)
    if meant.problems and not (listed and meant.artists):
        raise LookupError("\n  ".join(meant.problems))
    if meant.rare and not meant.artists:
        raise LookupError(f"{_too_rare(meant.rare)}; name another artist")
    for note in meant.notes:
        typer.echo(f"musicrec: {note}", err=True)
    if meant.problems:
        typer.echo("musicrec: left out: " + "\n  ".join(meant.problems), err=True)
    if meant.rare:
        typer.echo(f"musicrec: left out: {_too_rare(meant.rare)}", err=True)
    return meant.artists


def _too_rare(names: list[str]) -> str:
    from musicrec.serving.forms import MIN_LISTENERS

    return (
        f"fewer than {MIN_LISTENERS} listeners in these data have {', '.join(names)}: too few to say what goes with it"
    )


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
    from musicrec.names import UnknownNameError
    from musicrec.serving.forms import MIN_LISTENERS
    from musicrec.serving.lookup import Lookup

    names, listens, model = _item_knn(dataset)
    listeners = listens.popularity()
    lookup = Lookup(names, listeners)
    try:
        item, others = lookup.match(artist)
    except UnknownNameError:
        rare = lookup.too_rare(artist)
        if rare is None:
            raise
        item, others = names.index(rare), ()
    for other in others:
        typer.echo(f"musicrec: {artist!r} is read as {names[item]}; there is also {names[other]}", err=True)
    similar = model.weights[[item]]
    if similar.nnz and listeners[item] < MIN_LISTENERS:
        raise LookupError(_too_rare([names[item]]))
    order = (-similar.data).argsort(kind="stable")[:k]
    rows = [
        {"artist": names[similar.indices[place]], "similarity": float(similar.data[place]),
         "listeners": int(listeners[similar.indices[place]])}
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


def _item_knn(dataset: str) -> tuple[list[str], Interactions, ItemToItem]:
    """Load the listens with one entry for each artist, their names, and a model of all listens."""
    import numpy as np

    from musicrec.datasets import load
    from musicrec.models import registry
    from musicrec.serving.spellings import one_entry_each

    data = load(dataset)
    merged = one_entry_each(data.interactions, data.item_names.tolist())
    model: Any = registry.build("item-knn")
    return merged.names, merged.listens, model.fit(merged.listens, rng=np.random.default_rng(0))
