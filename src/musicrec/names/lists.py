"""Lists of artists as people paste them: numbers, counts, bullets, songs and commas beside the names.

A line is read as it stands if it is a name; only then is something taken away. A number therefore stays where it
belongs to the name. `book/scripts/names.js` reads lists by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Find = Callable[[str], int | None]

SPAN = 6  # a name goes over so many cells at most
LONGEST = 300  # letters of a line from which something is taken away

_NUMBER = r"\d[\d.,'’]*"
_BULLET = re.compile(r"^(?:[-*•‣◦·▪►▶>→✓✔☑+–—]+\s+|[•‣◦·▪►▶→✓✔☑]+)(?:\[[ xX]?\]\s+)?(?=\S)")
_RANK = re.compile(
    r"^(?:[\[(]\s*\d+\s*[\])]\s*|(?:#|№|nr\.?|no\.)\s*\d+\s*[.):,;–—-]?\s+|\d+\s*[.):,;|]\s+|\d+[.):,;|](?=[^\d\s])|"
    rf"\d+\s*\t\s*|\d+\s+[–—-]\s+|{_NUMBER}\s*[x×]\s+|{_NUMBER}\s+(?:plays?|listens?|scrobbles?|times)\s*[:–—-]?\s+)(?=\S)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"(?:\s*[(\[{]\s*[x×]?\s*\d[\d.,'’\s]*[%x×]?\s*[^\W\d_]*\.?\s*[)\]}]|"
    rf"[\s,;:|=–—-]+{_NUMBER}\s*(?:x|×|plays?|listens?|scrobbles?|streams?|times)\.?|"
    rf"(?:\s*[,;|=\t]\s*|\s*:\s+|\s+[:–—-]\s+|\s{{2,}}|\s+[x×]\s*)\"?{_NUMBER}\s*%?\"?)\s*[,;]?$",
    re.IGNORECASE,
)
_BARE_RANK = re.compile(r"^(\d+)\s+(?=\S)")
_LAST_NUMBER = re.compile(r",\s+(\d+)$")
_BARE_COUNT = re.compile(r"\s+\d+$")
_DASH = re.compile(r"\s+[-–—‒―−~|]+\s+|\s*\t\s*")
_QUOTED_SONG = re.compile(r"^(.*\S)\s+[\"“„«].+[\"”“»]$")
_QUOTES = re.compile(r"^[\"“”„«»](.*)[\"“”„«»]$")
_ONLY_NUMBER = re.compile(rf"^{_NUMBER}\s*%?$")
_HEADING = frozenset(
    """artist, artists, artist name, name, band, plays, play count, playcount, count, rank, #, no, nr, track, song,
    title, album, listens, scrobbles, position, times""".replace("\n   ", "").split(", ")
)


class Listing(NamedTuple):
    """What a pasted list holds."""

    lines: int  # that are not empty and no heading
    found: list[int]  # items in the order of the list; one named twice stands twice
    missing: list[tuple[str, str]]  # what was not found as it stands there, and the name that was looked for


def read_list(text: str, find: Find) -> Listing:
    r"""Read a list of names, one or several a line.

    Parameters
    ----------
    text : str
        The list.
    find : callable
        Returns the item of a name, None where there is none.

    Examples
    --------
    >>> catalogue = ["Oasis", "Sum 41", "Tyler, The Creator", "Muse"]
    >>> def find(name):
    ...     return catalogue.index(name) if name in catalogue else None
    >>> read_list('1. Oasis\n"Tyler, The Creator",12\nMuse, Sum 41, Oasis\nMuse – Uprising\nNobody (3)', find)
    Listing(lines=5, found=[0, 2, 3, 1, 0, 3], missing=[('Nobody (3)', 'Nobody')])
    """
    lines = [line.strip() for line in re.split(r"[\r\n\u2028\u2029]+", text.lstrip("\ufeff"))]
    lines = [line for line in lines if line]
    if lines and _is_heading(lines[0]) and find(lines[0]) is None:
        lines = lines[1:]
    reader = _Reader(find, _numbered(lines), len(lines) > 2 and all(_BARE_COUNT.search(line) for line in lines))
    found: list[int] = []
    missing: list[tuple[str, str]] = []
    for line in lines:
        items, unknown = reader.line(line)
        found += items
        missing += unknown
    return Listing(len(lines), found, missing)


def _is_heading(line: str) -> bool:
    cells = [cell.strip(" \"'").casefold() for cell in re.split(r"[,;\t]", line)]
    return all(cell in _HEADING for cell in cells) and (len(cells) > 1 or cells[0].startswith("artist"))


def _numbered(lines: list[str]) -> bool:
    """Whether every line starts with its number in a row: only then is a number before a space no part of a name."""
    numbers = [int(match[1][:9]) if (match := _BARE_RANK.match(line)) else -1 for line in lines]
    return len(lines) > 2 and numbers[0] >= 0 and numbers == list(range(numbers[0], numbers[0] + len(lines)))


class _Reader(NamedTuple):
    find: Find
    numbered: bool  # numbers before a space are places in the list
    counted: bool  # numbers at the end of a line are counts

    def line(self, line: str) -> tuple[list[int], list[tuple[str, str]]]:
        """Return the items of a line, and what of it was not found."""
        last = None if self.counted else _LAST_NUMBER.search(line)
        if last and self.find(line) is None and self.find(last[1]) is not None:
            items, unknown = self.several(_cells(line, ","), spaced=True)
            if items and not unknown:  # "Muse, 311" are two names; "Muse,311" is one with a count
                return items, []
        item = self.one(line)
        if item is not None:
            return [item], []
        cleaned = self.cleaned(line)[-1]
        for separator in ("\t", ";", ","):
            cells = _cells(cleaned, separator)
            if len(cells) > 1:
                spaced = separator == "," and not re.search(r",\S", cleaned)
                items, unknown = self.several(cells, spaced)
                if items:
                    return items, [(cell, self.cleaned(cell)[-1]) for cell in unknown]
        return [], [(line, _DASH.split(cleaned)[0].strip(' "'))]

    def one(self, text: str) -> int | None:
        """Return the item a text names, with whatever stands beside the name taken away."""
        variants = self.cleaned(text)
        heads = []  # "A - B - Song" may be a song by "A - B"
        for variant in variants:
            heads += [variant[: dash.start()] for dash in reversed(list(_DASH.finditer(variant)))]
            heads += [match[1]] if (match := _QUOTED_SONG.match(variant)) else []
        for candidate in dict.fromkeys([*variants, text, *heads]):
            if (item := self.find(_QUOTES.sub(r"\1", candidate))) is not None:
                return item
        return None

    def cleaned(self, text: str) -> list[str]:
        """Return a text, and what is left as more and more is taken away; where numbers are places, without its own."""
        if len(text) > LONGEST:
            return [text]
        starts = [_BARE_RANK.sub("", text) if self.numbered else text]
        starts.append(_BULLET.sub("", starts[-1]))
        starts.append(_RANK.sub("", starts[-1]))
        variants = list(starts)
        for start in dict.fromkeys(starts):
            shorter = start
            while (left := _COUNT.sub("", shorter).strip()) not in ("", shorter):
                variants.append(shorter := left)
            if self.counted:
                variants.append(_BARE_COUNT.sub("", shorter))
        return variants if len(variants) > len(starts) else [*variants, starts[-1]]

    def several(self, cells: list[str], spaced: bool) -> tuple[list[int], list[str]]:
        """Return the items of the cells of one line, and the cells that are none; nothing when it is no list.

        A name may go over several cells. Two cells are a list only if both are names, more if most are: "Earth, Wind &
        Fire" is not *Earth*, even where nobody else is at hand. Without a space after the comma, a cell that is no
        name may be a song or an album of the artist in the first.
        """
        parts: list[tuple[str, list[int]]] = []
        at = 0
        while at < len(cells):
            end, items = self.longest(cells, at, spaced)
            if items is not None:
                parts.append((cells[at], items))
            at = end
        items = [item for _, some in parts for item in some]
        unknown = [cell for cell, some in parts if not some]
        if not unknown or (len(parts) > 2 and len(items) > len(unknown)):
            return items, unknown
        if not spaced and parts[0][1]:
            return parts[0][1], []
        return [], []

    def longest(self, cells: list[str], at: int, spaced: bool) -> tuple[int, list[int] | None]:
        """Return where the longest name that starts with a cell ends, and its item; None for a place or a count."""
        for end in range(min(len(cells), at + SPAN), at, -1):
            alone = end - at == 1
            last = spaced and end == len(cells)
            if alone and _ONLY_NUMBER.match(cells[at]) and not (last and self.find(cells[at]) is not None):
                return end, None
            item = self.one(cells[at]) if alone else self.find(", ".join(cells[at:end]))
            if item is not None:
                return end, [item]
        two = [self.one(name) for name in re.split(r"^(?:and|&)\s+|\s+(?:and|&)\s+", cells[at]) if name]
        return at + 1, [item for item in two if item is not None] if spaced and at and None not in two else []


def _cells(line: str, separator: str) -> list[str]:
    """Split a line at a separator outside double quotes; of commas, those without a space after them come first."""
    close = separator == "," and re.search(r",(?=\S)", line)
    pattern = r",(?=\S)" if close else rf"{separator}\s*"
    line = line.replace("\x00", "")
    quoted = re.findall(r'"(?:[^"]|"")*"', line)
    hidden = re.sub(r'"(?:[^"]|"")*"', "\x00", line)
    cells = []
    for cell in re.split(pattern, hidden):
        while "\x00" in cell:
            cell = cell.replace("\x00", quoted.pop(0)[1:-1].replace('""', '"'), 1)
        cells.append(cell.strip())
    return [cell for cell in cells if cell]
