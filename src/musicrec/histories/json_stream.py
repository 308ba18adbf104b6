"""Lists of records in JSON, piece by piece: a history of gigabytes takes the memory of a few records.

A file is cut where one record ends and the next begins. A cut in the wrong place (the marks may stand in a title, or
in a list within a record) leaves something that is no JSON, and another one is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, TypeVar

import msgspec

from musicrec.histories.text import chunks, decode

Record = TypeVar("Record")
# Without a comma: one record a line. Possessive: long runs of spaces must not take time that grows with their square.
_BETWEEN = re.compile(rb"\}\s*+(?:,\s*+)?+(?=\{)")
_LINES = re.compile(rb"\}[ \t\r]*+\n\s*+(?=\{)")
_CUTS = 50  # places that are tried before more is read
LONGEST = 1 << 24  # bytes of one record


class BrokenError(ValueError):
    """A text that breaks off, or is no JSON from some place on."""


def records(
    stream: IO[bytes], kind: type[Record], start: re.Pattern[bytes] = re.compile(rb"\s*\[")
) -> Iterator[list[Record]]:
    """Yield the records of a list, many at a time.

    Parameters
    ----------
    stream : binary file
        A list of objects, or one object a line.
    kind : type
        A `msgspec.Struct` of the fields that are wanted; the others are passed over.
    start : re.Pattern
        What stands before the first record.

    Raises
    ------
    BrokenError
        After the last whole record, when something else follows that is none.
    """
    decoder = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
    buffer, began = b"", False
    for chunk in chunks(stream):
        buffer += chunk
        if not began:
            found = start.match(buffer)
            buffer, began = buffer[found.end() :] if found else buffer, True
        at = len(buffer)
        for _ in range(_CUTS):
            cut = _last_between(buffer, at)
            if cut is None:
                break
            at, end = cut
            whole = _read(buffer[: at + 1], decoder, kind)
            if whole is not None:
                yield whole
                buffer = buffer[end:]
                break
        if len(buffer) > LONGEST:
            raise BrokenError("no record ends within 16 MiB")
    yield from _rest(buffer, decoder, kind)


def _last_between(buffer: bytes, before: int) -> tuple[int, int] | None:
    """Return the last place before another where a record may end, and where the next begins."""
    size = 1 << 16
    while True:
        last = None
        for last in _BETWEEN.finditer(buffer, max(0, before - size), before):  # noqa: B007 the last is wanted
            pass
        if last:
            return last.start(), last.end()
        if size >= before:
            return None
        size *= 8


def _rest(buffer: bytes, decoder: Any, kind: type[Record]) -> Iterator[list[Record]]:
    """Yield the last records; of a text that breaks off, those that are whole."""
    text = buffer.strip()
    at = text.rfind(b"]")
    ended = at >= 0 and not text[at + 1 :].strip(b"} \t\r\n")  # of the list, and of the object around it
    closed = text[:at].rstrip().removesuffix(b",") if ended else text
    for candidate in (text, closed):
        whole = _read(candidate, decoder, kind)
        if whole is not None:
            if whole:
                yield whole
            return
    at = len(text)
    for _ in range(_CUTS):
        cut = _last_between(text, at)
        if cut is None:
            break
        at = cut[0]
        whole = _read(text[: at + 1], decoder, kind)
        if whole:
            yield whole
            break
    raise BrokenError("the text breaks off or is damaged")


def _read(text: bytes, decoder: Any, kind: type[Record]) -> list[Record] | None:
    """Return the records of a text without brackets, None where it is not whole."""
    try:
        return list(decoder.decode(b"[%b]" % text))
    except msgspec.ValidationError:  # something among the records is none
        return _only_records(text, kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        text.decode()
        fixed = text
    except UnicodeDecodeError:
        fixed = decode(text).encode()
    joined = _LINES.sub(b"},\n", fixed)
    if joined == text:
        return None
    try:
        return list(decoder.decode(b"[%b]" % joined))
    except msgspec.DecodeError:
        return None


def _only_records(text: bytes, kind: type[Record]) -> list[Record] | None:
    try:
        values = msgspec.json.decode(b"[%b]" % text)
    except msgspec.DecodeError:
        return None
    return [msgspec.convert(value, kind) for value in values if isinstance(value, dict)]
