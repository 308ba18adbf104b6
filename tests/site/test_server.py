"""Looking at a site on this machine."""

import socket
from pathlib import Path

import pytest

from musicrec.site import server
from musicrec.site.notebooks import BookError


def test_serving_needs_a_site_and_a_free_port(tmp_path: Path):
    with pytest.raises(BookError, match="there is no site in"):
        server.serve_site(tmp_path, 0, print)
    (tmp_path / "index.html").write_text("hello")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BookError, match="choose another with --port"):
        server.serve_site(tmp_path, taken.getsockname()[1], print)
