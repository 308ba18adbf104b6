"""Planted taste: who is drawn to what, and what is drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.dataset import Provenance, fingerprint
from musicrec.datasets.simulated.shapes import FULL, SHARE_FULL, VERSION


@dataclass(frozen=True, eq=False)
class PlantedTaste:
    """The planted truth: how much each user is drawn to each item.

    Attributes
    ----------
    mix : numpy.ndarray, shape (n_users, n_scenes)
        What each user's taste consists of; rows sum to 1.
    liking : numpy.ndarray of float32, shape (n_users, n_scenes)
        How much each user is drawn to the items of a scene: through the scene, its genre, and as everybody is.
    scene : numpy.ndarray, shape (n_items,)
        The scene each item belongs to.
    appeal : numpy.ndarray of float32, shape (n_items,)
        How much an item draws those who like its scene.
    """

    mix: NDArray[np.float64]
    liking: NDArray[np.float32]
    scene: NDArray[np.int64]
    appeal: NDArray[np.float32]

    def scores(self, users: ArrayLike) -> NDArray[np.float32]:
        """Return the planted weight of every item for each user, float32 of shape (len(users), n_items).

        A user's items were drawn without replacement with probabilities proportional to it.
        """
        liking = self.liking[np.atleast_1d(np.asarray(users, dtype=np.int64))]
        return np.take(liking, self.scene, axis=1) * self.appeal


@dataclass(frozen=True)
class Popularity:
    """Expected listeners of the item of rank r = 0, 1, …: falls slowly among the stars, then faster."""

    offset: float
    bend: float
    slope: float
    steeper: float

    def curve(self, n: int, total: float) -> NDArray[np.float64]:
        """Return the expected listeners of n items, most popular first, that sum to `total`."""
        r = np.arange(n)
        share = (r + self.offset) ** -self.slope * (1 + r / self.bend) ** -self.steeper
        return share * (total / share.sum())


@dataclass(frozen=True, eq=False)
class Draw:
    """What was drawn: items in order of first appearance, and one row per listen."""

    taste: PlantedTaste
    user: NDArray[np.int64]  # of each listen, ascending, shape (n_listens,)
    item: NDArray[np.int64]
    others: NDArray[np.int64]  # scenes of items that exist but that nobody drew


def provenance(seed: int, tables: dict[str, pd.DataFrame], of: str) -> Provenance:
    """Say that data are invented."""
    return Provenance(
        source=f"simulated in the shape of {of}",
        url="",
        version=VERSION,
        licence="MIT, as the code that makes it",
        citation="",
        found=f"simulated (seed {seed})",
        fingerprint=fingerprint(tables),
        simulated=True,
        notes=("all people, names and numbers are invented",),
    )


def ids(rng: np.random.Generator, n: int, low: int, high: int) -> NDArray[np.int64]:
    """Return n different ids between `low` and `high`, both among them, ascending: real ids have gaps."""
    inner = rng.choice(np.arange(low + 1, high), n - 2, replace=False)
    return np.sort(np.concatenate([[low, high], inner])).astype(np.int64)


def history_sizes(rng: np.random.Generator, users: int, listens: int) -> NDArray[np.int64]:
    """Return how many artists each user has: nearly always 50, else anything below, `listens` in all."""
    missing = FULL * users - listens
    short = min(users, max(users - round(SHARE_FULL * users), -(-missing // (FULL - 1))))
    lacks = np.zeros(users, dtype=np.int64)
    lacks[rng.permutation(users)[:short]] = spread(rng, missing, rng.uniform(size=short), most=FULL - 1)
    return FULL - lacks


def spread(
    rng: np.random.Generator, total: int, share: NDArray[np.float64], most: int | None = None
) -> NDArray[np.int64]:
    """Divide `total` in whole numbers, about in proportion to `share`, each at least 1 and at most `most`."""
    n = len(share)
    most = total if most is None else most
    if n == 0 or not n <= total <= n * most:
        if n == total == 0:
            return np.zeros(0, dtype=np.int64)
        raise ValueError(f"{total} cannot be divided into {n} parts between 1 and {most}")
    parts = np.clip(np.round(share / share.sum() * total), 1, most).astype(np.int64)
    while (off := total - parts.sum()) != 0:
        room = np.flatnonzero(parts < most) if off > 0 else np.flatnonzero(parts > 1)
        parts[rng.choice(room, min(abs(off), len(room)), replace=False)] += np.sign(off)
    return parts


def user_mix(
    rng: np.random.Generator, users: int, genres: int, scenes: int, breadth: float = 0.14, depth: float = 0.15
) -> NDArray[np.float64]:
    """Draw what each user's taste consists of, shape (users, genres · scenes): a few scenes of a few genres.

    The first scene of a genre is its charts; how much of a taste they make up differs much between users.
    """
    size = rng.dirichlet(np.full(genres, 2.0))
    by_genre = rng.dirichlet(breadth * genres * size, size=users)
    return (by_genre[:, :, None] * scene_mix(rng, users, genres, scenes, depth)).reshape(users, -1)


def scene_mix(rng: np.random.Generator, users: int, genres: int, scenes: int, depth: float) -> NDArray[np.float64]:
    """Draw the scenes of each genre that make up a taste, shape (users, genres, scenes); they sum to 1."""
    charts = np.broadcast_to(rng.beta(0.3, 0.45, size=(users, 1, 1)), (users, genres, 1))
    others = rng.dirichlet(np.full(scenes - 1, depth), size=(users, genres))
    return np.concatenate([charts, (1 - charts) * others], axis=2)


def draw(
    rng: np.random.Generator,
    sizes: NDArray[np.int64],
    n_items: int,
    popularity: Popularity,
    mix: NDArray[np.float64],
    scenes_per_genre: int,
    spill: tuple[float, float] = (0.1, 0.05),
    spare: float = 1.02,
) -> Draw:
    """Draw `sizes` items for each user, `n_items` different ones in all.

    There are more items than are ever drawn, as there are more artists than anyone in the data listens to. Users
    draw one after the other; when `n_items` different items have been drawn, the catalogue is closed and the last
    few users draw from it alone.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every random number.
    sizes : numpy.ndarray, shape (n_users,)
        How many items each user draws.
    n_items : int
        How many different ones are drawn in all.
    popularity : Popularity
        How many listeners to expect of each item.
    mix : numpy.ndarray, shape (n_users, n_scenes)
        What each user's taste consists of.
    scenes_per_genre : int
        Neighbouring scenes of one genre.
    spill : (float, float)
        Shares of an item's appeal that go to its whole genre and to everybody.
    spare : float
        How many different items to expect without closing the catalogue, in multiples of `n_items`.
    """
    n_users, n_scenes = mix.shape
    expected = universe(popularity, round(spare * n_items), int(sizes.sum()))
    audience = sizes @ mix  # expected listens of each scene
    # The most popular belong to the charts of a genre, the first of its scenes; as many as its audience wants.
    charts = np.arange(n_scenes) % scenes_per_genre == 0
    n_stars = int(np.searchsorted(np.cumsum(expected), audience[charts].sum()))
    star = np.arange(len(expected)) < n_stars
    scene = np.empty(len(expected), dtype=np.int64)
    for members, kind in ((star, charts), (~star, ~charts)):
        share = np.where(kind, audience, 0)
        scene[members] = rng.choice(n_scenes, members.sum(), p=share / share.sum())
    by_genre = mix.reshape(n_users, -1, scenes_per_genre).mean(axis=2).repeat(scenes_per_genre, axis=1)
    liking = ((1 - sum(spill)) * mix + spill[0] * by_genre + spill[1] / n_scenes).astype(np.float32)
    appeal = _calibrate(liking, scene, expected, sizes)

    order = rng.permutation(n_users)
    seen = np.zeros(len(expected), dtype=bool)
    room = n_items
    chosen: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * n_users
    for start in range(0, n_users, 32):
        batch = order[start : start + 32]
        # the smallest of exponential waiting times with these rates: drawing without replacement
        waits = rng.standard_exponential((len(batch), len(expected)), dtype=np.float32)
        waits /= np.take(liking[batch], scene, axis=1) * appeal
        for user, wait in zip(batch, waits, strict=True):
            chosen[user] = rng.permutation(_first(wait, int(sizes[user]), seen, room))
            room -= int((~seen[chosen[user]]).sum())
            seen[chosen[user]] = True
    if room:  # bad luck: more items to choose from bring more different ones
        return draw(rng, sizes, n_items, popularity, mix, scenes_per_genre, spill, spare + 0.02)
    user = np.repeat(np.arange(n_users), sizes)
    item, first = np.unique(np.concatenate(chosen), return_index=True)
    catalogue = item[np.argsort(first)]  # in order of first appearance
    number = np.full(len(expected), -1)
    number[catalogue] = np.arange(n_items)
    taste = PlantedTaste(mix, liking, scene[catalogue], appeal[catalogue])
    return Draw(taste, user, number[np.concatenate(chosen)], scene[number < 0])


def universe(popularity: Popularity, found: int, total: int) -> NDArray[np.float64]:
    """Return the expected listeners of as many items as it takes for `found` of them to have any.

    Raises
    ------
    ValueError
        When `total` listens cannot find that many.
    """

    def enough(n: int) -> bool:
        return bool(-np.expm1(-popularity.curve(n, total)).sum() >= found)

    low, high = found, 32 * found
    if not enough(high):
        raise ValueError(f"{total} listens are too few for {found} different items")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return popularity.curve(high, total)


def _calibrate(
    liking: NDArray[np.float32], scene: NDArray[np.int64], expected: NDArray[np.float64], sizes: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the appeal under which each item finds about the expected number of listeners.

    A fan draws a star at most once, so appeal must rise faster than the wanted number of listeners.
    """
    reach = sizes.astype(np.float64)  # how far down their list each user comes
    appeal = expected / (reach @ liking)[scene]
    head = min(2_000, len(expected))  # the others are too rare for that to matter
    for _ in range(12):
        listened = -np.expm1(-(liking[:, scene[:head]] * appeal[:head]) * reach[:, None])
        tail = liking @ np.bincount(scene[head:], appeal[head:], minlength=liking.shape[1]) * reach
        reach *= np.clip(sizes / (listened.sum(axis=1) + tail), 0.5, 2.0)
        appeal[:head] *= np.clip(expected[:head] / listened.sum(axis=0), 0.5, 2.0)
        appeal[head:] = expected[head:] / (reach @ liking)[scene[head:]]
    return appeal.astype(np.float32)


def _first(wait: NDArray[np.float32], n: int, seen: NDArray[np.bool_], room: int) -> NDArray[np.int64]:
    """Return the n items with the shortest waits, at most `room` of them not `seen` before."""
    best = np.argpartition(wait, n)[:n]
    if (~seen[best]).sum() > room:
        fresh = best[~seen[best]]
        fresh = fresh[np.argsort(wait[fresh])][:room]
        old = np.flatnonzero(seen)
        best = np.concatenate([fresh, old[np.argsort(wait[old])][: n - len(fresh)]])
    return best
