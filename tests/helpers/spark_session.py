"""A session of Apache Spark on two cores, for the tests that need one; they are skipped where there is none."""

import contextlib
from collections.abc import Iterator

import pytest

from musicrec import spark


@contextlib.contextmanager
def two_cores() -> Iterator[object]:
    if reason := spark.missing():
        pytest.skip(reason)
    with spark.session("local[2]", sql_shuffle_partitions="4", driver_memory="1g") as session:
        yield session
