"""Compiled functions, also where nothing may be written.

numba keeps compiled code beside the source or in the home folder, and refuses to go on where it can write to neither.
Compiling anew takes seconds; it is no reason to stop.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of numbers and arrays; a decorator. The code is kept for the next time where that is possible.

    Examples
    --------
    >>> @compiled
    ... def double(x):
    ...     return 2 * x
    >>> double(4)
    8
    """
    import numba

    allow_no_cache()
    fast: Any = numba.njit(cache=True)(function)
    return fast


def allow_no_cache() -> None:
    """Make numba compile without keeping the code where it cannot be kept, for every library that uses it."""
    from numba.core.dispatcher import Dispatcher
    from numba.np.ufunc.ufuncbuilder import UFuncDispatcher

    for kind, attribute in ((Dispatcher, "_cache"), (UFuncDispatcher, "cache")):
        if not hasattr(kind.enable_caching, "__wrapped__"):
            setattr(kind, "enable_caching", _tolerant(kind.enable_caching, attribute))  # noqa: B010


def _tolerant(enable: Callable[[Any], None], attribute: str) -> Callable[[Any], None]:
    """Return the method of a dispatcher that turns its cache on, if it can; `attribute` is where it keeps the cache."""

    @functools.wraps(enable)
    def enable_caching(dispatcher: Any) -> None:
        try:
            enable(dispatcher)
        except (RuntimeError, OSError):  # there is no folder to keep it in
            return
        cache = getattr(dispatcher, attribute)
        save = cache.save_overload

        def save_overload(signature: Any, data: Any) -> None:
            try:
                save(signature, data)
            except OSError:  # the folder has been closed, or the disk filled, since
                cache.disable()

        cache.save_overload = save_overload

    return enable_caching
