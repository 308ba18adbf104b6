"""Where data files come from: the reader's folder, the cache, the official download."""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from musicrec.files import cache_dir

MAX_BYTES = (
    256 * 2**20
)  # of one file: far above every published one, far below what a malicious archive could unpack to
PROBE_SECONDS = 6.0  # within which a server must answer at all; name look-up and connecting together
READ_SECONDS = 30.0  # longest silence while a download runs
RETRIES = 2

T = TypeVar("T")


class DataError(ValueError):
    """Data are not what they should be; the message says which file, which line and what was expected."""


class DataUnavailableError(DataError):
    """Data can be had nowhere: not in `MUSICREC_DATA`, not in the cache, not from the network."""


@dataclass(frozen=True)
class File:
    """The content of one file and what to call it in messages."""

    label: str
    data: bytes

    def expect_last_line_end(self, line: int) -> None:
        """Refuse a file that stops in the middle of line number `line`, its last.

        A number that lost its last digits is still a number: only the missing line end shows that a file whose
        values are not the published ones was cut off.
        """
        if not self.data.rstrip(b"\r").endswith(b"\n"):
            raise DataError(
                f"{self.label}, line {line} (the last): expected a line end, and the values are not the published "
                "ones: the file is cut off. Fetch it again"
            )


@dataclass(frozen=True)
class Source:
    """What to look for.

    Attributes
    ----------
    name : str
        Name of the data set, and of its folder.
    files : tuple of str
        The files needed.
    download : str
        Name of the one file the publisher offers: a zip archive of `files`, or the only file itself.
    url : str
        Its address. The environment variable `mirror` replaces it.
    mirror : str
        Name of that variable.
    folders : tuple of str
        Further folder names under which people keep these files.
    """

    name: str
    files: tuple[str, ...]
    download: str
    url: str
    mirror: str
    folders: tuple[str, ...] = field(default=())

    @property
    def address(self) -> str:
        """The address to download from."""
        return os.environ.get(self.mirror) or self.url


# Here, not beside its parser, so that a copy can be found without importing what parsing needs.
LASTFM = Source(
    name="lastfm-2k",
    files=("artists.dat", "user_artists.dat", "tags.dat", "user_taggedartists.dat", "user_friends.dat"),
    download="hetrec2011-lastfm-2k.zip",
    url="https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip",
    mirror="MUSICREC_LASTFM_URL",
    folders=("hetrec2011-lastfm-2k",),
)
SPOTIFY = Source(
    name="spotify-songs",
    files=("spotify_songs.csv",),
    download="spotify_songs.csv",
    url="https://raw.githubusercontent.com/rfordatascience/tidytuesday/main/data/2020/2020-01-21/spotify_songs.csv",
    mirror="MUSICREC_SPOTIFY_URL",
)


def compare_fingerprint(source: Source, found: str, published: str) -> tuple[str, ...]:
    """Return a note for the reader, and warn, when the values of a source are not the published ones."""
    if found == published:
        return ()
    warnings.warn(
        f"{source.name}: sizes are as published, but the values are not: the fingerprint is {found}, expected "
        f"{published}. Scores may differ from the book's; fetch the official file from {source.url}",
        stacklevel=4,
    )
    return (f"the values differ from the published ones (fingerprint {found}, expected {published})",)


def data_dir() -> Path | None:
    """Return the folder named by `MUSICREC_DATA`, or None when it is not set."""
    given = os.environ.get("MUSICREC_DATA")
    return Path(given).expanduser() if given else None


def fetch(source: Source, parse: Callable[[dict[str, File]], T], *, progress: bool = True) -> tuple[T, str]:
    """Find a source, parse it, and say how it was found.

    Looks in `MUSICREC_DATA`, then in the cache, then downloads (unless `MUSICREC_OFFLINE` is set). A download is
    parsed before it enters the cache, so the cache never holds a file that was bad when it came.

    Parameters
    ----------
    source : Source
        What to look for.
    parse : callable
        Takes the files by name and raises `DataError` when they are not what they should be.
    progress : bool
        Whether to show a progress bar while downloading.

    Returns
    -------
    parsed, found
        What `parse` returned, and `MUSICREC_DATA`, `cache` or `download`.

    Raises
    ------
    DataError
        When the copy in `MUSICREC_DATA` is not what it should be: it is the reader's, and is never replaced.
    DataUnavailableError
        When there is no copy anywhere; the message lists where it was looked for.
    """
    tried = []
    root = data_dir()
    if root is None:
        tried.append("MUSICREC_DATA is not set")
    elif not root.is_dir():
        warnings.warn(f"MUSICREC_DATA names {root}, which is not a folder; looking elsewhere", stacklevel=3)
        tried.append(f"MUSICREC_DATA names {root}, which is not a folder")
    elif files := _in_folder(source, root):
        return parse(files), "MUSICREC_DATA"
    else:
        tried.append(f"the folder {root} (MUSICREC_DATA) holds neither {source.name}/ nor {source.download}")

    cached = cache_dir() / source.name / source.download
    if cached.exists():
        try:
            return parse(_read(source, cached)), "cache"
        except DataError as error:
            warnings.warn(f"the cached copy is damaged and will be downloaded again: {error}", stacklevel=3)
            tried.append(f"the cached file {cached} is damaged ({error}); delete it")
    else:
        tried.append(f"the cache has no {cached}")

    if os.environ.get("MUSICREC_OFFLINE"):
        tried.append("downloads are switched off (MUSICREC_OFFLINE)")
    else:
        try:
            return _download(source, cached, parse, progress), "download"
        except (DataError, OSError) as error:  # requests' errors are OSErrors too
            tried.append(f"{source.address} could not be downloaded ({error})")
    raise DataUnavailableError(
        f"no copy of {source.name} can be had: {'; '.join(tried)}. Set MUSICREC_DATA to a folder that holds "
        f"{source.name}/{source.files[0]}{' …' if len(source.files) > 1 else ''} or {source.download} "
        f"(from {source.url})"
    )


