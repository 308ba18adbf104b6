"""Which served artists a person means, by name or by a pasted list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musicrec.names import Match, Names, UnknownNameError, read_list
from musicrec.serving.forms import MIN_LISTENERS

MOST_TOLD = 50  # names that were not found and are told one by one


class Meant(NamedTuple):
    """What texts mean: positions of the artists, each once, and what there is to say about the others."""

    artists: list[int]
    notes: list[str]  # on names that were found, and could have been meant otherwise
    rare: list[str]  # of too few listeners
    problems: list[str]  # not found at all


class Lookup:
    """Finds artists among those with enough listeners; the others are named only to say that they have too few.

    Parameters
    ----------
    names : sequence of str, shape (n_artists,)
        Names of the artists.
    listeners : array-like of int, shape (n_artists,)
        How many listeners each has.
    """

    def __init__(self, names: Sequence[str], listeners: NDArray[np.int64]) -> None:
        self.names = [str(name) for name in names]
        self.listeners = np.asarray(listeners)
        self.places = np.flatnonzero(self.listeners >= MIN_LISTENERS)
        self.index = Names([self.names[at] for at in self.places], self.listeners[self.places])

    @cached_property
    def rare(self) -> Names:
        """The artists of too few listeners."""
        places = np.flatnonzero(self.listeners < MIN_LISTENERS)
        return Names([self.names[at] for at in places], self.listeners[places])

    def match(self, text: str) -> Match:
        """Return the position of the artist that is meant, and of the others the text may be read as.

        Raises
        ------
        UnknownNameError
            When there is none of enough listeners.
        """
        return self._placed(self.index.match(text))

    def _placed(self, found: Match) -> Match:
        return Match(int(self.places[found.item]), tuple(int(self.places[other]) for other in found.others))

    def too_rare(self, text: str) -> str | None:
        """Return the name of an artist of too few listeners that is meant by a text, None where there is none."""
        found = self.rare.look_up(text)
        return self.rare.names[found.item] if found else None

    def _find(self, text: str) -> int | None:
        found = self.index.look_up(text)
        return self._placed(found).item if found else None

    def read(self, texts: Sequence[str]) -> Meant:
        """Return what texts mean; each is a name, or holds lines as people paste them."""
        meant = Meant([], [], [], [])
        for text in texts:
            self._read_one(text, meant)
        artists, notes, rare, problems = (list(dict.fromkeys(part)) for part in meant)
        if len(problems) > MOST_TOLD:
            problems[MOST_TOLD:] = [f"… and {len(problems) - MOST_TOLD:,} more names that were not found"]
        return Meant(artists, notes, rare, problems)  # type: ignore[arg-type]

    def _read_one(self, text: str, meant: Meant) -> None:
        if not text.strip():
            meant.problems.append("an artist's name is empty")
            return
        listing = read_list(text, self._find)
        meant.artists.extend(listing.found)
        for item in listing.found if len(listing.found) == 1 else ():
            meant.notes.extend(self._note(text.strip(), item))
        for line, looked_for in listing.missing:
            if name := self.too_rare(line) or self.too_rare(looked_for):
                meant.rare.append(name)
            elif len(meant.problems) < MOST_TOLD:
                nearest = self.index.suggest(looked_for)
                meant.problems.append(str(UnknownNameError(looked_for or line, nearest)))
            else:
                meant.problems.append(repr(line))

    def _note(self, text: str, item: int) -> list[str]:
        named = self.index.look_up(text)
        found = self._placed(named) if named else None
        if not found or found.item != item or not found.others:
            return []
        others = " and ".join(f"{self.names[at]} ({self.listeners[at]:,} listeners)" for at in found.others)
        return [f"{text!r} is read as {self.names[item]} ({self.listeners[item]:,} listeners); there is also {others}"]
