"""Where generated files go, and how they are written: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def build_dir() -> Path:
    """Return the folder of everything generated: `MUSICREC_BUILD`, or `build` beside the book's `_config.yml`."""
    if given := os.environ.get("MUSICREC_BUILD"):
        return Path(given)
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "_config.yml").exists()), here)
    return root / "build"


@contextmanager
def whole(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file for writing under a temporary name beside `path`; rename it when the block ends well.

    After an error, or when the program is stopped, what was there before is still there.

    Parameters
    ----------
    path : path-like
        The file to write; its folder is made when missing.
    mode : {"w", "wb"}
        Text in UTF-8, or bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # temporary files are private; this one is to be read like any other
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file whole or not at all."""
    with whole(path) as file:
        file.write(text)