def at_hand(source: Source) -> dict[str, File] | None:
    """Return the files `fetch` would parse without asking the network, unparsed; None when there are none.

    Raises
    ------
    DataError
        When the copy in `MUSICREC_DATA` lacks a file or cannot be read.
    """
    root = data_dir()
    if root and root.is_dir() and (files := _in_folder(source, root)):
        return files
    cached = cache_dir() / source.name / source.download
    try:
        return _read(source, cached) if cached.exists() else None
    except DataError:
        return None  # `fetch` will get another


def _in_folder(source: Source, root: Path) -> dict[str, File] | None:
    """Read the files from below a folder, or from the archive in it; None when there is no trace of them."""
    for folder in (*(root / name for name in (source.name, *source.folders)), root):
        present = [name for name in source.files if (folder / name).is_file()]
        if len(present) == len(source.files):
            return {name: _read_file(folder / name) for name in source.files}
        if (archive := folder / source.download).is_file():
            return _read(source, archive)
        if present:
            missing = ", ".join(name for name in source.files if name not in present)
            raise DataError(f"{folder} lacks {missing}; copy all of {', '.join(source.files)} there")
    return None


def _read(source: Source, path: Path) -> dict[str, File]:
    return read_zip(path, source.files) if path.suffix == ".zip" else {source.files[0]: _read_file(path)}


def _read_file(path: Path) -> File:
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise DataError(f"{path} has {size:,} bytes, more than the {MAX_BYTES:,} expected at most")
        return File(str(path), path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def read_zip(path: Path, names: tuple[str, ...], limit: int | None = None) -> dict[str, File]:
    """Read some files of a zip archive, in whatever folder of it they are, into memory.

    Nothing is unpacked to disk, so no name in the archive can lead anywhere; and no more than `limit` bytes
    (`MAX_BYTES`) are unpacked of each, whatever size the archive claims.

    Raises
    ------
    DataError
        When the archive is damaged, lacks a file, holds it twice, or unpacks to too much.
    """
    limit = MAX_BYTES if limit is None else limit
    files = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                members = [m for m in archive.infolist() if m.filename.rpartition("/")[2] == name]
                if len(members) != 1:
                    raise DataError(f"{path}: expected one {name} in the archive, found {len(members)}")
                with archive.open(members[0]) as member:
                    data = member.read(limit + 1)
                if len(data) > limit:
                    raise DataError(
                        f"{path}: {name} unpacks to more than {limit:,} bytes; this is not the official file"
                    )
                files[name] = File(f"{path}: {name}", data)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, zlib.error) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}); delete it and fetch it again") from error
    return files


def _download(source: Source, target: Path, parse: Callable[[dict[str, File]], T], progress: bool) -> T:
    import pooch

    probe(source.address)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=target.parent) as incoming:
        fetcher = pooch.create(
            path=incoming,
            base_url="",
            registry={target.name: None},  # no published hash is known: the content is checked instead
            urls={target.name: source.address},
            retry_if_failed=RETRIES,
        )
        downloader = pooch.HTTPDownloader(progressbar=progress, timeout=(PROBE_SECONDS, READ_SECONDS))
        logger = pooch.get_logger()
        level = logger.level
        logger.setLevel("WARNING")  # its INFO lines would land in the book's pages
        try:
            arrived = Path(fetcher.fetch(target.name, downloader=downloader))
        except ValueError as error:
            raise DataError(str(error)) from error
        finally:
            logger.setLevel(level)
        try:
            parsed = parse(_read(source, arrived))
        except DataError as error:
            raise DataError(str(error).replace(str(arrived), f"the file from {source.address}")) from error
        arrived.replace(target)
    return parsed


def probe(url: str, seconds: float | None = None) -> None:
    """Return when the server of an address answers anything at all.

    A missing network must be noticed in seconds, but looking up a name can block for half a minute in the
    operating system; hence the thread, which is left behind.

    Raises
    ------
    DataError
        When there is no answer within `seconds` (`PROBE_SECONDS`).
    """
    import requests

    seconds = PROBE_SECONDS if seconds is None else seconds

    outcome: list[Exception | None] = []

    def ask() -> None:
        try:
            requests.head(url, timeout=seconds)
            outcome.append(None)
        except Exception as error:  # whatever it is, the waiting caller must hear of it
            outcome.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise DataError(f"no answer within {seconds:g} s; is there a network?")
    if outcome[0] is not None:
        raise DataError(f"no connection: {_root_cause(outcome[0])}")


def _root_cause(error: BaseException) -> str:
    """Return the innermost message of an error that wraps others, as requests' errors do."""

    def chain(error: BaseException | None) -> Iterator[BaseException]:
        while error is not None:
            yield error
            error = error.__cause__ or error.__context__

    return str(list(chain(error))[-1]) or type(error).__name__
