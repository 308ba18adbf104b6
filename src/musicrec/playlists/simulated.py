"""Invented playlists with the shape of the Million Playlist Dataset: lengths, tails, titles, followers, dates.

Artists belong to genres, playlists to one or two of them, titles to a genre or to none; within a genre artists, and
within an artist tracks, are drawn with a long tail. Nothing in it is anybody's: names are made of numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from musicrec.files import whole
from musicrec.playlists.parse import SIMULATED

SLICE = 1000  # playlists a slice, as in the original
N_GENRES, N_ARTISTS, N_TRACKS = 24, 300_000, 2_500_000  # of the world the playlists are drawn from
ARTIST_TAIL = (40.0, 2.0)  # offset and exponent of how artists of a genre are chosen
TRACK_TAIL = (4.0, 1.8)  # and the tracks of an artist
LONGEST, SHORTEST = 376, 5  # tracks of a playlist
FIRST_DAY, LAST_DAY = 14_610, 17_471  # days since 1970 of the last changes: January 2010 to October 2017
NOTE = "simulated by musicrec: no playlist, track or listener of it is real"
# Half of the titles are words of a genre, half are words anybody uses.
GENRES = (  # noqa: SIM905 as a list it would fill the page
    "country rap rock metal jazz blues soul funk disco house techno trance punk indie folk gospel reggae latin "
    "salsa kpop classical ambient emo grime"
).split()
WORDS = (  # noqa: SIM905 as a list it would fill the page
    "chill workout party summer road trip sleep study morning night love sad happy gym running dinner shower car "
    "throwback oldies new best favorites mix vibes feels jams bangers hits mood rain winter fall spring beach "
    "pool work focus coffee dance wedding christmas halloween birthday school college home baby queen king girl "
    "boy mom dad friends lit fire wild slow fast loud soft deep dark light blue red gold old young free lost "
    "dream life time world city town street sun moon star sky sea river mountain forest garden heart soul mind "
    "body music songs tunes tracks playlist radio list album live acoustic cover remix classic modern random "
    "stuff things misc all good bad great cool hot cold sweet crazy weekend friday sunday monday late early again "
    "always never now later"
).split()
FIELDS = ("pid", "modified_at", "num_followers", "num_edits", "num_albums", "num_artists", "duration_ms")


@dataclass(frozen=True, eq=False)
class World:
    """What there is to choose from; the same for every seed.

    Attributes
    ----------
    artists_of : numpy.ndarray, shape (N_GENRES, 2)
        The first artist of each genre and the one after its last; the best known ones come first.
    tracks_of : numpy.ndarray, shape (N_ARTISTS + 1,)
        The first track of each artist.
    """

    artists_of: NDArray[np.int64]
    tracks_of: NDArray[np.int64]


@lru_cache(maxsize=1)
def world() -> World:
    """Return the world: genres of falling size, artists with as many tracks as they are known."""
    share = 1 / (np.arange(N_GENRES) + 4.0)
    ends = np.round(np.cumsum(share) / share.sum() * N_ARTISTS).astype(np.int64)
    artists_of = np.column_stack([np.concatenate([[0], ends[:-1]]), ends])
    place = np.arange(N_ARTISTS) - np.repeat(artists_of[:, 0], np.diff(artists_of, axis=1)[:, 0])
    wanted = 400 / (place + 12.0) ** 0.42
    counts = np.maximum(1, np.round(wanted * N_TRACKS / wanted.sum())).astype(np.int64)
    return World(artists_of, np.concatenate([[0], np.cumsum(counts)]))


@dataclass(frozen=True, eq=False)
class Block:
    """Some consecutive playlists, as columns.

    Attributes
    ----------
    playlists : dict of str to numpy.ndarray, shape (n,)
        The fields of a playlist: `FIELDS` and `name`.
    sizes : numpy.ndarray, shape (n,)
        Tracks of each.
    tracks, artists, albums : numpy.ndarray, shape (sizes.sum(),)
        Numbers of what the playlists hold, one playlist after the other.
    """

    playlists: dict[str, NDArray[Any]]
    sizes: NDArray[np.int64]
    tracks: NDArray[np.int64]
    artists: NDArray[np.int64]
    albums: NDArray[np.int64]


def block(number: int, n: int, seed: int) -> Block:
    """Draw playlists `number` · 1,000 to that + `n`; each block has random numbers of its own, so order is free.

    Parameters
    ----------
    number : int
        Of the block, from 0.
    n : int
        How many playlists, up to 1,000.
    seed : int
    """
    rng, whole_world = np.random.default_rng([seed, number]), world()
    sizes = np.clip(np.exp(rng.normal(np.log(49.4), 0.84, n)), SHORTEST, LONGEST).astype(np.int64)
    first = rng.choice(N_GENRES, n, p=_shares(N_GENRES, 3))
    second = rng.choice(N_GENRES, n, p=_shares(N_GENRES, 3))
    narrow = rng.uniform(0.6, 1, n)  # the share of the first genre
    rows = np.repeat(np.arange(n), sizes)
    genre = np.where(rng.random(len(rows)) < narrow[rows], first[rows], second[rows])
    low, high = whole_world.artists_of[genre].T
    artists = low + _long_tail(rng.random(len(rows)), high - low, *ARTIST_TAIL)
    n_tracks = whole_world.tracks_of[artists + 1] - whole_world.tracks_of[artists]
    place = _long_tail(rng.random(len(rows)), n_tracks, *TRACK_TAIL)
    tracks = whole_world.tracks_of[artists] + place
    artists, tracks, albums, sizes, rows = _once(artists, tracks, place // 10, sizes, rows)
    modified = (FIRST_DAY + (LAST_DAY - FIRST_DAY) * rng.beta(4, 0.9, n)).astype(np.int64) * 86_400
    columns: dict[str, NDArray[Any]] = {
        "pid": number * SLICE + np.arange(n),
        "name": _titles(first, rng),
        "modified_at": modified,
        "num_followers": np.minimum(rng.zipf(2.35, n), 70_000),
        "num_edits": 1 + rng.geometric(1 / 17, n),
        "num_albums": _distinct(rows, albums, n),
        "num_artists": _distinct(rows, artists, n),
        "duration_ms": np.bincount(rows, duration(tracks), minlength=n).astype(np.int64),
    }
    return Block(columns, sizes, tracks, artists, albums)


def write_slices(folder: Path, n_playlists: int, seed: int, told: Any = lambda share: None) -> list[Path]:
    """Write simulated slices in the format of the original, each whole or not at all.

    Parameters
    ----------
    folder : Path
        Made when missing; slices of the same names are replaced.
    n_playlists : int
        Above zero.
    seed : int
    told : callable
        Is told the share that is written, from 0 to 1.

    Returns
    -------
    list of Path
    """
    paths = []
    for number in range(-(-n_playlists // SLICE)):
        n = min(SLICE, n_playlists - number * SLICE)
        path = folder / f"mpd.slice.{number * SLICE}-{number * SLICE + n - 1}.json"
        with whole(path, "wb") as file:
            content = as_slice(block(number, n, seed), path.stem.removeprefix("mpd.slice."))
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=4))  # as the original is laid out
        paths.append(path)
        told((number * SLICE + n) / n_playlists)
    return paths


def as_slice(part: Block, name: str) -> dict[str, Any]:
    """Return the object that a slice of the original is, with its facts and its playlists."""
    durations, at = duration(part.tracks).tolist(), 0
    tracks, artists, albums = part.tracks.tolist(), part.artists.tolist(), part.albums.tolist()
    playlists = []
    for row, size in enumerate(part.sizes.tolist()):
        entries = [
            {
                "pos": place,
                "artist_name": f"Artist {artists[at + place]}",
                "track_uri": f"spotify:track:{tracks[at + place]:022d}",
                "artist_uri": f"spotify:artist:{artists[at + place]:022d}",
                "track_name": f"Track {tracks[at + place]}",
                "album_uri": f"spotify:album:{albums[at + place]:022d}",
                "duration_ms": durations[at + place],
                "album_name": f"Album {albums[at + place]}",
            }
            for place in range(size)
        ]
        facts = {name: value[row].item() for name, value in part.playlists.items() if name != "name"}
        title = str(part.playlists["name"][row])
        playlists.append(
            {"name": title, "collaborative": "false", "num_tracks": size, **facts, "tracks": entries}
        )  # fmt: skip
        at += size
    return {"info": {"slice": name, "version": SIMULATED, "note": NOTE}, "playlists": playlists}


def _shares(n: int, offset: float) -> NDArray[np.float64]:
    shares = 1 / (np.arange(n) + offset)
    return shares / shares.sum()


def _long_tail(
    uniform: NDArray[np.float64], sizes: NDArray[np.int64], offset: float, exponent: float
) -> NDArray[np.int64]:
    """Return a place from 0 to each size - 1, drawn in proportion to (place + offset)^-exponent.

    By the inverse of the integral of that function, which no table of millions of sums needs.
    """
    power = 1 - exponent
    low, high = offset**power, (sizes + offset) ** power
    place = (low + uniform * (high - low)) ** (1 / power) - offset
    return np.minimum(place.astype(np.int64), sizes - 1)


def _once(
    artists: NDArray[np.int64], tracks: NDArray[np.int64], discs: NDArray[np.int64], sizes: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> tuple[NDArray[np.int64], ...]:  # fmt: skip
    """Leave out most repetitions of a track within a playlist; real ones repeat a few, so one in twenty stays."""
    order = np.lexsort((tracks, rows))
    again = np.zeros(len(rows), bool)
    again[order[1:]] = (rows[order[1:]] == rows[order[:-1]]) & (tracks[order[1:]] == tracks[order[:-1]])
    keep = ~again | (tracks % 20 == 0)
    albums = artists * 100 + discs
    return artists[keep], tracks[keep], albums[keep], np.bincount(rows[keep], minlength=len(sizes)), rows[keep]


def _distinct(rows: NDArray[np.int64], values: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    pairs = np.unique(np.column_stack([rows, values]), axis=0)
    return np.bincount(pairs[:, 0], minlength=n)


def duration(tracks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the milliseconds of tracks, two to six minutes, the same for a track wherever it stands."""
    return 120_000 + (tracks * 7_919) % 240_000


def _titles(genres: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.object_]:
    """Return a title for each playlist: one word or two, written in one of many ways."""
    n = len(genres)
    second = _long_tail(rng.random(n), np.full(n, len(WORDS)), 6.0, 1.1)
    first = _long_tail(rng.random(n), np.full(n, len(WORDS)), 6.0, 1.1)
    ways = rng.integers(0, 12, n)
    of_genre, alone = rng.random(n) < 0.5, rng.random(n) < 0.6
    titles = []
    for row in range(n):
        words = [GENRES[genres[row]] if of_genre[row] else WORDS[first[row]]]
        if not alone[row]:
            words.append(WORDS[second[row]])
        titles.append(_written(" ".join(words), int(ways[row])))
    return np.array(titles, dtype=object)


def _written(title: str, way: int) -> str:
    forms = {0: title.upper(), 1: title, 2: title, 3: f"{title}!", 4: f"{title} \N{MULTIPLE MUSICAL NOTES}"}
    return forms.get(way, f"{title.title()}." if way == 5 else title.title())
