"""What chapter 13 does with a listening history: an invented one, or that of the reader who runs the notebook."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.chapters.your_own_music_people import Place
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.side_information import item_tags
from musicrec.histories import History, read_history
from musicrec.histories.plays import PLAY
from musicrec.histories.simulated import EXAMPLES, Played, invent_artists, invent_plays, write_examples
from musicrec.serving.cache import MODELS, served
from musicrec.serving.forms import MIN_LISTENERS
from musicrec.serving.reader import Reader, meet
from musicrec.serving.spellings import one_entry_each

EXAMPLE = "spotify_extended.zip"
PER_TAG, PLAYS = 25, 6_000  # artists of each of two tags, and plays, of the invented history


class Story(NamedTuple):
    """A reader, and where the history comes from."""

    reader: Reader
    invented: bool
    played: list[Played]  # the invented plays, none of the reader's own
    tags: list[str]  # what the invented person likes


class Summary(NamedTuple):
    """What the first sentences say."""

    invented: bool
    plays: int
    artists: int
    known: int
    share: float
    first: list[str]  # of the recommended artists


def open_story(data: Dataset, both: Dataset, history: str, *, seed: int, quick: bool) -> Story:
    """Return the reader of the chapter.

    Parameters
    ----------
    data : Dataset
        Listeners, whose tags the invented person is made of.
    both : Dataset
        What the model learns from: these listeners and playlists, joined.
    history : str
        The reader's own export; without it `MUSICREC_HISTORY`, and without that an invented one. The book, which is
        published, is made without that variable.
    seed : int
        Of the invented history.
    quick : bool
        Whether the invented history is short.
    """
    model = served(both, MODELS[0])
    if own := history or os.environ.get("MUSICREC_HISTORY", ""):
        return Story(meet(read_history(own.split(os.pathsep)), model), False, [], [])
    rng = np.random.default_rng(seed)
    artists, tags = _liked(data, rng)
    played = invent_plays(artists, PLAYS // (5 if quick else 1), rng)
    with tempfile.TemporaryDirectory(prefix="musicrec-") as folder:
        files = write_examples(Path(folder), played, [EXAMPLE])
        return Story(meet(read_history(files), model), True, played, tags)


def _liked(data: Dataset, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Choose two tags, the artists most often given them, and some artists nobody knows.

    Tags, because they are not what the model learns from: artists chosen by listens would flatter it.
    """
    tags = item_tags(data)
    popular = np.argsort(-np.asarray(tags.sum(axis=0)).ravel(), kind="stable")[:20]
    chosen = rng.choice(popular, 2, replace=False)
    columns = tags.tocsc()
    best = [np.argsort(-columns[:, [tag]].toarray().ravel(), kind="stable")[:PER_TAG] for tag in chosen]
    names = [str(data.item_names[item]) for item in dict.fromkeys(np.concatenate(best).tolist())]
    rng.shuffle(names)
    nobody = invent_artists(4, rng)
    guest = f"{names[0]} feat. {names[1]}"
    table = data.tables["tags"]
    return [*names[:8], nobody[0], *names[8:], *nobody[1:], guest], [str(table.iloc[tag, 1]) for tag in chosen]


def summary(story: Story, k: int = 3) -> Summary:
    """Return what the first sentences say."""
    reader = story.reader
    plays = reader.history.plays
    first = [reader.served.names[each.artist] for each in reader.recommend(k)]
    return Summary(
        story.invented, int(plays.liked.sum()), int((plays.counts > 0).sum()), len(reader.matched.items),
        reader.matched.shares["known"], first,
    )  # fmt: skip


def what_was_read(history: History) -> pd.DataFrame:
    """Return how many rows became plays, and why the others did not."""
    rows = {"plays and saved songs": int(history.plays.liked.sum()), **dict(history.left_out.most_common())}
    return pd.DataFrame({"rows": rows}).rename_axis("what they are")


def unmatched(reader: Reader, n: int = 8) -> pd.DataFrame:
    """Return the most played names the model does not know."""
    rows = [(name, count, "not in the data") for name, count in reader.matched.unknown]
    rows += [(name, count, f"fewer than {MIN_LISTENERS} listeners") for name, count in reader.matched.rare]
    table = pd.DataFrame(rows, columns=["name", "plays", "why"]).sort_values("plays", ascending=False, kind="stable")
    return table.head(n).set_index("name")


def by_month(reader: Reader) -> pd.DataFrame:
    """Return the plays of each month: of artists heard in an earlier one, and of those heard for the first time."""
    plays = reader.history.plays
    rows = plays.select((plays.state == PLAY) & ~np.isnat(plays.time))
    month = rows.time.astype("datetime64[M]").astype(np.int64)
    artist = rows.artist
    first = np.full(len(plays.artists), np.iinfo(np.int64).max)
    np.minimum.at(first, artist, month)
    fresh = first[artist] == month
    months = np.arange(month.min(), month.max() + 1) if len(month) else np.array([], dtype=np.int64)
    size = len(months)
    start = months[0] if size else 0
    columns = {
        "artists heard before": np.bincount(month[~fresh] - start, minlength=size),
        "artists new that month": np.bincount(month[fresh] - start, minlength=size),
    }
    return pd.DataFrame(columns, index=pd.Index(np.arange(1, size + 1), name="month"))


