"""Kernels: the processes chapters are executed in, with an environment of their own, stopped together."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Iterable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicrec.files import write_text
from musicrec.hardware import cores
from musicrec.progress import Progress

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
PATIENCE = 10.0  # seconds a kernel has to end by itself after it was interrupted


class StoppedError(Exception):
    """A chapter was stopped before its end, because another one failed or the user said so."""


def kernel_environment(folder: Path, jobs: int = 1) -> dict[str, str]:
    """Return the environment of a kernel: that of this process, completed, with a share of the cores for each job.

    To a chapter that is executed, the folder of its build is the build folder: what it writes stays in there.
    """
    # An IPython home of its own: no start-up files of the reader's, and none of its own messages in the log.
    home = folder.resolve() / "ipython"
    write_text(home / "profile_default" / "ipython_kernel_config.py", "c.IPKernelApp.log_level = 50\n")
    share = {}
    if jobs > 1:
        share = dict.fromkeys(THREADS, str(max(1, cores() // jobs)))
    ours = {"MUSICREC_BUILD": str(folder.resolve()), "IPYTHONDIR": str(home)}
    environment = {**KERNEL_ENVIRONMENT, **share, **os.environ, **ours}
    environment.pop("MUSICREC_HISTORY", None)  # a site is published; the reader's own history never gets into one
    return environment


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
def engine() -> type[NBClientEngine]:
    """Return the engine papermill executes a chapter with."""
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
            environment: dict[str, str],
            **_: Any,
        ) -> Any:
            start, complete = nb_man.cell_start, nb_man.cell_complete

            def cell_start(*args: Any, **kwargs: Any) -> None:
                kernels.check()
                start(*args, **kwargs)

            def cell_complete(*args: Any, **kwargs: Any) -> None:
                complete(*args, **kwargs)
                progress.step(name)

            nb_man.cell_start, nb_man.cell_complete = cell_start, cell_complete
            client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, timeout=None, startup_timeout=120)
            kernels.clients.append(client)
            try:
                kernels.check()
                return client.execute(cwd=str(folder), env=environment)
            finally:
                kernels.clients.remove(client)

    return Engine
