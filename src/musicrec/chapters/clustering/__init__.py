"""Maps of embeddings: reduced to two or three dimensions, cut into clusters, named by tags, and measured."""

from musicrec.chapters.clustering.clusters import (
    by_size,
    common_tags,
    dense_clusters,
    directions,
    main_tags,
    name_check,
    name_clusters,
    round_clusters,
)
from musicrec.chapters.clustering.layouts import BATCH, Neighbours, neighbours, tsne, umap
from musicrec.chapters.clustering.quality import cluster_quality, purity, rand_index, tag_agreement, trustworthiness

__all__ = [
    "BATCH",
    "Neighbours",
    "by_size",
    "cluster_quality",
    "common_tags",
    "dense_clusters",
    "directions",
    "main_tags",
    "name_check",
    "name_clusters",
    "neighbours",
    "purity",
    "rand_index",
    "round_clusters",
    "tag_agreement",
    "trustworthiness",
    "tsne",
    "umap",
]
