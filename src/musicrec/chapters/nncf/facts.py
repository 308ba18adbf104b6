"""What the sentences of chapter 05 say."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from musicrec.chapters.nncf.reported import PARAMETERS
from musicrec.evaluation.ranking import Evaluation

if TYPE_CHECKING:
    from musicrec.models.networks.nncf import NNCF


class Size(NamedTuple):
    """How large the network is."""

    parameters: int
    as_reported: bool
    in_embeddings: float  # share
    beyond: int  # parameters that are not in the embeddings
    active: int  # layers with an activation of their own


def network_size(layers: pd.DataFrame) -> Size:
    """Return the size of a network from its `layer_table`."""
    parameters = int(layers["parameters"].sum())
    embedded = int(layers.loc[layers["layer"].str.contains("user|item"), "parameters"].sum())
    active = int((layers["activation"] != "none").sum())
    return Size(parameters, parameters == PARAMETERS, embedded / parameters, parameters - embedded, active)


class Samples(NamedTuple):
    """Balanced accuracy of the network on the two samples."""

    seeded: float
    random: float
    seeded_better: bool


def compare_samples(reports: pd.DataFrame) -> Samples:
    """Compare the samples; `reports` has one column per sample, rows as in `cell_report`."""
    balanced = reports.T["balanced accuracy"]
    return Samples(balanced["seeded"], balanced["random"], bool(balanced["seeded"] > balanced["random"]))


class Likeness(NamedTuple):
    """Mean Jaccard index of recommended artists with the listeners' own, and what it is compared with."""

    recommended: float
    own: float  # own × own
    times: float  # as large as that of artists that were not recommended
    above_own: bool


def likeness(means: pd.DataFrame) -> Likeness:
    """Sum up `jaccard_means`."""
    level = means.mean()
    recommended, own = level["recommended × own"], level["own × own"]
    return Likeness(recommended, own, recommended / level["not recommended × own"], bool(recommended > own))


class SayingNo(NamedTuple):
    """Accuracy of the original and of our networks beside that of always saying no."""

    accuracy: float  # of the original, seeded sample
    always_no: float
    right: float  # of a hundred tracks the original calls right
    loses: bool
    ours_lose: str  # on which of our samples


def saying_no(table: pd.DataFrame) -> SayingNo:
    """Sum up `against_saying_no`; the first row is the original's, two of ours follow."""
    original, ours = table.iloc[0], table.iloc[1:]
    losing = int((ours["accuracy"] < ours["always no"]).sum())
    return SayingNo(
        original["accuracy"],
        original["always no"],
        100 * original["right when it says yes"],
        bool(original["accuracy"] < original["always no"]),
        ["neither sample", "one of the two samples", "both samples"][losing],
    )


class OnCells(NamedTuple):
    """The same cells, answered by popularity and by the network."""

    popularity: float  # balanced accuracy
    network: float
    as_good: bool
    explained: float  # share of the network's lead over chance, in area, that popularity has
    matched: float  # area of popularity with popular items counting less
    matched_network: float
    matched_svd: float


def on_cells(table: pd.DataFrame) -> OnCells:
    """Compare systems, one row each as in `cell_report`."""
    columns = ["balanced accuracy", "auc", "matched auc"]
    popularity, network, svd = table.loc[["popularity", "nncf", "pure-svd"], columns].to_dict("records")
    return OnCells(
        popularity["balanced accuracy"],
        network["balanced accuracy"],
        bool(popularity["balanced accuracy"] >= network["balanced accuracy"] - 0.005),
        (popularity["auc"] - 0.5) / (network["auc"] - 0.5),
        popularity["matched auc"],
        network["matched auc"],
        svd["matched auc"],
    )


class Collapse(NamedTuple):
    """The network beside its collapsed form."""

    apart: float  # largest difference of a probability
    times: float  # as fast
    numbers: int  # that do the work of all parameters beyond the embeddings
    seeded: float  # share of pairs for which the perceptron stream is above zero
    random: float
    silent: bool  # nearly everywhere, in one of the networks


def collapse_check(networks: Mapping[str, NNCF], n_users: int = 50) -> Collapse:
    """Score some users of the seeded sample by the layers and by the collapsed form, and compare."""
    network = networks["seeded"]
    n_items = network.train.n_items
    users = np.arange(min(n_users, network.train.n_users))
    pairs = np.repeat(users, n_items), np.tile(np.arange(n_items), len(users))
    start = time.perf_counter()
    answers = network.network.predict(pairs, batch_size=10_000, verbose=0)[:, 1].astype(float)
    between = time.perf_counter()
    log_odds = network.scores(users).ravel().astype(float)
    end = time.perf_counter()
    hidden_units = network.collapse().user_hidden.shape[1]
    # per hidden unit the weights of both embeddings, a bias and an output weight; then the output's bias, and the
    # weights of the two streams with their constant
    numbers = hidden_units * (2 * network.perceptron_dim + 2) + 1 + 3
    apart = float(np.abs(1 / (1 + np.exp(-log_odds)) - answers).max())
    seeded, random = network.speaking(), networks["random"].speaking()
    return Collapse(apart, (between - start) / (end - between), numbers, seeded, random, min(seeded, random) < 0.01)


