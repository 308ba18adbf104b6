"""Simulated listeners: invented people and artists in the published shape of `lastfm-2k`, with the truth planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets import invented
from musicrec.datasets.dataset import Dataset, Provenance, fingerprint

NAME = "simulated"
VERSION = "1"  # rises when the same seed gives other data
FULL = 50  # the longest history there is: the source lists each user's fifty most played artists


@dataclass(frozen=True)
class Shape:
    """How much to simulate; by default as much as `lastfm-2k` holds."""

    users: int = 1_892
    artists: int = 17_632
    listens: int = 92_834
    tags: int = 11_946
    tag_assignments: int = 186_479
    friends: int = 25_434  # rows: both directions of each pair
    artists_without_picture: int = 444
    genres: int = 14
    scenes: int = 12  # of each genre

    def __post_init__(self) -> None:
        if self.friends % 2 or self.friends < 2 * self.users:
            raise ValueError(f"friends must be an even number of at least {2 * self.users}, not {self.friends}")
        if not self.artists <= self.listens <= FULL * self.users:
            raise ValueError(f"listens must be between {self.artists} and {FULL * self.users}, not {self.listens}")


SHARE_FULL = 1829 / 1892  # of users with such a history
LAST_USER, LAST_ARTIST, LAST_TAG = 2100 / 1892, 18_745 / 17_632, 12_648 / 11_946  # the highest ids, per row
EXTRA_ARTISTS = 390 / 17_632  # artists that are tagged although nobody listed them, per listed artist
EXTRA_ASSIGNMENTS = 1_538 / 186_479


# The worlds that can be asked for by name. The small one has about a fifth of everything: with so few listeners scores
# say even less, but every chapter runs in little time, which is what it is for.
SHAPES = {
    NAME: Shape(),
    "simulated-small": Shape(400, 3_500, 19_600, 2_530, 39_400, 5_400, 95),
}


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


def listeners(seed: int = 0, shape: Shape | None = None, name: str = NAME) -> Dataset:
    """Simulate `lastfm-2k`: the same tables and sizes, other people.

    Every artist belongs to a scene of a genre; every user mixes a few scenes; a user's artists are drawn without
    replacement from that mixture, so the planted weights (`oracle`) rank as well as anything can. Friends share
    taste, tags follow scenes, play counts follow taste. The popularity curve was fitted to the counts published for
    the real data; the strength of taste was set so that popularity and neighbourhood models are about as good here
    as there. No value of the real data is used.

    Parameters
    ----------
    seed : int
        Names the data: the same seed gives the same data (with the same versions of the libraries).
    shape : Shape, optional
        How much of everything, by default as much as `SHAPES` says for the name.
    name : str
        Of the data set: `simulated` or `simulated-small`.
    """
    shape = shape or SHAPES[name]
    rng = np.random.default_rng([seed, 2011])
    drawn = draw(
        rng,
        history_sizes(rng, shape.users, shape.listens),
        shape.artists,
        Popularity(1.7, 130 / 17_632 * shape.artists, 0.21, 1.13),
        user_mix(rng, shape.users, shape.genres, shape.scenes),
        shape.scenes,
    )
    users = ids(rng, shape.users, 2, round(shape.users * LAST_USER))
    artists = ids(rng, shape.artists, 1, round(shape.artists * LAST_ARTIST))
    tables = {
        "artists": _artists(rng, artists, shape),
        "listens": _listens(rng, drawn, users, artists),
        "tags": pd.DataFrame(),  # keeps the order of the tables that of the source
        "tag_assignments": pd.DataFrame(),
        "friends": _friends(rng, drawn.taste.mix, users, shape.friends // 2),
    }
    tables["tags"], tables["tag_assignments"] = _tags(rng, drawn, users, artists, shape)
    from musicrec.datasets import lastfm

    dataset = lastfm.assemble(name, tables, provenance(seed, tables, "lastfm-2k"))
    return Dataset(**{**vars(dataset), "oracle": drawn.taste})


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


def _artists(rng: np.random.Generator, artists: NDArray[np.int64], shape: Shape) -> pd.DataFrame:
    names = invented.unique(len(artists), lambda: invented.name(rng))
    lacking = set(rng.choice(artists, min(shape.artists_without_picture, len(artists)), replace=False).tolist())
    return pd.DataFrame(
        {
            "id": artists,
            "name": pd.Series(names, dtype="str"),
            # .example is reserved: these lead nowhere
            "url": pd.Series([f"http://music.example/artist/{i}" for i in artists], dtype="str"),
            "picture_url": pd.Series(
                [None if i in lacking else f"http://pictures.example/{i}.jpg" for i in artists.tolist()], dtype="str"
            ),
        }
    )


def _listens(
    rng: np.random.Generator, drawn: Draw, users: NDArray[np.int64], artists: NDArray[np.int64]
) -> pd.DataFrame:
    """Give each listen its play count: between users it differs more than within one; favourites get more."""
    volume = rng.normal(0, 1.4, len(users))
    n = len(drawn.user)
    favour = np.empty(n)
    for start in range(0, len(users), 256):
        batch = np.arange(start, min(start + 256, len(users)))
        rows = slice(*np.searchsorted(drawn.user, [start, batch[-1] + 1]))
        weights = np.log(drawn.taste.scores(batch))
        favour[rows] = weights[drawn.user[rows] - start, drawn.item[rows]]
    favour = (favour - favour.mean()) / favour.std()
    strength = volume[drawn.user] + 0.3 * favour + rng.normal(0, 0.75, n)
    place = np.empty(n)
    place[np.argsort(strength)] = (np.arange(n) + 0.5) / n
    order = np.lexsort((drawn.item, drawn.user))
    plays = play_counts(place)[order]
    return pd.DataFrame({"user": users[drawn.user[order]], "artist": artists[drawn.item[order]], "plays": plays})


def play_counts(place: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the play count at each quantile: log-normal with a longer tail, quartiles 107, 260 and 614."""
    from scipy.special import ndtri

    z = ndtri(place)
    log = np.log(260) + np.where(z < 0, 1.31, 1.27) * z + 0.125 * np.maximum(z - 0.7, 0) ** 2.2
    return np.maximum(np.round(np.exp(log)), 1).astype(np.int64)


