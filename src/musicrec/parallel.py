"""Work spread over processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from joblib import Parallel, delayed


def parallel_map(work: Callable[[Any], Any], items: Iterable[Any], jobs: int) -> Iterator[Any]:
    """Yield what `work` makes of each item, in order, `jobs` at a time in processes of their own."""
    parallel = Parallel(n_jobs=jobs, return_as="generator", idle_worker_timeout=3600)  # later work needs no new ones
    with warnings.catch_warnings():
        # a process that has grown large is replaced by a fresh one, which is nothing to warn of
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        yield from parallel(delayed(work)(item) for item in items)
