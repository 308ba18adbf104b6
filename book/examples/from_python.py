"""Fit a model to a table of your own, recommend to somebody new, and evaluate."""

import numpy as np
import pandas as pd

from musicrec.datasets.interactions import Interactions, history_of
from musicrec.evaluation.protocols import cross_evaluate
from musicrec.evaluation.statistics import summarise
from musicrec.models import registry

frame = pd.read_csv("listens.csv")  # user, artist, plays
listens = Interactions.from_frame(frame, user="user", item="artist", weight="plays")

# Fit to everything, and recommend to somebody who is not in the table.
model = registry.build("item-knn").fit(listens, rng=np.random.default_rng(0))
liked = pd.Index(listens.items).get_indexer(["Radiohead", "Portishead"])
best = model.recommend_new(history_of(liked, listens.n_items), k=5)
print(listens.items[best.ids[0]])

# Evaluate: five splits, a fresh model for each, all artists ranked.
evaluations = cross_evaluate(lambda: registry.build("item-knn"), listens)
print(summarise(evaluations).loc["ndcg@10"])
