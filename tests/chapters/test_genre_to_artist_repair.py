"""How popularity counts, new artists, and artists missing from a genre."""

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters import genre_to_artist_repair as repair
from musicrec.chapters.genre_to_artist import blocks
from musicrec.chapters.genre_to_artist_leak import Agreement, Idle
from musicrec.datasets.genres import GenreTable
from musicrec.models.side.genre_warp import CHOSEN


def table(kind) -> GenreTable:
    cells = blocks(6, 90, 2, rng=np.random.default_rng(0))
    features = cells.matrix.toarray().T[:, ::2].astype(np.float32)
    return GenreTable(kind, cells, features, np.arange(1.0, 91), 1)


TABLES = {kind: table(kind) for kind in repair.KINDS}
CHOICES = {"subgenre": "sampling, power 1", "tag": "not at all"}


def validated() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([repair.KINDS, repair.WEIGHTINGS], names=["row is a", "popularity counts"])
    precision = [0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1]
    return pd.DataFrame({"AUC": np.arange(8) / 10, "precision@10": precision, "popularity@10": np.arange(8.0)}, index)


def test_the_best_way_to_count_is_chosen() -> None:
    chosen = repair.choices(validated())
    assert chosen == CHOICES
    shown = repair.validation_table(validated(), chosen)
    assert shown.loc[shown["chosen"], "popularity counts"].tolist() == list(CHOICES.values())
    assert repair.weighting(validated()) == (pytest.approx(0.3), 4.0, 7.0)


def test_models_are_built_as_chosen() -> None:
    model = repair.warp(TABLES["tag"], weighting="ones")()
    assert (model.epochs, model.weighting, model.own) == (CHOSEN["tag"]["epochs"], "ones", False)
    assert repair.built_in(TABLES["tag"])().own == CHOSEN["tag"]["own"]
    builds = repair.newcomers(TABLES, CHOICES)
    assert {kind for kind, _ in builds} == set(repair.KINDS) and len(builds) == 8
    assert builds["subgenre", "genre-warp-features"]().weighting == "sampling"
    assert builds["subgenre", "genre-warp"]().features is None


def frame(value: float) -> pd.DataFrame:
    return pd.DataFrame({metric: np.full(6, value) for metric in repair.METRICS})


def test_gains_are_sure_when_zero_is_outside() -> None:
    names = ["artist-popularity", "feature-cosine", "genre-warp", "genre-warp-features"]
    results = {(kind, name): frame(n / 10) for kind in repair.KINDS for n, name in enumerate(names)}
    results["tag", "genre-warp-features"] = frame(0.1)
    spans, gains = repair.spans(results), repair.gains(results)
    found = repair.placed(spans, gains)
    assert found.sure == ["AUC on subgenres", "precision@10 on subgenres"]
    assert (found.popularity, found.cosine, found.original) == (0, pytest.approx(0.1), pytest.approx(0.2))
    assert repair.labelled(spans["AUC"]).index[0] == "subgenres: artist-popularity"
    figures = pd.DataFrame({"all, subgenres": [1.0], "honest": [0.6]}, ["test AUC"])
    end = repair.takeaways(figures, Idle(True), Agreement(0.5, 1.7, 0.1), found)
    assert (end.leaky, end.honest, end.idle, end.ten) == (1.0, 0.6, True, 1.7)


def test_missing_artists_are_ranked_by_all_systems() -> None:
    builds = repair.newcomers(TABLES, CHOICES)
    missing = repair.missing(TABLES, builds, CHOICES, {"choosing": [5], "test": [0]})
    assert len(missing.loc["test"]) == 12 and len(missing.loc["choosing"]) == 4
    assert "popularity of the ten" in missing.columns


@pytest.mark.parametrize("own", [True, False])
def test_what_is_picked_is_compared_with_what_is_kept(own: bool) -> None:
    index = [("choosing", kind, name) for kind in repair.KINDS for name in ("genre-warp-features", repair.OWN)]
    values = [0.2, 0.1, 0.1, 0.2 if own else 0.1]
    missing = pd.DataFrame({"precision@10": values}, pd.MultiIndex.from_tuples(index))
    found = repair.picked(missing, {"subgenre": "sampling, power 1", "tag": "sampling, power 0.5"})
    assert found == ((["tags"], True) if own else (["neither"], False))


def test_a_read_out_is_shown_without_scores() -> None:
    ten = pd.DataFrame({"artist": ["x"], "score": [1.0], "listed under": [list("abcd")], "like": [["y", "z"]]})
    assert repair.shown(ten).iloc[0].tolist() == ["x", "a, b, c", "y, z"]
    assert repair.large_genre(TABLES["tag"], place=2) == str(TABLES["tag"].names[1])
