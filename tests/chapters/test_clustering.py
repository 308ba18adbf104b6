"""Layouts, clusters, their names and what measures them, on vectors whose neighbourhoods are known."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import manifold

from musicrec.chapters import clustering as emb
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions

GENRES = 3


def bundles(per_genre: int = 40, dim: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of any length around three directions, and the direction of each."""
    rng = np.random.default_rng(seed)
    genre = np.arange(GENRES * per_genre) % GENRES
    vectors = np.eye(dim)[genre] + rng.normal(0, 0.12, (len(genre), dim))
    return (vectors * rng.uniform(0.2, 5, (len(genre), 1))).astype(np.float32), genre


def counts(*rows: list[int]) -> sp.csr_array:
    return sp.csr_array(np.array(rows, dtype=np.float32))


# ---- Neighbours and layouts


def test_neighbours_go_by_angle_and_leave_out_the_row_itself():
    vectors = np.float32([[1, 0], [9, 1], [0, 1], [0.1, 4]])
    found = emb.neighbours(vectors, 1)
    assert found.ids.ravel().tolist() == [1, 0, 3, 2]
    assert found.distances[0, 0] == pytest.approx(1 - 9 / np.sqrt(82), abs=1e-6)
    with pytest.raises(ValueError, match="have no 4 neighbours"):
        emb.neighbours(vectors, 4)


def test_neighbours_on_a_map_go_by_distance_even_where_points_coincide():
    layout = np.float32([[0, 0], [0, 0], [0, 0], [5, 5], [5, 6]])
    found = emb.neighbours(layout, 2, measure="euclidean").ids
    assert all(row not in ids for row, ids in enumerate(found.tolist()))
    assert found[3].tolist()[0] == 4 and set(found[0]) == {1, 2}


@pytest.mark.parametrize("reduce", [emb.umap, emb.tsne], ids=["umap", "tsne"])
def test_a_layout_keeps_neighbours_and_the_same_seed_gives_the_same(reduce):
    vectors, genre = bundles()
    layout = reduce(vectors, seed=3)
    assert layout.shape == (len(vectors), 2) and layout.dtype == np.float32
    assert np.array_equal(layout, reduce(vectors, seed=3))
    assert emb.tag_agreement(layout, genre, 5, measure="euclidean").mean() > 0.95
    assert emb.trustworthiness(vectors, layout, 5).mean() > 0.75
    rng = np.random.default_rng(0)
    assert emb.trustworthiness(vectors, rng.normal(size=layout.shape), 5).mean() < 0.6, "a layout at random"


def test_umap_comes_in_three_dimensions_and_from_a_random_start():
    vectors, genre = bundles()
    layout = emb.umap(vectors, 3, seed=0, k=5, init="random", epochs=50)
    assert layout.shape == (len(vectors), 3) and np.isfinite(layout).all()
    assert emb.tag_agreement(layout, genre, 3, measure="euclidean").mean() > 0.8


def test_umap_loads_no_tensorflow_and_leaves_it_importable():
    code = (
        "import sys, importlib.util; from musicrec.chapters.clustering import layouts as e; e._library();"
        "assert 'tensorflow' not in sys.modules and importlib.util.find_spec('tensorflow')"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code]).returncode == 0


def test_trustworthiness_is_the_librarys_and_that_of_a_sample_is_part_of_it():
    vectors, _ = bundles()
    layout = np.random.default_rng(1).normal(size=(len(vectors), 2)).astype(np.float32)
    ours = emb.trustworthiness(vectors, layout, 7)
    assert ours.mean() == pytest.approx(manifold.trustworthiness(emb.directions(vectors), layout, n_neighbors=7))
    assert np.allclose(emb.trustworthiness(vectors, layout, 7, sample=[4, 90]), ours[[4, 90]])
    assert np.allclose(emb.trustworthiness(vectors, emb.directions(vectors), 7), 1)
    with pytest.raises(ValueError, match="more than 120 points"):
        emb.trustworthiness(vectors, layout, 60)


# ---- Clusters


def test_both_ways_find_the_planted_clusters():
    vectors, genre = bundles()
    dense = emb.dense_clusters(emb.directions(vectors), 10)
    parts = emb.round_clusters(vectors, GENRES, seed=0)
    for labels in (dense, parts):
        assert emb.rand_index(labels, genre) > 0.95
        assert np.all(np.diff(np.bincount(labels[labels >= 0])) <= 0), "the largest comes first"
    assert np.array_equal(parts, emb.round_clusters(vectors, GENRES, seed=0))


def test_where_nothing_is_dense_nothing_is_found():
    points = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    assert (emb.dense_clusters(points, 60) == -1).all()


