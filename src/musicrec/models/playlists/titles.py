"""Playlists whose titles are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.models.neighbours.item_to_item import keep_largest
from musicrec.models.playlists.base import Candidates, PlaylistSystem, best_of
from musicrec.splits.challenge import Asked

_MARKS = re.compile(r"[.,\/#!$%\^\*;:{}=\_`~()@]")
WHOLE = "="  # before a title as a whole, which no word begins with


def normalise(title: str) -> str:
    """Return a title without case, the marks that the publisher takes out, and repeated spaces [Chen et al., 2018].

    Examples
    --------
    >>> normalise("  Summer_2017!! "), normalise("R&B"), normalise("🎉 party")
    ('summer 2017', 'r&b', '🎉 party')
    """
    return " ".join(_MARKS.sub(" ", title.lower()).split())


class TitleMatch(PlaylistSystem):
    """The tracks of playlists whose title is the same, then of those whose title shares words.

    A title is a vector of its words and itself as a whole, weighted by how rare they are; titles are as alike as the
    cosine of their vectors. Each of the `n_titles` most alike votes for the tracks of its playlists.

    Parameters
    ----------
    n_titles : int
        How many titles vote.
    amplify : float
        To which power the likeness is raised: a high one listens to the same title alone where it can.
    each : int
        How many tracks of a title are kept, the most frequent ones, which bounds memory and time.
    """

    name: ClassVar[str] = "title-match"
    title: ClassVar[str] = "Same title"

    def __init__(self, n_titles: int = 30, amplify: float = 3.0, each: int = 3000) -> None:
        self.n_titles, self.amplify, self.each = n_titles, amplify, each

    def _learn(self, rng: np.random.Generator) -> None:
        codes, titles = pd.factorize(np.array([normalise(title) for title in self.train.titles], dtype=object))
        there = np.array([bool(title) for title in titles], bool)
        self.titles = np.asarray(titles, dtype=object)
        terms = [list(_terms(title)) for title in self.titles]
        self.vocabulary = {term: place for place, term in enumerate(dict.fromkeys(t for each in terms for t in each))}
        n = len(codes)
        belongs = sp.csr_array((np.ones(n, np.float32), (codes, np.arange(n))), shape=(len(self.titles), n))
        playlists = np.bincount(codes, minlength=len(self.titles))
        frequency = np.zeros(max(1, len(self.vocabulary)))
        for each, number in zip(terms, playlists, strict=True):
            frequency[[self.vocabulary[term] for term in each]] += number
        self.rarity = np.log1p(n / np.maximum(frequency, 1)).astype(np.float32)
        self.vectors = sp.csr_array(self._vectors(terms).T)  # by term: an inverted index
        held = keep_largest(sp.csr_array(belongs @ self.train.tracks.binary()), self.each)
        # a title of many playlists says more surely what goes with it, but must not drown all others
        held.data /= np.repeat(np.sqrt(np.maximum(playlists, 1)), np.diff(held.indptr)).astype(np.float32)
        held.data[np.repeat(~there, np.diff(held.indptr))] = 0  # no title is no likeness
        self.held = held

    def candidates(self, asked: Asked, k: int) -> Candidates:  # noqa: D102
        distinct, where = np.unique([normalise(title) for title in asked.titles], return_inverse=True)
        likeness = sp.csr_array(self._vectors([list(_terms(str(title))) for title in distinct]) @ self.vectors)
        likeness = keep_largest(likeness, self.n_titles)
        likeness.data **= self.amplify
        votes = sp.csr_array(likeness @ self.held)
        return best_of(votes[where], asked.seeds, k)

    def _for_titles(self) -> PlaylistSystem:
        return self

    def _vectors(self, terms: list[list[str]]) -> sp.csr_array:
        """Return vectors of length 1 over the vocabulary; unknown terms make a vector shorter."""
        known = [[(self.vocabulary[term]) for term in each if term in self.vocabulary] for each in terms]
        rows = np.repeat(np.arange(len(known)), [len(each) for each in known])
        columns = np.array([place for each in known for place in each], np.int64)
        shape = (len(known), len(self.rarity))
        vectors = sp.csr_array(sp.coo_array((self.rarity[columns], (rows, columns)), shape=shape))
        unknown = [sum(term not in self.vocabulary for term in each) for each in terms]
        rarest: NDArray[np.float64] = np.square(float(self.rarity.max(initial=1))) * np.array(unknown, float)
        lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1) + rarest)
        vectors.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(vectors.indptr)).astype(np.float32)
        return vectors


def _terms(title: str) -> Iterator[str]:
    """Yield the words of a normalised title, each once, and the title as a whole."""
    if title:
        yield from dict.fromkeys(title.split())
        yield WHOLE + title
