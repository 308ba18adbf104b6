"""The page "Try it" without the rest of the book: its own HTML and scripts, on simulated listeners."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from musicrec.serving.forms import Served
from musicrec.site import try_page

BOOK = Path(__file__).parents[2] / "book"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None
)
NO_CHROMIUM = "no Chromium or Chrome is installed (Debian: apt install chromium)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def write_page(folder: Path, models: Sequence[Served]) -> try_page.Payload:
    """Write try.html with everything it loads, from the sources of the real page."""
    for name in ("scripts", "vendor"):
        shutil.copytree(BOOK / name, folder / name)
    made = try_page.write(folder, models)
    blocks = re.findall(
        r"```\{raw\} html\n(.*?)```",
        (folder / "generated" / "try.md").read_text(encoding="utf-8") + (BOOK / "try.md").read_text(encoding="utf-8"),
        re.S,
    )
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try it</title><link rel="icon" href="data:,">'
    (folder / "try.html").write_text(head + "".join(blocks), encoding="utf-8")
    return made


@contextmanager
def served_folder(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback address and yield its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