def _friends(rng: np.random.Generator, mix: NDArray[np.float64], users: NDArray[np.int64], pairs: int) -> pd.DataFrame:
    """Draw pairs of friends: sociable people have many, like minds find each other, nobody is alone."""
    n = len(users)
    sociable = rng.normal(0, 1.0, n)
    alike = mix @ mix.T / (np.linalg.norm(mix, axis=1)[:, None] * np.linalg.norm(mix, axis=1))
    keys = sociable[:, None] + sociable + 8.0 * alike + rng.gumbel(size=(n, n))
    keys = np.triu(keys, 1) + np.triu(keys, 1).T
    np.fill_diagonal(keys, -np.inf)
    best = keys.argmax(axis=1)
    chosen = {(min(u, v), max(u, v)) for u, v in enumerate(best.tolist())}
    rows, columns = np.triu_indices(n, 1)
    most = np.argsort(-keys[rows, columns], kind="stable")[:pairs]
    for u, v in zip(rows[most].tolist(), columns[most].tolist(), strict=True):
        if len(chosen) >= pairs:
            break
        chosen.add((u, v))
    one = users[np.array(sorted(chosen))]
    both = np.concatenate([one, one[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    return pd.DataFrame({"user": both[:, 0], "friend": both[:, 1]})


MOODS = [
    "loud",
    "quiet",
    "slow",
    "fast",
    "warm",
    "cold",
    "long",
    "short",
    "night",
    "morning",
    "summer",
    "winter",
    "live",
    "instrumental",
    "old",
    "new",
]
COMMON = ("favourites", "to hear again", "seen on stage", "for the train", "with friends", "not my thing")


def _tags(
    rng: np.random.Generator, drawn: Draw, users: NDArray[np.int64], artists: NDArray[np.int64], shape: Shape
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let users tag artists: with the artist's genre, its scene, words of the scene, moods and words of their own."""
    names, n_words, n_own = _tag_names(rng, shape)
    tags = pd.DataFrame({"id": ids(rng, shape.tags, 1, round(shape.tags * LAST_TAG)), "name": names})
    n_users, n_scenes = drawn.taste.mix.shape
    # artists that are tagged but not listed carry ids that the artists leave free
    free = np.setdiff1d(np.arange(1, artists[-1]), artists)
    extra = np.sort(rng.choice(free, min(len(free), round(EXTRA_ARTISTS * shape.artists)), replace=False))
    extra_scene = rng.choice(drawn.others, len(extra)) if len(drawn.others) else rng.integers(n_scenes, size=len(extra))
    all_ids, scene = np.concatenate([artists, extra]), np.concatenate([drawn.taste.scene, extra_scene])

    activity = np.minimum(rng.lognormal(0, 1.75, n_users), 130.0)
    per_user = spread(rng, shape.tag_assignments, activity)
    starts = np.searchsorted(drawn.user, np.arange(n_users + 1))
    shape_ = (n_users, len(all_ids), shape.tags)
    kept = np.empty(0, dtype=np.int64)  # rows as single numbers, which sort fast
    missing = per_user
    while missing.any():
        user = np.repeat(np.arange(n_users), 2 * missing + 3 * (missing > 0))
        # users come back to the same artists: a few tags each
        pick = (rng.random(len(user)) * (per_user[user] / 1.1 + 1)).astype(np.int64)
        _, first, which = np.unique(user * (pick.max() + 1) + pick, return_index=True, return_inverse=True)
        artist = _tagged(rng, drawn, user[first], starts, len(extra))[which]
        tag = _words(rng, user, scene[artist], shape, n_words, n_own)
        kept = pd.unique(np.concatenate([kept, np.ravel_multi_index((user, artist, tag), shape_)]))
        user = np.unravel_index(kept, shape_)[0]
        order = np.lexsort((rng.random(len(kept)), user))
        user = user[order]
        place = np.arange(len(kept)) - np.searchsorted(user, user)
        kept = kept[order[place < per_user[user]]]
        missing = per_user - np.bincount(np.unravel_index(kept, shape_)[0], minlength=n_users)
    user, artist, tag = np.unravel_index(np.sort(kept), shape_)
    frame = pd.DataFrame({"user": users[user], "artist": all_ids[artist], "tag": tags["id"].to_numpy()[tag]})
    frame["day"] = 1
    frame["month"] = rng.integers(1, 13, len(frame))
    frame["year"] = rng.choice(np.arange(2005, 2012), len(frame), p=np.array([1, 5, 11, 22, 23, 30, 8]) / 100)
    return tags, frame.sort_values(["user", "artist", "tag"], ignore_index=True)


def _tag_names(rng: np.random.Generator, shape: Shape) -> tuple[pd.Series, int, int]:
    """Return the names: genres, scenes, moods, common words, then each scene's words and each user's own."""
    taken = {*MOODS, *COMMON}
    genres = invented.unique(shape.genres, lambda: invented.syllables(rng, 1, 3) + "step", taken)
    prefixes = invented.unique(shape.scenes, lambda: invented.syllables(rng, 1, 2), taken)
    scenes = [f"{prefix} {genre}" for genre in genres for prefix in prefixes]
    taken.update(scenes)
    head = [*genres, *scenes, *MOODS, *COMMON]
    left = shape.tags - len(head)
    n_words = max(1, left * 6 // 10 // len(scenes))
    n_own = max(1, (left - n_words * len(scenes)) // shape.users)
    if left < n_words * len(scenes) + n_own * shape.users:
        raise ValueError(
            f"{shape.tags} tags are too few for {len(head)} common ones, {len(scenes)} scenes and {shape.users} users"
        )
    words = invented.unique(left, lambda: f"{invented.syllables(rng, 1, 3)} {invented.syllables(rng, 2, 4)}", taken)
    return pd.Series([*head, *words], dtype="str"), n_words, n_own


def _tagged(
    rng: np.random.Generator, drawn: Draw, user: NDArray[np.int64], starts: NDArray[np.int64], n_extra: int
) -> NDArray[np.int64]:
    """Return the artist of each (user, pick): now and then one of the user's list, else one of their scenes."""
    taste, n = drawn.taste, len(user)
    own = drawn.item[starts[user] + (rng.random(n) * np.diff(starts)[user]).astype(np.int64)]
    mix = np.cumsum(taste.mix, axis=1)
    scene = np.minimum((rng.random((n, 1)) > mix[user]).sum(axis=1), mix.shape[1] - 1)
    # all artists in a row, scene after scene, each as wide as its appeal: a random point in the scene's stretch
    order = np.argsort(taste.scene, kind="stable")
    ends = np.cumsum(taste.appeal[order].astype(np.float64))
    bounds = np.concatenate([[0], np.cumsum(np.bincount(taste.scene, taste.appeal, minlength=mix.shape[1]))])
    point = bounds[scene] + rng.random(n) * (bounds[scene + 1] - bounds[scene])
    liked = order[np.minimum(np.searchsorted(ends, point), len(order) - 1)]
    artist = np.where(rng.random(n) < 0.35, own, liked)
    unlisted = rng.random(n) < (EXTRA_ASSIGNMENTS if n_extra else 0)
    return np.where(unlisted, len(order) + rng.integers(max(n_extra, 1), size=n), artist)


def _words(
    rng: np.random.Generator,
    user: NDArray[np.int64],
    scene: NDArray[np.int64],
    shape: Shape,
    n_words: int,
    n_own: int,
) -> NDArray[np.int64]:
    """Return the tag a user gives an artist of a scene."""
    n_scenes, fixed = shape.genres * shape.scenes, len(MOODS) + len(COMMON)

    def zipf(n: int) -> NDArray[np.int64]:
        share = 1 / np.arange(1, n + 1)
        return rng.choice(n, len(user), p=share / share.sum())

    words = shape.genres + n_scenes + fixed
    choices = np.stack(
        [
            scene // shape.scenes,
            shape.genres + scene,
            shape.genres + n_scenes + zipf(fixed),
            words + scene * n_words + zipf(n_words),
            words + n_scenes * n_words + user * n_own + rng.integers(n_own, size=len(user)),
        ]
    )
    kind = rng.choice(len(choices), len(user), p=[0.28, 0.25, 0.17, 0.22, 0.08])
    return choices[kind, np.arange(len(user))]
