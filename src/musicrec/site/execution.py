"""Execution: run the chapters whose results are out of date, one or several at a time."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from musicrec.files import write_text
from musicrec.progress import Progress
from musicrec.scores.builds import EXECUTION
from musicrec.scores.release import seconds_of
from musicrec.scores.stamps import read_stamp
from musicrec.site.kernels import Kernels, StoppedError, engine, kernel_environment
from musicrec.site.notebooks import KERNEL, BookError, Chapter, Run, find_chapters
from musicrec.site.results import build_folder, partial_path, prepare, publish, sweep
from musicrec.site.staleness import inputs, why_stale

_PARSING = threading.Lock()  # Python 3.11 cannot parse Python in two threads at once (CPython issue 106905)


def execute_all(chapters: Iterable[Chapter], run: Run, root: Path, progress: Progress, jobs: int = 1) -> None:
    """Execute the chapters that are out of date, in order; the others stay as they are.

    A chapter that reads the scores of the others waits for them, and runs alone.

    Parameters
    ----------
    chapters, run, root
        What to execute, on which data, and the folder of the book.
    progress : Progress
        Told how it goes.
    jobs : int
        How many chapters to execute at a time, each in a process of its own.

    Raises
    ------
    BookError
        At the first notebook that fails; those that run beside it are stopped, those that were finished stay.
    BusyError
        When another process executes chapters of the same build.
    """
    chapters = list(chapters)
    with build_folder(run) as folder:
        sweep(folder, find_chapters(root, folder, edition=run.edition))
        progress.begin([chapter.name for chapter in chapters], _seconds(chapters, run, root), jobs)
        try:
            _execute_some([chapter for chapter in chapters if not chapter.reads_scores], run, root, progress, jobs)
            for reader in [chapter for chapter in chapters if chapter.reads_scores]:
                _execute_some([reader], run, root, progress, 1)
        finally:
            progress.end()


def _seconds(chapters: Iterable[Chapter], run: Run, root: Path) -> dict[str, float]:
    """Return how long each chapter took the last time here, or else when the release was made."""
    released = {} if run.quick else seconds_of(root, run.data.name)
    stamps = {chapter.name: read_stamp(chapter.folder, chapter.name) for chapter in chapters}
    return {**released, **{name: stamp["seconds"] for name, stamp in stamps.items() if stamp}}


def _execute_some(chapters: list[Chapter], run: Run, root: Path, progress: Progress, jobs: int) -> None:
    stale = []
    for chapter in chapters:
        if why := why_stale(chapter, run, root):
            stale.append((chapter, why))
        else:
            progress.done(chapter.name, "up to date")
    if not stale:
        return
    jobs = min(jobs, len(stale))
    kernels = Kernels(kernel_environment(run.folder, jobs))
    # In threads also when there is but one: the main thread stays free to hear Ctrl-C.
    with ThreadPoolExecutor(jobs, thread_name_prefix="chapter") as pool:
        left: set[Future[None]] = set()
        try:
            left |= {pool.submit(execute, chapter, run, root, progress, why, kernels) for chapter, why in stale}
            while left:
                done, left = wait(left, timeout=1, return_when=FIRST_COMPLETED)  # Windows hears Ctrl-C in between
                for future in done:
                    future.result()
        except BaseException:
            for future in left:
                future.cancel()
            kernels.stop(left)
            raise


def execute(
    chapter: Chapter, run: Run, root: Path, progress: Progress, why: str = "", kernels: Kernels | None = None
) -> None:
    """Execute one notebook with papermill; its copy, scores and stamp stand only when it ran to the end.

    Until then the results of the last complete execution stay what they are.

    Raises
    ------
    BookError
        When a cell fails, the kernel dies or no scores were written.
    StoppedError
        When `kernels` were stopped.
    """
    import nbformat
    import papermill
    from papermill.engines import papermill_engines

    kernels = kernels or Kernels(kernel_environment(run.folder))
    kernels.check()
    papermill_engines.register("musicrec", engine())
    with _PARSING:
        digests = inputs(chapter, run, root)  # as they are now: an edit while the notebook runs makes it stale
    environment = {**kernels.environment, **run.environment, EXECUTION: str(prepare(chapter).resolve())}
    partial = partial_path(chapter)
    notebook = nbformat.read(chapter.path, as_version=4)
    progress.start(chapter.name, len(notebook.cells) + 1, why)  # one more: the injected parameters
    start = time.perf_counter()
    try:
        # kernel and language are said here: a notebook may have been saved without them
        papermill.execute_notebook(
            chapter.path, partial, run.parameters, engine_name="musicrec", kernel_name="python3", language="python",
            progress_bar=False, autosave_cell_every=0, kernels=kernels, folder=chapter.path.parent,
            name=chapter.name, progress=progress, environment=environment,
        )  # fmt: skip
    except Exception as error:
        shutil.rmtree(chapter.running_path, ignore_errors=True)  # some of its scores are not those of the chapter
        if kernels.stopping.is_set():
            partial.unlink(missing_ok=True)
            progress.done(chapter.name, "stopped before its end")
            raise StoppedError from error
        raise _told(error, chapter, partial) from error
    seconds = time.perf_counter() - start
    _clean(partial)
    publish(
        chapter,
        {
            "inputs": digests,
            "parameters": run.parameters,
            "seconds": round(seconds, 1),
            "cells": len(notebook.cells),
        },
    )
    progress.done(chapter.name, f"{seconds:.0f} s")


def _told(error: Exception, chapter: Chapter, partial: Path) -> Exception:
    """Return an error as the reader is to be told of it."""
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        return BookError(
            f"{chapter.path.name} failed in cell {error.exec_count}: {error.ename}: {error.evalue}\n"
            f"in: {error.source.strip().splitlines()[0]} …\n"
            f"executed so far, with the traceback: {partial}"
        )
    if isinstance(error, RuntimeError):  # nbclient's DeadKernelError: most often the memory ran out
        return BookError(f"{chapter.path.name}: {error}; executed so far: {partial}")
    if isinstance(error, OSError | BookError):
        return error
    return BookError(f"{chapter.path.name} could not be executed: {type(error).__name__}: {error}")


def _clean(path: Path) -> None:
    """Take out what papermill notes for itself (times, paths of this machine) and hide the injected cell."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("papermill", None)
    notebook.metadata.setdefault("kernelspec", dict(KERNEL))
    notebook.metadata.pop("widgets", None)  # their state, of no use without a kernel
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.metadata.tags.append("remove-cell")
    write_text(path, nbformat.writes(notebook) + "\n")
