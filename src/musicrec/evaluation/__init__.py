"""From a fitted model and a split to metrics, intervals and tests."""

from musicrec.evaluation.protocols import cross_evaluate, cross_evaluate_all, validate
from musicrec.evaluation.ranking import Evaluation, evaluate, evaluate_lists, held_out_and_seen
from musicrec.evaluation.sampled import held_out_ranks, sampled_metrics
from musicrec.evaluation.statistics import (
    RESAMPLES,
    Difference,
    Interval,
    bootstrap_mean,
    compare,
    holm,
    interval_table,
    paired_difference,
    summarise,
    user_means,
)
from musicrec.evaluation.storage import load_evaluations, save_evaluations
from musicrec.splits.by_user import is_held_out

__all__ = [
    "RESAMPLES",
    "Difference",
    "Evaluation",
    "Interval",
    "bootstrap_mean",
    "compare",
    "cross_evaluate",
    "cross_evaluate_all",
    "evaluate",
    "evaluate_lists",
    "held_out_and_seen",
    "held_out_ranks",
    "holm",
    "interval_table",
    "is_held_out",
    "load_evaluations",
    "paired_difference",
    "sampled_metrics",
    "save_evaluations",
    "summarise",
    "user_means",
    "validate",
]
