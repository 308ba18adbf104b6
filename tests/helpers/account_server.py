"""A server on the loopback address that a test starts, scripts and stops."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
LOST = (0, None)  # the connection ends without an answer


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    handle: Callable[[Asked], Answer]
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    failures: list[Answer] = field(default_factory=list)  # what the next requests get instead; None: as usual

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        failure = self.failures.pop(0) if self.failures else None
        return failure if failure is not None else self.handle(asked)


@contextmanager
def serve(handle: Callable[[Asked], Answer]) -> Iterator[Server]:
    server = Server(handle)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: Any) -> None:
            pass

        def answer(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, value, *more = server.answer(Asked(self.command, parts.path, query, dict(self.headers), body))
            if status == 0:
                self.close_connection = True
                return
            out = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in (more[0] if more else {}).items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_GET = do_POST = do_PUT = do_DELETE = answer

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
