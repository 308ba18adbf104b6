"""How long to wait."""

import pytest

from musicrec.accounts.errors import AccountError, wanted_wait


@pytest.mark.parametrize(
    ("headers", "attempt", "seconds"),
    [
        (None, 0, 1), (None, 3, 8), ({"Retry-After": "4"}, 3, 4), ({"X-RateLimit-Reset-In": "9"}, 0, 9),
        ({"Retry-After": "2", "X-RateLimit-Reset-In": "9"}, 0, 9), ({"Retry-After": "Fri, 31 Dec"}, 1, 2),
        ({"Retry-After": "0"}, 2, 0),
    ],
)  # fmt: skip
def test_wait(headers: dict[str, str] | None, attempt: int, seconds: float) -> None:
    assert wanted_wait(headers, attempt, "x") == seconds


def test_too_long_a_wait_is_none() -> None:
    with pytest.raises(AccountError, match="x wants no more requests for 60 minutes"):
        wanted_wait({"Retry-After": "3600"}, 0, "x")
