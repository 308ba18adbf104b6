"""Whether the original's scores come out, and what it had seen."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.chapters import genre_to_artist_leak as leak
from musicrec.chapters.genre_to_artist import REPORTED, blocks
from musicrec.datasets import genres
from musicrec.datasets.genres import GenreTable
from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated.songs import songs as simulated_songs
from musicrec.models.side.genre_warp import GenreWARP
from musicrec.scores.records import ScoreBook


@pytest.fixture(scope="module")
def songs():
    return simulated_songs(seed=0)


@pytest.fixture(scope="module")
def cells() -> Interactions:
    return blocks(6, 90, 2, rng=np.random.default_rng(0))


def figures(**columns: tuple[float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=list(REPORTED))


def test_tables_and_what_drops_out(songs) -> None:
    table = genres.genre_table(songs, "subgenre")
    shapes = leak.shapes({"subgenre": table})
    assert shapes.loc["subgenre", "cells"] == len(table.interactions)
    assert shapes.loc["subgenre", "in one row only"] == (table.known.sum(axis=0) == 1).mean()
    counted = leak.cut(songs, table).set_index("what")["here"]
    assert counted["songs"] == len(songs.tables["songs"]) and counted["songs an artist must have"] == table.min_songs


def test_four_figures_are_written_beside_those_reported(songs, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    book = ScoreBook("09_x", songs)
    with pytest.warns(UserWarning, match="no execution"):
        leak.write_down(book, "genre-warp", pd.DataFrame([dict.fromkeys(REPORTED, 0.5)] * 2), (1, 2), songs)
    assert {score.metric: score.reported for score in book.scores} == REPORTED
    assert all(score.sd == 0 and score.seeds == (1, 2) for score in book.scores)
    leak.write_down(book, "genre-warp", pd.DataFrame([dict.fromkeys(REPORTED, 0.25)]), (1,), songs)
    assert all(score.value == 0.25 and score.sd is None for score in book.scores)  # one seed has no spread


def test_an_honest_fit_has_training_above_test(cells: Interactions) -> None:
    table = GenreTable("genre", cells, np.ones((90, 2), np.float32), np.ones(90), 1)
    run = leak.runs({"subgenre": table}, (0,))
    assert list(run["subgenre"].columns) == list(REPORTED)
    beside = leak.beside_reported({"subgenres": run["subgenre"], "memory": leak.memory(cells, (0,))})
    assert beside["reported"].to_dict() == REPORTED and beside["memory"]["test AUC"] == 1
    none = leak.honest({"subgenre": pd.DataFrame([{"train AUC": 0.4, "test AUC": 0.5, "test precision@10": 0.1}])})
    assert none.tables == ["none of the tables"] and none.hits == pytest.approx(1)


def test_two_settings_do_nothing(cells: Interactions) -> None:
    table = leak.variants(cells, seed=0)
    assert leak.idle(table).idle and not table.loc["cells drawn by weight", "identical"]
    table.loc["k = 1", "identical"] = False
    assert not leak.idle(table).idle


def test_blocks_are_summed_up() -> None:
    index = pd.MultiIndex.from_product([leak.PER_ARTIST, ("blocks", "shuffled")])
    by_hand = pd.DataFrame({"test AUC": np.arange(12) / 20, "train AUC": 1.0}, index)
    assert leak.block_scores(by_hand) == (0.0, 0, 12, True)
    by_hand.iloc[3, 1] = 0.0
    assert leak.block_scores(by_hand) == (0.0, 1, 12, False)
    assert leak.hand_curves(by_hand)["test, shuffled"].tolist() == by_hand["test AUC"].tolist()[1::2]


def test_what_was_seen_turns_the_order() -> None:
    table = figures(
        reported=tuple(REPORTED.values()),
        honest=(1.0, 0.6, 1.0, 0.1),
        memory=(0.98, 1.0, 0.8, 1.0),
        **{"all, subgenres": (0.98, 1.0, 0.75, 1.0)},
    )
    seen = leak.seen(table)
    assert seen.turned and seen.nearer == 4 and seen.genres == pytest.approx(1 / seen.genre_share)
    table["all, subgenres"] = table["honest"]
    assert not leak.seen(table).turned and leak.seen(table).nearer == 0


def test_scores_depend_on_what_is_ranked(cells: Interactions) -> None:
    table = leak.rankings(cells, 0).set_index(["fitted on", "cells", "ranked among"])
    assert len(table) == 8
    masked = table.loc[("all cells", "test", "without training cells"), "AUC"]
    assert masked >= table.loc[("all cells", "test", "all artists"), "AUC"]


def test_two_seeds_are_compared(cells: Interactions) -> None:
    table = GenreTable("subgenre", cells, np.ones((90, 2), np.float32), np.arange(90.0), 1)
    orders = {"subgenres": leak.two_orders(GenreWARP, cells, 0)}
    agreeing = leak.agreements(orders, {"subgenres": cells})
    found = leak.agreement_of(agreeing, orders, table)
    assert found.whole == agreeing.loc["subgenres", "rank correlation"] and 0 <= found.ten <= 10


def test_the_ten_are_outside_the_genre() -> None:
    cells = Interactions(
        sp.csr_array(np.float32([[1, 0, 0, 0]])), np.array(["a"], object), np.array(list("wxyz"), object)
    )
    table = GenreTable("genre", cells, np.ones((4, 1), np.float32), np.ones(4), 1)
    ten = leak.first_ten(table, "a", {"seed 0": np.float32([[9, 1, 3, 2]])})
    assert ten["seed 0"].tolist()[:3] == ["y", "z", "x"]
    assert leak.example_genre(table) == "a"
