"""Compiled code where nothing may be kept; each in a process of its own, as numba is told once."""

import subprocess
import sys

CLOSED = """
import tempfile, numba.core.caching as caching
def closed(self): raise OSError(30, "Read-only file system")
caching._CacheLocator.ensure_cache_path = closed
"""
FILLS = """
import numba.core.caching as caching
def full(self, *_): raise OSError(28, "No space left on device")
caching.IndexDataCacheFile.save = full
"""
USES = """
import numba
from musicrec.compiling import allow_no_cache
from musicrec.models.neighbours.nearest_kernel import nearest_lists
import numpy as np
one = np.array([0, 1]), np.array([0]), np.ones(1, np.float32)
args = (*one, *one, np.ones(1, np.float32), np.ones(1, np.float32), np.array([-1]), 1, True, np.float32(0))
print(nearest_lists(*args)[0].tolist())
"""
LIBRARY = """
allow_no_cache()
@numba.vectorize(["float64(float64)"], cache=True)
def twice(x): return 2 * x
print(twice(3.0))
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_runs_where_nothing_may_be_written() -> None:
    assert run(CLOSED + USES) == ["[[0]]"]


def test_runs_where_the_disk_is_full() -> None:
    assert run(FILLS + USES) == ["[[0]]"]


def test_libraries_that_cache_run_too(tmp_path) -> None:
    file = tmp_path / "library.py"  # numba keeps no code of what comes from the command line
    file.write_text(CLOSED + USES + LIBRARY)
    assert run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import library") == ["[[0]]", "6.0"]
