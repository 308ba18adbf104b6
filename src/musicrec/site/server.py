"""A look at a site on this machine."""

from __future__ import annotations

from pathlib import Path

from musicrec.site.build import Say
from musicrec.site.notebooks import BookError


def serve_site(html: Path, port: int, say: Say) -> None:
    """Serve the folder of a site on the loopback address until interrupted.

    Raises
    ------
    BookError
        When there is no site, or when the port is taken.
    """
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    if not (html / "index.html").exists():
        raise BookError(f"there is no site in {html} yet; `make book` builds it")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(html)))
    except OSError as error:
        raise BookError(f"port {port} cannot be used ({error.strerror}); choose another with --port") from error
    with server:
        say(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
