"""Retrieval of 1,000 songs out of the whole catalogue for all playlists, against the bare product and top-k."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.evaluation.continuation import retrieve

K, DIM = 1000, 32


def run() -> list[Ratio]:
    """Time of the chapter's retrieval, own songs left out, and of what cannot be spared: product and top-k."""
    import tensorflow as tf

    from musicrec.models.rankers.two_tower import brute_force

    known = datasets.load("auto-songs", progress=False).interactions
    rng = np.random.default_rng(0)
    songs, playlists = (rng.normal(size=(n, DIM)).astype(np.float32) for n in (known.n_items, known.n_users))
    everyone = np.arange(known.n_users)
    columns = songs.T.copy()

    def by_numpy() -> None:
        scores = playlists @ columns
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        np.take_along_axis(best, order, axis=1)

    def by_tensorflow() -> None:
        tf.math.top_k(tf.matmul(playlists, songs, transpose_b=True), K)

    note = f"seconds; {known.n_users} playlists, {known.n_items:,} songs, {DIM} dimensions, own songs left out by ours"
    return [
        Ratio(
            f"retrieve {K:,} songs, {way}", f"bare product and top-k in {name}",
            seconds(lambda f=ours: f(playlists, songs, known, everyone, K), 7), seconds(peer, 7), 1.5, "longer", note,
        )
        for way, ours, name, peer in (
            ("musicrec", retrieve, "NumPy", by_numpy), ("keras-rs layer", brute_force, "TensorFlow", by_tensorflow)
        )
    ]  # fmt: skip
