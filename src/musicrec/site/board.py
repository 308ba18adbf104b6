"""The leaderboard that answers: its rows and what each listener got, as a small file for the script of the page."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import user_means
from musicrec.evaluation.storage import load_evaluations
from musicrec.files import write_text
from musicrec.scores.records import Score
from musicrec.scores.stamps import stamped
from musicrec.site.packing import version
from musicrec.site.pages import plain_name

FILES = ("board.css", "board.js")  # of book/scripts
HEADLINE = "ndcg@10"
COLUMNS = {  # of the table and the axes of the figure: where from, and what a reader calls it
    "ndcg@10": "NDCG@10", "recall@10": "Recall@10", "hit@10": "Hit@10", "coverage@10": "Coverage",
    "novelty@10": "Novelty (bits)", "seconds": "Seconds to fit and answer",
}  # fmt: skip
GROUPS = ("who play what few know", "in between", "who play what many know")
STEPS = 250  # a listener's score is rounded to so many parts; a mean over listeners moves by far less
COUNTED = "hit@10"  # of each listener a whole number of splits: several listeners fit into a byte
PROTOCOLS = {"listeners": "training listens", "listeners+valid": "training and validation listens"}  # fitted on
CHAPTER = "12_leaderboard"
BEFORE = "cell-20"  # of that chapter: what follows all tables of systems


def board(folder: Path, scores: list[Score], data: Dataset) -> dict[str, Any] | None:
    """Return what the page needs, None where there are not two systems to compare.

    Parameters
    ----------
    folder : Path
        Of the build; only what an execution of the book left there is read.
    scores : list of Score
        Of the build: they say what stands on the board.
    data : Dataset
        Whose listeners these are, grouped by how well known on average is what they play.
    """
    rows = {s.system: s.protocol for s in scores if s.metric == HEADLINE and s.protocol in PROTOCOLS}
    found: dict[str, list[Evaluation]] = {}
    for paths in stamped(folder).values():
        for path in paths:
            if path.suffix == ".npz" and path.stem in rows:
                found[path.stem] = load_evaluations(path)
    if len(found) < 2:
        return None
    users = next(iter(found.values()))[0].users
    found = {name: es for name, es in found.items() if all(np.array_equal(e.users, users) for e in es)}
    order = sorted(found, key=lambda name: _values(found[name])[HEADLINE], reverse=True)
    per_user = np.stack([user_means(found[name], HEADLINE) for name in order])
    splits = len(found[order[0]])
    counts = np.stack([user_means(found[name], COUNTED) * splits for name in order])
    protocols = [name for name in PROTOCOLS if name in {rows[system] for system in order}]
    return {
        "columns": list(COLUMNS.values()),
        "systems": [
            {
                "name": name,
                "title": ", ".join([plain_name(name), *name.split(", ")[1:]]),  # "…, with validation"
                "protocol": protocols.index(rows[name]),
                "values": [round(v, 5) for v in _values(found[name]).values()],
            }
            for name in order
        ],
        "protocols": [PROTOCOLS[name] for name in protocols],
        "groups": list(GROUPS),
        "group": _packed(_groups(data, users)),
        "listeners": [_of_each(HEADLINE, per_user * STEPS, STEPS), _of_each(COUNTED, counts, splits)],
    }


def _values(evaluations: list[Evaluation]) -> dict[str, float]:
    """Return the mean over splits of every column."""
    values = {}
    for metric in COLUMNS:
        if metric == "seconds":
            each = [e.fit_seconds + e.recommend_seconds for e in evaluations]
        elif metric in evaluations[0].overall:
            each = [e.overall[metric] for e in evaluations]
        else:
            each = [float(e.per_user[metric].mean()) for e in evaluations]
        values[metric] = float(np.mean(each))
    return values


def _groups(data: Dataset, users: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return in which third each listener is, by the mean fame of what the listener plays."""
    rows, items = data.interactions.coordinates()
    known = np.log1p(data.interactions.popularity())[items]
    mean = np.bincount(rows, known, minlength=data.interactions.n_users) / np.maximum(
        data.interactions.history_sizes(), 1
    )
    place = np.argsort(np.argsort(mean[users], kind="stable"), kind="stable")
    return np.asarray(place * len(GROUPS) // len(users))


def _of_each(metric: str, numbers: NDArray[np.float64], steps: int) -> dict[str, Any]:
    """Return what every listener got from every system, in whole steps from 0 to `steps`, as many to a byte as fit."""
    flat = np.rint(numbers).astype(np.int64).ravel()
    levels = steps + 1
    together = max(n for n in range(1, 9) if levels**n <= 256)
    padded = np.pad(flat, (0, -len(flat) % together)).reshape(-1, together)
    packed = _packed(padded @ levels ** np.arange(together))
    column = list(COLUMNS).index(metric)
    return {"column": column, "steps": steps, "together": together, "packed": packed}


def _packed(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.astype(np.uint8).tobytes()).decode()


def stage(source: Path, folder: Path, scores: list[Score], data: Dataset) -> str:
    """Write the data below the staged source of the site, and the piece of the first page that loads them.

    Returns
    -------
    str
        The same piece for a chapter's page, one folder below; "" where there is nothing to compare.
    """
    made = board(folder, scores, data)
    if made is None:
        write_text(source / "generated" / "board.md", "\n")
        return ""
    script = "window.musicrecBoard = " + json.dumps(made, ensure_ascii=False, separators=(",", ":")) + ";\n"
    content = hashlib.sha256(script.encode()).hexdigest()[:12]
    write_text(source / "scripts" / "data" / f"board-{content}.js", script)
    ours = version(source, FILES)
    write_text(source / "generated" / "board.md", _piece("scripts", content, ours))
    return _piece("../scripts", content, ours)


def _piece(scripts: str, content: str, ours: str) -> str:
    """Return what a page says to show the board; `scripts` is where the scripts lie, seen from the page."""
    return (
        "```{raw} html\n"
        f'<link rel="stylesheet" href="{scripts}/board.css?v={ours}">\n'
        '<section class="board" id="board" aria-label="Compare systems" hidden></section>\n'
        f'<script defer src="{scripts}/data/board-{content}.js"></script>\n'
        f'<script defer src="{scripts}/board.js?v={ours}"></script>\n'
        "```\n"
    )
