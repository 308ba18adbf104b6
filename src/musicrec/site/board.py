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
from musicrec.site.pages import plain_name

FILES = ("board.css", "board.js")  # of book/scripts
HEADLINE = "ndcg@10"
COLUMNS = {  # of the table and the axes of the figure: where from, and what a reader calls it
    "ndcg@10": "NDCG@10", "recall@10": "Recall@10", "hit@10": "Hit@10", "coverage@10": "Coverage",
    "novelty@10": "Novelty (bits)", "seconds": "Seconds to fit and answer",
}  # fmt: skip
GROUPS = ("who play what few know", "in between", "who play what many know")
STEPS = 250  # a listener's score is rounded to so many parts; a mean over listeners moves by far less


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
    rows = {s.system for s in scores if (s.protocol, s.metric) == ("listeners", HEADLINE)}
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
    return {
        "columns": list(COLUMNS.values()),
        "systems": [
            {"name": name, "title": plain_name(name), "values": [round(v, 5) for v in _values(found[name]).values()]}
            for name in order
        ],
        "groups": list(GROUPS),
        "group": _packed(_groups(data, users)),
        "listeners": _packed(np.rint(per_user * STEPS)),
        "steps": STEPS,
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


def _packed(numbers: NDArray[Any]) -> str:
    return base64.b64encode(numbers.astype(np.uint8).tobytes()).decode()


def stage(source: Path, folder: Path, scores: list[Score], data: Dataset) -> None:
    """Write the data below the staged source of the site, and the piece of the page that loads them."""
    made = board(folder, scores, data)
    text = "\n"
    if made is not None:
        script = "window.musicrecBoard = " + json.dumps(made, ensure_ascii=False, separators=(",", ":")) + ";\n"
        version = hashlib.sha256(script.encode()).hexdigest()[:12]
        write_text(source / "scripts" / "data" / f"board-{version}.js", script)
        ours = hashlib.sha256(b"".join((source / "scripts" / name).read_bytes() for name in FILES)).hexdigest()[:12]
        text = (
            "```{raw} html\n"
            f'<link rel="stylesheet" href="scripts/board.css?v={ours}">\n'
            '<section class="board" id="board" aria-label="Compare systems" hidden></section>\n'
            f'<script defer src="scripts/data/board-{version}.js"></script>\n'
            f'<script defer src="scripts/board.js?v={ours}"></script>\n'
            "```\n"
        )
    write_text(source / "generated" / "board.md", text)
