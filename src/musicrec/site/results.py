"""The folder of a build: held by one process at a time, filled by executions of the book and by nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from musicrec.files import locked, write_text
from musicrec.scores.builds import ABOUT, now, read_build
from musicrec.scores.stamps import digests, read_stamp
from musicrec.site.notebooks import BookError, Chapter, Run

LOCK = ".lock"


@contextmanager
def build_folder(run: Run, *, built: bool = False) -> Iterator[Path]:
    """Hold the folder of a build while its files are made, used and removed; note in it what it is about.

    Parameters
    ----------
    run : Run
        What the build is about.
    built : bool
        Whether the block builds the site, which is noted when it ends well.

    Raises
    ------
    BookError
        When the folder holds something that is not a build.
    BusyError
        When another process is at it.
    """
    folder = run.folder
    before = read_build(folder)
    if before is None and folder.exists() and (there := sorted({p.name for p in folder.iterdir()} - {LOCK})):
        raise BookError(
            f"{folder} holds {there[0]} and is not a build of the book; move it away, or name another folder for "
            "builds with MUSICREC_BUILD"
        )
    with locked(folder / LOCK, f"another `musicrec` is at work in {folder}; try again when it has ended"):
        before = read_build(folder) or run.build
        moment = {"begun": before.begun, "built": before.built}
        if not built:
            moment["begun"] = now()
        run.build.write(**moment)
        yield folder
        if built:
            run.build.write(**{**moment, "built": now()})


def sweep(folder: Path, chapters: Sequence[Chapter]) -> None:
    """Remove every result that no chapter of the book has written: of chapters that are gone, and foreign files."""
    keep = {folder / ABOUT}
    for chapter in chapters:
        keep |= {chapter.stamp_path, partial_path(chapter)}
        if stamp := read_stamp(folder, chapter.name):
            keep |= {folder / name for name in stamp["outputs"]}
    shutil.rmtree(folder / "running", ignore_errors=True)
    for part in ("executed", "scores"):
        for path in sorted((folder / part).rglob("*"), reverse=True):  # what lies in a folder before the folder
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path not in keep:
                path.unlink()


def partial_path(chapter: Chapter) -> Path:
    """Return where the copy of a notebook lies while it is executed, and after it failed."""
    return chapter.executed.with_name(f"{chapter.name}.partial.ipynb")


def prepare(chapter: Chapter) -> Path:
    """Make the empty folder an execution writes to; the results of the last one stand until the new ones do."""
    shutil.rmtree(chapter.running_path, ignore_errors=True)
    chapter.running_path.mkdir(parents=True)
    chapter.executed.parent.mkdir(parents=True, exist_ok=True)
    return chapter.running_path


def publish(chapter: Chapter, stamp: Mapping[str, Any]) -> None:
    """Put the results of an execution that ran to the end in the place of the last ones, and stamp them.

    Stopped in between, there is no stamp, and the chapter counts as never executed.

    Raises
    ------
    BookError
        When it left no scores, or scores under another name.
    """
    running = chapter.running_path
    fresh = running / f"{chapter.name}.json"
    if others := sorted(path.name for path in running.iterdir() if path.stem != chapter.name):
        raise BookError(
            f"{chapter.path.name} records scores under another name ({', '.join(others)}); a chapter records them "
            f"with ScoreBook({chapter.name!r}, …)"
        )
    if not fresh.exists():
        raise BookError(
            f"{chapter.path.name} ran to the end but wrote no scores; a chapter records them with "
            f"ScoreBook({chapter.name!r}, …).add(…)"
        )
    chapter.stamp_path.unlink(missing_ok=True)
    chapter.scores_path.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(chapter.scores_path)
    shutil.rmtree(chapter.arrays_path, ignore_errors=True)
    if (arrays := running / chapter.name).exists():
        arrays.replace(chapter.arrays_path)
    partial_path(chapter).replace(chapter.executed)
    shutil.rmtree(running, ignore_errors=True)
    outputs = [chapter.executed, chapter.scores_path, *chapter.arrays_path.glob("*.npz")]
    record = {**stamp, "outputs": digests(chapter.folder, outputs)}
    write_text(chapter.stamp_path, json.dumps(record, indent=1) + "\n")
