"""Names that come close to a text, out of thousands in a fraction of a millisecond.

A name's pairs of letters choose a few candidates; only these are compared letter by letter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musicrec.names.fold import initials

CANDIDATES = 60
ALIKE = 60  # from 0 to 100: names less alike than this are never suggested
SAME_WORDS = 90  # how alike a text is to a name that has all its words and others
NOISE = 15  # what is so much less alike than the best is left out
LONGEST = 200  # letters of a text that are looked at


class Near:
    """Folded names by their pairs of letters.

    Parameters
    ----------
    folded : sequence of str, shape (n,)
        The names as `plain` returns them, the best known first.
    """

    def __init__(self, folded: Sequence[str]) -> None:
        self.folded = folded
        places: dict[str, list[int]] = {}
        self.by_initials: dict[str, list[int]] = {}
        self.sizes = np.empty(len(folded))
        for place, name in enumerate(folded):
            pairs = _pairs(name)
            self.sizes[place] = len(pairs)
            for pair in pairs:
                places.setdefault(pair, []).append(place)
            for short in initials(name):
                self.by_initials.setdefault(short, []).append(place)
        self.places = {pair: np.array(found, dtype=np.int32) for pair, found in places.items()}

    def find(self, folded: str, n: int) -> list[int]:
        """Return up to n places of names like a folded text: what it abbreviates, then the most alike first."""
        short = self.by_initials.get(folded.replace(" ", ""), []) if 2 <= len(folded) <= 8 else []
        found = [*short, *(place for place in self._alike(folded[:LONGEST]) if place not in short)]
        return found[:n]

    def _alike(self, folded: str) -> list[int]:
        """Return the places of the names most like a text; of those about as alike the better known first."""
        from rapidfuzz.distance import LCSseq

        words = set(folded.split())
        scores = {}
        for place in self._candidates(folded).tolist():
            name = self.folded[place]
            score = 200 * LCSseq.similarity(folded, name) / (len(folded) + len(name))
            others = set(name.split())
            if words <= others or (others <= words and len(name) >= 4):
                score = max(score, SAME_WORDS)
            if score >= ALIKE:
                scores[place] = score
        least = max(scores.values(), default=0) - NOISE
        return sorted((p for p in scores if scores[p] > least), key=lambda p: (-int(scores[p] / 10 + 0.5), p))

    def _candidates(self, folded: str) -> NDArray[np.int64]:
        """Return the places of the names that share most pairs of letters with a text, and with its words."""
        pairs = _pairs(folded)
        postings = [self.places[pair] for pair in pairs if pair in self.places]
        if not postings:
            return np.empty(0, dtype=np.int64)
        shared = np.bincount(np.concatenate(postings), minlength=len(self.folded))
        some = np.flatnonzero(shared >= min(2, len(pairs)))
        likeness = shared[some] / (len(pairs) + self.sizes[some]) + shared[some] / len(pairs) / 4
        return some[np.argsort(-likeness, kind="stable")[:CANDIDATES]]


def _pairs(folded: str) -> set[str]:
    """Return the pairs of neighbouring letters of a text; words begin and end with a space."""
    padded = f" {folded} "
    return {padded[at : at + 2] for at in range(len(padded) - 1)}
