"""A Spotify account: signing in with PKCE, without any secret, and asking with patience.

spotipy makes the requests. It is told to repeat none by itself: it would sleep as long as the service says, which may
be a day, and make a playlist twice when an answer is lost. The rules of 2026:
https://developer.spotify.com/documentation/web-api/tutorials/february-2026-migration-guide
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import requests

from musicrec.accounts.errors import TRIES, AccountError, UncertainError, wanted_wait

try:
    import spotipy
    from spotipy.cache_handler import CacheHandler
    from spotipy.oauth2 import SpotifyOauthError, SpotifyPKCE, SpotifyStateError
except ModuleNotFoundError as _error:
    raise AccountError("a Spotify account needs the package spotipy: pip install 'spotipy>=2.26,<3'") from _error

Result = TypeVar("Result")
READ = ("user-library-read", "playlist-read-private", "playlist-read-collaborative")
WRITE = ("playlist-modify-private", "playlist-modify-public")
PORT = 8731
TIMEOUT = 30.0  # seconds
_REFUSED = (
    "Spotify refuses this (403). An app in development mode reads only playlists you own or take part in, serves only "
    "the people its owner has listed (five at most), and only while the owner has Premium"
)
logging.getLogger("spotipy").setLevel(logging.CRITICAL + 1)  # its log lines hold addresses and tokens


def token_path() -> Path:
    """Return where a token is kept when somebody asks for it: in the user's settings.

    Raises
    ------
    AccountError
        When that is inside the folder of the book, whose files are shared.
    """
    from platformdirs import user_config_path

    from musicrec.files import book_folder

    path, book = user_config_path("musicrec") / "spotify-token.json", book_folder()
    if book and book.resolve() in path.resolve().parents:
        raise AccountError(
            f"a token would lie in the folder of the book, {path}; let XDG_CONFIG_HOME be another folder"
        )
    return path


class KeptToken(CacheHandler):
    """Holds the token in memory, and in a file that only its owner can read once `keep` is true."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path, self.keep = path, keep or path.is_file()
        self.token: dict[str, Any] | None = None

    def get_cached_token(self) -> dict[str, Any] | None:
        """Return the token, None where there is none."""
        if self.token is None and self.path.is_file():
            try:
                found = json.loads(self.path.read_text("utf-8"))
            except (OSError, ValueError) as error:
                raise AccountError(
                    f"{self.path} cannot be read ({error}); `musicrec spotify logout` removes it"
                ) from error
            if not isinstance(found, dict) or not {"access_token", "refresh_token", "expires_at"} <= found.keys():
                raise AccountError(f"{self.path} holds no token; `musicrec spotify logout` removes it")
            self.token = found
        return self.token

    def save_token_to_cache(self, token_info: dict[str, Any]) -> None:
        """Keep a token; a file is made with the rights it keeps, and renamed into its place."""
        self.token = token_info
        if not self.keep:
            return
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(token_info, file)
            beside.replace(self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise AccountError(f"{self.path} cannot be written ({error.strerror or error})") from error


class SignIn(SpotifyPKCE):
    """The sign-in of spotipy, which takes an answer that says no for a fault of its own."""

    def get_authorization_code(self, response: str | None = None) -> str:
        """Return the code that the browser brings.

        Raises
        ------
        SpotifyOauthError
            When the person, or Spotify, said no.
        """
        try:
            return super().get_authorization_code(response)
        except AttributeError as error:  # its server has no state when the answer has none
            raise SpotifyOauthError("the answer was no") from error


class Spotify:
    """An account that is signed in, or will be when it is first asked.

    Parameters
    ----------
    client_id : str
        Of the reader's own app; no secret.
    write : bool
        Whether playlists are to be made.
    keep : bool
        Whether the token goes to a file, so that the next command needs no sign-in.
    browser : bool
        Whether to open one and listen for its answer; without it the address is shown, and the answer is pasted.
    port : int
        Of the loopback address that the app names for its answers.
    path : pathlib.Path, optional
        Of the token.
    sleep : callable
        Waits for some seconds.

    Raises
    ------
    AccountError
        When there is no client id.
    """

    def __init__(
        self, client_id: str, *, write: bool = False, keep: bool = False, browser: bool = True, port: int = PORT,
        path: Path | None = None, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        if not client_id:
            raise AccountError(
                "name the client id of your own Spotify app, with --client-id or MUSICREC_SPOTIFY_CLIENT_ID; the page "
                '"Your account" of the book says how to get one'
            )
        session = requests.Session()  # one of our own repeats nothing
        self.sleep = sleep
        self.token = KeptToken(path or token_path(), keep=keep)
        self.auth = SignIn(
            client_id=client_id, redirect_uri=f"http://127.0.0.1:{port}", state=secrets.token_urlsafe(24),
            scope=" ".join(READ + WRITE if write else READ), cache_handler=self.token, open_browser=browser,
            requests_session=session, requests_timeout=TIMEOUT,
        )  # fmt: skip
        self.client = spotipy.Spotify(auth_manager=self.auth, requests_session=session, requests_timeout=TIMEOUT)

    def sign_in(self) -> None:
        """Sign in, unless there is a token that can be used or renewed."""
        self.ask(lambda client: self.auth.get_access_token())

    def ask(self, request: Callable[[spotipy.Spotify], Result], *, repeat: bool = True) -> Result:
        """Make a request, again where that helps.

        Parameters
        ----------
        request : callable
            Given the client.
        repeat : bool
            Whether it may have been done although no answer came, and be done again; else only a request that was
            refused for coming too early is repeated.

        Raises
        ------
        UncertainError
            When there is no answer, or one that does not say what became of the request.
        AccountError
            When the answer is no, or signing in fails.
        """
        renewed = False
        for attempt in range(TRIES):
            try:
                return request(self.client)
            except spotipy.SpotifyException as error:
                if error.http_status == 401 and not renewed:
                    renewed = True
                    self._renew()
                    continue
                again = error.http_status == 429 or (error.http_status >= 500 and repeat)
                if not again or attempt == TRIES - 1:
                    raise _refusal(error, uncertain=error.http_status >= 500) from error
                self.sleep(wanted_wait(error.headers, attempt, "Spotify"))
            except (SpotifyOauthError, SpotifyStateError) as error:
                raise AccountError(f"Spotify did not sign you in ({error}); try `musicrec spotify login`") from error
            except requests.RequestException as error:
                if not repeat or attempt == TRIES - 1:
                    problem = f"Spotify cannot be reached ({type(error).__name__}); is there a network?"
                    raise UncertainError(problem) from error
                self.sleep(wanted_wait(None, attempt, "Spotify"))
            except AccountError:
                raise
            except (OSError, EOFError) as error:  # of the sign-in: a port that is taken, nobody at the keyboard
                raise AccountError(f"no sign-in is possible here ({error}); try another --port") from error
        raise AccountError("Spotify accepts no token; sign in again with `musicrec spotify login`")

    def pages(self, request: Callable[[spotipy.Spotify, int], Any]) -> Iterator[dict[str, Any]]:
        """Yield the items of a list that comes in pages; `request` is given the client and where a page begins.

        Raises
        ------
        AccountError
            As `ask`, or when an answer is not as documented.
        """
        offset = 0
        while True:
            page = self.ask(lambda client, at=offset: request(client, at))  # type: ignore[misc]
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise AccountError("Spotify does not answer as documented")
            yield from (each for each in page["items"] if isinstance(each, dict))
            offset += len(page["items"])
            if not page["items"] or not page.get("next"):
                return

    def _renew(self) -> None:
        token = self.token.get_cached_token() or {}
        try:
            self.auth.refresh_access_token(token.get("refresh_token"))
        except (SpotifyOauthError, requests.RequestException) as error:
            raise AccountError("Spotify accepts the token no more; sign in again: `musicrec spotify login`") from error


def _refusal(error: Any, *, uncertain: bool) -> AccountError:
    if uncertain:
        return UncertainError(f"Spotify answers {error.http_status}; try again later")
    if error.http_status == 403:
        return AccountError(_REFUSED)
    if error.http_status == 404:
        return AccountError("Spotify has nothing at this address (404); is the link whole, and the playlist yours?")
    if error.http_status == 401:
        return AccountError("Spotify accepts the token no more; sign in again: `musicrec spotify login`")
    return AccountError(f"Spotify answers {error.http_status}; try again later")
