"""Opening a chapter of the edition about playlists: its sample, further samples, and what the page says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from musicrec.datasets.dataset import Dataset
from musicrec.page.chapter import Chapter, say_source
from musicrec.page.prose import prose
from musicrec.page.style import use_style
from musicrec.playlists import sample
from musicrec.scores.records import ScoreBook
from musicrec.splits.by_user import SEEDS


@dataclass(frozen=True, eq=False)
class PlaylistChapter(Chapter):
    """A chapter whose data are a random sample of playlists.

    Attributes
    ----------
    size : int
        Playlists of a sample, where there are so many.
    """

    size: int

    def draw(self, seed: int, kind: str = "random") -> Dataset:
        """Return a sample: `random`, or `seeded` from the playlists that hold the best known track."""
        if (seed, kind) == (self.seed, "random"):
            return self.data
        return sample.sampled(sample.place(), self.size, sample=kind, seed=seed)

    def samples(self, seeds: Iterable[int], kind: str = "random") -> Iterator[tuple[int, Dataset]]:
        """Yield a sample for each seed, one at a time: the original took one, nobody knows which."""
        for seed in seeds:
            yield seed, self.draw(seed, kind)


def open_playlists(name: str, size: int, *, seed: int, quick: bool) -> PlaylistChapter:
    """Draw the playlists of a chapter, open its score book, and say on the page which playlists these are.

    Parameters
    ----------
    name : str
        Of the notebook, `02_baseline`.
    size, seed, quick
        The parameters of the notebook: how many playlists to draw, and as in `open_chapter`.

    Raises
    ------
    ValueError
        When `MUSICREC_PLAYLISTS` names no tables.
    """
    use_style()
    data = sample.sampled(sample.place(), size, seed=seed)
    say_source(data)
    for note in data.provenance.notes:
        prose("Mind: {note}.", note=note)
    return PlaylistChapter(data, ScoreBook(name, data, quick=quick), seed, SEEDS[:1] if quick else SEEDS, quick, size)
