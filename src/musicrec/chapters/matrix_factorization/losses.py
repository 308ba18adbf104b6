"""Gravity and implicit feedback: two losses over all pairs, compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from implicit.cpu import _als
from numpy.typing import ArrayLike, NDArray

from musicrec.datasets.interactions import Interactions
from musicrec.models.base import BATCH

# ---- Gravity and implicit feedback


@dataclass(frozen=True)
class Bridge:
    """How the loss with gravity turns into the one of implicit feedback [Hu, Koren & Volinsky, 2008].

    With n entries rated y among N·M pairs, and w = N·M / (gravity · n), N·M/gravity times the loss with gravity is
    the sum over all pairs of c·(p − s)², up to a constant, where c = 1 + w and p = y·w/(1 + w) for the entries, and
    c = 1 and p = 0 for all other pairs. Where every entry is rated (1 + w)/w, p is 1, as in implicit feedback. The
    two penalties become one when the users' vectors are stretched by `stretch` and the items' shrunk by it, which
    changes no score.
    """

    scale: float  # loss of implicit feedback = scale · loss with gravity − constant
    constant: float
    confidence: float  # c of an entry
    rating: float  # of every entry, so that p is 1
    penalty: float  # on all vectors
    stretch: float

    @classmethod
    def between(cls, listens: Interactions, *, gravity: float, regularization: float) -> Self:
        """Return the bridge for some listens and the weights of the two penalties, both above zero."""
        n, users, items = len(listens), listens.n_users, listens.n_items
        w = users * items / (gravity * n)
        return cls(
            scale=users * items / gravity,
            constant=n * (1 + w) / w,
            confidence=1 + w,
            rating=(1 + w) / w,
            penalty=regularization * math.sqrt(users * items) / gravity,
            stretch=(items / users) ** 0.25,
        )

    @staticmethod
    def weights(listens: Interactions, *, alpha: float, penalty: float) -> dict[str, float]:
        """Return the way back: the gravity and regularization that stand for a confidence of 1 + alpha."""
        pairs = listens.n_users * listens.n_items
        gravity = pairs / (alpha * len(listens))
        return {"gravity": gravity, "regularization": penalty * gravity / math.sqrt(pairs)}

    def rate(self, listens: Interactions) -> Interactions:
        """Return the listens, all rated so that p is 1."""
        matrix = listens.binary()
        matrix.data[:] = self.rating
        return Interactions(matrix, listens.users, listens.items)


def gravity_loss(
    users: ArrayLike, items: ArrayLike, entries: Interactions, *, gravity: float, regularization: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the loss of `MatrixFactorization` and, by automatic differentiation, its gradients in users and items.

    Written down from its definition in double precision, to check the fast version and the bridge.
    """
    rows, columns = entries.coordinates()
    ratings = tf.constant(entries.matrix.data, tf.float64)
    u, v = (tf.constant(np.asarray(factors), tf.float64) for factors in (users, items))
    with tf.GradientTape() as tape:
        tape.watch([u, v])
        error = tf.reduce_mean((tf.reduce_sum(tf.gather(u, rows) * tf.gather(v, columns), axis=1) - ratings) ** 2)
        norms = tf.reduce_sum(u * u) / u.shape[0] + tf.reduce_sum(v * v) / v.shape[0]
        all_pairs = tf.reduce_sum(tf.matmul(u, u, transpose_a=True) * tf.matmul(v, v, transpose_a=True))
        loss = error + regularization * norms + gravity / (u.shape[0] * v.shape[0]) * all_pairs
    gradients = (tf.convert_to_tensor(gradient).numpy() for gradient in tape.gradient(loss, [u, v]))
    return float(loss), *gradients


def implicit_loss(
    users: ArrayLike, items: ArrayLike, listens: Interactions, *, confidence: float, penalty: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the loss of implicit feedback and its gradients in users and items, from every pair, in batches."""
    u, v = (np.asarray(factors, dtype=np.float64) for factors in (users, items))
    loss = penalty * (np.sum(u * u) + np.sum(v * v))
    of_users, of_items = 2 * penalty * u, 2 * penalty * v
    for start in range(0, len(u), BATCH):
        batch = slice(start, start + BATCH)
        wanted = listens.binary()[batch].toarray().astype(np.float64)
        left = wanted - u[batch] @ v.T
        weighted = (1 + (confidence - 1) * wanted) * left
        loss += np.sum(weighted * left)
        of_users[batch] -= 2 * weighted @ v
        of_items -= 2 * weighted.T @ u[batch]
    return float(loss), of_users, of_items


def library_loss(
    users: ArrayLike, items: ArrayLike, listens: Interactions, *, confidence: float, penalty: float
) -> float:
    """Return the loss the library `implicit` computes, times what it divides by: the sum of all confidences."""
    weights = sp.csr_matrix(listens.binary() * np.float32(confidence))
    factors = (np.ascontiguousarray(f, dtype=np.float32) for f in (users, items))
    share = _als.calculate_loss(weights, *factors, penalty, num_threads=1)
    return float(share) * total_confidence(listens, confidence)


def compare_losses(
    users: NDArray[np.float64], items: NDArray[np.float64], listens: Interactions, **weights: float
) -> dict[str, float]:
    """Compute the loss with gravity, rescaled, and that of implicit feedback, twice, on the same vectors.

    `weights` are the gravity and the regularization. The gradients differ by the largest difference of any entry, as a
    share of the largest entry.
    """
    bridge = Bridge.between(listens, **weights)
    implied = {"confidence": bridge.confidence, "penalty": bridge.penalty}
    loss, *ours = gravity_loss(users, items, bridge.rate(listens), **weights)
    stretched = users * bridge.stretch, items / bridge.stretch
    all_pairs, *theirs = implicit_loss(*stretched, listens, **implied)
    factors = bridge.scale / bridge.stretch, bridge.scale * bridge.stretch
    apart = [np.abs(f * a - b).max() for f, a, b in zip(factors, ours, theirs, strict=True)]
    return {
        "gravity, rescaled": bridge.scale * loss - bridge.constant,
        "implicit, all pairs": all_pairs,
        "library": library_loss(*stretched, listens, **implied),
        "gradients differ by": max(apart) / max(np.abs(b).max() for b in theirs),
    }


def total_confidence(listens: Interactions, confidence: float) -> float:
    """Return the sum of the confidences of all pairs."""
    return listens.n_users * listens.n_items + (confidence - 1) * len(listens)
