"""`musicrec recommend --history`: what a reader's own history says, and what it is recommended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from musicrec.cli.answers import print_recommended, reasons_for
from musicrec.cli.output import message_console, print_outcome

if TYPE_CHECKING:
    from musicrec.histories import History
    from musicrec.histories.read import Source
    from musicrec.serving.forms import Served
    from musicrec.serving.reader import Reader

SEED = 0  # of which favourites are hidden, when it is measured how well the model knows them


def check_outputs(playlist: Path | None, page: Path | None) -> None:
    """Refuse before anything is read what could not be written at the end.

    Raises
    ------
    ValueError
        When a file has the wrong ending.
    """
    if playlist and playlist.suffix.lower() not in (".csv", ".txt"):
        raise ValueError(f"a playlist is written as .csv or .txt, not as {playlist.name}")
    if page and page.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--html writes a file that ends in .html, not {page.name}")


def read(paths: list[Path], sources: Sequence[Source] = ()) -> History:
    """Read a history out of files and accounts; a terminal sees what is being read."""
    from musicrec.histories import read_history

    console = message_console()
    if not console.is_terminal:
        return read_history(paths, sources=sources)
    with console.status("reading …") as status:
        return read_history(paths, sources=sources, say=lambda text: status.update(f"reading {text}"))


def tell(
    history: History, served: Served, k: int, avoid_popular: float, *, because: bool, as_json: bool,
    playlist: Path | None, page: Path | None,
) -> None:  # fmt: skip
    """Print what is recommended, and write what was asked for.

    Raises
    ------
    LookupError
        When the model knows none of the artists, or has nothing to recommend.
    """
    import numpy as np

    from musicrec.serving.reader import meet
    from musicrec.serving.reader_words import as_data, sentences
    from musicrec.serving.reader_words import page as page_of

    reader = meet(history, served)
    told = sentences(reader, np.random.default_rng(SEED))
    rows = reasons_for(served, reader.favourites, reader.recommend(k, avoid_popular), because=because)
    if not rows:
        raise LookupError("no listener of these artists listens to anything you have not played")
    if as_json:
        print_outcome(json.dumps(as_data(reader, rows, told), indent=1, ensure_ascii=False))
    else:
        for each in told:
            typer.echo(f"musicrec: {each}", err=True)
        print_recommended(rows, avoid_popular, because=because)
    if page:
        from musicrec.files import write_text

        write_text(page, page_of(reader, rows, told, _tags(reader)))
        typer.echo(f"musicrec: {page} holds all of this", err=True)
    if playlist:
        _write_songs(playlist, [row["artist"] for row in rows], simulated=bool(served.facts["simulated"]))


def _tags(reader: Reader) -> list[tuple[str, float, float]]:
    """Return the tags of the reader's favourites, none where the data have none."""
    from musicrec.datasets import load
    from musicrec.datasets.identity import JOINED
    from musicrec.datasets.sources import DataError
    from musicrec.serving.taste import taste

    name = str(reader.served.facts["dataset"])
    try:
        data = load("lastfm-2k" if name == JOINED else name, progress=False)  # listeners give tags, playlists none
    except (DataError, ValueError):  # what was served may be of the reader's own, or be gone
        return []
    if "tag_assignments" not in data.tables:
        return []
    return [(str(tag), float(row["reader"]), float(row["everyone"])) for tag, row in taste(data, reader).iterrows()]


def _write_songs(path: Path, artists: list[str], *, simulated: bool) -> None:
    from musicrec.datasets import load
    from musicrec.serving.playlists import songs_of, write_playlist

    table = load("simulated-songs" if simulated else "spotify-songs").tables["songs"]
    songs = songs_of(artists, table)
    without = [artist for artist, found in songs.items() if not found]
    if len(without) == len(songs):
        raise LookupError(f"no song is known of any recommended artist, so {path} was not written; try a larger --k")
    n = write_playlist(path, songs)
    typer.echo(f"musicrec: {path} holds {n} songs of {len(songs) - len(without)} artists", err=True)
    if without:
        typer.echo(f"musicrec: no song is known of {', '.join(without)}", err=True)
