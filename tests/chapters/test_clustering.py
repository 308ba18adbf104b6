"""Layouts, clusters, their names and what measures them, on vectors whose neighbourhoods are known."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import manifold

from musicrec.chapters import clustering
from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.models.factors.matrix_factorization import SETTINGS, MatrixFactorization

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
    found = clustering.neighbours(vectors, 1)
    assert found.ids.ravel().tolist() == [1, 0, 3, 2]
    assert found.distances[0, 0] == pytest.approx(1 - 9 / np.sqrt(82), abs=1e-6)
    with pytest.raises(ValueError, match="have no 4 neighbours"):
        clustering.neighbours(vectors, 4)


def test_neighbours_on_a_map_go_by_distance_even_where_points_coincide():
    layout = np.float32([[0, 0], [0, 0], [0, 0], [5, 5], [5, 6]])
    found = clustering.neighbours(layout, 2, measure="euclidean").ids
    assert all(row not in ids for row, ids in enumerate(found.tolist()))
    assert found[3].tolist()[0] == 4 and set(found[0]) == {1, 2}


@pytest.mark.parametrize("reduce", [clustering.umap, clustering.tsne], ids=["umap", "tsne"])
def test_a_layout_keeps_neighbours_and_the_same_seed_gives_the_same(reduce):
    vectors, genre = bundles()
    layout = reduce(vectors, seed=3)
    assert layout.shape == (len(vectors), 2) and layout.dtype == np.float32
    assert np.array_equal(layout, reduce(vectors, seed=3))
    assert clustering.tag_agreement(layout, genre, 5, measure="euclidean").mean() > 0.95
    assert clustering.trustworthiness(vectors, layout, 5).mean() > 0.75
    rng = np.random.default_rng(0)
    assert clustering.trustworthiness(vectors, rng.normal(size=layout.shape), 5).mean() < 0.6, "a layout at random"


def test_umap_comes_in_three_dimensions_and_from_a_random_start():
    vectors, genre = bundles()
    layout = clustering.umap(vectors, 3, seed=0, k=5, init="random", epochs=50)
    assert layout.shape == (len(vectors), 3) and np.isfinite(layout).all()
    assert clustering.tag_agreement(layout, genre, 3, measure="euclidean").mean() > 0.8


def test_umap_loads_no_tensorflow_and_leaves_it_importable():
    code = (
        "import sys, importlib.util; from musicrec.chapters.clustering import layouts as e; e._library();"
        "assert 'tensorflow' not in sys.modules and importlib.util.find_spec('tensorflow')"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code]).returncode == 0


def test_trustworthiness_is_the_librarys_and_that_of_a_sample_is_part_of_it():
    vectors, _ = bundles()
    layout = np.random.default_rng(1).normal(size=(len(vectors), 2)).astype(np.float32)
    ours = clustering.trustworthiness(vectors, layout, 7)
    assert ours.mean() == pytest.approx(manifold.trustworthiness(clustering.directions(vectors), layout, n_neighbors=7))
    assert np.allclose(clustering.trustworthiness(vectors, layout, 7, sample=[4, 90]), ours[[4, 90]])
    assert np.allclose(clustering.trustworthiness(vectors, clustering.directions(vectors), 7), 1)
    with pytest.raises(ValueError, match="more than 120 points"):
        clustering.trustworthiness(vectors, layout, 60)


# ---- Clusters


def test_both_ways_find_the_planted_clusters():
    vectors, genre = bundles()
    dense = clustering.dense_clusters(clustering.directions(vectors), 10)
    parts = clustering.round_clusters(vectors, GENRES, seed=0)
    for labels in (dense, parts):
        assert clustering.rand_index(labels, genre) > 0.95
        assert np.all(np.diff(np.bincount(labels[labels >= 0])) <= 0), "the largest comes first"
    assert np.array_equal(parts, clustering.round_clusters(vectors, GENRES, seed=0))


def test_where_nothing_is_dense_nothing_is_found():
    points = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    assert (clustering.dense_clusters(points, 60) == -1).all()


def test_clusters_are_measured_against_tags_and_chance():
    labels = np.repeat([0, 1, 2, -1], 30)
    main = np.repeat([7, 8, 9, 9], 30)
    perfect = clustering.cluster_quality(labels, main, rng=np.random.default_rng(0))
    assert perfect["clusters"] == 3 and perfect["in none"] == 0.25
    assert perfect["purity"] == perfect["NMI"] == 1 and perfect["AMI"] == pytest.approx(1)
    assert perfect["purity by chance"] < 0.6
    unrelated = clustering.cluster_quality(labels, np.tile([7, 8, 9, -1], 30), rng=np.random.default_rng(0))
    assert abs(unrelated["AMI"]) < 0.05 and unrelated["purity"] < 0.5


def test_two_clusterings_are_compared_where_both_have_clusters():
    assert clustering.rand_index([0, 0, 1, 1, -1], [5, 5, 2, 2, 0]) == 1
    assert np.isnan(clustering.rand_index([0, -1], [-1, 0]))


def test_tag_agreement_by_hand():
    vectors = np.float32([[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    assert clustering.tag_agreement(vectors, np.array([1, 1, 1, 2]), 1).tolist() == [1, 1, 0, 0]


# ---- Names


TAGS = ["rock", "hip-hop", "hip hop", "seen live", "my own word"]


def test_clusters_are_named_by_what_sets_them_apart():
    tags = counts(
        [9, 0, 0, 5, 0], [4, 0, 0, 3, 0], [2, 0, 0, 1, 0], [0, 8, 5, 6, 0], [0, 3, 2, 2, 0], [0, 1, 1, 0, 0], [0] * 5
    )
    named = clustering.name_clusters([0, 0, 0, 1, 1, 1, 2], tags, TAGS)
    assert named["name"].tolist() == ["rock, seen live", "hip-hop, seen live", "without tags"]
    assert named["items"].tolist() == [3, 3, 1] and named["tag"].tolist() == [0, 1, -1]
    assert named["share"].tolist()[:2] == [1, 1] and np.isnan(named["share"][2])


def test_two_clusters_that_sound_alike_have_names_that_differ():
    tags = counts(*[[3, 0, 0, 2, 1]] * 4, [0, 5, 0, 0, 0])
    named = clustering.name_clusters([0, 0, 1, 1, 2], tags, TAGS)
    assert named["name"].tolist() == ["rock, seen live", "rock, my own word", "hip-hop"]


def test_a_star_with_many_tags_does_not_name_a_cluster():
    tags = counts(*[[1, 0, 0, 0, 0]] * 19, [0, 0, 0, 0, 500], *[[0, 1, 0, 0, 0]] * 20)
    named = clustering.name_clusters([0] * 20 + [1] * 20, tags, TAGS)
    assert named["name"].tolist() == ["rock", "hip-hop"]


def test_items_in_no_cluster_have_no_say_and_no_cluster_is_no_error():
    tags = counts([1, 0, 0, 0, 0], [0, 0, 0, 0, 9])
    assert clustering.name_clusters([0, -1], tags, TAGS)["name"].tolist() == ["rock"]
    empty = clustering.name_clusters([-1, -1], tags, TAGS)
    assert len(empty) == 0 and list(empty.columns) == ["name", "items", "words", "tag", "share"]


def test_a_name_is_checked_by_those_who_did_not_choose_it():
    rng = np.random.default_rng(0)
    tags = counts(*[[1, 0, 0, 0, 0]] * 30, *[[0, 1, 0, 0, 0]] * 30)
    checked = clustering.name_check([0] * 30 + [1] * 30, tags, TAGS, rng=rng)
    assert checked["fits"].tolist() == [1, 1] and checked["elsewhere"].tolist() == [0, 0]
    shuffled = sp.csr_array(tags[rng.permutation(60)])
    assert clustering.name_check([0] * 30 + [1] * 30, shuffled, TAGS, rng=rng)["fits"].max() < 0.9


def test_a_name_on_the_map_holds_for_those_who_did_not_choose_it_or_the_best_known_name_it():
    rng = np.random.default_rng(0)
    rock, random = np.repeat([3, 0, 0], 40), rng.integers(0, 2, (3, 120)) * np.repeat([0, 0, 1], 40)
    tags = counts(*np.column_stack([rock, 5 * np.repeat([0, 1, 0], 40), *random]).tolist())
    words = np.array(["rock", "pop", "x", "y", "z"], dtype=object)
    artists = np.array([f"n{row}" for row in range(120)], dtype=object)
    labels = np.repeat([0, 1, 2], 40)
    settle = lambda tags: clustering.settled_names(  # noqa: E731
        labels, tags, words, artists, np.arange(120), rng=np.random.default_rng(1)
    )
    named = settle(tags)
    assert named["name"].tolist()[:2] == ["rock", "pop"] and named["items"].tolist() == [40, 40, 40]
    nobody = settle(counts(*np.column_stack([rock, rock, *np.zeros((3, 120), int)]).tolist()))
    assert nobody["name"].tolist()[1:] == ["n79 and n78", "n119 and n118"] and not nobody["by tags"][1]
    alone = clustering.settled_names([-1, -1], counts([1, 0], [0, 1]), words, artists, np.arange(2), rng=rng)
    assert len(alone) == 0


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
    found, names = clustering.common_tags(dataset, people=2)
    assert names.tolist() == ["rock"] and found.toarray().ravel().tolist() == [2, 0]


# ---- Selections, comparisons, facts


def test_layouts_by_principal_components_are_those_of_the_directions():
    vectors, _ = bundles()
    layout = clustering.pca(vectors * 3, 2, seed=0)
    assert layout.dtype == np.float32 and np.allclose(
        np.abs(layout), np.abs(clustering.pca(vectors, 2, seed=0)), atol=1e-5
    )
    assert np.var(layout[:, 0]) >= np.var(layout[:, 1])


def test_colours_go_by_the_frequency_of_main_tags():
    main = np.array([2, 0, 2, 1, 2, 0, 5])
    items, names, frequent = clustering.colour_by_tag(np.arange(7), main, np.array(list("abcdef"), dtype=object), n=2)
    assert frequent.tolist() == [2, 0] and items.tolist() == [0, 2, 4, 1, 5, 3, 6]
    assert names.tolist()[:5] == ["c", "c", "c", "a", "a"] and names.isna().tolist()[5:] == [True, True]


def test_leanings_are_relative_to_everybody():
    """All play mostly rock (0), but the second user plays more jazz (1) than the others do."""
    heard = sp.csr_array(np.float32([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]]))
    assert clustering.leanings(heard, np.array([0, 0, 1, 9]), np.array([0, 1])).tolist() == [0, 1, 0]


def test_bands_hold_everybody_once():
    popularity = np.array([1, 2, 4, 5, 19, 20, 99, 100, 5000])
    bands = clustering.popularity_bands(popularity)
    assert np.sum(list(bands.values()), axis=0).tolist() == [1] * 9
    assert bands["100 or more"].sum() == 2


def test_the_start_is_the_one_the_model_draws(listens):
    """Without a step nothing has turned; another seed's start points elsewhere."""
    vectors = {}
    for name in SETTINGS:
        model = MatrixFactorization.original(name, iterations=1, learning_rate=1e-9)
        vectors[name] = model.fit(listens, rng=np.random.default_rng(4)).item_factors
    bands = clustering.popularity_bands(listens.popularity())
    same = clustering.turned_since_start(vectors, SETTINGS, listens.n_users, bands, seed=4)
    assert np.allclose(same[list(SETTINGS)], 1, atol=1e-5)
    assert same["artists"].sum() == (listens.popularity() > 0).sum()
    other = clustering.turned_since_start(vectors, SETTINGS, listens.n_users, bands, seed=5)
    assert np.abs(other[list(SETTINGS)]).to_numpy().max() < 0.9
    facts = clustering.start_facts(same, listens.popularity())
    assert facts.few == (listens.popularity() <= 4).mean() and facts.plain == same["mf-plain"].iloc[0]


