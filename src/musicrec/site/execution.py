"""Execution: run the chapters whose results are out of date, one or several at a time."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from musicrec.files import build_dir, write_text
from musicrec.site.notebooks import BookError, Chapter, Run
from musicrec.site.staleness import inputs, why_stale

if TYPE_CHECKING:
    from papermill.engines import NBClientEngine

# Read when a library is first imported, so they must stand before the kernel starts: no log lines of TensorFlow in
# the cells, the same rounding on every machine with or without oneDNN, no threads of BLAS fighting for two cores.
KERNEL_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # bars of libraries; a page has no use for widgets
    "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one registered in the user's home
    "JUPYTER_PLATFORM_DIRS": "1",
}
THREADS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
_PARSING = threading.Lock()  # Python 3.11 cannot parse Python in two threads at once (CPython issue 106905)
PATIENCE = 10.0  # seconds a kernel has to end by itself after it was interrupted


class StoppedError(Exception):
    """A chapter was stopped before its end, because another one failed or the user said so."""


class Progress(Protocol):
    """Told how the execution goes, by several chapters at once; see `musicrec.progress`."""

    def begin(self, names: Sequence[str]) -> None:
        """Say which chapters there are."""

    def chapter(self, name: str, cells: int, why: str) -> None:
        """Say that a chapter with so many cells begins."""

    def cell(self, name: str) -> None:
        """Say that a cell of a chapter is done."""

    def done(self, name: str, note: str) -> None:
        """Say that a chapter is done."""

    def end(self) -> None:
        """Say that nothing more comes."""


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
    """
    chapters = list(chapters)
    progress.begin([chapter.name for chapter in chapters])
    try:
        _execute_some([chapter for chapter in chapters if not chapter.reads_scores], run, root, progress, jobs)
        for reader in [chapter for chapter in chapters if chapter.reads_scores]:
            _execute_some([reader], run, root, progress, 1)
    finally:
        progress.end()


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
    kernels = Kernels(kernel_environment(jobs))
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


def kernel_environment(jobs: int = 1) -> dict[str, str]:
    """Return the environment of a kernel: that of this process, completed, with a share of the cores for each job."""
    # An IPython home of its own: no start-up files of the reader's, and none of its own messages in the log.
    build = build_dir().resolve()
    write_text(build / "ipython" / "profile_default" / "ipython_kernel_config.py", "c.IPKernelApp.log_level = 50\n")
    share = {}
    if jobs > 1:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        share = dict.fromkeys(THREADS, str(max(1, cores // jobs)))
    ours = {"MUSICREC_BUILD": str(build), "IPYTHONDIR": str(build / "ipython")}
    return {**KERNEL_ENVIRONMENT, **share, **os.environ, **ours}


class Kernels:
    """The kernels that run, so that they can be stopped together.

    Parameters
    ----------
    environment : dict
        The environment variables every kernel gets.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.stopping = threading.Event()
        self.clients: list[Any] = []

    def check(self) -> None:
        """Raise StoppedError when the kernels were told to stop."""
        if self.stopping.is_set():
            raise StoppedError

    def stop(self, futures: Iterable[Future[None]]) -> None:
        """Stop all kernels and wait for the threads that lead them.

        They are interrupted, which lets a cell delete the file it was about to write; who does not end then (a long
        computation outside Python) is killed, and so it is when the user insists.
        """
        self.stopping.set()
        futures = list(futures)
        try:
            self._signal(signal.SIGINT)
            wait(futures, timeout=PATIENCE)
        finally:
            while wait(futures, timeout=1).not_done:  # a kernel may just have begun
                self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def _signal(self, number: signal.Signals) -> None:
        for client in list(self.clients):
            provisioner = getattr(client.km, "provisioner", None)
            process = getattr(provisioner, "process", None)
            if process is None or process.poll() is not None:
                continue
            if hasattr(os, "killpg"):  # each kernel leads a group, with all it has started
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            else:
                process.kill()


@functools.cache  # papermill takes a second to import; a book that is up to date has no use for it
def _engine() -> type[NBClientEngine]:
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine

    class Engine(NBClientEngine):
        """Runs a notebook in a folder and environment of its own, tells of every cell, and lets itself be stopped."""

        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,
            kernel_name: str,
            *,
            kernels: Kernels,
            folder: Path,
            name: str,
            progress: Progress,
            **_: Any,
        ) -> Any:
            start, complete = nb_man.cell_start, nb_man.cell_complete

            def cell_start(*args: Any, **kwargs: Any) -> None:
                kernels.check()
                start(*args, **kwargs)

            def cell_complete(*args: Any, **kwargs: Any) -> None:
                complete(*args, **kwargs)
                progress.cell(name)

            nb_man.cell_start, nb_man.cell_complete = cell_start, cell_complete
            client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, timeout=None, startup_timeout=120)
            kernels.clients.append(client)
            try:
                kernels.check()
                return client.execute(cwd=str(folder), env=kernels.environment)
            finally:
                kernels.clients.remove(client)

    return Engine


def execute(
    chapter: Chapter, run: Run, root: Path, progress: Progress, why: str = "", kernels: Kernels | None = None
) -> None:
    """Execute one notebook with papermill; its copy, scores and stamp stand only when it ran to the end.

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

    kernels = kernels or Kernels(kernel_environment())
    kernels.check()
    papermill_engines.register("musicrec", _engine())
    with _PARSING:
        digests = inputs(chapter, run, root)  # as they are now: an edit while the notebook runs makes it stale
    for path in (chapter.stamp_path, chapter.scores_path):
        path.unlink(missing_ok=True)
    chapter.executed.parent.mkdir(parents=True, exist_ok=True)
    partial = chapter.executed.with_name(f"{chapter.name}.partial.ipynb")
    notebook = nbformat.read(chapter.path, as_version=4)
    progress.chapter(chapter.name, len(notebook.cells) + 1, why)  # one more: the injected parameters
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            chapter.path, partial, run.parameters, engine_name="musicrec", kernel_name="python3",
            progress_bar=False, autosave_cell_every=0,
            kernels=kernels, folder=chapter.path.parent, name=chapter.name, progress=progress,
        )  # fmt: skip
    except Exception as error:
        chapter.scores_path.unlink(missing_ok=True)  # some of its scores are not the scores of the chapter
        if kernels.stopping.is_set():
            partial.unlink(missing_ok=True)
            progress.done(chapter.name, "stopped before its end")
            raise StoppedError from error
        raise _told(error, chapter, partial) from error
    seconds = time.perf_counter() - start
    if not chapter.scores_path.exists():
        raise BookError(
            f"{chapter.path.name} ran to the end but wrote no scores to {chapter.scores_path}; a chapter records "
            f"them with ScoreBook({chapter.name!r}, …).add(…)"
        )
    _clean(partial)
    partial.replace(chapter.executed)
    stamp = {
        "inputs": digests,
        "parameters": run.parameters,
        "seconds": round(seconds, 1),
        "cells": len(notebook.cells),
    }
    write_text(chapter.stamp_path, json.dumps(stamp, indent=1) + "\n")
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
    return error


def _clean(path: Path) -> None:
    """Take out what papermill notes for itself (times, paths of this machine) and hide the injected cell."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)  # their state, of no use without a kernel
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.metadata.tags.append("remove-cell")
    write_text(path, nbformat.writes(notebook) + "\n")
