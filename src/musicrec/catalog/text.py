"""Files as lines of text: plain or gzipped, in the encoding that fits, within stated limits."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from musicrec.catalog.entry import TYPES, CatalogError

LONGEST_ROW = 8 << 20  # bytes of a row, a record or a line
MOST_BYTES = 16 << 30  # of a file, unpacked
CHUNK = 1 << 20
Progress = Callable[[str, float], None]  # told what is going on and which share of it, 0 to 1, is done

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
# What old programs wrote, and which of its relatives, that have a character more, is taken for it.
LEGACY = {
    "cp1252": "cp1252", "iso8859-1": "cp1252", "iso8859-15": "iso8859-15", "mac-roman": "mac-roman", "cp850": "cp850",
    "cp437": "cp850", "cp932": "cp932", "shift_jis": "cp932", "euc_jp": "euc_jp", "gb18030": "gb18030",
    "gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "big5hkscs": "big5hkscs", "cp949": "cp949",
    "euc_kr": "cp949", "cp1251": "cp1251", "koi8-r": "koi8-r", "cp1250": "cp1250", "iso8859-2": "iso8859-2",
    "cp1253": "cp1253", "cp1254": "cp1254", "cp1255": "cp1255", "cp1256": "cp1256",
}  # fmt: skip
# Apostrophes, quotes and dashes where they stand in English, in Windows-1252: other encodings have letters there.
TYPOGRAPHY = re.compile(
    r"’(?=(?:s|t|re|ll|d|m|ve)?(?:\W|$))|(?<=\b[NODLndl])’(?=\w)|(?<!\w)[‘“](?=\w)|(?<=\S)”(?!\w)|(?<!\w)[–—](?!\w)|"
    r"(?<=\w)…(?!\w)|€(?=\s?\d)|(?<=\d)\s?€"
)
# Two bytes or more of a character of UTF-8 whose end is missing.
CUT_OFF = re.compile(
    rb"(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f]|"
    rb"\xf0[\x90-\xbf][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{1,2}|\xf4[\x80-\x8f][\x80-\xbf]?)(?![\x80-\xbf])"
)
WIDE = {"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"}  # a character may have two bytes
NO_TABLES = {  # what begins like this is no table, whatever its name ends in
    rb"version https://git-lfs": "a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
    rb"(\.\./)*(\.git)?/annex/objects/": "a git-annex pointer, not the file itself; fetch it with `git annex get`",
    rb"(?i:<(!doctype|!--|\?xml|html|head|body|table|svg|rss|error|xml)\b)": "mark-up (HTML or XML), perhaps of an "
    "error; download the file itself",
    rb"%PDF-|\{\\rtf|PK\x03\x04|\xd0\xcf\x11\xe0|PAR1|\x89PNG|\x89HDF|SQLite": "a file of another program, "
    "not text; save it as .csv or .json first",
    rb"\(\xb5\x2f\xfd|BZh[1-9]|\xfd7zXZ|7z\xbc\xaf": "packed by another program than gzip; unpack it first",
    rb"(?i:\[(InternetShortcut|Desktop Entry)\])|bplist00": "a shortcut to something else; fetch what it leads to",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, as far as somebody said so; None where it is to be found out."""

    separator: str | None = None
    encoding: str | None = None
    header: bool | None = None


@dataclass(frozen=True)
class Source:
    """A file that may be added; `fallback` is the encoding of its lines that are not UTF-8."""

    path: Path
    type: str  # csv or json
    size: int
    compressed: bool
    encoding: str = "utf-8"
    fallback: str = ""
    notes: tuple[str, ...] = ()