def test_the_quality_of_layouts_and_what_they_lose():
    vectors, genre = bundles()
    draw = np.random.default_rng(0)
    plain = {
        f"{how}, {n}-D": draw.normal(size=(len(vectors), n)).astype(np.float32)
        for how in ("PCA", "UMAP", "t-SNE")
        for n in (2, 3)
    }
    table = clustering.layout_quality(vectors, plain, genre)
    assert table.loc["not reduced", "trustworthiness"] == 1
    facts = clustering.trust_facts(table)
    assert facts.loses and facts.unreduced > facts.flat
    assert facts.more_umap == pytest.approx(table["trustworthiness"]["UMAP, 3-D"] - facts.umap)
    kept = clustering.layout_quality(vectors, dict.fromkeys(plain, clustering.directions(vectors)), genre)
    assert not clustering.trust_facts(kept).loses


def test_agreement_of_maps_and_of_chance():
    vectors, genre = bundles()
    noise = np.random.default_rng(0).normal(size=vectors.shape).astype(np.float32)
    facts = clustering.map_agreement({"noise": noise, "planted": vectors}, genre)
    assert (facts.best, facts.worst) == ("planted", "noise") and facts.most == facts.shares["planted"]
    assert facts.least == pytest.approx(facts.chance, abs=0.1)


