"""The listens of a ListenBrainz user, page by page.

Anybody may read them without a key: https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests

from musicrec.accounts.errors import TRIES, AccountError, wanted_wait
from musicrec.histories.json_formats import listenbrainz
from musicrec.histories.plays import Collector

ADDRESS = "https://api.listenbrainz.org"
PAGE = 1000  # listens; the most the service gives at once
TIMEOUT = 30.0  # seconds


class ListenBrainz:
    """What a user listened to, the newest first.

    Parameters
    ----------
    user : str
        The name at ListenBrainz.
    address : str
        Of the service.
    sleep : callable
        Waits for some seconds.

    Raises
    ------
    AccountError
        When the name is empty.
    """

    title = "ListenBrainz"

    def __init__(self, user: str, *, address: str = "", sleep: Callable[[float], None] = time.sleep) -> None:
        if not user.strip():
            raise AccountError("a ListenBrainz user has a name; it stands in the address of the user's page")
        self.user = user.strip()
        self.name = f"{self.user} at ListenBrainz"
        self.address = address or ADDRESS
        self.sleep = sleep

    def read(self, into: Collector, say: Callable[[str], None] | None = None) -> None:
        """Read all listens.

        The service gives listens before a moment. A page may end between two of one second, so each page is asked for
        from the last second of the page before it, and what was there already is passed over.

        Raises
        ------
        AccountError
            When there is no such user, or the service cannot be reached or does not answer as documented.
        """
        into.begin(self.title)
        before: int | None = None
        seen: set[tuple[Any, ...]] = set()
        n, overlaps = 0, False
        with requests.Session() as session:
            while True:
                page = self._page(session, before, n)
                fresh = [each for each in page if _key(each) not in seen and (before is None or _time(each) < before)]
                if not fresh and not overlaps:
                    return
                if not fresh and before is not None:
                    before, overlaps, seen = before - 1, False, set()
                    continue
                listenbrainz(io.BytesIO(json.dumps(fresh).encode()), into)
                n += len(fresh)
                if say:
                    say(f"{self.name}: {n:,} listens")
                last = min(map(_time, fresh))
                seen = {key for key in seen if key[0] == last} | {_key(each) for each in fresh if _time(each) == last}
                before, overlaps = last + 1, True

    def _page(self, session: requests.Session, before: int | None, n: int) -> list[dict[str, Any]]:
        where = f"{self.address}/1/user/{quote(self.user, safe='')}/listens"
        asked = {"count": PAGE} if before is None else {"count": PAGE, "max_ts": before}
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = session.get(where, params=asked, timeout=TIMEOUT, allow_redirects=False,
                                     headers={"User-Agent": "musicrec (a book on music recommendation)"})  # fmt: skip
            except requests.RequestException as error:
                if last:
                    raise AccountError(
                        f"ListenBrainz cannot be reached ({type(error).__name__}); {n:,} listens had been read and are "
                        "not used. Is there a network? The same command tries again"
                    ) from error
                self.sleep(wanted_wait(None, attempt, self.title))
                continue
            if answer.status_code == 404:
                raise AccountError(f"ListenBrainz has no user {self.user!r}")
            if answer.status_code == 200:
                listens = _listens(answer)
                if answer.headers.get("X-RateLimit-Remaining") == "0":
                    self.sleep(wanted_wait(answer.headers, 0, self.title))
                return listens
            if answer.status_code != 429 and answer.status_code < 500:
                break
            if not last:
                self.sleep(wanted_wait(answer.headers, attempt, self.title))
        raise AccountError(
            f"ListenBrainz answers {answer.status_code} {answer.reason}; {n:,} listens had been read and are not used"
        )


def _listens(answer: requests.Response) -> list[dict[str, Any]]:
    try:
        return [each for each in answer.json()["payload"]["listens"] if isinstance(each["listened_at"], int)]
    except (ValueError, KeyError, TypeError) as error:
        raise AccountError("ListenBrainz does not answer as documented; its export, a zip, can be read too") from error


def _time(listen: dict[str, Any]) -> int:
    return int(listen["listened_at"])


def _key(listen: dict[str, Any]) -> tuple[Any, ...]:
    about = listen.get("track_metadata")
    about = about if isinstance(about, dict) else {}
    return _time(listen), str(listen.get("recording_msid")), str(about.get("artist_name")), str(about.get("track_name"))
