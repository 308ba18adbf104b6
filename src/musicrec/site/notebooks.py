"""Chapters: the notebooks of the book, and what one making of the book is about."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from musicrec.files import book_folder, build_dir
from musicrec.scores.builds import PLAYLISTS, Build, build_name, outside
from musicrec.scores.records import ORIGINALS
from musicrec.scores.stamps import changed_outputs, read_stamp, stamp_path

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
BOOK_DATA = ("auto", "lastfm-2k", "simulated", "simulated-small", PLAYLISTS)


class BookError(ValueError):
    """The book cannot be made; the message says where, what was wrong and what to do."""


def book_root() -> Path:
    """Return the folder of the book, the nearest one from here upwards.

    Raises
    ------
    BookError
        When there is none.
    """
    if root := book_folder():
        return root
    raise BookError(outside().removeprefix(". "))


@dataclass(frozen=True)
class Chapter:
    """One notebook of the book.

    Attributes
    ----------
    path : Path
        The notebook as stored, without outputs.
    folder : Path
        Of the build its results belong to.
    originals : tuple of str
        Keys of the originals whose reported figures it reproduces, from its metadata `musicrec.originals`.
    reads_scores : bool
        Whether it reads what the other chapters measured, from its metadata `musicrec.reads_scores`: it is then
        executed after them, and again when one of their scores changes.
    """

    path: Path
    folder: Path
    originals: tuple[str, ...] = ()
    reads_scores: bool = False

    @property
    def name(self) -> str:
        """Name of the notebook, `02_baseline`."""
        return self.path.stem

    @property
    def executed(self) -> Path:
        """Where its executed copy goes."""
        return self.folder / "executed" / self.path.name

    @property
    def stamp_path(self) -> Path:
        """Where the record of its last complete execution goes."""
        return stamp_path(self.folder, self.name)

    @property
    def scores_path(self) -> Path:
        """Where its scores go."""
        return self.folder / "scores" / f"{self.name}.json"

    @property
    def arrays_path(self) -> Path:
        """The folder of its arrays, one file a system."""
        return self.folder / "scores" / self.name

    @property
    def running_path(self) -> Path:
        """Where its scores and arrays lie while it is executed."""
        return self.folder / "running" / self.name

    def stamp(self) -> dict[str, Any] | None:
        """Return the record of the last complete execution, None if there is none or its files were changed since.

        It holds inputs, parameters, seconds, cells, and outputs with their digests.
        """
        stamp = read_stamp(self.folder, self.name)
        return stamp if stamp and not changed_outputs(self.folder, stamp) else None


@dataclass(frozen=True, eq=False)
class Run:
    """What one making of the book is about: its data, and the parameters every notebook gets."""

    data: Dataset  # who listened to what, or a sample of playlists
    songs: Dataset | None  # audio features; none beside a sample of playlists
    seed: int = 0
    quick: bool = False
    playlists: Dataset | None = None  # the Million Playlist Dataset, of whoever has it
    tables: Path | None = None  # that playlists were drawn from
    size: int = 0  # playlists to draw

    @property
    def datasets(self) -> list[Dataset]:
        """All the data a chapter may load."""
        return [data for data in (self.data, self.songs, self.playlists) if data]

    @property
    def edition(self) -> str:
        """The edition of the book: "" about listeners, `playlists` about playlists."""
        return PLAYLISTS if self.tables else ""

    @property
    def environment(self) -> dict[str, str]:
        """What a kernel is told beside the parameters: where the tables lie, which no page needs to know."""
        return {"MUSICREC_PLAYLISTS": str(self.tables.resolve())} if self.tables else {}

    @property
    def folder(self) -> Path:
        """Where its results go: a folder for each data set, seed and mode."""
        return build_dir() / build_name(self.data.name, seed=self.seed, quick=self.quick)

    @property
    def build(self) -> Build:
        """What is noted in that folder."""
        return Build(self.folder, self.data.name, self.data.simulated, self.seed, self.quick)

    @property
    def parameters(self) -> dict[str, Any]:
        """What is injected into every notebook."""
        drawn = {"size": self.size} if self.tables else {}
        return {"dataset": self.data.name, "seed": self.seed, "quick": self.quick, **drawn}

    @property
    def label(self) -> str:
        """What a reader must know about the numbers: "simulated data", "quick run", both, or ""."""
        return ", ".join(["simulated data"] * self.data.simulated + ["quick run"] * self.quick)


def resolve(
    dataset: str = "auto", *, seed: int = 0, quick: bool = False, tables: Path | None = None, size: int | None = None
) -> Run:
    """Find the data once, so that all chapters speak of the same.

    Parameters
    ----------
    dataset, seed, quick
        See `Run`.
    tables : Path, optional
        That playlists are drawn from, see `musicrec.playlists`; by default those that `MUSICREC_PLAYLISTS` names.
    size : int, optional
        How many playlists to draw: by default 10,000, in a quick run a tenth of that.

    Raises
    ------
    BookError
        When the book is not about such data.
    ValueError
        When it is about playlists, and there are none.
    """
    if dataset not in BOOK_DATA:
        raise BookError(f"the book cannot be made with data {dataset!r}; choose from {', '.join(BOOK_DATA)}")
    if dataset == PLAYLISTS:
        from musicrec.playlists import sample

        tables = tables or sample.place()
        size = size or (sample.SIZE // 10 if quick else sample.SIZE)
        data = sample.sampled(tables, size, seed=seed)
        return Run(data, None, seed, quick, tables=tables, size=size)
    if tables or size:
        raise BookError("only the book about playlists is made from a sample of them: add --dataset playlists")
    from musicrec.datasets import load, mpd

    data = load(dataset, seed=seed)
    songs = load("simulated-songs" if data.simulated else "auto-songs", seed=seed)
    return Run(data, songs, seed, quick, load("mpd", progress=False) if mpd.find() else None)


def find_chapters(root: Path, folder: Path, only: str | None = None, edition: str = "") -> list[Chapter]:
    """Return the chapters in the order of `_toc.yml`, or the one that `only` names by its number or name.

    An edition has a notebook of its own for some of the chapters, in its folder of `notebooks/`, and lacks the others.

    Parameters
    ----------
    root : Path
        The folder of the book.
    folder : Path
        Of the build their results belong to.
    only : str, optional
        "2", "02", "baseline", "02_baseline" or the path of the notebook.
    edition : str
        See `Run.edition`.

    Raises
    ------
    BookError
        When the table of contents names a notebook twice, or one that is not there or is not one; when `only` fits
        none or several.
    """
    files = [file for file in toc_files(root) if file.startswith("notebooks/")]
    if twice := sorted({file for file in files if files.count(file) > 1}):
        raise BookError(f"{root / '_toc.yml'} names {', '.join(twice)} twice")
    if edition:
        own = [file.replace("notebooks/", f"notebooks/{edition}/") for file in files]
        files = [file for file in own if (root / f"{file}.ipynb").exists()]
    chapters = [_read_chapter(root, folder, file) for file in files]
    if only is None:
        return chapters
    wanted = only.removesuffix(".ipynb").removeprefix("notebooks/").removeprefix(f"{edition}/")
    wanted = wanted.zfill(2) if wanted.isdigit() else wanted
    found = [c for c in chapters if wanted in (c.name, c.name.partition("_")[0], c.name.partition("_")[2])]
    if not found:
        of = f" of the edition about {edition}" if edition else ""
        raise BookError(f"no chapter{of} is called {only!r}; choose from {', '.join(c.name for c in chapters)}")
    if len(found) > 1:
        raise BookError(f"{only!r} may be {' or '.join(c.name for c in found)}: name one of them")
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


def _read_chapter(root: Path, folder: Path, file: str) -> Chapter:
    path = root / f"{file}.ipynb"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells, metadata = notebook["cells"], notebook["metadata"].get("musicrec", {})
        tagged = [n for n, cell in enumerate(cells, 1) if "parameters" in cell["metadata"].get("tags", ())]
        language = (notebook["metadata"].get("kernelspec") or KERNEL).get("language", "python")
    except FileNotFoundError:
        raise BookError(f"_toc.yml names {file}, but there is no {path}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BookError(f"{path} is not a notebook ({error})") from error
    if str(language).lower() != "python":
        raise BookError(f"{path} is written in {language}; the book executes Python")
    if not tagged:
        raise BookError(f"{path} has no cell tagged `parameters`, so it cannot be told which data to use")
    if len(tagged) > 1:
        raise BookError(
            f"{path} has {len(tagged)} cells tagged `parameters` (cells {', '.join(map(str, tagged))}): leave the tag "
            "on one of them, or the others would undo what it is told"
        )
    _check_parameters(path, cells[tagged[0] - 1])
    if unknown := set(metadata.get("originals", ())) - set(ORIGINALS):
        raise BookError(f"{path}: musicrec.originals names {', '.join(sorted(unknown))}; known: {', '.join(ORIGINALS)}")
    return Chapter(path, folder, tuple(metadata.get("originals", ())), metadata.get("reads_scores", False) is True)


def _check_parameters(path: Path, cell: dict[str, Any]) -> None:
    """Raise BookError when the cell of parameters does not set what every chapter is told."""
    try:
        tree = ast.parse("".join(cell["source"])) if cell["cell_type"] == "code" else ast.parse("")
    except SyntaxError as error:
        raise BookError(f"{path}: the cell tagged `parameters` is not valid Python ({error.msg})") from error
    given = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if missing := [name for name in ("dataset", "seed", "quick") if name not in given]:
        raise BookError(f"{path}: the cell tagged `parameters` does not set {', '.join(missing)}")
