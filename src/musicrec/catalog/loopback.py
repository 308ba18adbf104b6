"""A pretend Firebase Realtime Database on the loopback address: to try the catalogue without an account.

It speaks the part of the REST interface that the catalogue needs, keeps everything in memory, and does as Firebase does
where that surprises: what is null or empty is not there, keys that are consecutive numbers come back as a list, some
marks are forbidden in keys, and a large request is refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_FORBIDDEN = re.compile(r"[.$#\[\]/\x00-\x1f\x7f]")


class Loopback:
    """The database behind the address.

    Attributes
    ----------
    address : str
        Where it is.
    tree : dict
        What it holds.
    requests : list of tuple of str, str, int
        Method, path and bytes (of the body and of the answer) of every request.
    failures : list of int
        Status codes to answer the next requests with, instead of serving them; 0 breaks the connection.
    token : str
        What `auth` must say; "" for anybody.
    limit : int
        The most bytes of a body.
    """

    def __init__(self) -> None:
        self.address, self.token, self.limit = "", "", 16 << 20
        self.tree: dict[str, Any] = {}
        self.requests: list[tuple[str, str, int]] = []
        self.failures: list[int] = []
        self.lock = threading.Lock()

    def handle(self, method: str, keys: list[str], body: Any, shallow: bool) -> tuple[int, Any]:
        """Do one request and return the status and what to answer."""
        if method == "GET":
            node = _read(self.tree, keys)
            return 200, dict.fromkeys(node, True) if shallow and isinstance(node, dict) else _lists(node)
        changes = {"/".join(keys): body}
        if method == "PATCH":
            if not isinstance(body, dict):
                return 400, {"error": "PATCH needs an object"}
            changes = {"/".join([*keys, path]): value for path, value in body.items()}
        elif method == "DELETE":
            changes = {"/".join(keys): None}
        try:
            clean = {path: _clean(value) for path, value in changes.items()}
            if any(_FORBIDDEN.search(key) for path in clean for key in path.split("/")):
                raise ValueError
        except ValueError:
            return 400, {
                "error": "Invalid data; couldn't parse key: keys must be non-empty and must not contain .$#[]/"
            }
        for path, value in clean.items():
            _write(self.tree, [key for key in path.split("/") if key], value)
        return 200, body


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Serve an empty database for the time of a `with` block."""
    database = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with database.lock:
                failure = database.failures.pop(0) if database.failures else 200
                if failure == 0:
                    self.close_connection = True
                    return
                if failure != 200:
                    status, value = failure, {"error": "as it was told to"}
                elif database.token and query.get("auth") != database.token:
                    status, value = 401, {"error": "Permission denied"}
                elif len(sent) > database.limit:
                    status, value = 413, {"error": "Data requested exceeds the maximum size"}
                else:
                    status, value = self.served(parts.path, query, sent)
                silent = status == 200 and query.get("print") == "silent"
                out = b"" if silent else json.dumps(value).encode()
                database.requests.append((self.command, unquote(parts.path), len(sent) + len(out)))
            self.send_response(204 if silent else status)
            self.send_header("Content-Type", "application/json")
            if not silent:
                self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        def served(self, path: str, query: dict[str, str], sent: bytes) -> tuple[int, Any]:
            if not path.endswith(".json"):
                return 404, {"error": "append .json to the path"}
            keys = [unquote(key) for key in path.removesuffix(".json").split("/") if key]
            try:
                body = json.loads(sent, parse_constant=_refuse) if sent else None
            except ValueError:
                return 400, {"error": "Invalid data; couldn't parse JSON object, array, or value."}
            return database.handle(self.command, keys, body, query.get("shallow") == "true")

        do_GET = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    database.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield database
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _refuse(text: str) -> None:
    raise ValueError(text)


def _clean(value: Any) -> Any:
    """Return what Firebase keeps of a value: lists as objects, nothing that is null or empty."""
    if isinstance(value, list):
        value = {str(place): each for place, each in enumerate(value)}
    if not isinstance(value, dict):
        return value
    if any(not key or _FORBIDDEN.search(key) for key in value):
        raise ValueError
    kept = {key: _clean(each) for key, each in value.items()}
    return {key: each for key, each in kept.items() if each is not None} or None


def _lists(node: Any) -> Any:
    """Return a value as Firebase answers it: an object whose keys are mostly 0, 1, 2, … is a list."""
    if not isinstance(node, dict):
        return node
    if all(key.isdigit() for key in node) and 2 * len(node) > (most := max(map(int, node))):
        return [_lists(node.get(str(place))) for place in range(most + 1)]
    return {key: _lists(each) for key, each in node.items()}


def _read(node: Any, keys: list[str]) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, dict) else None
    return node or (node if not isinstance(node, dict) else None)


def _write(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    if not keys:
        tree.clear()
        tree.update(value or {})
        return
    key, *rest = keys
    if rest:
        inner = tree.get(key)
        inner = inner if isinstance(inner, dict) else {}
        _write(inner, rest, value)
        value = inner or None
    if value is None:
        tree.pop(key, None)
    else:
        tree[key] = value