def open_source(path: Path, encoding: str | None, progress: Progress) -> Source:
    """Look through a file, and settle its encoding: the given one, or the one that fits.

    Raises
    ------
    CatalogError
        When it is missing, empty, too large, of a type that cannot be added, or no text in any encoding.
    """
    for form in ("NFC", "NFD"):  # systems differ in how they spell an accent in a file's name
        path = path if path.exists() else path.with_name(unicodedata.normalize(form, path.name))
    if not path.exists():
        raise CatalogError(f"there is no file {path}")
    if not path.is_file():
        raise CatalogError(f"{path} is no file, but a folder or a device")
    plain = path.name.lower().removesuffix(".gz")
    kind = next((kind for ending, kind in TYPES.items() if plain.endswith(ending)), None)
    if kind is None:
        raise CatalogError(f"{path.name} is of a type that cannot be added; files end in .csv or .json, or .csv.gz, …")
    with path.open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    source = Source(path, kind, path.stat().st_size, compressed)
    if path.name.lower().endswith(".gz") and not compressed and source.size:
        raise CatalogError(f"{path.name} ends in .gz but is not gzipped; rename it")
    first = next(_chunks(source, progress, ""), b"")[:4096]
    if not first.strip(b"\xef\xbb\xbf \t\r\n"):
        raise CatalogError(f"{path.name} is empty")
    for pattern, what in NO_TABLES.items():
        if re.match(rb"(\xef\xbb\xbf)?\s*(" + pattern + rb")", first):
            raise CatalogError(f"{path.name} is {what}")
    if kind == "csv" and re.match(rb"(\xef\xbb\xbf)?\s*(\{\s*(\"|\})|\[\s*[\[{\]])", first):
        raise CatalogError(f"{path.name} holds JSON; let its name end in .json")
    if encoding is not None:
        try:
            codecs.getincrementaldecoder(encoding)().decode(b"", True).encode()
        except (LookupError, AttributeError, TypeError, ValueError):
            raise CatalogError(f"{encoding!r} is no encoding; such as utf-8, cp1252, mac-roman, shift_jis") from None
        if codecs.lookup(encoding).name == "utf-8":
            encoding = "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else "utf-8"
        return replace(source, encoding=encoding)
    marked = next((name for mark, name in BOMS.items() if first.startswith(mark)), None)
    if not marked and b"\0" in first:
        odd, even = first[1::2].count(0), first[::2].count(0)
        if max(odd, even) < 0.4 * len(first) / 2 or min(odd, even) > 0.05 * len(first):
            raise CatalogError(f"{path.name} is not text (it holds zero bytes); save it as .csv or .json first")
        marked = "utf-16-le" if odd > even else "utf-16-be"
    return replace(source, encoding=marked) if marked not in (None, "utf-8-sig") else _surveyed(source, progress)


def _surveyed(source: Source, progress: Progress) -> Source:
    """Settle the encoding of a file whose lines are UTF-8, or some of them, or none."""
    fitting, odd, cut, line, sample = 0, 0, 0, 0, b""
    shown: list[tuple[int, bytes]] = []
    for block in _blocks(source, progress, "looking"):
        try:
            block.decode()
            fitting += not block.isascii()
        except UnicodeDecodeError:
            for place, text in enumerate(block.splitlines(), start=line + 1):
                if text.isascii() or _utf8(text):
                    fitting += not text.isascii()
                    continue
                odd += 1
                cut += _cut_off(text)
                shown += [(place, text[:200])] * (not shown)
                sample += text[:2000] + b"\n" if len(sample) < 60_000 else b""
        line += _lines_in(block)
    if not odd:
        return source
    if cut == odd and (fitting or b"\xf0\x9f" in shown[0][1]):
        raise CatalogError(
            f"{source.path.name}, line {shown[0][0]}: UTF-8, but a character is cut off in the middle; fetch the file "
            "again if it ends there, mend the line if not, or name another encoding with --encoding"
        )
    name = guess_encoding(sample)
    if not name:
        raise CatalogError(
            f"{source.path.name}, line {shown[0][0]}: not UTF-8, and no other encoding fits; name it with --encoding"
        )
    number, text = shown[0]
    about = f"line {number} reads {text.decode(name, 'replace')!r}; if that is wrong, name another with --encoding"
    if (name in WIDE and odd > fitting) or not fitting:
        return replace(source, encoding=name, notes=(f"not UTF-8, taken for {name}: {about}",))
    count = f"{odd:,} lines are" if odd > 1 else "one line is"
    return replace(source, fallback=name, notes=(f"{count} not UTF-8, taken for {name}: {about}",))


