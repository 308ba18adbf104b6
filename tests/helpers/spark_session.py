"""A session of Apache Spark on two cores, for the tests that need one; they are skipped where there is none."""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator

import pytest

from musicrec import spark


@contextlib.contextmanager
def two_cores() -> Iterator[object]:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("Apache Spark is not installed: make spark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip(f"Apache Spark needs {spark.JAVA}")
    with spark.session("local[2]", sql_shuffle_partitions="4", driver_memory="1g") as session:
        yield session
