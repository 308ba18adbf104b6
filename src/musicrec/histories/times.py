"""Times as exports write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# What the common exporters write beside ISO 8601: "02 Jan 2024 18:43", "02 Jan 2024, 18:43".
_FORMS = ("%d %b %Y %H:%M", "%d %b %Y, %H:%M", "%d %b %Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y%m%d", "%b %d, %Y %H:%M")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
MILLISECONDS = 10**11  # a number of seconds so large would be the year 5138


def seconds(value: object) -> tuple[int | None, bool]:
    """Return the seconds since 1970 of a written time, and whether its zone is known; without one it is taken as UTC.

    Numbers are seconds, or milliseconds when they are too large for seconds. What is no time gives (None, True).

    Examples
    --------
    >>> seconds("2024-01-02T18:43:00Z"), seconds("2024-01-02 19:43:00+01:00"), seconds(1704220980)
    ((1704220980, True), (1704220980, True), (1704220980, True))
    >>> seconds("02 Jan 2024 18:43"), seconds("1704220980000"), seconds("soon"), seconds(None)
    ((1704220980, False), (1704220980, True), (None, True), (None, True))
    """
    if isinstance(value, str):
        return _read(value.strip())
    if isinstance(value, datetime):
        return _since(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 10**17:
        return int(value / 1000 if abs(value) >= MILLISECONDS else value), True
    return None, True


def _read(text: str) -> tuple[int | None, bool]:
    if _NUMBER.fullmatch(text) and len(text) not in (4, 8):  # not a year, not 20240102
        return seconds(float(text))
    try:
        return _since(datetime.fromisoformat(text))
    except ValueError:
        pass
    text = text.removesuffix(" UTC")
    for form in _FORMS:
        try:
            return _since(datetime.strptime(text, form))
        except ValueError:
            continue
    return None, True


def _since(moment: datetime) -> tuple[int | None, bool]:
    zoned = moment.tzinfo is not None
    return int((moment if zoned else moment.replace(tzinfo=UTC)).timestamp()), zoned


def utc(text: object) -> int | None:
    """Return the seconds since 1970 of a time that its format keeps in UTC, None where there is none.

    Examples
    --------
    >>> utc("2024-01-02T18:43:00Z"), utc("2024-01-02 18:43"), utc("")
    (1704220980, 1704220980, None)
    """
    try:  # a million of them: the shortest way first
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return seconds(text)[0]
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
