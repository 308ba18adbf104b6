"""What a Spotify account holds, as saved songs of a history; and a playlist written into it."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from musicrec.accounts.errors import TRIES, AccountError, UncertainError, wanted_wait
from musicrec.accounts.spotify import Spotify
from musicrec.histories.plays import SAVED, Collector
from musicrec.serving.playlists import Song

PAGE = 50  # the most the service gives at once
BATCH = 100  # songs; the most it takes at once
_PLAYLIST = re.compile(
    r"(?:spotify:playlist:|https://open\.spotify\.com/(?:[\w-]+/)?playlist/)?([0-9A-Za-z]{22})(?:\?.*)?"
)
_URI = re.compile(r"spotify:track:[0-9A-Za-z]{22}")


class Library:
    """The saved songs and the playlists of the person who is signed in."""

    title = "Spotify library"
    name = "your Spotify account"

    def __init__(self, account: Spotify) -> None:
        self.account = account

    def read(self, into: Collector, say: Callable[[str], None] | None = None) -> None:
        """Read saved songs and the songs of one's own playlists; a song counts once in the end.

        Raises
        ------
        AccountError
            When the service cannot be reached or refuses.
        """
        into.begin(self.title)
        ask = self.account.pages(lambda client, at: client.current_user_saved_tracks(limit=PAGE, offset=at))
        self._add(ask, into, say)
        for playlist in _own_playlists(self.account):
            self._add(_items(self.account, str(playlist["id"])), into, say)

    def _add(self, items: Iterator[dict[str, Any]], into: Collector, say: Callable[[str], None] | None) -> None:
        for n, item in enumerate(items):
            song = _song(item)
            if song is None:
                into.left_out["podcasts and songs that are gone"] += 1
                continue
            into.add(None, song.artist, song.title, song.album, None, SAVED)
            if say and n % PAGE == 0:
                say(f"{self.name}: {len(into):,} songs")


def playlist_id(text: str) -> str:
    """Return what a playlist is called in requests.

    Raises
    ------
    AccountError
        When the text is no link or id of a playlist.

    Examples
    --------
    >>> playlist_id("https://open.spotify.com/playlist/0123456789abcdefABCDEF?si=1")
    '0123456789abcdefABCDEF'
    """
    found = _PLAYLIST.fullmatch(text.strip())
    if not found:
        raise AccountError(
            f"{text!r} is no link of a Spotify playlist; one looks like https://open.spotify.com/playlist/…"
        )
    return found[1]


def songs_in(account: Spotify, link: str) -> list[Song]:
    """Return the songs of a playlist of one's own, in their order.

    Raises
    ------
    AccountError
        When it is no playlist, or not one that may be read.
    """
    return [song for song in map(_song, _items(account, playlist_id(link))) if song]


def songs_from(path: Path) -> tuple[list[str], int]:
    """Return the songs that Spotify knows in a playlist file, each once, and how many rows have no number of Spotify.

    Raises
    ------
    AccountError
        When the file has no column of them, or none in it.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if "Spotify URI" not in (table.fieldnames or []):
            raise AccountError(
                f'{path} has no column "Spotify URI"; `musicrec recommend --playlist FILE.csv` writes one'
            )
        cells = [(row.get("Spotify URI") or "").strip() for row in table]
    found = list(dict.fromkeys(cell for cell in cells if _URI.fullmatch(cell)))
    if not found:
        raise AccountError(f"none of the {len(cells):,} songs in {path} has a number of Spotify")
    return found, sum(not _URI.fullmatch(cell) for cell in cells)


def write_songs(account: Spotify, name: str, uris: Sequence[str], *, public: bool = False) -> tuple[str, int]:
    """Make a playlist, or finish one that an earlier attempt left unfinished.

    The description holds a digest of name and songs. By it an unfinished playlist is found again: nothing has to
    be kept here, and no playlist is made twice.

    Parameters
    ----------
    account : Spotify
        Signed in for writing.
    name : str
        Of the playlist.
    uris : sequence of str
        The songs, each once.
    public : bool
        Whether everybody may find it.

    Returns
    -------
    tuple of str and int
        The link, and how many songs were added now.

    Raises
    ------
    AccountError
        When it breaks off; the message says how many songs are missing. The same call goes on from there.
    """
    digest = hashlib.sha256("\n".join([name, *uris]).encode()).hexdigest()[:12]
    description = f"Recommended by musicrec, {digest}"
    made = next((each for each in _own_playlists(account) if digest in str(each.get("description"))), None)
    missing = list(uris)
    if made is None:
        made = _make(account, name, description, public=public)
    else:
        missing = _missing(account, str(made["id"]), uris)
    key, before = str(made["id"]), len(missing)
    link = f"https://open.spotify.com/playlist/{key}"
    try:
        for attempt in range(TRIES):
            try:
                while missing:
                    batch = missing[:BATCH]
                    account.ask(lambda client, some=batch: client.playlist_add_items(key, some), repeat=False)  # type: ignore[misc]
                    missing = missing[BATCH:]
                break
            except UncertainError:
                if attempt == TRIES - 1:
                    raise
                account.sleep(wanted_wait(None, attempt, "Spotify"))
                missing = _missing(account, key, uris)
    except AccountError as error:
        there = f"{len(uris) - len(missing):,} of {len(uris):,} songs are in {link}"
        raise AccountError(f"{error}. At least {there}; the same command adds the rest") from error
    return link, before


def _make(account: Spotify, name: str, description: str, *, public: bool) -> dict[str, Any]:
    def request(client: Any) -> Any:
        return client.current_user_playlist_create(name, public=public, description=description)

    try:
        made = account.ask(request, repeat=False)
    except UncertainError as error:
        raise AccountError(
            f"{error}. Perhaps the playlist was made, without songs; the same command goes on"
        ) from error
    if not isinstance(made, dict) or "id" not in made:
        raise AccountError("Spotify does not answer as documented")
    return made


def _missing(account: Spotify, key: str, uris: Sequence[str]) -> list[str]:
    """Return the songs that are not in a playlist yet, in their order."""
    there = {track.get("uri") for track in map(_track, _items(account, key)) if track}
    return [uri for uri in uris if uri not in there]


def _own_playlists(account: Spotify) -> Iterator[dict[str, Any]]:
    me = account.ask(lambda client: client.me())
    if not isinstance(me, dict) or "id" not in me:
        raise AccountError("Spotify does not answer as documented")
    found = account.pages(lambda client, at: client.current_user_playlists(limit=PAGE, offset=at))
    return (each for each in found if (each.get("owner") or {}).get("id") == me["id"] and each.get("id"))


def _items(account: Spotify, key: str) -> Iterator[dict[str, Any]]:
    return account.pages(lambda client, at: client.playlist_items(key, limit=PAGE, offset=at))


def _track(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return the song of an item: `item` in playlists, `track` among saved songs; None for what is gone or no song."""
    track = item.get("item") or item.get("track")
    return track if isinstance(track, dict) and track.get("type", "track") == "track" else None


def _song(item: dict[str, Any]) -> Song | None:
    track = _track(item)
    artists = [each for each in (track or {}).get("artists") or [] if isinstance(each, dict) and each.get("name")]
    if track is None or not artists or not track.get("name"):
        return None
    album = track.get("album") or {}
    return Song(str(artists[0]["name"]), str(track["name"]), str(album.get("name") or ""), str(track.get("uri") or ""))
