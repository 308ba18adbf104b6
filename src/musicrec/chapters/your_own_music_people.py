"""Where a reader of chapter 13 stands among the people of the data: how well a model knows them, and their fame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.joined import times_of
from musicrec.serving.cache import MODELS
from musicrec.serving.forms import Served
from musicrec.serving.quantisation import abridged
from musicrec.serving.reader import FAVOURITES, Reader, fidelity, meet
from musicrec.serving.spellings import one_entry_each
from musicrec.splits.newcomers import leave_out_people

DRAWS = 5  # times a part of the favourites of each person is hidden


class Place(NamedTuple):
    """Where the reader stands among the people of the data."""

    found: float  # share of the hidden favourites that are named
    popular: float
    people: int
    median: float  # of the people of the data
    below: float  # share of these people who are found less well
    fame: float  # median number of listeners of the reader's favourites
    fame_below: float  # share of people whose favourites are less well known


class People(NamedTuple):
    """People of the data who were left out of training, one value each."""

    found: NDArray[np.float64]  # share of hidden favourites that are named
    fame: NDArray[np.float64]  # median number of listeners of the favourites
    model: Served  # that did not learn from them


def left_out_people(data: Dataset, *, seed: int, quick: bool) -> People:
    """Leave a tenth of the people out, fit the model to the others, and measure how well it knows the former.

    Of listeners and playlists, joined, both are left out, but only listeners are measured: a playlist is no history.
    """
    merged = one_entry_each(data.interactions, data.item_names.tolist())
    part = data.tables["people"]["part"].to_numpy()
    newcomers = leave_out_people(merged.listens, seed, groups=part)
    model = abridged(newcomers.train, merged.names, MODELS[0], times=times_of(data))
    place = {int(item): at for at, item in enumerate(model.ids[: model.n])}
    rng = np.random.default_rng(seed)
    found, fame = [], []
    matrix = newcomers.histories.matrix
    for row in newcomers.rows[part[newcomers.rows] == 0][: 40 if quick else None].tolist():
        start, end = matrix.indptr[row : row + 2]
        order = np.argsort(-matrix.data[start:end], kind="stable")
        items = [place.get(int(merged.listens.items[item]), -1) for item in matrix.indices[start:end][order]]
        items = [item for item in items if item >= 0]
        favourites = np.array(items[:FAVOURITES], dtype=np.int64)
        if result := fidelity(model, favourites, items, rng, DRAWS):
            found.append(result.found)
            fame.append(float(np.median(model.listeners[favourites])))
    return People(np.array(found), np.array(fame), model)


def place_among(reader: Reader, people: People, *, seed: int) -> Place | None:
    """Measure the reader as the people of the data were; None where the history is too short."""
    result = meet(reader.history, people.model)
    own = result.fidelity(np.random.default_rng(seed))
    if own is None or not len(people.found):
        return None
    fame = float(np.median(people.model.listeners[result.favourites]))
    below, less_known = float((people.found < own.found).mean()), float((people.fame < fame).mean())
    median = float(np.median(people.found))
    return Place(own.found, own.popular, len(people.found), median, below, fame, less_known)


def people_alt(people: People, place: Place | None) -> str:
    """Return the distribution in words, for those who cannot see it."""
    low, middle, high = np.quantile(people.found, (0.25, 0.5, 0.75))
    text = f"For half of the people, {low:.0%} to {high:.0%} of what was hidden is found, median {middle:.0%}"
    return f"{text}; of this person {place.found:.0%}." if place else f"{text}."


def place_table(place: Place | None) -> pd.DataFrame:
    """Return the comparison as a table, empty where the history is too short for one."""
    if place is None:
        return pd.DataFrame({"share found": []}, index=pd.Index([], name="whose favourites, found by whom"))
    rows = {
        "this person's, by the model": place.found,
        "this person's, by recommending the best known": place.popular,
        "the data's people's, by the model, median": place.median,
    }
    return pd.DataFrame({"share found": rows}).rename_axis("whose favourites, found by whom")
