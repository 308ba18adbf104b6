"""Work spread over processes, and work that is faster on one thread."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_here = threading.local()


def parallel_map(work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Yield what `work` makes of each item, in order, `jobs` at a time in processes of their own."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator", idle_worker_timeout=3600)  # later work needs no new ones
    with warnings.catch_warnings():
        # a process that has grown large is replaced by a fresh one, which is nothing to warn of
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        yield from parallel(delayed(work)(item) for item in items)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Do linear algebra on one thread, whatever the environment says.

    For many small systems, threads cost more than they bring, ten times as much where others use the cores; and sums
    in another order differ in their last digit.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    if getattr(_here, "limited", False):  # finding the libraries takes a few milliseconds
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        _here.limited = True
        try:
            yield
        finally:
            _here.limited = False
