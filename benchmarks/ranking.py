"""Ranking all items for all users: the ten best against `implicit`, a whole evaluation against RecTools."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from benchmarks import Ratio, Skipped, seconds
from benchmarks.evaluation import K
from musicrec import datasets
from musicrec.datasets.side_information import item_tags
from musicrec.evaluation.ranking import evaluate
from musicrec.models import registry
from musicrec.models.base import FactorModel
from musicrec.splits.by_user import Split, split_by_user

HERE = Path(__file__).parent
PEER = HERE.parent / ".venv-peer"
LOCK = HERE / "peer.lock"


def cpu_seconds(work: Callable[[], object]) -> float:
    """Time one thread; other programs that keep the processor busy count for neither side."""
    return seconds(work, repeat=30, clock=time.process_time)


def top_k(model: FactorModel, split: Split) -> Ratio:
    """Time both on the same factors; they must return the same lists."""
    users, seen = np.arange(split.train.n_users), sp.csr_matrix(split.train.binary())
    peer = AlternatingLeastSquares(model.item_factors.shape[1], num_threads=1)
    peer.user_factors, peer.item_factors = model.user_factors, model.item_factors

    def theirs() -> np.ndarray:
        return peer.recommend(users, seen, N=K)[0]

    def ours() -> np.ndarray:
        return model.recommend(users, K).ids

    np.testing.assert_array_equal(ours(), theirs())
    note = (
        f"seconds for the {K} best of {len(model.item_factors):,} items, not yet heard, of each of {len(users):,} users"
    )
    ratio = "top 10 from factors", "implicit", cpu_seconds(ours), cpu_seconds(theirs), 1, "faster"
    return Ratio(*ratio, f"CPU {note}")


def peer_python() -> Path:
    """Return the interpreter of the environment that holds RecTools; make it when it is missing or out of date.

    Raises
    ------
    subprocess.CalledProcessError
        When it cannot be made; `stderr` says why.
    """
    python, ready = PEER / ("Scripts" if os.name == "nt" else "bin") / "python", PEER / ".ready"
    if not ready.exists() or ready.read_text() != LOCK.read_text():
        print("creating the environment of RecTools in .venv-peer (once) …", file=sys.stderr, flush=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", LOCK]
        for command in ([sys.executable, "-m", "venv", "--clear", PEER], [python, *install]):
            subprocess.run(command, check=True, capture_output=True, text=True)
        ready.write_text(LOCK.read_text())
    return python


def evaluation(model: FactorModel, split: Split, tags: sp.csr_array) -> Ratio | Skipped:
    """Time both from factors to metrics, without imports; values of the same definition must agree."""
    name, peer = "a model's full evaluation", "RecTools"
    try:
        python = peer_python()
    except (OSError, subprocess.CalledProcessError) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        return Skipped(name, peer, f"its environment could not be made: {reason}")
    parts = {"train": split.train, "seen": split.train + split.valid, "test": split.test}
    arrays = {
        f"{part}_{kind}": getattr(each.matrix, kind) for part, each in parts.items() for kind in ("indices", "indptr")
    }
    arrays |= {f"tags_{part}": np.asarray(getattr(tags, part)) for part in ("data", "indices", "indptr", "shape")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        np.savez(path, k=K, user_factors=model.user_factors, item_factors=model.item_factors, **arrays)
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
        done = subprocess.run(
            [python, HERE / "peer_rectools.py", path],
            capture_output=True, text=True, env={**os.environ, **threads},
        )  # fmt: skip
    if done.returncode:
        return Skipped(name, peer, f"it failed: {done.stderr.strip().splitlines()[-1]}")
    theirs = json.loads(done.stdout)
    values = evaluate(model, split, K, tags=tags).means()
    for metric, value in theirs["values"].items():
        if metric == "r-precision":
            continue  # theirs counts hits in all k places
        np.testing.assert_allclose(values[f"{metric}@{K}"], value, rtol=1e-6, err_msg=metric)
    ours = cpu_seconds(lambda: evaluate(model, split, K, tags=tags).means())
    note = f"seconds from factors to {len(theirs['values'])} metrics, per user and their means (ours: {len(values)})"
    return Ratio(name, peer, ours, theirs["seconds"], 5, "faster", f"CPU {note}")


def run() -> list[Ratio | Skipped]:
    """Rank with the factors of a fitted model, so that there is something to measure."""
    data = datasets.load("auto", progress=False)
    split, tags = split_by_user(data.interactions, 0), item_tags(data)
    with threadpool_limits(1):
        model = registry.build("als", dim=64).fit(split.train, rng=np.random.default_rng(0))
        return [top_k(model, split), evaluation(model, split, tags)]
