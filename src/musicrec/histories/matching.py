"""Which artists of a catalogue a history is about, by the rules of `musicrec.names`, and what is told of the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from musicrec.histories.read import History
from musicrec.names import is_placeholder, plain, read_list
from musicrec.names.fold import main_artist

Find = Callable[[str], int | None]
LONGEST = 1000  # letters of a name; what is longer is none
TOLD = 10  # names told one by one, the most played first

# Between the artists of a joint credit: first what is hardly ever part of a name, then what often is.
_GUESTS = re.compile(
    r"\s*[(\[]?(?<![^\W_])(?:feat|ft|featuring)(?![^\W_])\.?\s*|\s*[;|/]\s+|\s+(?:x|×|vs\.?|with)\s+", re.IGNORECASE
)
_JOINED = re.compile(r"\s*,\s+|\s+(?:&|\+|and|und|et|y|e)\s+", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Matched:
    """A history as artists of a catalogue.

    Attributes
    ----------
    items : list of int
        The artists, the most played first.
    counts : list of int
        How often each was played.
    item_of : list of tuple of int
        For each artist of the plays, its items: several of a joint credit, none when nobody is known.
    shares : dict of str to float
        Of all plays: `known`, `too rare` (of too few listeners to be recommended by), `unknown`, `no artist`.
    unknown, rare : list of (str, int)
        Names that are not in the catalogue, or too rare there, and their plays; the most played first.
    read_as : list of (str, int)
        Names that are written otherwise in the catalogue, and the item they were read as; the most played first.
    """

    items: list[int]
    counts: list[int]
    item_of: list[tuple[int, ...]]
    shares: dict[str, float]
    unknown: list[tuple[str, int]] = field(default_factory=list)
    rare: list[tuple[str, int]] = field(default_factory=list)
    read_as: list[tuple[str, int]] = field(default_factory=list)


def match_artists(
    history: History, find: Find, too_rare: Callable[[str], bool], name_of: Callable[[int], str]
) -> Matched:
    """Look up every artist of a history.

    Parameters
    ----------
    history : History
        As read.
    find : callable
        Returns the item of a name, None where there is none.
    too_rare : callable
        Whether a name is in the catalogue, but of too few listeners.
    name_of : callable
        Returns the name of an item.
    """
    plays = history.plays
    counts = plays.counts
    alone = {plain(name) for name, count in zip(plays.artists, counts, strict=True) if count}
    item_of = [_items(name, find, alone) for name in plays.artists]
    total: dict[int, int] = {}
    sums = dict.fromkeys(("known", "too rare", "unknown", "no artist"), 0)
    left: dict[str, list[tuple[str, int]]] = {"unknown": [], "too rare": [], "read as": []}
    read_as: list[tuple[str, int, int]] = []
    for name, items, count in zip(plays.artists, item_of, counts.tolist(), strict=True):
        if not count:
            continue
        for item in items:
            total[item] = total.get(item, 0) + count
        kind = "known" if items else _why_not(name, too_rare)
        sums[kind] += count
        if kind in left:
            left[kind].append((name, count))
        if len(items) == 1 and plain(name_of(items[0])) != plain(name):
            read_as.append((name, items[0], count))
    _add_listed(history.listed, find, too_rare, total, sums, left)
    everything = max(sum(sums.values()), 1)
    order = sorted(total, key=lambda item: -total[item])
    most_played = sorted(read_as, key=lambda each: -each[2])
    return Matched(
        order, [total[item] for item in order], item_of, {kind: count / everything for kind, count in sums.items()},
        sorted(left["unknown"], key=lambda each: -each[1]), sorted(left["too rare"], key=lambda each: -each[1]),
        [(name, item) for name, item, _ in most_played],
    )  # fmt: skip


def _why_not(name: str, too_rare: Callable[[str], bool]) -> str:
    if is_placeholder(name):
        return "no artist"
    return "too rare" if too_rare(name) else "unknown"


def _add_listed(
    listed: list[str], find: Find, too_rare: Callable[[str], bool], total: dict[int, int], sums: dict[str, int],
    left: dict[str, list[tuple[str, int]]],
) -> None:  # fmt: skip
    """Count the artists of plain lists, each mention as a play."""
    if not listed:
        return
    listing = read_list("".join(listed), find)
    for item in listing.found:
        total[item] = total.get(item, 0) + 1
    sums["known"] += len(listing.found)
    for _, name in listing.missing:
        kind = _why_not(name, too_rare)
        sums[kind] += 1
        if kind in left:
            left[kind].append((name, 1))


def _items(name: str, find: Find, alone: set[str]) -> tuple[int, ...]:
    """Return the items of a name: its own, or those of the artists of a joint credit that are known.

    A part between commas or "and" counts when all parts are known, or when its name has several words, or when the
    history has it alone too: "Earth, Wind & Fire" is not *Earth*.
    """
    if len(name) > LONGEST:
        return ()
    item = find(name)
    if item is not None and main_artist(name) is None:  # otherwise it may be the first of several that was found
        return (item,)
    parts = (part.strip(" ()[]") for part in _GUESTS.split(name))
    found = dict.fromkeys(each for part in parts if part for each in _joint(part, find, alone))
    return tuple(found) or (() if item is None else (item,))


def _joint(credit: str, find: Find, alone: set[str]) -> Iterator[int]:
    if (item := find(credit)) is not None:
        yield item
        return
    parts = [part for part in _JOINED.split(credit) if part]
    if len(parts) < 2:
        return
    items = [find(part) for part in parts]
    for part, item in zip(parts, items, strict=True):
        if item is not None and (None not in items or len(part.split()) > 1 or plain(part) in alone):
            yield item


def played_items(matched: Matched, artist: NDArray[np.int32]) -> list[int]:
    """Return the items of some rows of plays, given by their artists, the most frequent first."""
    total: dict[int, int] = {}
    for number, count in enumerate(np.bincount(artist, minlength=len(matched.item_of)).tolist()):
        for item in matched.item_of[number] if count else ():
            total[item] = total.get(item, 0) + count
    return sorted(total, key=lambda item: -total[item])
