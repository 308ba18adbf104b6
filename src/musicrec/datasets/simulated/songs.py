"""Simulated songs: invented playlists in the published shape of `spotify-songs`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from musicrec.datasets import spotify
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.simulated import invented
from musicrec.datasets.simulated.taste import Draw, Popularity, draw, provenance, scene_mix, spread

NAME = "simulated-songs"
GENRES, SUBGENRES, SCENES = 6, 4, 6  # subgenres of each genre, scenes of each subgenre
LISTED = 20  # playlists listed under each subgenre
PLAYLISTS, SONGS, ROWS = 471, 28_356, 32_833  # nine playlists are listed under a second subgenre
REPEATS = 582  # rows that repeat a song in a playlist, because of the second listing
LONGEST = 100
_BASE62 = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))

# Mean and standard deviation of the features between 0 and 1, roughly as published
_SHARES = {
    "danceability": (0.65, 0.145),
    "energy": (0.70, 0.18),
    "speechiness": (0.107, 0.10),
    "acousticness": (0.175, 0.22),
    "liveness": (0.19, 0.155),
    "valence": (0.51, 0.23),
}


def songs(seed: int = 0) -> Dataset:
    """Simulate `spotify-songs`: the same tables and sizes, other playlists.

    471 playlists of six genres with four subgenres each draw their songs from a mixture that is mostly their own
    subgenre; the planted weights are the `oracle`. Audio features depend a little on genre, scene and artist. No
    value of the real data is used.

    Parameters
    ----------
    seed : int
        Names the data: the same seed gives the same data.
    """
    rng = np.random.default_rng([seed, 2020])
    n_subgenres = GENRES * SUBGENRES
    twice = LISTED * n_subgenres - PLAYLISTS  # listed under two subgenres
    listed = np.full(n_subgenres, LISTED)
    short = np.sort(rng.choice(n_subgenres, twice, replace=False))
    listed[short] -= 1
    subgenre = np.repeat(np.arange(n_subgenres), listed)  # of each playlist
    sizes = spread(rng, ROWS - REPEATS, np.clip(rng.normal(68, 28, PLAYLISTS), 3, LONGEST), most=LONGEST)
    # These numbers were fitted to how many of the published songs are in 1, 2, 3, … playlists.
    drawn = draw(rng, sizes, SONGS, Popularity(50, 300, 0.3, 0.3), _mix(rng, subgenre), SCENES, spare=1.005)

    playlists = _playlists(rng, subgenre)
    rows = pd.concat(
        [_songs(rng, drawn).iloc[drawn.item].reset_index(drop=True), playlists.iloc[drawn.user].reset_index(drop=True)],
        axis=1,
    )
    rows = pd.concat([rows, _second_listings(rng, rows, playlists, subgenre, sizes, short)], ignore_index=True)
    rows = rows[list(spotify.COLUMNS)]
    dataset = spotify.assemble(NAME, rows, provenance(seed, {"rows": rows}, "spotify-songs"))
    return Dataset(**{**vars(dataset), "oracle": drawn.taste})


def _mix(rng: np.random.Generator, subgenre: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw what each playlist consists of: mostly its subgenre, some of its genre, little of anything."""
    n, n_subgenres = len(subgenre), GENRES * SUBGENRES
    own = subgenre[:, None] == np.arange(n_subgenres)
    genre = subgenre[:, None] // SUBGENRES == np.arange(n_subgenres) // SUBGENRES
    weight = 0.8 * own + 0.15 * genre / SUBGENRES + 0.05 / n_subgenres
    mix = weight[:, :, None] * scene_mix(rng, n, n_subgenres, SCENES, 0.08)
    return mix.reshape(n, -1) / mix.sum(axis=(1, 2))[:, None]


