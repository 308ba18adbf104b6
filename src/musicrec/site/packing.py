"""Data that a page loads: a script, because a page opened from disk may load no other kind of file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from musicrec.files import write_text

SCRIPTS = Path("scripts")  # of the site
UNPACK = "unpack.js"


def write_packed(site: Path, name: str, variable: str, data: Any) -> str:
    """Write data as a script that gives them to a variable of the page, compressed; `unpack.js` reads them.

    Parameters
    ----------
    site : Path
        The root of the site, or of its source.
    name : str
        Of the file, without the version that is added to it.
    variable : str
        Of the page.
    data
        What JSON can hold.

    Returns
    -------
    str
        Where the script lies below the root.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    letters = base64.b64encode(gzip.compress(text, 9, mtime=0)).decode()
    place = SCRIPTS / "data" / f"{name}-{hashlib.sha256(text).hexdigest()[:12]}.js"
    write_text(site / place, f'window.{variable} = "{letters}";\n')
    return place.as_posix()


def unpacked(script: str) -> Any:
    """Return the data of such a script.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> unpacked((folder / write_packed(folder, "a", "b", {"c": ["d"]})).read_text())
    {'c': ['d']}
    """
    return json.loads(gzip.decompress(base64.b64decode(script.split('"')[1])))


def version(site: Path, names: tuple[str, ...]) -> str:
    """Return a mark of the present state of some files in `scripts`, for their addresses."""
    return hashlib.sha256(b"".join((site / SCRIPTS / name).read_bytes() for name in names)).hexdigest()[:12]
