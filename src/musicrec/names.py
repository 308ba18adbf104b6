"""Finding what a person means by a typed name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


class UnknownNameError(LookupError):
    """No item has that name; `nearest` holds the names that come close, closest first."""

    def __init__(self, text: str, nearest: Sequence[str], kind: str = "artist") -> None:
        self.text, self.nearest = text, tuple(nearest)
        hint = f"did you mean {_listed(self.nearest)}?" if nearest else "and nothing comes close"
        super().__init__(f"no {kind} is called {text!r}; {hint}")


# Letters that no normal form takes apart, as people without them on their keyboard write them.
_SPELLED = str.maketrans(
    {"&": " and ", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)


def plain(name: str) -> str:
    """Return a name without case, accents, punctuation, a leading article, and with "and" for "&".

    Examples
    --------
    >>> plain("The Beatles"), plain("Björk"), plain("Sigur Rós!"), plain("Simon & Garfunkel"), plain("Trentemøller")
    ('beatles', 'bjork', 'sigur ros', 'simon and garfunkel', 'trentemoller')

    A name that is nothing but punctuation stays as it is.

    >>> plain("!!!")
    '!!!'
    """
    if name.isascii():  # most are, and have nothing to fold
        letters = name.lower().replace("&", " and ")
    else:
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_SPELLED)
        letters = "".join(c for c in folded if unicodedata.category(c) != "Mn")
    words = re.sub(r"[\W_]+", " ", letters).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words) or name.strip().casefold()


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
    >>> names = Names(["Muse Hill", "Muse", "The Knife"], [9, 5, 7])
    >>> names.find("muse"), names.find("knife")
    (1, 2)
    >>> names.find("the knive")
    Traceback (most recent call last):
    musicrec.names.UnknownNameError: no artist is called 'the knive'; did you mean The Knife?
    """

    def __init__(self, names: Sequence[str] | np.ndarray, listeners: ArrayLike, kind: str = "artist") -> None:
        self.names = [str(name) for name in names]
        self.listeners = np.asarray(listeners)
        self.kind = kind
        self.exact: dict[str, int] = {}
        self.forgiving: dict[str, int] = {}
        for item in np.argsort(-self.listeners, kind="stable").tolist():  # the best known first
            self.exact.setdefault(self.names[item].strip().casefold(), item)
            self.forgiving.setdefault(plain(self.names[item]), item)

    def find(self, text: str) -> int:
        """Return the item of that name, else of the name that differs only in what `plain` takes away.

        Raises
        ------
        UnknownNameError
            When there is none; the message names those that come close.
        """
        item = self.exact.get(text.strip().casefold())
        if item is None:
            item = self.forgiving.get(plain(text))
        if item is None:
            raise UnknownNameError(text, self.suggest(text), self.kind)
        return item

    def suggest(self, text: str, n: int = 3) -> list[str]:
        """Return up to n names that are similar to the text, closest first, the better known first of equals."""
        from rapidfuzz import fuzz, process

        wanted = plain(text)
        close = process.extract(wanted, list(self.forgiving), scorer=fuzz.ratio, score_cutoff=60, limit=25)
        close += process.extract(wanted, list(self.forgiving), scorer=fuzz.token_set_ratio, score_cutoff=90, limit=25)
        best: dict[int, float] = {}
        for name, score, _ in close:
            item = self.forgiving[name]
            best[item] = max(score, best.get(item, 0))
        best = {item: score for item, score in best.items() if score > max(best.values()) - 15}  # the rest is noise
        ranked = sorted(best, key=lambda item: (-round(best[item], -1), -self.listeners[item]))
        return [self.names[item] for item in ranked[:n]]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
