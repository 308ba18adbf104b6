"""Tables as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    digits: int = 3,
    formats: Mapping[str, str | Callable[[Any], str]] | None = None,
    index: bool = True,
) -> None:
    """Show a table on the page; see `table_html` for the parameters."""
    markup = table_html(frame, caption=caption, digits=digits, formats=formats, index=index)
    display({"text/html": markup, "text/plain": f"{caption}\n{frame.to_string(index=index)}"}, raw=True)


def table_html(
    frame: pd.DataFrame,
    *,
    caption: str,
    digits: int = 3,
    formats: Mapping[str, str | Callable[[Any], str]] | None = None,
    index: bool = True,
) -> str:
    """Return a table as HTML: text escaped, numbers aligned to the right.

    Parameters
    ----------
    frame : pandas.DataFrame
        What to show; name its index, or leave the index out.
    caption : str
        Stands above the table.
    digits : int
        Decimals of floating-point numbers. Integers get thousands separators, missing values a dash.
    formats : mapping of column to str or callable, optional
        How to write a column otherwise, `{:.1%}` or a function: years, shares. Columns `p` and `p (Holm)` are p values
        of a bootstrap: the smallest it can give is written as what is known of it, "< 0.002".
    index : bool
        Whether to show the index as row headings.

    Raises
    ------
    KeyError
        When `formats` names a column that the table does not have.

    Examples
    --------
    >>> frame = pd.DataFrame({"plays": [13883]}, index=pd.Index(["<b>"], name="artist"))
    >>> "<td" in table_html(frame, caption="Plays") and "&lt;b&gt;" in table_html(frame, caption="Plays")
    True
    """
    formats = dict(formats or {})
    if unknown := set(formats) - set(map(str, frame.columns)):
        raise KeyError(f"the table {caption!r} has no column {sorted(unknown)[0]!r} to format")

    formats = _p_values(frame, digits) | formats
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    head = [_cell("" if frame.index.name is None else str(frame.index.name), "th", "col")] if index else []
    cells = [[_cell(_name(label, digits), "th", "row")] if index else [] for label in frame.index]
    for name, values in zip(frame.columns, columns, strict=True):
        texts = [_write(value, digits, formats.get(str(name))) for value in values]
        counts = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        right = counts or all(NUMBER.fullmatch(text) for text in texts)
        head.append(_cell(str(name), "th", "col", right))
        for row, text in zip(cells, texts, strict=True):
            row.append(_cell(text, "td", right=right))
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return (
        '<div class="musicrec-table" style="overflow-x:auto"><table class="dataframe">'
        f'<caption style="caption-side:top;padding:0.2em 0.6em;text-align:left">{html.escape(caption)}</caption>'
        f"<thead><tr>{''.join(head)}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _p_values(frame: pd.DataFrame, digits: int) -> dict[str, Callable[[float], str]]:
    """Return how to write p values: where no resampled mean was beyond zero, p is only known to be below the next step.

    Holm's method multiplies the smallest by the number of tests; what is corrected is then no more than that.
    """
    if "p" not in frame:
        return {}
    from musicrec.evaluation import RESAMPLES  # only such tables need it

    smallest, digits = 2 / (RESAMPLES + 1), max(digits, 3)
    corrected = smallest * frame["p"].notna().sum() * (1 + 1e-9)
    writers: dict[str, Callable[[float], str]] = {
        "p": lambda p: f"{p:.{digits}f}" if p > smallest * (1 + 1e-9) else f"< {2 * smallest:.{digits}f}",
        "p (Holm)": lambda p: f"{p:.{digits}f}" if p > corrected else f"≤ {p:.{digits}f}",
    }
    return {name: how for name, how in writers.items() if name in frame}


def _cell(text: str, tag: str, scope: str = "", right: bool = False) -> str:
    align = "right;font-variant-numeric:tabular-nums" if right else "left;min-width:6em"
    scope = f' scope="{scope}"' if scope else ""
    return f'<{tag}{scope} style="padding:0.2em 0.6em;text-align:{align}">{html.escape(text)}</{tag}>'


def _name(label: Any, digits: int) -> str:
    """Write a row label: a year or a rank gets no thousands separator, several levels get commas between them."""
    if isinstance(label, tuple):
        return ", ".join(_name(part, digits) for part in label)
    return str(label) if isinstance(label, Integral) else _write(label, digits)


def _write(value: Any, digits: int, how: str | Callable[[Any], str] | None = None) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, Real) and value != value):
        return "–"
    if how is not None:
        return how.format(value) if isinstance(how, str) else how(value)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{value:,}"
    if isinstance(value, Real):
        return f"{value:,.{digits}f}"
    return str(value)


NUMBER = re.compile(r"–|(?:[<≤] |[-−+])?[\d,.]+\s?%?")
