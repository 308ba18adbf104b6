"""Numbers as words go: what an alternative text says of a chart."""

from __future__ import annotations

import pandas as pd


def in_words(values: pd.Series, form: str = ".3f") -> str:
    """Return a series as a text for those who cannot see the chart.

    Parameters
    ----------
    values : pandas.Series
        Numbers by name.
    form : str
        How to write each, as in `format`.

    Examples
    --------
    >>> in_words(pd.Series({"ease": 0.21, "als": 0.19}), ".2f")
    'ease 0.21; als 0.19'
    """
    return "; ".join(f"{name} {value:{form}}" for name, value in values.items())
