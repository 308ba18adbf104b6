"""The builds of the book: a folder for each data set, seed and mode, so that none replaces another."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from musicrec.files import book_folder, build_dir, write_text

EXECUTION = "MUSICREC_EXECUTION"  # the folder in which a chapter that the book executes leaves what it measures
ABOUT = "about.json"
PLAYLISTS = "playlists"  # data of the edition about playlists: an edition beside the book, which is about listeners


@dataclass(frozen=True)
class Build:
    """What one folder of results is about.

    `begun` and `built` are seconds since 1970: when a chapter was last executed, when the site was last built, 0 for
    never.
    """

    folder: Path
    dataset: str
    simulated: bool
    seed: int = 0
    quick: bool = False
    begun: float = 0.0
    built: float = 0.0

    @property
    def html(self) -> Path:
        """The folder of its site."""
        return self.folder / "html"

    @property
    def label(self) -> str:
        """Say what it is: "simulated data, quick run"."""
        return ", ".join(["simulated data" if self.simulated else "real data"] + ["quick run"] * self.quick)

    def write(self, **now: float) -> None:
        """Note in its folder what it is about, and when something happened."""
        about = {**asdict(self), **now}
        del about["folder"]
        write_text(self.folder / ABOUT, json.dumps(about, indent=1) + "\n")


def build_name(dataset: str, *, seed: int = 0, quick: bool = False) -> str:
    """Return the name of the folder of a build.

    Examples
    --------
    >>> build_name("lastfm-2k"), build_name("simulated", seed=3, quick=True)
    ('lastfm-2k', 'simulated-seed-3-quick')
    """
    return dataset + (f"-seed-{seed}" if seed else "") + ("-quick" if quick else "")


def read_build(folder: Path) -> Build | None:
    """Return what a folder of results is about, None when it is not one."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return Build(folder, **about)
    except (OSError, ValueError, TypeError):
        return None


def builds(folder: Path | None = None) -> list[Build]:
    """Return all builds, first the one a reader means who names none.

    Listeners come before playlists, real before simulated, full before quick.
    """
    found = [build for path in sorted((folder or build_dir()).glob("*")) if (build := read_build(path))]
    return sorted(found, key=lambda b: (b.dataset == PLAYLISTS, b.simulated, b.quick, -max(b.begun, b.built)))


def choose_build(dataset: str | None = None, *, quick: bool = False, site: bool = False) -> Build:
    """Return the build of a data set, by default the last one on real data.

    Parameters
    ----------
    dataset : str, optional
        Its data. None or "auto" take the first of `builds`.
    quick : bool
        Only one with shortened training.
    site : bool
        Only one whose pages are built.

    Raises
    ------
    LookupError
        When there is none; the message says where was looked, and what is there.
    """
    everything = [build for build in builds() if not site or (build.html / "index.html").exists()]
    fitting = [b for b in everything if dataset in (None, "auto", b.dataset) and (b.quick or not quick)]
    if dataset not in (None, "auto") and not quick:
        fitting = [b for b in fitting if not b.quick] or fitting
    if fitting:
        return fitting[0]
    what = ("a quick " if quick else "a ") + ("site" if site else "build") + (f" of {dataset}" if dataset else "")
    there = ", ".join(build.folder.name for build in everything)
    raise LookupError(
        f"there is not {what} in {build_dir()} yet; "
        + (f"there is {there}" if there else f"`musicrec book` makes it{outside()}")
    )


def outside() -> str:
    """Return what to say to someone who stands outside the book, "" to someone inside."""
    if book_folder():
        return ""
    return f". {Path.cwd()} is not inside the book (its _toc.yml is neither here nor above): go to its folder first"


def current_build() -> Path:
    """Return the folder whose results a chapter reads: that of the execution, else the one a reader means.

    Raises
    ------
    LookupError
        When there is none yet.
    """
    return build_dir() if os.environ.get(EXECUTION) else choose_build().folder


def writing_folder(name: str) -> tuple[Path, bool]:
    """Return where the scores of a chapter go, and whether the book executes it.

    Only an execution by the book writes the book's scores: into a folder of its own, from which the book takes them
    when the notebook has run to its end. Whatever else runs a chapter (JupyterLab, a console, a test) writes to
    `scratch`, where neither the site nor the command looks.

    Parameters
    ----------
    name : str
        As `build_name` returns it.
    """
    if given := os.environ.get(EXECUTION):
        return Path(given), True
    return build_dir() / "scratch" / name / "scores", False


def now() -> float:
    """Return the time of an event as `Build` keeps it."""
    return round(time.time(), 1)
