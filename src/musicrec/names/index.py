"""Finding what a person means by a typed name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from musicrec.names.fold import exact, is_placeholder, keys, main_artist, plain, unmarked
from musicrec.names.near import Near

OVERSHADOWS = 10  # a name is taken for one written alike that so many times as many people know


class UnknownNameError(LookupError):
    """No item has that name; `nearest` holds the names that come close, closest first."""

    def __init__(self, text: str, nearest: Sequence[str], kind: str = "artist") -> None:
        self.text, self.nearest = text, tuple(nearest)
        if kind == "artist" and text.strip() and is_placeholder(text):
            super().__init__(f"{_shortened(text)} stands for a name that is missing, not for an artist")
            return
        hint = f"did you mean {listed(self.nearest)}?" if nearest else "and nothing comes close"
        super().__init__(f"no {kind} is called {_shortened(text)}; {hint}")


class Match(NamedTuple):
    """The item that is meant, and others whose names may be written the same way, the best known first."""

    item: int
    others: tuple[int, ...]


class Names:
    """Looks up items by name.

    Parameters
    ----------
    names : sequence of str, shape (n_items,)
        The names, in the order of the items.
    listeners : array-like of int, shape (n_items,)
        How well known each item is: of several that fit, the best known is meant.
    kind : str
        What an item is called in messages.

    Examples
    --------
    >>> names = Names(["Muse Hill", "Muse", "The Knife", "R.E.M."], [9, 5, 7, 8])
    >>> names.find("muse"), names.find("knife"), names.find("rem")
    (1, 2, 3)
    >>> names.find("the knive")
    Traceback (most recent call last):
    musicrec.names.index.UnknownNameError: no artist is called 'the knive'; did you mean The Knife?
    """

    def __init__(self, names: Sequence[str] | np.ndarray, listeners: ArrayLike, kind: str = "artist") -> None:
        self.names = [str(name) for name in names]
        self.listeners = np.asarray(listeners)
        self.kind = kind
        self._order = np.argsort(-self.listeners, kind="stable").tolist()  # the best known first
        self._alike: dict[str, list[int]] = {}
        for item in self._order:
            for key in keys(self.names[item]):
                self._alike.setdefault(key, []).append(item)

    def look_up(self, text: str) -> Match | None:
        """Return the item that is meant by a text and the others it may be read as, None where there is none.

        Of the names with the same letters and digits, the one written exactly so is meant, with or without what may
        stand around a name in a list (see `unmarked`); else one that differs only
        in what `plain` takes away, else the best known; but never one that hardly anybody knows beside another that
        `OVERSHADOWS` times as many do. Of a joint credit that is no name itself, the main artist is meant.
        """
        if self.kind == "artist" and is_placeholder(text):
            return None
        alike = {item: None for key in keys(text) for item in self._alike.get(key, ())}
        if not alike:
            main = main_artist(text)
            return self.look_up(main) if main else None
        ranked = sorted(alike, key=lambda item: (-int(self.listeners[item]), item))
        chosen = self._closest(text, ranked)
        return Match(chosen, tuple(item for item in ranked if item != chosen))

    def match(self, text: str) -> Match:
        """Return the item that is meant by a text, and the others it may be read as; see `look_up`.

        Raises
        ------
        UnknownNameError
            When there is none; the message names those that come close.
        """
        if found := self.look_up(text):
            return found
        raise UnknownNameError(text, self.suggest(text), self.kind)

    def _closest(self, text: str, ranked: list[int]) -> int:
        written, folded = [exact(text), *unmarked(text)], plain(text)
        alike = ([item for item in ranked if exact(self.names[item]) == form] for form in written)
        close = (
            next(filter(None, alike), []) or [item for item in ranked if plain(self.names[item]) == folded] or ranked
        )
        hidden = self.listeners[ranked[0]] >= OVERSHADOWS * self.listeners[close[0]]
        return ranked[0] if hidden else close[0]

    def find(self, text: str) -> int:
        """Return the item that is meant by a text; see `look_up`.

        Raises
        ------
        UnknownNameError
            When there is none; the message names those that come close.
        """
        return self.match(text).item

    def suggest(self, text: str, n: int = 3) -> list[str]:
        """Return up to n names that a text abbreviates or is similar to, closest first, the better known of equals."""
        if self.kind == "artist" and is_placeholder(text):
            return []
        found = self._near.find(plain(text), n)
        return [self.names[self._order[place]] for place in found]

    @cached_property
    def _near(self) -> Near:
        return Near([plain(self.names[item]) for item in self._order])


def listed(names: Sequence[str]) -> str:
    """Write names as a choice: "A, B or C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:199]}…")
