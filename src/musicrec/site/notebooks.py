"""Chapters: find the notebooks of the book and tell which of their results are out of date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from musicrec.files import build_dir
from musicrec.scores.records import ORIGINALS

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset

BOOK_DATA = ("auto", "lastfm-2k", "simulated", "simulated-small")


class BookError(ValueError):
    """The book cannot be made; the message says where, what was wrong and what to do."""


def book_root() -> Path:
    """Return the folder of the book: the nearest one, from here upwards, that holds `_toc.yml`.

    Raises
    ------
    BookError
        When there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").exists():
            return folder
    raise BookError(f"{here} is not inside the book (no _toc.yml here or above); go to its folder and try again")


@dataclass(frozen=True)
class Chapter:
    """One notebook of the book.

    Attributes
    ----------
    path : Path
        The notebook as stored, without outputs.
    originals : tuple of str
        Keys of the originals whose reported figures it reproduces, from its metadata `musicrec.originals`.
    reads_scores : bool
        Whether it reads what the other chapters measured, from its metadata `musicrec.reads_scores`: it is then
        executed after them, and again when one of their scores changes.
    """

    path: Path
    originals: tuple[str, ...] = ()
    reads_scores: bool = False

    @property
    def name(self) -> str:
        """Name of the notebook, `02_baseline`."""
        return self.path.stem

    @property
    def executed(self) -> Path:
        """Where its executed copy goes."""
        return build_dir() / "executed" / self.path.name

    @property
    def stamp_path(self) -> Path:
        """Where the record of its last complete execution goes."""
        return build_dir() / "executed" / f"{self.name}.json"

    @property
    def scores_path(self) -> Path:
        """Where it writes its scores."""
        return build_dir() / "scores" / f"{self.name}.json"

    def stamp(self) -> dict[str, Any] | None:
        """Return the record of the last complete execution (inputs, seconds, cells), None if there is none."""
        try:
            stamp = json.loads(self.stamp_path.read_text(encoding="utf-8"))
            complete = self.executed.exists() and self.scores_path.exists()
            return stamp if complete and {"inputs", "seconds", "cells", "parameters"} <= set(stamp) else None
        except (OSError, ValueError):
            return None


@dataclass(frozen=True, eq=False)
class Run:
    """What one making of the book is about: its data, and the parameters every notebook gets."""

    data: Dataset  # who listened to what
    songs: Dataset  # audio features
    seed: int = 0
    quick: bool = False
    playlists: Dataset | None = None  # the Million Playlist Dataset, of whoever has it

    @property
    def datasets(self) -> list[Dataset]:
        """All the data a chapter may load."""
        return [self.data, self.songs, *([self.playlists] if self.playlists else [])]

    @property
    def parameters(self) -> dict[str, Any]:
        """What is injected into every notebook."""
        return {"dataset": self.data.name, "seed": self.seed, "quick": self.quick}

    @property
    def label(self) -> str:
        """What a reader must know about the numbers: "simulated data", "quick run", both, or ""."""
        return ", ".join(["simulated data"] * self.data.simulated + ["quick run"] * self.quick)


def resolve(dataset: str = "auto", *, seed: int = 0, quick: bool = False) -> Run:
    """Find the data once, so that all chapters speak of the same.

    Raises
    ------
    BookError
        When the book is not about such data.
    """
    if dataset not in BOOK_DATA:
        raise BookError(f"the book cannot be made with data {dataset!r}; choose from {', '.join(BOOK_DATA)}")
    from musicrec.datasets import load, mpd

    data = load(dataset, seed=seed)
    songs = load("simulated-songs" if data.simulated else "auto-songs", seed=seed)
    return Run(data, songs, seed, quick, load("mpd", progress=False) if mpd.find() else None)


def find_chapters(root: Path, only: str | None = None) -> list[Chapter]:
    """Return the chapters in the order of `_toc.yml`, or the one that `only` names by its number or name.

    Raises
    ------
    BookError
        When the table of contents names a notebook that is not there or is not one, or when `only` fits none.
    """
    chapters = [_read_chapter(root, file) for file in toc_files(root) if file.startswith("notebooks/")]
    if only is None:
        return chapters
    wanted = only.removesuffix(".ipynb").removeprefix("notebooks/")
    wanted = wanted.zfill(2) if wanted.isdigit() else wanted
    found = [c for c in chapters if wanted in (c.name, c.name.partition("_")[0], c.name.partition("_")[2])]
    if not found:
        raise BookError(f"no chapter is called {only!r}; choose from {', '.join(c.name for c in chapters)}")
    return found


def toc_files(root: Path) -> list[str]:
    """Return every page of `_toc.yml`, in reading order."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if name := node.get("root", node.get("file")):
                yield str(name).removesuffix(".md").removesuffix(".ipynb")
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    path = root / "_toc.yml"
    try:
        return list(walk(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except yaml.YAMLError as error:
        raise BookError(f"{path} is not valid YAML: {error}") from error


def _read_chapter(root: Path, file: str) -> Chapter:
    path = root / f"{file}.ipynb"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells, metadata = notebook["cells"], notebook["metadata"].get("musicrec", {})
    except FileNotFoundError:
        raise BookError(f"_toc.yml names {file}, but there is no {path}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BookError(f"{path} is not a notebook ({error})") from error
    if not any("parameters" in cell["metadata"].get("tags", ()) for cell in cells):
        raise BookError(f"{path} has no cell tagged `parameters`, so it cannot be told which data to use")
    if unknown := set(metadata.get("originals", ())) - set(ORIGINALS):
        raise BookError(f"{path}: musicrec.originals names {', '.join(sorted(unknown))}; known: {', '.join(ORIGINALS)}")
    return Chapter(path, tuple(metadata.get("originals", ())), metadata.get("reads_scores", False) is True)
