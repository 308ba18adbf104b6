"""What the sentences and tables of chapter 04 say, computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from musicrec.chapters.neural_network.experiments import (
    Rows,
    agreement,
    item_counts,
    original_rows,
    other_negatives,
    popularity_limit,
    shared_items,
)
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.statistics import holm, paired_difference
from musicrec.models.networks.additive_network import AdditiveNetwork
from musicrec.models.networks.network import Network
from musicrec.scores.records import ScoreBook

REPORTED = {  # by the original, of its network
    "training accuracy": 0.81,
    "test accuracy": 0.75,
    "validation loss, epoch 2": 0.4986,
    "validation loss, epoch 5": 0.5477,
}
PAIRS = [  # that are compared under the shared protocol
    ("additive-network", "popularity"),
    ("additive-network-resampled", "popularity"),
    ("combined-network", "combined-popularity"),
    ("dot-network", "additive-network-resampled"),
    ("concat-network", "dot-network"),
]


class Parameters(NamedTuple):
    """How many parameters the network of the original's size has, and whether that is what was reported."""

    n: int
    same: bool


def count_parameters(book: ScoreBook) -> Parameters:
    """Count the parameters of the network for the original's playlists and tracks, and write the number down."""
    reported = 1_429_211
    n = AdditiveNetwork(dim=10).build(n_users=10_000, n_items=132_920).count_params()
    note = "counted in the network for 10,000 playlists and 132,920 tracks, whatever the data of this run"
    book.reproduce("spotifier", "parameters", n, reported, system="additive-network", note=note)
    return Parameters(n, n == reported)


class Sweeps(NamedTuple):
    """Where the three sweeps are best on validation data, and how the last one ends."""

    dim: int
    rate: float
    epoch: int
    low: float
    end: float


def sweeps(by_dim: pd.DataFrame, by_rate: pd.DataFrame, by_epoch: pd.DataFrame) -> Sweeps:
    """Find the best value of each sweep by its validation loss."""
    dims, rates, epochs = (table["valid_loss"] for table in (by_dim, by_rate, by_epoch))
    dim, rate, epoch = (np.asarray(losses.index)[losses.argmin()] for losses in (dims, rates, epochs))
    return Sweeps(int(dim), float(rate), int(epoch), epochs.min(), epochs.iloc[-1])


def measured(networks: Mapping[int, Network], rows: Mapping[int, Rows]) -> pd.DataFrame:
    """Return what the original reported of its network for each of ours: one row per draw of the negatives."""
    table = {}
    for draw, network in networks.items():
        accuracy, loss = network.history["accuracy"].iloc[-1], network.history["valid_loss"]
        table[draw] = dict(zip(REPORTED, (accuracy, network.test(rows[draw].test)[1], loss[2], loss[5]), strict=True))
    return pd.DataFrame(table).T


def record_measured(book: ScoreBook, table: pd.DataFrame, why: str) -> None:
    """Write down the means of `measured` over the draws beside what was reported."""
    about = {"system": "additive-network", "seeds": tuple(map(int, table.index)), "note": why}
    for quantity, reported in REPORTED.items():
        values = table[quantity]
        sd = values.std(ddof=1) if len(values) > 1 else None
        book.reproduce("spotifier", quantity, values.mean(), reported, sd=sd, **about)


class Likeness(NamedTuple):
    """How our network does on other data."""

    train: float
    test: float
    rises: bool  # the validation loss, from epoch 2 to epoch 5


def likeness(table: pd.DataFrame) -> Likeness:
    """Summarise what `measured` found; the loss rises when it does so for every draw."""
    rises = (table["validation loss, epoch 5"] > table["validation loss, epoch 2"]).all()
    return Likeness(table["training accuracy"].mean(), table["test accuracy"].mean(), bool(rises))


class OneOrder(NamedTuple):
    """Rank correlation of the network's order of the items: between users, and with the number of listeners."""

    mean: float
    low: float
    popularity: float