def _playlists(rng: np.random.Generator, subgenre: NDArray[np.int64]) -> pd.DataFrame:
    genres = invented.unique(GENRES, lambda: invented.syllables(rng, 1, 3) + "step")
    prefixes = invented.unique(GENRES * SUBGENRES, lambda: invented.syllables(rng, 1, 3))
    genre = [genres[s // SUBGENRES] for s in subgenre]
    names = [
        f"{invented.syllables(rng, 2, 4).capitalize()} {word}"
        for word in rng.choice(["hits", "mix", "party"], len(subgenre))
    ]
    return pd.DataFrame(
        {
            "playlist_name": names,
            "playlist_id": _ids(rng, len(subgenre)),
            "playlist_genre": genre,
            "playlist_subgenre": [f"{prefixes[s]} {g}" for s, g in zip(subgenre, genre, strict=True)],
        },
        dtype="str",
    )


def _second_listings(
    rng: np.random.Generator,
    rows: pd.DataFrame,
    playlists: pd.DataFrame,
    subgenre: NDArray[np.int64],
    sizes: NDArray[np.int64],
    short: NDArray[np.int64],
) -> pd.DataFrame:
    """List a long playlist of another subgenre under each subgenre that is one short; its songs repeat."""
    repeated = spread(rng, REPEATS, rng.uniform(0.8, 1.2, len(short)))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    parts, used = [], set()
    for target, n in zip(short.tolist(), repeated.tolist(), strict=True):
        fits = [p for p in np.flatnonzero((subgenre != target) & (sizes >= n)).tolist() if p not in used]
        playlist = int(rng.choice(fits))
        used.add(playlist)
        part = rows.iloc[starts[playlist] : starts[playlist] + n].copy()
        other = playlists.iloc[int(np.flatnonzero(subgenre == target)[0])]
        part["playlist_genre"], part["playlist_subgenre"] = other["playlist_genre"], other["playlist_subgenre"]
        parts.append(part)
    return pd.concat(parts)


def _songs(rng: np.random.Generator, drawn: Draw) -> pd.DataFrame:
    """Return one row per song, in the order of the items, with the columns of the source."""
    n = len(drawn.taste.scene)
    artist = _credit(rng, drawn.taste.scene)
    artist_names = np.array(invented.unique(int(artist.max()) + 1, lambda: invented.name(rng)), dtype=object)
    album = np.unique(
        np.stack([artist, rng.integers(0, 1 + np.bincount(artist)[artist] // 3)], axis=1), axis=0, return_inverse=True
    )[1].ravel()
    n_albums = int(album.max()) + 1
    album_names = np.array([invented.name(rng) for _ in range(n_albums)], dtype=object)
    days = pd.Timestamp("2020-01-15") - pd.to_timedelta(
        rng.exponential(3_000, n_albums).clip(0, 20_000).astype(int), unit="D"
    )
    dates = np.where(rng.random(n_albums) < 0.06, days.strftime("%Y"), days.strftime("%Y-%m-%d"))
    listed = np.bincount(drawn.item, minlength=n)
    popularity = stats.norm.cdf(stats.zscore(np.log(listed) + rng.normal(0, 0.6, n)))
    frame = pd.DataFrame(
        {
            "track_id": _ids(rng, n),
            "track_name": [invented.name(rng) for _ in range(n)],
            "track_artist": artist_names[artist],
            "track_popularity": np.round(100 * stats.beta.ppf(popularity, 1.15, 1.6)).astype(np.int64),
            "track_album_id": _ids(rng, n_albums)[album],
            "track_album_name": album_names[album],
            "track_album_release_date": dates[album],
        }
    )
    # As in the source, four songs in five rows have no names
    nameless = [*rng.choice(np.flatnonzero(listed == 1), 3, replace=False), rng.choice(np.flatnonzero(listed == 2))]
    frame.loc[nameless, ["track_name", "track_artist", "track_album_name"]] = None
    frame = frame.astype({c: "str" for c in frame if c != "track_popularity"})
    return frame.assign(**_features(rng, drawn.taste.scene, artist))


def _credit(rng: np.random.Generator, scene: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the artist of each song: within a scene a few have many songs and most have one."""
    artist = np.empty(len(scene), dtype=np.int64)
    first = 0
    for s in np.unique(scene):
        members = np.flatnonzero(scene == s)
        share = np.arange(1, len(members) + 1) ** -0.95
        pick = rng.choice(len(members), len(members), p=share / share.sum())
        artist[members] = first + np.unique(pick, return_inverse=True)[1].ravel()
        first = int(artist[members].max()) + 1
    return artist


def _features(
    rng: np.random.Generator, scene: NDArray[np.int64], artist: NDArray[np.int64]
) -> dict[str, NDArray[np.generic]]:
    """Draw audio features: weakly those of the genre, the scene and the artist, mostly the song's own."""
    n = len(scene)
    genre = scene // (SUBGENRES * SCENES)

    def normal() -> NDArray[np.float64]:
        levels = (0.4, genre), (0.3, scene), (0.4, artist), (0.77, np.arange(n))
        return sum((sd * rng.normal(size=code.max() + 1)[code] for sd, code in levels), np.zeros(n))

    place = {name: stats.norm.cdf(normal()) for name in _SHARES}
    features: dict[str, NDArray[np.generic]] = {}
    for name, (mean, sd) in _SHARES.items():
        size = mean * (1 - mean) / sd**2 - 1
        features[name] = stats.beta.ppf(place[name], mean * size, (1 - mean) * size).round(4)
    loud = 0.7 * stats.norm.ppf(np.clip(place["energy"], 1e-6, 1 - 1e-6)) + 0.71 * normal()
    features |= {
        "key": rng.integers(0, 12, n),
        "loudness": np.clip(-6.2 + 2.6 * loud - 0.5 * loud**2, -46, 1.2).round(3),
        "mode": (rng.random(n) < 0.566).astype(np.int64),
        "instrumentalness": (stats.norm.cdf(normal()) ** 11).round(6),
        "tempo": np.clip(121 + 27 * normal(), 40, 239).round(3),
        "duration_ms": np.clip(np.round(226_000 + 60_000 * normal()), 4_000, 517_000).astype(np.int64),
    }
    return features


def _ids(rng: np.random.Generator, n: int) -> NDArray[np.object_]:
    """Return n identifiers of 22 letters and digits, as the source's look."""
    letters = _BASE62[rng.integers(len(_BASE62), size=(n, 22))]
    return np.array(["".join(row) for row in letters.tolist()], dtype=object)
