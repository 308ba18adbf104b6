"""A trial book of two tiny notebooks, for the tests of publishing and of the command."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.scores.records import Score
from musicrec.scores.stamps import digests
from musicrec.site import reference, staleness
from musicrec.site.notebooks import Chapter, Run, find_chapters, toc_files

ROOT = Path(__file__).parents[2]
FIGURE = '<figure class="musicrec-figure"><svg role="img" aria-label="{}"><path d="M0 0"/></svg></figure>'
SCORE = (
    "from musicrec.files import write_text\n"
    "from musicrec.scores.builds import writing_folder\n"
    "write_text(writing_folder('trial')[0] / '{}.json', '[]')\n"
    "from IPython.display import HTML\n"
    "HTML('" + FIGURE.format("A rising line") + "')"
)


def dataset(name: str = "lastfm-2k", *, simulated: bool = False, fingerprint: str = "0123456789abcdef") -> Dataset:
    interactions = Interactions(sp.csr_array(np.ones((2, 3))), np.arange(2), np.arange(3))
    about = Provenance("A | B", "https://example.org/", "1", "free", "hetrec2011", "cache", fingerprint, simulated)
    items = pd.DataFrame({"name": list("abc")})
    return Dataset(name, interactions, items, about, {"tags": items})


def run(**more: bool) -> Run:
    return Run(dataset(), dataset("spotify-songs"), **more)


def chapters(root: Path, of: Run | None = None) -> list[Chapter]:
    return find_chapters(root, (of or run()).folder)


def score(system: str, value: float, metric: str = "ndcg@10", chapter: str = "02_baseline", **more: object) -> Score:
    about = {"dataset": "lastfm-2k", "simulated": False, "protocol": "listeners"}
    return Score(chapter, system, metric=metric, value=value, **{**about, **more})


class Recorder:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self.names: list[str] = []
        self.cells = 0
        self.notes: dict[str, str] = {}
        self.whys: dict[str, str] = {}
        self.ended = False

    def begin(self, names: Sequence[str], seconds: Mapping[str, float] | None = None, jobs: int = 1) -> None:
        self.names, self.seconds = list(names), seconds

    def start(self, name: str, steps: int, why: str) -> None:
        self.executed.append(name)
        self.whys[name] = why
        self.total, self.cells = steps, 0

    def step(self, name: str, note: str = "") -> None:
        self.cells += 1

    def done(self, name: str, note: str) -> None:
        self.notes[name] = note

    def end(self) -> None:
        self.ended = True


def write_notebook(
    root: Path, name: str, *sources: str, originals: tuple[str, ...] = (), reads_scores: bool = False
) -> Path:
    path = root / "notebooks" / f"{name}.ipynb"
    cells = [new_markdown_cell(f"# Chapter {name}")]
    cells.append(new_code_cell('dataset = "auto"\nseed = 0\nquick = False', metadata={"tags": ["parameters"]}))
    cells += [new_code_cell(source) for source in sources or (SCORE.format(name),)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"originals": list(originals), **({"reads_scores": True} if reads_scores else {})}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel, "musicrec": about}), path)
    return path


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two chapters, the real settings and pages."""
    for name in ("_config.yml", "_toc.yml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    (tmp_path / "notebooks").mkdir()
    for name in ("01_eda", "02_baseline"):
        write_notebook(tmp_path, name)
    toc = "format: jb-book\nroot: index\nchapters:\n"
    before, after = ("try", "protocol", "rerun"), ("glossary", "references", "provenance", "how_it_is_built")
    files = (*before, "notebooks/01_eda", "notebooks/02_baseline", *after)
    files += tuple(file for file in toc_files(ROOT) if file.startswith("api/"))
    (tmp_path / "_toc.yml").write_text(toc + "".join(f"  - file: {file}\n" for file in files), encoding="utf-8")
    # headings alone: the docstrings have tests of their own, and take longer than all other pages
    monkeypatch.setattr(reference, "floor_page", lambda floor, *_: f"{floor}\n{'=' * len(floor)}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REF_NAME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def pretend(chapter: Chapter, of: Run, root: Path, *outputs: dict, scores: Sequence[Score] = ()) -> None:
    """Leave what an execution leaves, without the time it takes."""
    of.build.write(begun=1.0)
    notebook = nbformat.read(chapter.path, as_version=4)
    notebook.cells[-1].outputs = [nbformat.from_dict(output) for output in outputs]
    chapter.executed.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, chapter.executed)
    chapter.scores_path.parent.mkdir(parents=True, exist_ok=True)
    chapter.scores_path.write_text(json.dumps([asdict(score) for score in scores]), encoding="utf-8")
    stamp = {
        "inputs": staleness.inputs(chapter, of, root), "parameters": of.parameters, "seconds": 1.5, "cells": 3,
        "outputs": digests(chapter.folder, [chapter.executed, chapter.scores_path]),
    }  # fmt: skip
    chapter.stamp_path.write_text(json.dumps(stamp), encoding="utf-8")


def html_output(html: str) -> dict:
    return {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}
