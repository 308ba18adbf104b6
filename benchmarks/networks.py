"""One epoch of each network against `keras.Model.fit` on the same batches."""

import keras
import numpy as np
import tensorflow as tf

from benchmarks import Ratio, seconds
from musicrec import datasets
from musicrec.datasets.interactions import Interactions
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.networks.concat_network import ConcatNetwork
from musicrec.models.networks.dot_network import DotNetwork
from musicrec.models.networks.network import Network
from musicrec.models.networks.nncf import NNCF
from musicrec.models.networks.nncf_neighbourhood import NNCFNeighbourhood


def epoch_against_keras(model: Network, train: Interactions) -> Ratio:
    """Time an epoch of both; drawing and shuffling the pairs is part of ours only."""
    rng = np.random.default_rng(0)
    model.epochs = 1
    model.fit(train, rng=rng)
    epoch = model._epoch()

    def ours() -> None:
        examples = model.examples(train, train.matrix, rng)
        order = model.order(examples.labels, rng)
        float(epoch(*(tf.constant(column[order]) for column in examples))[0])

    users, items, labels = model.examples(train, train.matrix, rng)
    order = model.order(labels, rng)
    bare = model.build(train.n_users, train.n_items)
    answers = labels if bare.output.shape[-1] == 1 else np.stack([1 - labels, labels], axis=1)
    bare.compile(keras.optimizers.Adam(model.learning_rate), "binary_crossentropy", metrics=["accuracy"])
    batches = [users[order], items[order]], answers[order]

    def theirs() -> None:
        bare.fit(*batches, batch_size=model.batch_size, epochs=1, shuffle=False, verbose=0)

    ours(), theirs()  # both compile in their first epoch
    note = f"seconds for {len(labels):,} pairs in batches of {model.batch_size:,}; ours draws the negatives too"
    return Ratio(f"epoch of {model.name}", "Keras fit", seconds(ours, 3), seconds(theirs, 3), 1.2, "longer", note)


def run() -> list[Ratio]:
    """Measure every network at its own settings."""
    listens = datasets.load("auto", progress=False).interactions
    networks = (AdditiveNetwork(), DotNetwork(), ConcatNetwork(), NNCF(), NNCFNeighbourhood())
    return [epoch_against_keras(network, listens) for network in networks]