def one_order(network: Network, rows: Rows, users: ArrayLike) -> OneOrder:
    """Compare the orders in which some users get all items with each other, and the first with popularity."""
    users = np.atleast_1d(np.asarray(users, dtype=np.int64))
    same, counts = agreement(network, users), item_counts(rows, network.train.n_items)
    order = network.scores(users[:1])[0]
    return OneOrder(same.mean(), same.min(), stats.spearmanr(order, counts).statistic)


def artist_table(network: Network, rows: Rows, data: Dataset, user: int) -> pd.DataFrame:
    """Return what the network was trained on, and what it says, of every artist.

    Returns
    -------
    pandas.DataFrame
        Columns `artist`, `listeners` and `draws as a negative` in the training rows, and `log-odds` for one user.
    """
    return pd.DataFrame(
        {
            "artist": data.item_names,
            "listeners": item_counts(rows, data.interactions.n_items),
            "draws as a negative": item_counts(rows, data.interactions.n_items, label=0),
            "log-odds": network.scores(np.array([user]))[0],
        }
    )


def top_ten(artists: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the ten artists with most of something: `artist`, `listeners`, `draws as a negative`, index `place`."""
    ten = artists.nlargest(10, by)[["artist", "listeners", "draws as a negative"]]
    return ten.set_index(pd.RangeIndex(1, len(ten) + 1, name="place"))


def listeners_per_negative(artists: pd.DataFrame) -> pd.Series:
    """Return listeners over draws as a negative, half a one added to both."""
    return (artists["listeners"] + 0.5) / (artists["draws as a negative"] + 0.5)


class Luck(NamedTuple):
    """What the draw of the negatives does to the order of the artists."""

    luck: float  # rank correlation of log-odds with listeners per negative
    mean: float  # draws as a negative, of all artists
    best: float  # of the network's ten best
    popular: float  # of the ten with most listeners


def luck(artists: pd.DataFrame) -> Luck:
    """Summarise an `artist_table`."""
    correlation = stats.spearmanr(artists["log-odds"], listeners_per_negative(artists)).statistic
    drawn, best, popular = (
        table["draws as a negative"].mean()
        for table in (artists, top_ten(artists, "log-odds"), top_ten(artists, "listeners"))
    )
    return Luck(correlation, drawn, best, popular)


def patience(interactions: Interactions, rows: Rows, swept: pd.Series, seed: int) -> pd.DataFrame:
    """Train networks of three dimensions until validation no longer improves.

    Returns
    -------
    pandas.DataFrame
        Index `dimension`; validation loss after the sweep, as in `swept`, and at the best epoch, and which that is.
    """
    table = {}
    for dim in (1, 10, 50):
        model = AdditiveNetwork(dim=dim, epochs=20, patience=3)
        model.fit_examples(interactions, rows.train, rng=np.random.default_rng(seed), valid=rows.valid)
        table[dim] = (swept[dim], model.best_epoch, model.history["valid_loss"].min())
    columns = ["after 3 epochs of the sweep", "best epoch", "at the best epoch"]
    return pd.DataFrame.from_dict(table, orient="index", columns=columns).rename_axis("dimension")


class Spread(NamedTuple):
    """How far apart the validation losses of the dimensions lie."""

    before: float
    after: float


def loss_ranges(table: pd.DataFrame) -> Spread:
    """Return highest minus lowest loss of a table of `patience`: after the sweep, and at the best epochs."""
    return Spread(np.ptp(table["after 3 epochs of the sweep"]), np.ptp(table["at the best epoch"]))


def slips(interactions: Interactions, seed: int) -> pd.DataFrame:
    """Return test accuracy by when negatives are drawn from the range of the users."""
    labels = {"original": "after a collision (original)", "uniform": "never", "first-users": "always"}
    table = {}
    for kind, label in labels.items():
        rows = original_rows(interactions, seed, negatives=kind)
        model = AdditiveNetwork()
        model.fit_examples(interactions, rows.train, rng=np.random.default_rng(seed), valid=rows.valid)
        even = other_negatives(interactions, rows.test, seed, popular=False)
        table[label] = {"its own test": model.test(rows.test)[1], "even negatives": model.test(even)[1]}
    return pd.DataFrame(table).T.rename_axis("from the users' range")


class Slip(NamedTuple):
    """What drawing negatives from the wrong range does."""

    collide: float  # share of the draws
    n_users: int
    head: float  # mean listeners of the first artists, as many as there are users
    everyone: float  # of all artists


def slip(interactions: Interactions) -> Slip:
    """Count how often the range of the users is drawn from in place of a collision, and whom it holds."""
    sizes, n, listeners = interactions.history_sizes(), interactions.n_users, interactions.popularity()
    collide = (sizes**2).sum() / sizes.sum() / interactions.n_items
    return Slip(collide, n, listeners[:n].mean(), listeners.mean())


class Accuracies(NamedTuple):
    """Share of right answers of the network, of a rule by popularity, and of always saying no, in three tests."""

    limit: int  # listeners that the rule asks for
    own: float
    own_rule: float
    popular: float
    cells: float
    cells_never: float


def own_and_other_tests(table: pd.DataFrame, rows: Rows, n_items: int) -> Accuracies:
    """Summarise a table of `accuracies`: the original's test, one with popular negatives, one with any cells."""
    (own, own_rule, _), (popular, _, _), (cells, _, cells_never) = table.to_numpy()
    return Accuracies(popularity_limit(rows, n_items), own, own_rule, popular, cells, cells_never)


class Gain(NamedTuple):
    """Mean hit rates of candidates at random, by network and by popularity, and of the whole catalogue."""

    random: float
    network: float
    popularity: float
    share: float  # of the gain by the network, that popularity brings
    all_popularity: float
    all_network: float


def gain(rates: pd.DataFrame) -> Gain:
    """Summarise what `same_pool_hit_rates` measured."""
    random, popularity, network, all_popularity, all_network = rates.mean()
    share = (popularity - random) / (network - random)
    return Gain(random, network, popularity, share, all_popularity, all_network)


def best_settings(curves: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Return the penalty and the number of epochs at which each system's curves are highest."""
    chosen = {}
    for name, curve in curves.items():
        penalty = curve.columns[int(curve.max().argmax())]
        chosen[name] = {"penalty": float(penalty), "epochs": int(curve.index[int(curve[penalty].argmax())])}
    return chosen


def comparisons(systems: Mapping[str, Sequence[Evaluation]]) -> pd.DataFrame:
    """Return paired differences in NDCG@10 of the pairs, with corrected p values: index `comparison`."""
    differences = [paired_difference(systems[a], systems[b]) for a, b in PAIRS]
    table = pd.DataFrame(differences, index=pd.Index([f"{a} minus {b}" for a, b in PAIRS], name="comparison"))
    return table.rename(columns={"mean": "difference"}).assign(**{"p (Holm)": holm([d.p for d in differences])})


class Multiplying(NamedTuple):
    """What multiplying instead of adding gains."""

    adding: float  # NDCG@10, trained alike
    popularity: float
    dot: float
    alike: float  # artists that two lists of ten have in common, by adding
    apart: float  # by multiplying


def multiplying(ndcg: pd.Series, systems: Mapping[str, Sequence[Evaluation]]) -> Multiplying:
    """Compare the additive network with the dot network that was trained like it, and with popularity."""
    adding, dot = systems["additive-network-resampled"], systems["dot-network"]
    alike, apart = (float(np.mean([shared_items(e.lists) for e in runs])) for runs in (adding, dot))
    return Multiplying(ndcg["additive-network-resampled"], ndcg["popularity"], ndcg["dot-network"], alike, apart)
