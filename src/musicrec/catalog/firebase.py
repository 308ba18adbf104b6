"""The catalogue in a Firebase Realtime Database, through its REST interface.

Three nodes stand below the address: `datasets/NAME` holds the metadata, `rows/KEY` the rows in numbered batches, and
`unfinished/KEY` says that the rows of a key belong to no dataset, because they are still being sent or were removed. A
dataset is there from the moment on in which one request writes its metadata and takes its key off `unfinished`, and
gone from the moment of the opposite request. What a killed process leaves behind is swept up a day later.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from musicrec.catalog.base import Catalog, Row, name_taken
from musicrec.catalog.entry import CatalogError, Entry

if TYPE_CHECKING:
    from musicrec.catalog.text import Progress, Reading

# Firebase takes up to 16 MB of a string's value and 256 MB a request; small requests are retried cheaply.
LIMIT = 512 * 1024  # bytes of a request
LONGEST_KEY = 768  # bytes
TRIES = 6
TIMEOUT = (10.0, 60.0)  # seconds to connect, and to answer
STALE = 24 * 3600.0  # seconds after which an unfinished upload is taken for dead
_FORBIDDEN = re.compile(r"[.$#\[\]/%\x00-\x1f\x7f]")


class FirebaseCatalog(Catalog):
    """A catalogue below one address of a Firebase Realtime Database.

    Firebase has no condition on a request that writes two places: of two processes that add the same name in the same
    instant, the later one stays.

    Parameters
    ----------
    address : str
        Such as `https://PROJECT.firebasedatabase.app/catalogue`.
    token : str
        An ID token or a database secret; "" where the database's rules allow everybody.
    limit : int
        The most bytes of one request.
    wait : float
        Seconds before the second of at most six tries; each further one waits twice as long.

    Raises
    ------
    CatalogError
        When the address is none, or when it is not encrypted and leads to another machine.
    """

    def __init__(self, address: str, token: str = "", *, limit: int = LIMIT, wait: float = 0.5) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise CatalogError(f"{parts.scheme}://{parts.hostname or ''} … is not the address of a database")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise CatalogError(f"{parts.hostname}: the address of a database begins with https://")
        self.place = address.rstrip("/")
        self.limit = limit
        self._token = token
        self._session = requests.Session()
        retry = Retry(
            TRIES - 1, backoff_factor=wait, backoff_jitter=wait / 2, status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None, raise_on_status=False, redirect=0,
        )  # fmt: skip
        self._session.mount("http://", HTTPAdapter(max_retries=retry))
        self._session.mount("https://", HTTPAdapter(max_retries=retry))

    def entries(self) -> list[Entry]:
        """Return what is in the catalogue, by name."""
        return [entry for entry, _ in self._index().values()]

    def _index(self) -> dict[str, tuple[Entry, list[int]]]:
        """Return entries and the places where their batches begin, by name."""
        found = self._ask("GET", "datasets") or {}
        if not isinstance(found, dict):
            raise CatalogError(f"{self.place} is not a catalogue")
        index = {}
        for name in sorted(found):
            raw = json.loads(found[name]["about"]) if isinstance(found[name], dict) and "about" in found[name] else {}
            index[name] = (Entry.from_dict(raw), [int(start) for start in found[name]["begins"]])
        return index

    def _store(self, path: Path, name: str, description: str, reading: Reading, progress: Progress) -> Entry:
        from musicrec.catalog import staging

        self._sweep()
        key = uuid.uuid4().hex
        with tempfile.TemporaryDirectory(prefix="musicrec-") as name_of_folder, staging.explaining(name_of_folder):
            # typed and described exactly as in the embedded catalogue
            folder = Path(name_of_folder)
            connection = staging.connect(folder)
            entry = staging.stage(connection, path, folder, reading, progress)
            entry = replace(entry, name=name, description=description, key=key)
            keys = _keys(entry)
            self._ask("PUT", f"unfinished/{key}", json.dumps(time.time()))
            begins: list[int] = []
            try:
                for begin, body in self._bodies(staging.batches(connection, entry, "staged.typed"), keys):
                    self._ask("PUT", f"rows/{key}/{len(begins)}", body)
                    begins.append(begin)
                    progress("sending", begin / entry.rows)
                about = json.dumps(entry.as_dict(), ensure_ascii=False)
                if len(about.encode()) + 32 * len(begins) > self.limit:
                    raise CatalogError(
                        f"the metadata of {name!r} are larger than the {self.limit:,} bytes of a request"
                    )
                if any(other.name == name for other in self.entries()):
                    raise CatalogError(name_taken(name))
                dataset = {"about": about, "begins": begins}
                self._ask("PATCH", "", json.dumps({f"datasets/{name}": dataset, f"unfinished/{key}": None}))
            except BaseException:
                self._forget(key, len(begins) + 1)
                raise
        progress("sending", 1.0)
        return entry

    def _bodies(self, batches: Iterator[list[Row]], keys: Sequence[str]) -> Iterator[tuple[int, bytes]]:
        """Yield bodies of at most `limit` bytes, each with the place of its first row."""
        begin = place = size = 0
        body: list[str] = []
        for batch in batches:
            for row in batch:
                # Firebase has no null: what is missing is not there
                cells = {key: cell for key, cell in zip(keys, row, strict=True) if cell is not None}
                text = f"{json.dumps(str(place))}: {json.dumps(cells, ensure_ascii=False)}"
                length = len(text.encode()) + 2
                if length + 2 > self.limit:
                    raise CatalogError(
                        f"row {place + 1:,} has {length:,} bytes, more than the {self.limit:,} of a request; nothing "
                        "was stored"
                    )
                if size + length + 2 > self.limit:
                    yield begin, ("{" + ", ".join(body) + "}").encode()
                    begin, size, body = place, 0, []
                body.append(text)
                size += length
                place += 1
        yield begin, ("{" + ", ".join(body) + "}").encode()

    def _drop(self, entry: Entry) -> None:
        begins = self._begins(entry)
        self._ask("PATCH", "", json.dumps({f"datasets/{entry.name}": None, f"unfinished/{entry.key}": 0}))
        self._forget(entry.key, len(begins))

    def _take(self, entry: Entry, places: Sequence[int]) -> list[Row]:
        begins = self._begins(entry)
        rows: dict[int, Row] = {}
        for number in sorted({bisect_right(begins, place) - 1 for place in places}):
            rows |= dict(enumerate(self._batch(entry, begins, number), start=begins[number]))
        return [rows[place] for place in places]

    def _batches(self, entry: Entry) -> Iterator[list[Row]]:
        begins = self._begins(entry)
        for number in range(len(begins)):
            yield self._batch(entry, begins, number)

    def _begins(self, entry: Entry) -> list[int]:
        index = self._index()
        if entry.name not in index or index[entry.name][0].key != entry.key:
            raise CatalogError(f"{entry.name!r} was removed or replaced by somebody else meanwhile; try again")
        return index[entry.name][1]

    def _batch(self, entry: Entry, begins: list[int], number: int) -> list[Row]:
        raw = self._ask("GET", f"rows/{entry.key}/{number}") or {}
        end = begins[number + 1] if number + 1 < len(begins) else entry.rows
        # Firebase answers with a list where the keys are consecutive numbers from 0
        held = dict(enumerate(raw)) if isinstance(raw, list) else {int(place): cells for place, cells in raw.items()}
        keys = _keys(entry)
        return [tuple((held.get(place) or {}).get(key) for key in keys) for place in range(begins[number], end)]

    def _sweep(self) -> None:
        """Delete what uploads and removals that were killed have left."""
        found = self._ask("GET", "unfinished") or {}
        for key, since in found.items() if isinstance(found, dict) else ():
            if re.fullmatch(r"[0-9a-f]{32}", key) and isinstance(since, int | float) and time.time() - since > STALE:
                self._forget(key)

    def _forget(self, key: str, batches: int | None = None) -> None:
        """Delete the rows of a key, batch by batch as Firebase wants it; failing that, leave them to a later sweep."""
        try:
            numbers = range(batches) if batches is not None else self._numbers(key)
            for number in numbers:
                self._ask("DELETE", f"rows/{key}/{number}")
            self._ask("DELETE", f"unfinished/{key}")
        except CatalogError:
            pass

    def _numbers(self, key: str) -> list[int]:
        found = self._ask("GET", f"rows/{key}", shallow="true") or {}
        return list(range(len(found))) if isinstance(found, list) else [int(number) for number in found]

    def _ask(self, method: str, node: str, body: str | bytes | None = None, **query: str) -> Any:
        """Send a request, again and again while the database is busy, and return the JSON of the answer.

        The token goes with it, but never into a message.
        """
        if self._token:
            query["auth"] = self._token
        if body is not None:
            query["print"] = "silent"  # no need to send the rows back
        data = body.encode() if isinstance(body, str) else body
        address = f"{self.place}/{node}.json" if node else f"{self.place}/.json"
        host = urlsplit(self.place).hostname
        try:
            answer = self._session.request(
                method, address, params=query, data=data, timeout=TIMEOUT, allow_redirects=False,
                headers={"Content-Type": "application/json"} if data is not None else None,
            )  # fmt: skip
        except requests.RequestException as error:
            raise CatalogError(
                f"{host} does not answer after {TRIES} tries ({type(error).__name__}); what was not finished was not "
                "stored"
            ) from None  # the chain holds the address with the token
        if answer.status_code in (401, 403):
            raise CatalogError(f"{host} refuses ({answer.status_code}): is MUSICREC_FIREBASE_TOKEN set and valid?")
        if not answer.ok:
            raise CatalogError(
                f"{host} answers {answer.status_code} after {TRIES} tries: {_reason(answer, self._token)}"
            )
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise CatalogError(f"{host} answers something that is not JSON; is the address right?") from None


def _keys(entry: Entry) -> list[str]:
    """Return the columns' names as keys: what Firebase allows in none is written %XX.

    Examples
    --------
    >>> _escape("a.b/c 100%")
    'a%2Eb%2Fc 100%25'
    """
    keys = [_escape(name) for name in entry.columns]
    for key, name in zip(keys, entry.columns, strict=True):
        if len(key.encode()) > LONGEST_KEY:
            raise CatalogError(f"the column {name[:40]!r}… has a name too long for Firebase ({LONGEST_KEY} bytes)")
    return keys


def _escape(name: str) -> str:
    return _FORBIDDEN.sub(lambda mark: f"%{ord(mark[0]):02X}", name)


def _reason(answer: requests.Response, token: str) -> str:
    try:
        text = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        text = answer.reason or ""
    return (text.replace(token, "…") if token else text)[:200]
