"""Apache Spark: a session to work in, and what to do where there is none."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER = "local[*]"  # all cores of this machine
JAVA = "Java 17 or later (Debian, Ubuntu: apt install openjdk-17-jre-headless)"
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",  # no more tasks than there is data for
    "spark.sql.parquet.compression.codec": "zstd",
}
MEMORY = "4g"  # of the process that leads; on one machine it does the work, too


class SparkError(ValueError):
    """Spark cannot be used here: what is missing, and how to get it."""


def missing() -> str:
    """Return what Spark lacks on this machine and how to get it, "" when nothing."""
    try:
        import pyspark.sql  # noqa: F401
    except ImportError:
        return "Apache Spark is not installed: pip install 'musicrec[spark]', or make spark"
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return f"Apache Spark needs {JAVA}, and there is none on the path; or set JAVA_HOME"
    return ""


@contextlib.contextmanager
def session(master: str = MASTER, **options: str) -> Iterator[SparkSession]:
    """Open a session, and close it at the end.

    Parameters
    ----------
    master : str
        `local[2]` for two cores of this machine, or the address of a cluster.
    options : str
        More settings, an underscore for each dot.

    Raises
    ------
    SparkError
        When pyspark or Java is missing, or the master does not answer.
    """
    if reason := missing():
        raise SparkError(reason)
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of the processes that work
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1" if master.startswith("local") else "")
    with tempfile.TemporaryDirectory(prefix="musicrec-spark-") as folder, _quiet(Path(folder)):
        builder: Any = SparkSession.builder.appName("musicrec").master(master)
        more = {f"spark.{name.replace('_', '.')}": value for name, value in options.items()}
        places = {"spark.local.dir": folder, "spark.sql.warehouse.dir": f"{folder}/warehouse"}
        for name, value in {**OPTIONS, **places, "spark.driver.memory": MEMORY, **more}.items():
            builder = builder.config(name, value)
        try:
            opened = builder.getOrCreate()
        except Exception as error:  # of Java, of many kinds
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise SparkError(
                f"Apache Spark could not be started with --master {master}: {reason}. It needs {JAVA}"
            ) from error
        opened.sparkContext.setLogLevel("ERROR")
        try:
            yield opened
        finally:
            opened.stop()


@contextlib.contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Let Java log nothing but errors; without a file of its own it tells of itself before it can be asked not to."""
    path = folder / "log4j2.properties"
    path.write_text(
        "rootLogger.level = error\nrootLogger.appenderRef.stderr.ref = stderr\n"
        "appender.stderr.type = Console\nappender.stderr.name = stderr\nappender.stderr.target = SYSTEM_ERR\n"
        "appender.stderr.layout.type = PatternLayout\nappender.stderr.layout.pattern = %m%n\n",
        encoding="utf-8",
    )
    before = os.environ.get("SPARK_CONF_DIR")
    if before is None:
        os.environ["SPARK_CONF_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("SPARK_CONF_DIR", None)
