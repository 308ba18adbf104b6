"""What is said where Apache Spark cannot be used."""

import sys

import pytest

from musicrec import spark


def refused(master: str = "local[2]") -> str:
    with pytest.raises(spark.SparkError) as caught, spark.session(master):
        pass
    return str(caught.value)


def test_without_the_library_its_installation_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    assert "pip install 'musicrec[spark]'" in refused()


def test_without_java_its_package_is_named(monkeypatch, tmp_path):
    pytest.importorskip("pyspark", reason="Apache Spark is not installed: make spark")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert "openjdk-17-jre-headless" in refused()
