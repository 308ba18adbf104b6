"""Encodings and lines."""

import io

from hypothesis import given
from hypothesis import strategies as st

from musicrec.histories import text


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.integers(1, 50))
def test_lines_are_those_of_the_text(written: str, encoding: str, size: int) -> None:
    written = written.replace("\0", "").replace("\ufeff", "").replace("\r", "")
    assert "".join(text.lines(io.BytesIO(written.encode(encoding)))) == written


def test_a_line_without_end_is_cut() -> None:
    found = list(text.lines(io.BytesIO(b"x" * 5_000_000), longest=1 << 20))
    assert len(found) > 1 and sum(map(len, found)) == 5_000_000
