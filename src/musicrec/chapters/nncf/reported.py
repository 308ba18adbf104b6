"""What "Spotify Playlists Recommender" (2018) printed, and our figures beside it in the score book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from musicrec.scores.records import ScoreBook

if TYPE_CHECKING:
    import keras

KEY = "playlist-nncf"
PARAMETERS = 5_109_313
SIZES: dict[str, dict[str, float]] = {
    "seeded": {"lists": 10_000, "items": 74_450, "entries": 1_030_015, "density (%)": 0.138},
    "random": {"lists": 10_000, "items": 171_381, "entries": 657_056},
}
TEST: dict[str, dict[str, float]] = {
    "seeded": {
        "accuracy": 0.9366,
        "balanced accuracy": 0.8793,
        "sensitivity": 0.8215,
        "specificity": 0.9368,
        "label auc": 0.8791,
    },
    "random": {"accuracy": 0.9684, "balanced accuracy": 0.7508, "sensitivity": 0.533, "specificity": 0.969},
}
LOWEST_LOSS = {"accuracy": 0.8845, "balanced accuracy": 0.8772}  # seeded sample, validation cells
JACCARD = {"recommended × own": 0.0754, "own × own": 0.0469, "not recommended × own": 0.00037, "random pairs": 0.0005}


def layer_table(network: keras.Model) -> pd.DataFrame:
    """Return `layer`, `parameters` and `activation` of every layer that has parameters."""
    rows = []
    for layer in network.layers:
        activation = getattr(getattr(layer, "activation", None), "__name__", "none")
        rows.append(
            {
                "layer": layer.name,
                "parameters": layer.count_params(),
                "activation": "none" if activation == "linear" else activation,
            }
        )
    table = pd.DataFrame(rows)
    return table[table["parameters"] > 0].reset_index(drop=True)


def record_parameters(book: ScoreBook, parameters: int) -> None:
    """Write down the number of parameters in the size of the original."""
    note = "counted in the network for 10,000 playlists and 74,450 tracks, whatever the data of this run"
    book.reproduce(KEY, "parameters", parameters, PARAMETERS, system="nncf", note=note)


def record_sizes(book: ScoreBook, sizes: pd.DataFrame) -> None:
    """Write down the sizes of the two samples, given by `sample_sizes`."""
    ours = sizes.assign(density=100 * sizes["density"]).set_axis(list(SIZES["seeded"]), axis=1)
    for name, figures in SIZES.items():
        for quantity, reported in figures.items():
            value = ours[quantity][name]
            book.reproduce(KEY, f"{quantity}, {name} sample", value, reported, note=_other_data(book))


def record_scores(book: ScoreBook, reports: pd.DataFrame, lowest: pd.Series, *, seed: int) -> None:
    """Write down the scores of the trained networks.

    Parameters
    ----------
    book : ScoreBook
        Where.
    reports : pandas.DataFrame
        `cell_report` on the test cells, one column per sample.
    lowest : pandas.Series
        `cell_report` on the validation cells of the seeded sample in the epoch with the lowest loss there.
    seed : int
        Of split and training.
    """
    measured = {
        f"{metric}, {name}": (reports[name][metric], reported)
        for name, figures in TEST.items()
        for metric, reported in figures.items()
    }
    for metric, reported in LOWEST_LOSS.items():
        measured[f"{metric} at the lowest validation loss, seeded"] = lowest[metric], reported
    for quantity, (value, reported) in measured.items():
        book.reproduce(KEY, quantity, value, reported, system="nncf", seeds=(seed,), note=_other_data(book))


def record_jaccard(book: ScoreBook, pairs: Mapping[str, NDArray[np.float64]]) -> None:
    """Write down the mean Jaccard index of each kind of pairs of one user."""
    for kind, reported in JACCARD.items():
        quantity = f"Jaccard, {kind}, one user"
        book.reproduce(KEY, quantity, pairs[kind].mean(), reported, system="nncf", note=_other_data(book))


def jaccard_table(pairs: Mapping[str, NDArray[np.float64]], means: pd.DataFrame, who: str = "listener") -> pd.DataFrame:
    """Return the mean index of each kind of pairs: reported, of one user, and the mean of several users."""
    columns = {
        "reported, one playlist": pd.Series(JACCARD),
        f"one {who}": pd.Series({kind: values.mean() for kind, values in pairs.items()}),
        f"mean of {len(means)} {who}s": means.mean(),
    }
    return pd.DataFrame(columns).loc[list(JACCARD)].rename_axis("pairs")


def _other_data(book: ScoreBook) -> str:
    if KEY in book.dataset.provenance.originals:
        return "which playlists the original drew is not known; one training each"
    return f"other lists: the original's are playlists of the Million Playlist Dataset; here {book.dataset.name}"
