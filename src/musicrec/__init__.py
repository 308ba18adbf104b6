"""Music recommendation, rerun: data, recommenders and their evaluation, in Python and in a book.

What is listed in `__all__` is for everyone to use. Each name is imported when it is first asked for: the command must
start fast, and few need everything.

Examples
--------
>>> import musicrec, numpy as np
>>> data = musicrec.load("simulated-small")
>>> split = musicrec.split_by_user(data.interactions, seed=0)
>>> model = musicrec.build("ease").fit(split.train, rng=np.random.default_rng(0))
>>> model.recommend_labels(split.train.users[:1], k=3, names=data.item_names).columns.tolist()
['user', 'rank', 'item', 'score']
>>> musicrec.evaluate(model, split).per_user.columns[0]
'ndcg@10'
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musicrec.datasets import load
    from musicrec.datasets.dataset import Dataset
    from musicrec.datasets.interactions import Interactions, history_of
    from musicrec.datasets.side_information import SideInformation
    from musicrec.evaluation import Evaluation, compare, cross_evaluate, evaluate, summarise, validate
    from musicrec.models.base import Recommender
    from musicrec.models.checks import NotFittedError
    from musicrec.models.registry import build, register, systems
    from musicrec.models.top_k import Recommendations
    from musicrec.splits.by_user import Split, split_by_user

__version__ = "0.2.0"

# TensorFlow reads these when it is first imported: the same kernels, and so the same digits, whether the book, the
# command or a script fits a model; and no remarks about the processor.
for _name, _value in {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}.items():
    os.environ.setdefault(_name, _value)

_WHERE = {
    "load": "datasets", "Dataset": "datasets.dataset", "Interactions": "datasets.interactions",
    "history_of": "datasets.interactions", "SideInformation": "datasets.side_information",
    "Split": "splits.by_user", "split_by_user": "splits.by_user",
    "Recommender": "models.base", "Recommendations": "models.top_k", "NotFittedError": "models.checks",
    "build": "models.registry", "register": "models.registry", "systems": "models.registry",
    "Evaluation": "evaluation", "evaluate": "evaluation", "cross_evaluate": "evaluation", "validate": "evaluation",
    "summarise": "evaluation", "compare": "evaluation",
}  # fmt: skip

__all__ = [
    "Dataset",
    "Evaluation",
    "Interactions",
    "NotFittedError",
    "Recommendations",
    "Recommender",
    "SideInformation",
    "Split",
    "__version__",
    "build",
    "compare",
    "cross_evaluate",
    "evaluate",
    "history_of",
    "load",
    "register",
    "split_by_user",
    "summarise",
    "systems",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'musicrec' has no attribute {name!r}")
    found = getattr(importlib.import_module(f"musicrec.{_WHERE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