def test_clusters_of_several_embeddings_are_compared():
    vectors, genre = bundles()
    noise = np.random.default_rng(0).normal(size=vectors.shape).astype(np.float32)
    both = {"random": noise, "als": clustering.directions(vectors)}
    dense, rounds = clustering.cut_maps(both, 10), clustering.cut_embeddings(both, GENRES, seed=0)
    compared = clustering.compare_clusters(dense, rounds, genre, seed=0)
    assert compared.index.tolist()[0] == "als" and compared.loc["als", "AMI, k-means"] > 0.9
    noise_facts = clustering.noise_facts(compared)
    assert noise_facts.clusters == 0 and np.isnan(noise_facts.agreement), "no cluster agrees with nothing"
    assert clustering.noise_facts(compared.rename({"als": "random", "random": "als"})).agreement > 0.9
    others = clustering.same_clusters(dense, rounds, "als")
    assert others.index.tolist() == ["random"] and others.loc["random", "k-means on the embedding"] < 0.2
    again = clustering.found_again([vectors], [1], genre, genre, 10)
    assert again["k-means on the embedding"] > 0.95 and again["HDBSCAN on the flat UMAP"] > 0.8
    stable = pd.DataFrame({"seed": again}).T
    assert clustering.stability_facts(stable, "seed").means == again["k-means on the embedding"]


