"""What is raised when a service cannot be asked, and how long to wait before it is asked again."""

from __future__ import annotations

from collections.abc import Mapping

TRIES = 5
LONGEST_WAIT = 120.0  # seconds; a service that wants more is asked another time


class AccountError(OSError):
    """An account cannot be read or written; the message says why and what to do."""


class UncertainError(AccountError):
    """No answer came, so that nobody knows whether what was asked for has been done."""


def wanted_wait(headers: Mapping[str, str] | None, attempt: int, service: str) -> float:
    """Return for how many seconds to wait before the next attempt.

    Parameters
    ----------
    headers : mapping of str to str, optional
        Of the answer. `Retry-After` and `X-RateLimit-Reset-In` say how long, in seconds.
    attempt : int
        How many attempts were made, from 0; without headers the wait doubles from 1 s.
    service : str
        For the message.

    Raises
    ------
    AccountError
        When the service wants a longer wait than anybody sits through.
    """
    told = [(headers or {}).get(name) for name in ("Retry-After", "X-RateLimit-Reset-In")]
    seconds = max((float(text) for text in told if text and text.strip().isdigit()), default=2.0**attempt)
    if seconds > LONGEST_WAIT:
        raise AccountError(f"{service} wants no more requests for {seconds / 60:.0f} minutes; try again after that")
    return seconds
