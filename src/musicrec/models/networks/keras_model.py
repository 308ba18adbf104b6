"""What every system trained with Keras shares: seeds, the loop over epochs, early stopping, saving."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from musicrec.datasets.interactions import Interactions
from musicrec.models import store
from musicrec.models.base import Recommender

DIVERGED = 30.0  # nats a pair or a listen; not knowing anything costs ln 2 = 0.69, or ln 17,632 = 9.8


@dataclass(eq=False, kw_only=True)
class KerasModel(Recommender):
    """Base of systems trained with Keras.

    A subclass is a dataclass of its settings and implements `_compile` and `fit`.

    Training is repeatable on one machine: `rng` seeds everything. To that end `fit` sets the global seeds of
    Python, NumPy and TensorFlow, and on a GPU switches TensorFlow to deterministic operations.

    Parameters
    ----------
    learning_rate : float
        Step size of Adam [Kingma & Ba, 2015].
    batch_size : int
        Examples per step.
    epochs : int
        How often to go over the training data; with `patience`, at most.
    patience : int, optional
        Stop when this many epochs in a row brought nothing better, and go back to the best one.

    Attributes
    ----------
    network : keras.Model
        What was trained.
    history : pandas.DataFrame
        One row per epoch (from 1): `loss`, what else the system measures, and with a watched value `watched`.
    best_epoch : int
        The epoch whose weights are kept: the last one, unless there is `patience`.
    """

    above_zero: ClassVar[tuple[str, ...]] = ("learning_rate", "batch_size", "epochs")  # settings that must be

    learning_rate: float = 0.001
    batch_size: int = 200
    epochs: int = 5
    patience: int | None = None

    def __post_init__(self) -> None:
        for setting in self.above_zero:
            if not getattr(self, setting) > 0:
                raise ValueError(f"{self.name}: {setting} must be above zero, not {getattr(self, setting)}")

    @abstractmethod
    def _compile(self) -> keras.Model:
        """Return an untrained network for the training interactions."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write settings, weights and training interactions to one ``.npz`` file, whole or not at all."""
        arrays = {f"weight_{place:03}": value for place, value in enumerate(self.network.get_weights())}
        facts = {"name": self.name, "settings": asdict(self), "best_epoch": self.best_epoch, "columns": [*self.history]}
        store.write(path, facts, {**arrays, "history": self.history.to_numpy(np.float64), **self.train.arrays()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote; nothing in the file is ever run.

        Raises
        ------
        ValueError
            When the file holds another kind of model, weights of other shapes, or weights that are not numbers.
        """
        with store.opened(path, f"a model saved by {cls.__name__}", name=cls.name) as (facts, file):
            weights = [file[key] for key in sorted(file) if key.startswith("weight_")]
            train = Interactions.from_arrays(file)
            history = file["history"]
        if not all(np.isfinite(value).all() for value in weights):
            raise ValueError(f"{path}: some of its weights are not finite numbers")
        model = cls(**facts["settings"])
        model.train = train
        model.network = model._compile()
        model.network.set_weights(weights)
        model.best_epoch = facts["best_epoch"]
        index = pd.RangeIndex(1, len(history) + 1, name="epoch")
        model.history = pd.DataFrame(history, index=index, columns=facts["columns"])
        return model

    def _start(self, rng: np.random.Generator) -> None:
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        if tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()
        self.network = self._compile()

    def _train(self, epoch: Callable[[int], dict[str, float]], watch: Callable[[Self], float] | None) -> Self:
        """Call `epoch` with numbers from 1; what it returns is a row of `history` and holds at least `loss`."""
        rows, best = [], -np.inf
        kept: list[NDArray[np.float32]] = []
        bar = tqdm(range(1, self.epochs + 1), desc=self.name, unit="epoch", leave=False, disable=None)
        for number in bar:
            row: dict[str, Any] = {"epoch": number, **epoch(number)}
            self._check(row["loss"], number)
            if watch is not None:
                row["watched"] = watch(self)
            rows.append(row)
            bar.set_postfix({name: f"{value:.4f}" for name, value in row.items() if name != "epoch"})
            self.best_epoch = number
            if self.patience is None:
                continue
            value = row["watched"] if watch is not None else -row["valid_loss"]
            if value > best:
                best, best_epoch, kept = value, number, self.network.get_weights()
            elif number - best_epoch >= self.patience:
                break
        if kept:
            self.network.set_weights(kept)
            self.best_epoch = best_epoch
        self.history = pd.DataFrame(rows).set_index("epoch").astype(np.float64)
        return self

    def _descent(self) -> Callable[[list[tf.Tensor]], None]:
        """Return a function that takes the gradients of the trainable variables and makes one step of Adam."""
        variables = self.network.trainable_variables
        optimizer = keras.optimizers.Adam(float(self.learning_rate))
        optimizer.build(variables)

        def descend(gradients: list[tf.Tensor]) -> None:
            optimizer.apply_gradients(zip(gradients, variables, strict=True))

        return descend

    def _check(self, loss: float, epoch: int) -> None:
        finite = all(bool(tf.reduce_all(tf.math.is_finite(value))) for value in self.network.trainable_variables)
        if not (finite and loss < DIVERGED):
            raise FloatingPointError(
                f"{self.name}: training diverged in epoch {epoch} (loss {loss:.3g}): the learning rate "
                f"{self.learning_rate:g} is too high; try a tenth of it"
            )