def test_where_to_look_for_clusters_both_ways():
    rows = {"in none": [0.9, 0.3, 0.4], "AMI": [0.5, 0.3, 0.2], "purity": 0.6, "purity by chance": 0.1}
    index = ["HDBSCAN on the embedding", "HDBSCAN on a 5-D UMAP", "HDBSCAN on the flat UMAP"]
    facts = clustering.space_facts(pd.DataFrame(rows, index=index), np.array([1, 1, 3]))
    assert facts.raw_few and not facts.little and facts.gain == pytest.approx(0.1) and facts.tags == 2
    rows |= {"in none": [0.2, 0.3, 0.4], "AMI": [0.5, 0.2, 0.2]}
    facts = clustering.space_facts(pd.DataFrame(rows, index=index), np.array([1, 1, 3]))
    assert facts.little and not facts.raw_few


def test_genres_by_embedding():
    draw = np.random.default_rng(0)
    levels = {
        "mf-plain": 0.1,
        "mf-low-init": 0.2,
        "mf-regularized": 0.3,
        "pure-svd": 0.5,
        "als, 35 factors": 0.45,
        "als": 0.5,
    }
    agreement = {name: np.clip(draw.normal(level, 0.05, 400), 0, 1) for name, level in levels.items()}
    runs = {"mf-plain": 30, "mf-low-init": 30, "mf-regularized": 35}
    facts = clustering.genre_facts(agreement, 0.02, runs)
    assert facts.right and facts.dim == 35 and facts.short == agreement["als, 35 factors"].mean()
    assert facts.lead.low < 0.2 < facts.lead.high + 0.02 and facts.svd.low < 0.01
    agreement["mf-plain"] = np.ones(400)
    assert not clustering.genre_facts(agreement, 0.02, runs).right


def test_the_map_in_numbers_and_its_neighbourhoods():
    vectors, genre = bundles()
    names = np.array([f"n{row}" for row in range(len(vectors))], dtype=object)
    popularity = np.arange(len(vectors))
    regions = pd.DataFrame({"name": [f"r{k}" for k in range(GENRES)], "items": np.bincount(genre)})
    checked = pd.DataFrame({"name": regions["name"] + ", x", "fits": 0.4, "elsewhere": 0.1})
    table = clustering.region_table(regions, checked, genre, names, popularity)
    best = popularity[genre == 0].max()
    assert table["best known"][0].split(", ")[0] == f"n{best}" and table["name by one half"][1] == "r1"
    small = np.where(genre == 0, -1, genre)
    large = np.where(genre <= 1, -1, genre)
    levels = [pd.DataFrame({"by tags": [True, False]}), pd.DataFrame({"by tags": [True, True]})]
    facts = clustering.chart_facts(large, small, checked, levels, vectors, clustering.directions(vectors))
    assert facts.named == 0.75
    assert facts.large == facts.small == GENRES and facts.none == np.mean(genre == 0)
    assert facts.times == pytest.approx(4) and facts.trust.mean == pytest.approx(1)


def test_how_many_tags_are_asked():
    assert clustering.tags_asked(50, 7, np.array([3, -1, 2, -1]), np.array([9, 2, 2, 1])) == (
        50,
        7,
        pytest.approx(2 / 3),
    )
