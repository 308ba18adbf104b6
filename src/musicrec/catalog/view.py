"""How the catalogue looks: the facts of a dataset as text, and a page of HTML that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from musicrec.catalog.base import Catalog, Excerpt
from musicrec.catalog.entry import Entry

LONGEST_CELL = 300  # characters shown of a cell
MOST_COLUMNS = 30  # columns shown of a row
FEATURES = ("feature", "type", "missing", "different", "minimum", "1st quartile", "median", "3rd quartile", "maximum")
CELL = "padding:0.2em 0.6em;text-align"


def facts(entry: Entry) -> dict[str, str]:
    """Return what is known of a dataset as a whole, label and text."""
    how = [entry.encoding] + ["gzipped"] * entry.compressed + [f"separator {entry.separator!r}"] * bool(entry.separator)
    about = {
        "name": entry.name,
        "description": entry.description or "–",
        "file": f"{entry.file} ({', '.join(how)})",
        "type": entry.type,
        "size": f"{entry.size / 1e6:,.3f} MB ({entry.size:,} bytes)",
        "rows": f"{entry.rows:,}",
        "columns": str(len(entry.features)),
        "added": entry.added,
    }
    return about | ({"assumed": "; ".join(entry.notes)} if entry.notes else {})


def feature_rows(entry: Entry) -> list[tuple[str, ...]]:
    """Return the rows of the table of features below the heading `FEATURES`; ≈ marks estimates."""
    rows = []
    for feature in entry.features:
        about = "≈ " * feature.estimated
        quantiles = [_short(value) for value in feature.quantiles] or ["–"] * 5
        if feature.quantiles:
            quantiles[1:4] = [about + value for value in quantiles[1:4]]
        rows.append((feature.name, feature.type, f"{feature.missing:,}", f"{about}{feature.distinct:,}", *quantiles))
    return rows


def _short(value: str) -> str:
    """Write a number with six digits at most, a date as it is."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value or ""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"


def cell_text(cell: str | None) -> str:
    """Return what a table shows of a cell: "" where it is missing, not more than `LONGEST_CELL` characters."""
    text = cell or ""
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + " …"


def table_html(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a table as HTML; everything in it is text, whatever it holds."""
    head = "".join(f'<th scope="col" style="{CELL}:left">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}:left">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return (
        '<div class="musicrec-table" style="overflow-x:auto"><table class="dataframe">'
        f'<caption style="caption-side:top;{CELL}:left">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def features_html(entry: Entry) -> str:
    """Return the table of the features of a dataset as HTML."""
    return table_html(FEATURES, feature_rows(entry), f"{entry.name}: features")


def facts_html(entry: Entry) -> str:
    """Return description, metadata and features of a dataset as HTML."""
    about = [(label, text) for label, text in facts(entry).items() if label != "added"]  # a page is the same each time
    return table_html(("metadata", "value"), about, f"{entry.name}: the whole") + features_html(entry)


def rows_html(excerpt: Excerpt, caption: str) -> str:
    """Return rows of a dataset as HTML."""
    columns = excerpt.entry.columns
    if len(columns) > MOST_COLUMNS:
        caption += f" (the first {MOST_COLUMNS} of {len(columns)} columns)"
    shown = [
        (str(n), *map(cell_text, row[:MOST_COLUMNS])) for n, row in zip(excerpt.numbers, excerpt.as_text(), strict=True)
    ]
    return table_html(("row", *columns[:MOST_COLUMNS]), shown, caption)


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
    contents = [(e.name, e.description, f"{e.rows:,}", str(len(e.features)), f"{e.size / 1e6:,.3f}") for e in entries]
    parts = [table_html(("name", "description", "rows", "columns", "size (MB)"), contents, "In the catalogue")]
    for entry in entries:
        views = ("first", "last", "random") if entry.rows > rows else ("first",)
        excerpts = {view: catalog.excerpt(entry.name, view, rows, seed=seed) for view in views}
        if entry.rows <= rows:
            excerpts = {"all": excerpts["first"]}
        inside = "".join(rows_html(excerpt, f"{entry.name}: {view} rows") for view, excerpt in excerpts.items())
        parts.append(
            '<details class="musicrec-dataset" style="margin:0.5em 0"><summary>'
            f"<strong>{escape(entry.name)}</strong>, {entry.rows:,} rows</summary>{facts_html(entry)}{inside}</details>"
        )
    return "".join(parts)
