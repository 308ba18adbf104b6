"""Tags of simulated artists."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.simulated import invented
from musicrec.datasets.simulated.shapes import EXTRA_ARTISTS, EXTRA_ASSIGNMENTS, LAST_TAG, Shape
from musicrec.datasets.simulated.taste import Draw, ids, spread

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


def simulate_tags(
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
