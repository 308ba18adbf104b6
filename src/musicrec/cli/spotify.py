"""`musicrec spotify`: a playlist of one's own, read or written, in one's own account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musicrec.cli.app import Json
from musicrec.cli.output import print_json, print_outcome, print_table

if TYPE_CHECKING:
    from musicrec.accounts.spotify import Spotify

CLIENT = "MUSICREC_SPOTIFY_CLIENT_ID"
app = typer.Typer(
    name="spotify",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Read and write playlists of your own Spotify account.",
)
ClientId = Annotated[
    str, typer.Option("--client-id", envvar=CLIENT, metavar="ID", help="Of your own Spotify app; it is no secret.")
]
Port = Annotated[int, typer.Option("--port", min=1024, max=65535, help="Of the app's address http://127.0.0.1:PORT.")]
Browser = Annotated[
    bool,
    typer.Option(
        "--browser/--no-browser", help="Open a browser; or show the address, and ask for the one it leads to."
    ),
]


def account(
    client_id: str = "", *, write: bool = False, keep: bool = False, browser: bool = True, port: int = 8731
) -> Spotify:
    """Return an account that is signed in when it is first asked."""
    from musicrec.accounts.spotify import Spotify

    return Spotify(client_id or os.environ.get(CLIENT, ""), write=write, keep=keep, browser=browser, port=port)


@app.callback()
def spotify() -> None:
    """Read and write playlists of your own Spotify account.

    It takes an app of your own at developer.spotify.com, with the redirect address http://127.0.0.1:8731 (not
    localhost), and Premium. You sign in in your browser; without `login` the token is forgotten when a command ends.

    Example: `musicrec recommend --spotify --playlist new.csv`, then `musicrec spotify write new.csv`
    """


@app.command()
def login(
    client_id: ClientId = "",
    write: Annotated[bool, typer.Option("--write", help="Also for making playlists.")] = False,
    port: Port = 8731,
    browser: Browser = True,
) -> None:
    """Sign in and keep the token, in a file that only you can read, until `musicrec spotify logout`."""
    signed_in = account(client_id, write=write, keep=True, browser=browser, port=port)
    signed_in.sign_in()
    print_outcome(f"signed in; the token is in {signed_in.token.path}")


@app.command()
def logout() -> None:
    """Delete the token. At spotify.com/account/apps you withdraw the permission too."""
    from musicrec.accounts.spotify import token_path

    there = token_path().is_file()
    token_path().unlink(missing_ok=True)
    print_outcome(f"{token_path()} is deleted" if there else "no token was kept")


@app.command()
def playlist(
    link: Annotated[str, typer.Argument(metavar="URL", help="Of a playlist you own or take part in.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it, as .csv or .txt.")] = None,
    client_id: ClientId = "",
    port: Port = 8731,
    browser: Browser = True,
    as_json: Json = False,
) -> None:
    """Show the songs of a playlist of your own.

    Example: `musicrec spotify playlist https://open.spotify.com/playlist/... --out mine.csv`, then `musicrec recommend
    --history mine.csv`
    """
    from musicrec.accounts.spotify_music import playlist_id, songs_in
    from musicrec.serving.playlists import check_ending, write_playlist

    playlist_id(link)
    if out:
        check_ending(out)
    songs = songs_in(account(client_id, browser=browser, port=port), link)
    if not songs:
        raise LookupError("this playlist has no songs")
    if out:
        write_playlist(out, {"": songs})
        print_outcome(f"{out} holds {len(songs):,} songs")
    elif as_json:
        print_json([song._asdict() for song in songs])
    else:
        print_table(("artist", "title", "album"), [(song.artist, song.title, song.album) for song in songs])


@app.command()
def write(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written by `musicrec recommend --playlist FILE.csv`.")],
    name: Annotated[str, typer.Option("--name", help="Of the playlist.")] = "Recommended by musicrec",
    public: Annotated[bool, typer.Option("--public", help="Let everybody find it; without, only you.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    client_id: ClientId = "",
    port: Port = 8731,
    browser: Browser = True,
) -> None:
    """Make a playlist of a file's songs in your account, after asking; a second call finishes what broke off.

    Example: `musicrec spotify write new.csv --name "New to me"`
    """
    from musicrec.accounts.spotify_music import songs_from, write_songs

    uris, without = songs_from(file)
    if without:
        typer.echo(f"musicrec: {without:,} songs have no number of Spotify and are left out", err=True)
    kind = "public" if public else "private"
    if not yes:
        typer.confirm(
            f"Make the {kind} playlist {name!r} of {len(uris):,} songs in your account?", abort=True, err=True
        )
    link, added = write_songs(
        account(client_id, write=True, browser=browser, port=port), name, uris, public=public
    )  # fmt: skip
    print_outcome(f"{link}: {added:,} songs added, {len(uris):,} in all")
