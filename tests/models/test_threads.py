"""The same seed gives the same lists on one thread and on two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from musicrec.site.kernels import THREADS

HELPERS = Path(__file__).parents[1] / "helpers"
SCRIPT = """
import json, sys
import numpy as np
from systems import contract, fit
from musicrec.datasets.simulated.listeners import listeners
from musicrec.datasets.simulated.shapes import Shape

listens = listeners(0, Shape(300, 800, 9_000, 900, 4_000, 900, 10, 4, 4)).interactions
users = np.arange(listens.n_users)
found = {name: fit(system, listens).recommend(users, k=10).ids.tolist() for name, system in contract().items()}
json.dump(found, sys.stdout)
"""


def lists(threads: int) -> dict[str, list[list[int]]]:
    """Return what every system recommends, fitted in a process of its own: libraries count threads when they load."""
    environment = os.environ | dict.fromkeys([*THREADS, "OPENBLAS_NUM_THREADS"], str(threads))
    environment["PYTHONPATH"] = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_one_thread_and_two_recommend_the_same():
    one, two = lists(1), lists(2)
    assert one.keys() == two.keys() and len(one) > 20
    assert [name for name in one if one[name] != two[name]] == []
