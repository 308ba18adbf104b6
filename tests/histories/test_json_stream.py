"""Records wherever the text is cut."""

import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicrec.histories import text
from musicrec.histories.json_stream import BrokenError, records


class Any(msgspec.Struct):
    a: object = None


TEXTS = st.text(alphabet='ab{}[],:"\\ \nöß', max_size=12)
VALUES = st.recursive(
    TEXTS | st.none() | st.integers(-9, 9), lambda v: st.lists(v, max_size=3) | st.fixed_dictionaries({"b": v})
)


@given(st.lists(VALUES, max_size=30), st.sampled_from([None, 0, 2]), st.integers(20, 200), st.booleans())
def test_every_record_once_and_in_order(values: list, indent: int | None, size: int, by_line: bool) -> None:
    rows = [{"a": value} for value in values]
    written = (
        "\n".join(json.dumps(row) for row in rows) if by_line else json.dumps(rows, indent=indent, ensure_ascii=False)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CHUNK", size)
        found = [row.a for batch in records(io.BytesIO(written.encode()), Any) for row in batch]
    assert found == values


@given(st.lists(VALUES, min_size=2, max_size=20), st.floats(0.05, 0.95))
def test_what_breaks_off_gives_its_whole_records(values: list, share: float) -> None:
    written = json.dumps([{"a": value} for value in values]).encode()
    cut, found = written[: int(len(written) * share)], []
    try:
        for batch in records(io.BytesIO(cut), Any):
            found += [row.a for row in batch]
    except BrokenError:
        pass
    assert found == values[: len(found)] and len(found) <= len(values)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("space", [b" ", b"\n", b"\r\n", b"}", b"{", b"},", b"]", b"},{"])
def test_nonsense_takes_no_time_that_grows_with_its_square(space: bytes) -> None:
    with pytest.raises(BrokenError):
        list(records(io.BytesIO(b'[{"a": 1}' + space * (4_000_000 // len(space)) + b"x"), Any))