def test_clusters_are_measured_against_tags_and_chance():
    labels = np.repeat([0, 1, 2, -1], 30)
    main = np.repeat([7, 8, 9, 9], 30)
    perfect = emb.cluster_quality(labels, main, rng=np.random.default_rng(0))
    assert perfect["clusters"] == 3 and perfect["in none"] == 0.25
    assert perfect["purity"] == perfect["NMI"] == 1 and perfect["AMI"] == pytest.approx(1)
    assert perfect["purity by chance"] < 0.6
    unrelated = emb.cluster_quality(labels, np.tile([7, 8, 9, -1], 30), rng=np.random.default_rng(0))
    assert abs(unrelated["AMI"]) < 0.05 and unrelated["purity"] < 0.5


def test_two_clusterings_are_compared_where_both_have_clusters():
    assert emb.rand_index([0, 0, 1, 1, -1], [5, 5, 2, 2, 0]) == 1
    assert np.isnan(emb.rand_index([0, -1], [-1, 0]))


def test_tag_agreement_by_hand():
    vectors = np.float32([[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    assert emb.tag_agreement(vectors, np.array([1, 1, 1, 2]), 1).tolist() == [1, 1, 0, 0]


# ---- Names


TAGS = ["rock", "hip-hop", "hip hop", "seen live", "my own word"]


def test_clusters_are_named_by_what_sets_them_apart():
    tags = counts(
        [9, 0, 0, 5, 0], [4, 0, 0, 3, 0], [2, 0, 0, 1, 0], [0, 8, 5, 6, 0], [0, 3, 2, 2, 0], [0, 1, 1, 0, 0], [0] * 5
    )
    named = emb.name_clusters([0, 0, 0, 1, 1, 1, 2], tags, TAGS)
    assert named["name"].tolist() == ["rock, seen live", "hip-hop, seen live", "without tags"]
    assert named["items"].tolist() == [3, 3, 1] and named["tag"].tolist() == [0, 1, -1]
    assert named["share"].tolist()[:2] == [1, 1] and np.isnan(named["share"][2])


def test_two_clusters_that_sound_alike_have_names_that_differ():
    tags = counts(*[[3, 0, 0, 2, 1]] * 4, [0, 5, 0, 0, 0])
    named = emb.name_clusters([0, 0, 1, 1, 2], tags, TAGS)
    assert named["name"].tolist() == ["rock, seen live", "rock, my own word", "hip-hop"]


def test_a_star_with_many_tags_does_not_name_a_cluster():
    tags = counts(*[[1, 0, 0, 0, 0]] * 19, [0, 0, 0, 0, 500], *[[0, 1, 0, 0, 0]] * 20)
    named = emb.name_clusters([0] * 20 + [1] * 20, tags, TAGS)
    assert named["name"].tolist() == ["rock", "hip-hop"]


def test_items_in_no_cluster_have_no_say_and_no_cluster_is_no_error():
    tags = counts([1, 0, 0, 0, 0], [0, 0, 0, 0, 9])
    assert emb.name_clusters([0, -1], tags, TAGS)["name"].tolist() == ["rock"]
    empty = emb.name_clusters([-1, -1], tags, TAGS)
    assert len(empty) == 0 and list(empty.columns) == ["name", "items", "tag", "share"]


def test_a_name_is_checked_by_those_who_did_not_choose_it():
    rng = np.random.default_rng(0)
    tags = counts(*[[1, 0, 0, 0, 0]] * 30, *[[0, 1, 0, 0, 0]] * 30)
    checked = emb.name_check([0] * 30 + [1] * 30, tags, TAGS, rng=rng)
    assert checked["fits"].tolist() == [1, 1] and checked["elsewhere"].tolist() == [0, 0]
    shuffled = sp.csr_array(tags[rng.permutation(60)])
    assert emb.name_check([0] * 30 + [1] * 30, shuffled, TAGS, rng=rng)["fits"].max() < 0.9


def test_only_tags_that_several_people_used_are_common():
    matrix = sp.csr_array(np.ones((3, 2), np.float32))
    given = pd.DataFrame(
        [(1, 10, 5), (2, 10, 5), (1, 11, 6), (1, 10, 6), (1, 99, 5)], columns=["user", "artist", "tag"]
    )
    tags = pd.DataFrame({"id": [5, 6, 7], "name": ["rock", "mine", "unused"]})
    about = Provenance("A", "", "1", "free", "", "test", "0")
    listens = Interactions(matrix, np.array([1, 2, 3]), np.array([10, 11]))
    dataset = Dataset(
        "simulated", listens, pd.DataFrame({"name": ["a", "b"]}), about, {"tags": tags, "tag_assignments": given}
    )
    found, names = emb.common_tags(dataset, people=2)
    assert names.tolist() == ["rock"] and found.toarray().ravel().tolist() == [2, 0]