class Check(NamedTuple):
    """The Jaccard check passed by systems that know nothing of the user, or little."""

    popularity: float  # mean Jaccard index with the users' own
    network: float
    share: float  # of the network's index that popularity gets
    highest: str  # the system with the highest index
    found: float  # share of held-out items that system finds
    best_found: float


def passed_check(table: pd.DataFrame) -> Check:
    """Sum up a table with `Jaccard with own` and `held-out found` of each system."""
    index = table["Jaccard with own"]
    highest, found = str(index.idxmax()), table["held-out found"]
    popularity, network = index["popularity"], index["nncf"]
    return Check(popularity, network, popularity / network, highest, found[highest], found.max())


class Order(NamedTuple):
    """A list as a set of rows comes back."""

    in_place: int  # names that stand where they should
    n: int
    best_at: int  # place of the best recommendation


def order_of(ordered: Sequence[str], unordered: Sequence[str]) -> Order:
    """Compare a list in the order of its scores with the same names in another order.

    Examples
    --------
    >>> order_of(["a", "b", "c"], ["b", "a", "c"])
    Order(in_place=1, n=3, best_at=2)
    """
    in_place = sum(name == other for name, other in zip(ordered, unordered, strict=True))
    return Order(in_place, len(ordered), list(unordered).index(ordered[0]) + 1)


class Saved(NamedTuple):
    """A network written to a file and read back."""

    megabytes: float
    same: bool  # lists


def save_and_load(network: NNCF, users: NDArray[np.int64]) -> Saved:
    """Write a network to a file, read it back and compare the lists of some users."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nncf.npz"
        network.save(path)
        again, size = type(network).load(path), path.stat().st_size
    return Saved(size / 1e6, np.array_equal(again.recommend(users).ids, network.recommend(users).ids))


class Chosen(NamedTuple):
    """What the validation part decided, and what the leak does there."""

    rank: int
    rate: float
    closed: float  # NDCG@10 of the neighbourhood model in the last epoch
    leaky: float
    no_use: bool  # what the leak taught


def chosen(rank: int, rate: float, curves: pd.DataFrame) -> Chosen:
    """Read the last epoch of curves by system."""
    closed, leaky = curves[["nncf-neighbourhood", "nncf-neighbourhood, leak open"]].iloc[-1]
    return Chosen(rank, rate, closed, leaky, bool(leaky < 0.95 * closed))


class Shared(NamedTuple):
    """The systems under the shared protocol."""

    ndcg: pd.Series  # by system
    behind: bool  # whether the network ranks behind the decomposition
    times: float  # the training time of the decomposition
    beats_popularity: bool


def shared_protocol(ndcg: pd.Series, systems: Mapping[str, Sequence[Evaluation]]) -> Shared:
    """Compare the network with its classical counterpart and with popularity."""
    seconds = {name: np.mean([e.fit_seconds for e in evaluations]) for name, evaluations in systems.items()}
    return Shared(
        ndcg,
        bool(ndcg["nncf"] < ndcg["pure-svd"]),
        float(seconds["nncf"] / seconds["pure-svd"]),
        bool(ndcg["nncf"] > ndcg["popularity"]),
    )


class Sampled(NamedTuple):
    """What ranking among few candidates does to hit rates."""

    few: float  # hit rate of the network among a hundred
    everything: float
    tau_20: float  # Kendall correlation with the order among all, for 20 candidates
    tau_100: float
    times: float  # median ratio of the hit rates among a hundred and among all
    drift: float  # how far the area under the curve moves at most
    swapped: bool  # whether two systems change places between a hundred and all
    ahead: str  # of the two whose order changes most: ahead among a hundred, behind among all
    ahead_few: float
    ahead_everything: float
    behind: str
    behind_few: float
    behind_everything: float


def sampled_ranking(hits: pd.DataFrame, areas: pd.DataFrame) -> Sampled:
    """Sum up hit rates and areas under the curve, one column per system; index 20, 100 and, last, all candidates."""
    few, everything = hits.T[100], hits.iloc[-1]
    tau = {n: float(stats.kendalltau(hits.loc[n], everything).statistic) for n in (20, 100)}
    pairs = itertools.permutations(hits.columns, 2)
    swaps = {
        (ahead, behind): everything[behind] / everything[ahead]
        for ahead, behind in pairs
        if few[ahead] > few[behind] and everything[ahead] < everything[behind]
    }
    ahead, behind = max(swaps, key=lambda pair: swaps[pair]) if swaps else ("", "")
    return Sampled(
        few["nncf"],
        everything["nncf"],
        tau[20],
        tau[100],
        float((few / everything).median()),
        float(np.ptp(areas, axis=0).max()),
        bool(swaps),
        ahead,
        few.get(ahead, np.nan),
        everything.get(ahead, np.nan),
        behind,
        few.get(behind, np.nan),
        everything.get(behind, np.nan),
    )
