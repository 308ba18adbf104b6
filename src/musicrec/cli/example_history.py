"""`musicrec example-history`: an invented history in every format, to try the command with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musicrec.cli.app import BookData, Seed, app
from musicrec.cli.output import print_outcome

ARTISTS = 40  # of the invented person, chosen at random among the better known


@app.command("example-history")
def example_history(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, or an empty one.")],
    plays: Annotated[int, typer.Option("--plays", min=1, max=1_000_000, help="How many plays to invent.")] = 3_000,
    dataset: BookData = "auto",
    seed: Seed = 0,
) -> None:
    """Write what an invented person played, as Spotify, Last.fm, ListenBrainz and the others would export it.

    The artists are those of the data; the person, the songs and the times are made up.

    Example: `musicrec example-history examples`, then `musicrec recommend --history examples/listenbrainz.zip`
    """
    import numpy as np

    from musicrec.datasets import load
    from musicrec.histories.simulated import invent_plays, write_examples

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not an empty folder; name a new one, so that nothing of yours is replaced")
    data, rng = load(dataset), np.random.default_rng(seed)
    best = np.argsort(-data.interactions.popularity(), kind="stable")[: 10 * ARTISTS]
    artists = data.item_names[rng.choice(best, min(ARTISTS, len(best)), replace=False)].tolist()
    files = write_examples(folder, invent_plays(artists, plays, rng))
    print_outcome(f"{folder} holds an INVENTED history in {len(files)} formats")
