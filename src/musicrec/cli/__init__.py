"""The `musicrec` command: one file a command group, registered here in the order `--help` shows them."""

from musicrec.cli import book, scores, reproduce, data, recommend  # isort: skip
from musicrec.cli import example_history, genre, tune  # isort: skip
from musicrec.cli import catalog, playlists_challenge, playlists_ingest, playlists_systems, spotify
from musicrec.cli.app import app

app.add_typer(catalog.app, name="catalog")
app.add_typer(playlists_challenge.app, name="playlists")
app.add_typer(spotify.app, name="spotify")

__all__ = [
    "app",
    "book",
    "catalog",
    "data",
    "example_history",
    "genre",
    "playlists_ingest",
    "playlists_systems",
    "recommend",
    "reproduce",
    "scores",
    "spotify",
    "tune",
]
