"""Where generated files go, and how they are written: whole or not at all, by one process at a time."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

# What the system says when there is no room or no way to write, without naming a file.
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}


class BusyError(OSError):
    """Another process is writing there."""


def book_folder() -> Path | None:
    """Return the folder of the book: the nearest one, from here upwards, whose settings are this book's."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        contents, settings = folder / "_toc.yml", folder / "_config.yml"
        # any Jupyter book has files of these names; only this one has formulas made by this package
        if contents.is_file() and settings.is_file() and "musicrec.site" in settings.read_text("utf-8", "replace"):
            return folder
    return None


def cache_dir() -> Path:
    """Return the folder of downloads: `MUSICREC_CACHE`, or the platform's cache folder for `musicrec`."""
    if given := os.environ.get("MUSICREC_CACHE"):
        return Path(given).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("musicrec")


def build_dir() -> Path:
    """Return the folder of everything generated.

    `MUSICREC_BUILD`, or `build` in the folder of the book; outside the book the user's cache, so that nothing is left
    in a folder that has nothing to do with it.
    """
    if given := os.environ.get("MUSICREC_BUILD"):
        return Path(given).expanduser()
    root = book_folder()
    return root / "build" if root else cache_dir() / "build"


@contextmanager
def whole(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file for writing under a temporary name beside `path`; rename it when the block ends well.

    After an error, or when the program is stopped, what was there before is still there. Two processes that write the
    same file never mix: the one that ends last is what stands.

    Parameters
    ----------
    path : path-like
        The file to write; its folder is made when missing.
    mode : {"w", "wb"}
        Text in UTF-8, or bytes.

    Raises
    ------
    OSError
        When it cannot be written; the message names `path`, never the temporary file.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": made here and now, with the rights any new file gets, or not at all
        file = beside.open(f"x{mode[1:]}", encoding=None if "b" in mode else "utf-8")
    except OSError as error:
        raise _about(path, error) from error
    try:
        with file:
            yield file
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        ours = error.filename is not None and Path(str(error.filename)) == beside
        if ours or (error.filename is None and error.errno in _NO_ROOM):
            raise _about(path, error) from error
        raise
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _about(path: Path, error: OSError) -> OSError:
    """Return an error of the same kind that says which file or folder cannot be written."""
    place = path if path.is_dir() or error.errno in _NO_ROOM else path.parent
    told = type(error)(f"{place} cannot be written: {(error.strerror or str(error)).lower()}")
    told.errno = error.errno
    return told


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file whole or not at all."""
    with whole(path) as file:
        file.write(text)


@contextmanager
def locked(path: str | os.PathLike[str], refusal: str) -> Iterator[None]:
    """Hold a lock while a block makes, uses and removes files; the system frees it whatever becomes of this process.

    Parameters
    ----------
    path : path-like
        The lock file. It stays: who removes one that another process has just opened leaves two holding "the" lock.
    refusal : str
        What to say when another process holds it.

    Raises
    ------
    BusyError
        When another process holds it.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise _about(path, error) from error
    with file:
        try:
            _take(file)
        except OSError as error:
            raise BusyError(refusal) from error
        yield


def _take(file: IO[bytes]) -> None:
    """Lock a file for this process; raise OSError when another one has it."""
    if os.name == "nt":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
