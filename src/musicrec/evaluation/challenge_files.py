"""A challenge of one's own as files, and the score of a submission to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from musicrec.datasets.challenge_set import Cut, write_challenge_set
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.playlists import Playlists
from musicrec.datasets.sources import DataError
from musicrec.evaluation import continuation
from musicrec.evaluation.submission import Submission
from musicrec.splits.challenge import Asked, Challenge

SET, ANSWERS = "challenge_set.json", "answers.json"
PREFIX = "spotify:track:"


class Cuts(NamedTuple):
    """A challenge in the form of its files."""

    given: dict[int, Cut]
    answers: dict[int, Cut]


def addresses(labels: NDArray[Any]) -> list[str]:
    """Return the addresses of tracks; an id alone gets the words before it.

    Examples
    --------
    >>> addresses(np.array(["6f807x0ima9a1j3VPbc7VN", "spotify:track:0r7CVbZTWZgbTCYdfa2P31"]))
    ['spotify:track:6f807x0ima9a1j3VPbc7VN', 'spotify:track:0r7CVbZTWZgbTCYdfa2P31']
    """
    return [label if label.startswith(PREFIX) else PREFIX + label for label in map(str, labels)]


def numbers(playlists: Playlists, labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of playlists in the files: their labels, or their rows where labels are no numbers."""
    if np.issubdtype(labels.dtype, np.integer):
        return labels.astype(np.int64)
    return playlists.tracks.numbers("user", labels)


def cuts_of(challenge: Challenge, playlists: Playlists) -> Cuts:
    """Return the files' form of a challenge that was drawn from these playlists."""
    uris, held_out = addresses(playlists.tracks.items), challenge.held_out.matrix
    seeds, given, answers = challenge.asked.seeds, {}, {}
    for row, pid in enumerate(numbers(playlists, challenge.held_out.users).tolist()):
        own = slice(seeds.indptr[row], seeds.indptr[row + 1])
        hidden = [uris[track] for track in held_out.indices[held_out.indptr[row] : held_out.indptr[row + 1]]]
        order = np.argsort(challenge.places[own], kind="stable")
        tracks = tuple(uris[track] for track in seeds.indices[own][order])
        places = tuple(challenge.places[own][order].tolist())
        given[pid] = Cut(pid, challenge.asked.titles[row], tracks, places, len(hidden))
        answers[pid] = Cut(pid, challenge.asked.titles[row], tuple(hidden), tuple(range(len(hidden))), len(hidden))
    return Cuts(given, answers)


def write_challenge(
    folder: Path, challenge: Challenge, playlists: Playlists, items: pd.DataFrame | None = None, **said: object
) -> tuple[Path, Path]:
    """Write a challenge set and its answers into a folder, and return where they are.

    `items`, with `name` and `artist` of every track, adds these; what else is given is said of the whole set.
    """
    cuts = cuts_of(challenge, playlists)
    about: Mapping[str, Mapping[str, Any]] = {}
    if items is not None:
        names = items[["name", "artist"]].fillna("").rename(columns={"name": "track_name", "artist": "artist_name"})
        used = sorted({uri for part in cuts for cut in part.values() for uri in cut.tracks})
        places = pd.Index(addresses(playlists.tracks.items)).get_indexer(pd.Index(used))
        records: list[Any] = names.iloc[places].to_dict("records")
        about = dict(zip(used, records, strict=True))
    paths = folder / SET, folder / ANSWERS
    for path, part in zip(paths, cuts, strict=True):
        write_challenge_set(path, list(part.values()), about, **said)
    return paths


def asked_of(given: Mapping[int, Cut], playlists: Playlists, learn_before: int = 0) -> tuple[Playlists, Asked]:
    """Return the playlists to learn from, and what a challenge set asks for, in its order.

    Parameters
    ----------
    given : mapping of int to Cut
        The challenge set. Seeds that no playlist holds are left out.
    playlists : Playlists
        All there are; those that are asked for are not learnt from.
    learn_before : int
        Only playlists that were last changed before that, in seconds since 1970, are learnt from; 0 for all.
    """
    learn = ~np.isin(numbers(playlists, playlists.tracks.users), list(given))
    if learn_before:
        learn &= playlists.modified_at < learn_before
    train = playlists.rows(np.flatnonzero(learn))
    places = pd.Index(addresses(playlists.tracks.items))
    found = [places.get_indexer(pd.Index(cut.tracks, dtype=object)) for cut in given.values()]
    seeds = [np.unique(tracks[tracks >= 0]) for tracks in found]
    indptr = np.concatenate([[0], np.cumsum([len(tracks) for tracks in seeds])])
    columns = np.concatenate([*seeds, np.empty(0, np.int64)]).astype(np.int64)
    ones = np.ones(len(columns), np.float32)
    matrix = sp.csr_array((ones, columns, indptr), shape=(len(given), playlists.tracks.n_items))
    return train, Asked(matrix, np.array([cut.title for cut in given.values()], dtype=object))


def score(submission: Submission, answers: Mapping[int, Cut], given: Mapping[int, Cut]) -> pd.DataFrame:
    """Return the mean of each metric by how many tracks were given, and of all.

    Artists are not in the files, so that R-precision is on tracks alone.

    Raises
    ------
    DataError
        When a playlist of the challenge set has no answers, or nothing was held out of it.
    ValueError
        When the submission is rejected.
    """
    if submission.problems:
        raise ValueError(f"the submission is rejected: {submission.problems[0]}")
    if lacking := [pid for pid in given if pid not in answers or not answers[pid].tracks]:
        raise DataError(f"the answers hold nothing for playlist {lacking[0]} of the challenge set")
    pids = list(given)
    codes: dict[str, int] = {}
    lists = np.array([_codes(submission.lists[pid], codes) for pid in pids], np.int64)
    hidden = [_codes(answers[pid].tracks, codes) for pid in pids]
    rows = np.repeat(np.arange(len(pids)), [len(tracks) for tracks in hidden])
    cells = (np.ones(len(rows), np.float32), (rows, np.concatenate(hidden)))
    matrix = sp.csr_array(sp.coo_array(cells, shape=(len(pids), len(codes))))
    found = continuation.measure(lists, Interactions(matrix, np.array(pids), np.arange(len(codes))))
    frame = found.per_user[["r-precision", "ndcg@500", "clicks"]]
    groups = [f"{len(given[pid].tracks)} tracks{'' if given[pid].title else ', no title'}" for pid in pids]
    table = frame.groupby(groups, sort=False).mean()
    table.insert(0, "playlists", frame.groupby(groups, sort=False).size())
    everything = pd.DataFrame([{"playlists": len(pids), **frame.mean()}], index=["all"])
    order = sorted(table.index, key=lambda name: (int(re.split(" ", name)[0]), name))
    return pd.concat([table.loc[order], everything]).rename_axis("given")


def _codes(uris: Sequence[str], codes: dict[str, int]) -> list[int]:
    return [codes.setdefault(uri, len(codes)) for uri in uris]
