"""What else was tried with the hybrid, measured once and kept; the build does not measure it again."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from musicrec.models.registry import SETTINGS

FORMS = SETTINGS / "hybrid-forms.csv"


def tried() -> pd.DataFrame:
    """Return each change of the hybrid beside the form it was made to, what helped most first.

    Returns
    -------
    pandas.DataFrame
        Index `change`; `NDCG@10` and `difference` to the form it is beside, means over the validation parts of two
        splits; the difference on each; `times` the seconds of processor of that form.
    """
    kept = pd.read_csv(FORMS, keep_default_na=False)
    values = pd.pivot_table(kept, values="ndcg@10", index="form", columns="split", sort=False)
    seconds = kept.groupby("form", sort=False)["seconds"].mean()
    rows = {}
    for form, beside in dict(zip(kept["form"], kept["beside"], strict=True)).items():
        if beside:
            steps = values.loc[form] - values.loc[beside]
            on_each = {f"on split {split}": step for split, step in steps.items()}
            rows[form] = {"NDCG@10": values.loc[form].mean(), "difference": steps.mean(), **on_each,
                          "times": seconds.loc[form] / seconds.loc[beside]}  # fmt: skip
    return pd.DataFrame(rows).T.sort_values("difference", ascending=False).rename_axis("change")


class Tried(NamedTuple):
    """What the table comes to."""

    changes: int
    most: float  # the largest gain
    what: str  # and of what
    times: float  # what it costs
    both: int  # changes better on both splits


def gains(tried: pd.DataFrame) -> Tried:
    """Sum up the table of `tried`."""
    best, each = tried.iloc[0], tried.filter(like="on split")
    return Tried(
        len(tried), float(best["difference"]), str(tried.index[0]), float(best["times"]),
        int((each > 0).all(axis="columns").sum()),
    )  # fmt: skip