def recommended(reader: Reader, k: int = 10) -> pd.DataFrame:
    """Return the recommended artists, their listeners, and who speaks for them."""
    liked = reader.favourites
    rows = []
    for artist, score, _ in reader.recommend(k):
        adds = reader.served.adds(liked, artist)
        best = (-adds).argsort(kind="stable")[:3]
        because = ", ".join(reader.served.names[liked[place]] for place in best if adds[place] > 0)
        rows.append((reader.served.names[artist], score, int(reader.served.listeners[artist]), because))
    return pd.DataFrame(rows, columns=["artist", "score", "listeners", "because you play"]).set_index("artist")


def forecast_table(reader: Reader) -> pd.DataFrame:
    """Return what the last months show, empty where the history is too short or has no times."""
    forecast = reader.forecast()
    if forecast is None:
        return pd.DataFrame({"value": []}, index=pd.Index([], name="the last months"))
    rows = {
        f"plays since {forecast.since} of artists played before": f"{forecast.repeated_plays:.0%}",
        "of the 10 most played before, played again": f"{forecast.repeats:.0%}",
        "of the 10 the model ranks first, played": f"{forecast.model:.0%}",
        "artists never played before": f"{forecast.new}",
        "of these among the model's 20 recommendations": f"{forecast.new_found}",
        "of these among the 20 best known others": f"{forecast.new_popular}",
    }
    return pd.DataFrame({"value": rows}).rename_axis("the last months")


class Lessons(NamedTuple):
    """What the last sentences say; false where a history is too short to say it."""

    share: float
    better: bool  # whether the model knows this person better than popularity does
    habit: bool  # whether habit foretold more than the model


def lessons(reader: Reader, place: Place | None) -> Lessons:
    """Return what the last sentences say."""
    forecast = reader.forecast()
    return Lessons(
        reader.matched.shares["known"], place is not None and place.found > place.popular,
        forecast is not None and forecast.repeats > forecast.model,
    )  # fmt: skip


class Map(NamedTuple):
    """The best known artists and the reader's, near each other when the same people listen to them."""

    places: NDArray[np.float64]  # shape (n, 2)
    groups: list[str | None]  # what each is to the reader
    names: dict[int, str]  # of the recommended ones, by their place
    alone: bool  # whether no favourite is on the map


def on_the_map(data: Dataset, reader: Reader, *, n: int = 1000, seed: int = 0, k: int = 10) -> Map:
    """Lay out artists by who listens to them: two directions of a truncated SVD.

    The first direction of the decomposition only says how well known an artist is, and is left out; what is drawn are
    the next two of each artist's vector of listeners at length one.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    merged = one_entry_each(data.interactions, data.item_names.tolist())
    known = merged.listens.popularity()
    favourites = {reader.served.names[item] for item in reader.favourites}
    first = [reader.served.names[each.artist] for each in reader.recommend(k)]
    best = set(np.argsort(-known, kind="stable")[:n].tolist())
    rows = [item for item, name in enumerate(merged.names) if item in best or name in favourites or name in first]
    listeners = normalize(merged.listens.binary().astype(np.float64).T.tocsr()[rows])
    places = TruncatedSVD(3, random_state=seed).fit_transform(listeners)[:, 1:]
    names = [merged.names[item] for item in rows]
    groups = ["recommended" if name in first else "favourites" if name in favourites else None for name in names]
    labels = {at: name for at, name in enumerate(names) if name in first}
    return Map(places, groups, labels, "favourites" not in groups)


def every_format(story: Story) -> pd.DataFrame:
    """Write the invented history in every format, and read each again; of a reader's own, nothing is written."""
    columns = ["read as", "plays, songs or lines", "artists known"]
    if not story.invented:
        return pd.DataFrame(columns=columns)
    model, rows = story.reader.served, {}
    with tempfile.TemporaryDirectory(prefix="musicrec-") as folder:
        for file in write_examples(Path(folder), story.played):
            history = read_history([file])
            known = meet(history, model).matched
            titles = ", ".join(Counter(title for _, title, _ in history.files))
            rows[file.name] = (titles, int(history.plays.liked.sum()) + len(history.listed), len(known.items))
        together = read_history([Path(folder) / file for file in EXAMPLES])
    rows["all of them"] = ("", int((together.plays.state == PLAY).sum()), len(meet(together, model).matched.items))
    return pd.DataFrame(rows, index=columns).T.rename_axis("file")
