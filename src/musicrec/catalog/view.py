"""How the catalogue looks: the facts of a dataset as text, and a page of HTML that needs no script."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
from IPython.display import display

from musicrec.catalog.base import Catalog
from musicrec.catalog.entry import Entry
from musicrec.page.table import table_html

LONGEST_CELL = 300  # characters shown of a cell
MOST_COLUMNS = 30  # columns shown of a row


def facts(entry: Entry) -> dict[str, str]:
    """Return what is known of a dataset as a whole, label and text."""
    how = [entry.encoding] + ["gzipped"] * entry.compressed
    if entry.separator:
        how.append(f"separator {entry.separator!r}")
    return {
        "name": entry.name,
        "description": entry.description or "–",
        "file": f"{entry.file} ({', '.join(how)})",
        "type": entry.type,
        "size": f"{entry.size / 1e6:,.3f} MB ({entry.size:,} bytes)",
        "rows": f"{entry.rows:,}",
        "columns": str(len(entry.features)),
        "added": entry.added,
    }


def feature_rows(entry: Entry) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return heading and rows of the table of features; ≈ marks estimates."""
    header = (
        "feature", "type", "missing", "different", "minimum", "1st quartile", "median", "3rd quartile", "maximum",
    )  # fmt: skip
    rows = []
    for feature in entry.features:
        about = "≈ " * feature.estimated
        quantiles = [_short(value) for value in feature.quantiles] or ["–"] * 5
        if feature.quantiles and feature.estimated:
            quantiles[1:4] = [f"≈ {value}" for value in quantiles[1:4]]
        rows.append((feature.name, feature.type, f"{feature.missing:,}", f"{about}{feature.distinct:,}", *quantiles))
    return header, rows


def _short(value: str) -> str:
    """Write a number with six digits at most, a date as it is."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value or ""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"


def cell_text(cell: Any) -> str:
    """Return what a table shows of a cell: "" where it is missing, not more than `LONGEST_CELL` characters."""
    if pd.isna(cell):
        return ""
    if isinstance(cell, pd.Timestamp):
        return str(cell.date() if cell == cell.normalize() else cell)
    if isinstance(cell, float):
        return repr(cell)
    text = str(cell)
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + " …"


def feature_table(entry: Entry) -> pd.DataFrame:
    """Return the table of features as text, for a page."""
    header, rows = feature_rows(entry)
    return pd.DataFrame(rows, columns=list(header))


def facts_html(entry: Entry) -> str:
    """Return description, metadata and features of a dataset as HTML; everything in it is escaped."""
    about = {label: text for label, text in facts(entry).items() if label != "added"}  # a page is the same each time
    frame = pd.DataFrame({"value": about}).rename_axis("metadata")
    return table_html(frame, caption=f"{entry.name}: the whole") + table_html(
        feature_table(entry), caption=f"{entry.name}: features", index=False
    )


def rows_html(frame: pd.DataFrame, caption: str) -> str:
    """Return rows of a dataset as HTML; cells are text, whatever they hold."""
    shown = frame.iloc[:, :MOST_COLUMNS].map(cell_text).astype(object)
    if frame.shape[1] > MOST_COLUMNS:
        caption += f" (the first {MOST_COLUMNS} of {frame.shape[1]} columns)"
    return table_html(shown, caption=caption)


def catalog_html(catalog: Catalog, rows: int = 10, seed: int = 0) -> str:
    """Return a page of the whole catalogue: a table of contents, and a fold for each dataset that opens without script.

    Parameters
    ----------
    catalog : Catalog
        What to show.
    rows : int
        How many first, last and random rows of each dataset.
    seed : int
        Of the random rows.
    """
    entries = catalog.entries()
    if not entries:
        return "<p>The catalogue is empty.</p>"
    contents = pd.DataFrame(
        {
            "name": [entry.name for entry in entries],
            "description": [entry.description for entry in entries],
            "rows": [entry.rows for entry in entries],
            "columns": [len(entry.features) for entry in entries],
            "size (MB)": [entry.size / 1e6 for entry in entries],
        }
    )
    parts = [table_html(contents, caption="In the catalogue", index=False)]
    for entry in entries:
        name = html.escape(entry.name)
        inside = facts_html(entry)
        few = entry.rows <= rows
        inside += rows_html(catalog.head(entry.name, rows), f"{entry.name}: {'all' if few else 'first'} rows")
        if not few:
            inside += rows_html(catalog.tail(entry.name, rows), f"{entry.name}: last rows")
            inside += rows_html(catalog.sample(entry.name, rows, seed=seed), f"{entry.name}: random rows")
        parts.append(
            f'<details class="musicrec-dataset" style="margin:0.5em 0"><summary><strong>{name}</strong>, '
            f"{entry.rows:,} rows</summary>{inside}</details>"
        )
    return "".join(parts)


def show_catalog(catalog: Catalog, rows: int = 10, seed: int = 0) -> None:
    """Show the whole catalogue on a page; see `catalog_html`."""
    names = ", ".join(entry.name for entry in catalog.entries())
    display({"text/html": catalog_html(catalog, rows, seed), "text/plain": f"in the catalogue: {names}"}, raw=True)