def guess_encoding(sample: bytes) -> str:
    r"""Return the encoding that makes most of some lines which are not UTF-8; "" where none makes sense.

    Examples
    --------
    >>> guess_encoding("Björk\nSigur Rós".encode("cp1252")), guess_encoding("東京事変\nくるり".encode("cp932"))
    ('cp1252', 'cp932')
    """
    import chardet

    if TYPOGRAPHY.sub("", sample.decode("cp1252", "replace")).isascii():
        return "cp1252"
    names = {codecs.lookup(name).name: better for name, better in LEGACY.items()}
    guesses = chardet.detect_all(sample, ignore_threshold=True)
    found = [names.get(_codec(guess["encoding"] or ""), "") for guess in guesses]
    return next((name for name in (*found, "cp1252") if name and _sensible(sample, name)), "")


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _sensible(sample: bytes, name: str) -> bool:
    """Say whether text in an encoding is mostly letters where it is not ASCII, and holds nothing unprintable."""
    try:
        marks = [mark for mark in sample.decode(name) if not mark.isascii()]
    except UnicodeDecodeError:
        return False
    kinds = [unicodedata.category(mark) for mark in marks]
    usual = sum(
        kind[0] in "LM" or kind in ("Pd", "Pi", "Pf", "Zs") or mark in "…€·°"
        for kind, mark in zip(kinds, marks, strict=True)
    )
    return not {"Cc", "Cn", "Co"} & set(kinds) and usual >= 0.75 * len(marks) > 0


def lines_of(source: Source, progress: Progress, what: str) -> Iterator[str]:
    """Yield the lines of a file, each with its end (newline, carriage return, or both); of JSON, also parts of one."""
    line = 0
    for block in _blocks(source, progress, what):
        if b"\0" in block:
            line += _lines_in(block[: block.index(b"\0")]) + 1
            raise CatalogError(f"{source.path.name}, line {line}: not text (it holds zero bytes)")
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            if not source.fallback:
                line += _lines_in(block[: error.start]) + 1
                raise CatalogError(f"{source.path.name}, line {line}: not {source.encoding} text") from error
            each = block.splitlines(keepends=True)
            text = "".join(raw.decode("utf-8" if _utf8(raw) else source.fallback, "replace") for raw in each)
        yield from io.StringIO(text, newline="")
        line += _lines_in(block)


def _blocks(source: Source, progress: Progress, what: str) -> Iterator[bytes]:
    """Yield a file in pieces that end where a line does, in UTF-8 unless it is something else line by line."""
    rest, line = b"", 1
    for chunk in _transcoded(source, _chunks(source, progress, what)):
        block = rest + chunk
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
        if source.type == "json":  # whole lists may stand on one line
            cut = max(cut, block.rfind(b",") + 1, block.rfind(b'"') + 1)
        if len(block) - cut > LONGEST_ROW:
            line += _lines_in(block[:cut])
            raise CatalogError(
                f"{source.path.name}, line {line}: longer than the {LONGEST_ROW >> 20} MiB a row may have"
            )
        if cut:
            line += _lines_in(block[:cut])
            yield block[:cut]
        rest = block[cut:]
    if rest:
        yield rest


def _transcoded(source: Source, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Turn another encoding into UTF-8."""
    if source.encoding == "utf-8":
        first = True
        for chunk in chunks:
            yield chunk.removeprefix(codecs.BOM_UTF8) if first else chunk
            first = False
        return
    decoder, line = codecs.getincrementaldecoder(source.encoding)(), 1
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            line += text.count("\n")
            yield text.encode()
        yield decoder.decode(b"", True).encode()
    except UnicodeError as error:
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
        raise CatalogError(
            f"{source.path.name}, line {line}: not {source.encoding} text; name another --encoding"
        ) from error


def _chunks(source: Source, progress: Progress, what: str) -> Iterator[bytes]:
    done = 0
    with source.path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if source.compressed else raw
        try:
            while chunk := file.read(CHUNK):
                done += len(chunk)
                if done > MOST_BYTES:
                    raise CatalogError(
                        f"{source.path.name} has more than {MOST_BYTES >> 30} GiB of text; add it in parts"
                    )
                progress(what, min(raw.tell() / max(source.size, 1), 1.0))
                yield chunk
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CatalogError(f"{source.path.name}: the gzip archive is damaged ({error}); nothing stored") from error


def _utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut_off(line: bytes) -> bool:
    """Say whether all that is not UTF-8 in a line are characters of which the end is missing, two bytes or more each.

    One byte says nothing: it is a letter with an accent in older encodings.
    """
    return _utf8(CUT_OFF.sub(b"?", line))


def _lines_in(block: bytes) -> int:
    return block.count(b"\n") + (block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else 0)
