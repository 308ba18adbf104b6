"""Simulated listeners: invented people and artists in the published shape of `lastfm-2k`, with the truth planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.simulated import invented
from musicrec.datasets.simulated.shapes import LAST_ARTIST, LAST_USER, NAME, SHAPES, Shape
from musicrec.datasets.simulated.tags import simulate_tags
from musicrec.datasets.simulated.taste import Draw, Popularity, draw, history_sizes, ids, provenance, user_mix


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
    tables["tags"], tables["tag_assignments"] = simulate_tags(rng, drawn, users, artists, shape)
    from musicrec.datasets import lastfm

    dataset = lastfm.assemble(name, tables, provenance(seed, tables, "lastfm-2k"))
    return Dataset(**{**vars(dataset), "oracle": drawn.taste})


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
