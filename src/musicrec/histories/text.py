"""Bytes of any encoding as UTF-8, piece by piece."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

CHUNK = 1 << 20
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding that the first bytes of a text say, and how many bytes say it.

    Examples
    --------
    >>> encoding_of(b"[{"), encoding_of("[{".encode("utf-16")), encoding_of("[{".encode("utf-16-le"))
    (('utf-8', 0), ('utf-16-le', 2), ('utf-16-le', 0))
    """
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name, len(mark)
    zeros = [place % 2 for place, byte in enumerate(head[:200]) if byte == 0]
    if len(zeros) > len(head[:200]) / 3 and len(set(zeros)) == 1:
        return ("utf-16-be", "utf-16-le")[zeros[0]], 0
    return "utf-8", 0


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a text in UTF-8 in pieces of about a MiB, whatever encoding its first bytes say."""
    first = stream.read(CHUNK)
    encoding, skipped = encoding_of(first)
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    piece = first[skipped:]
    while piece:
        yield decoder.decode(piece).encode() if decoder else piece
        piece = stream.read(CHUNK)


def decode(raw: bytes) -> str:
    r"""Return bytes as text: UTF-8, and only where they are not, line by line, Windows-1252.

    Examples
    --------
    >>> decode("Björk".encode()), decode("Björk".encode("cp1252")), decode("Sigur Rós\nBj".encode() + b"\xf6rk")
    ('Björk', 'Björk', 'Sigur Rós\nBjörk')
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(_line(line) for line in raw.splitlines(keepends=True))


def _line(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def lines(stream: IO[bytes], longest: int = 1 << 22) -> Iterator[str]:
    """Yield the lines of a text with their ends; a line of more than `longest` bytes is cut there."""
    rest = b""
    for piece in chunks(stream):
        block = rest + piece
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
        if not cut and len(block) > longest:
            cut = len(block)
        yield from decode(block[:cut]).splitlines(keepends=True)
        rest = block[cut:]
    if rest:
        yield from decode(rest).splitlines(keepends=True)
