"""Type a genre, get ten artists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.genres import GenreTable, Kind, genre_table
from musicrec.models.side.genre_warp import CHOSEN, GenreWARP
from musicrec.models.top_k import top_k
from musicrec.names import Names, UnknownNameError, is_placeholder, plain

# ---- Type a genre, get ten artists


class Guide:
    """Answers a typed genre with artists.

    Parameters
    ----------
    table : GenreTable
        Genres and artists.
    seed : int
        Of the model.
    **settings
        Of `GenreWARP`, in place of those chapter 09 chose on validation.
    """

    def __init__(self, table: GenreTable, *, seed: int = 0, **settings: Any) -> None:
        self.table = table
        self.known = table.known
        chosen = {**CHOSEN[table.kind], "features": table.features, **settings}
        self.model = GenreWARP(**chosen).fit(table.interactions, rng=np.random.default_rng(seed))
        self.index = Names(table.names, self.known.sum(axis=1), table.kind)
        self.spelling = _spellings(table)

    def find(self, text: str) -> int:
        """Return the row of a genre; case, accents and punctuation don't matter.

        Raises
        ------
        UnknownNameError
            When there is none; the message names those that come close.
        """
        return self.index.find(text)

    def recommend(self, text: str, k: int = 10, *, listed: bool = False) -> pd.DataFrame:
        """Return the best artists for a genre.

        Parameters
        ----------
        text : str
            The genre.
        k : int
            How many artists; fewer when there are no more.
        listed : bool
            Whether to rank the artists listed under the genre, instead of the others.

        Returns
        -------
        pandas.DataFrame
            Best first: `artist`, `score`, `listed under` (its other genres, heaviest first), `like` (the most similar
            artists of the genre by features, up to three) and `popularity`.
        """
        row = self.find(text)
        mine = np.isin(self.spelling, self.spelling[self.known[row]])  # and whoever is listed under another spelling
        chiefs = self.spelling == np.arange(len(mine))
        shown, own = (mine == listed) & chiefs, mine & chiefs
        scores = np.where(shown, self.model.scores(np.array([row]))[0], -np.inf).astype(np.float32)[None]
        ids, best = (part[0] for part in top_k(scores, k))
        weights = self.table.interactions.matrix[:, ids[ids >= 0]].toarray()
        likeness = self.table.features[ids[ids >= 0]] @ self.table.features.T
        rows = []
        for place, item in enumerate(ids[ids >= 0]):
            others = [n for n in np.argsort(-weights[:, place], kind="stable") if weights[n, place] > 0 and n != row]
            close = np.where(own & (np.arange(len(mine)) != item), likeness[place], -np.inf)
            similar = top_k(close[None].astype(np.float32), 3).ids[0]
            rows.append(
                {
                    "artist": str(self.table.artists[item]),
                    "score": float(best[place]),
                    "listed under": [str(self.table.names[n]) for n in others],
                    "like": [str(self.table.artists[n]) for n in similar[similar >= 0]],
                    "popularity": int(self.table.popularity[item]),
                }
            )
        return pd.DataFrame(rows, columns=["artist", "score", "listed under", "like", "popularity"])


def _spellings(table: GenreTable) -> NDArray[np.int64]:
    """Return for each artist the best known one whose name is spelled alike, -1 for what is no artist's name."""
    chief = np.full(len(table.artists), -1)
    first: dict[str, int] = {}
    for item in np.argsort(-table.popularity, kind="stable").tolist():
        name = str(table.artists[item])
        if not is_placeholder(name):
            chief[item] = first.setdefault(plain(name), item)
    return chief


def _is_among(text: str, names: pd.Series, kind: Kind) -> bool:
    """Whether a text is one of some names."""
    distinct = names.dropna().unique()
    return Names(distinct, np.ones(len(distinct)), kind).look_up(text) is not None


def guide_for(data: Dataset, text: str, *, subgenre: bool = False, seed: int = 0) -> Guide:
    """Return a guide to the genres, subgenres or tags of a data set, once it is known to hold the one asked for.

    A subgenre asked for as a genre is found all the same, and the other way round: `table.kind` says what it is.

    Raises
    ------
    ValueError
        When subgenres are asked for and the data set has tags.
    LookupError
        When there is no such genre; the message says what comes close, and lists the genres when they are few.
    """
    kind: Kind = "subgenre" if subgenre else "genre" if "songs" in data.tables else "tag"
    table = genre_table(data, kind)
    try:
        Names(table.names, table.interactions.history_sizes(), kind).find(text)
    except UnknownNameError as error:
        other: Kind | None = {"genre": "subgenre", "subgenre": "genre"}.get(kind)  # type: ignore[assignment]
        if other and _is_among(text, data.tables["playlists"][other], other):
            return Guide(genre_table(data, other), seed=seed)
        largest = table.names[np.argsort(-table.interactions.history_sizes(), kind="stable")]
        few = len(largest) <= 30
        hint = f"; {'the' if few else 'the largest'} {kind}s are {', '.join(largest[:30] if few else largest[:10])}"
        raise LookupError(f"{error}{hint}") from None
    return Guide(table, seed=seed)
