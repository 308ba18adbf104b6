"""The five files of Last.fm HetRec 2011, small and simulated, as the source or a copy has them."""

from collections.abc import Callable, Mapping
from functools import cache

import pandas as pd

from musicrec.datasets import lastfm
from musicrec.datasets.simulated import listeners, shapes
from musicrec.datasets.sources import File

SMALL = shapes.Shape(
    users=40, artists=300, listens=1_500, tags=400, tag_assignments=900, friends=200, artists_without_picture=9,
    genres=3, scenes=3,
)  # fmt: skip

Tables = Mapping[str, pd.DataFrame]


@cache
def small() -> Tables:
    return listeners.listeners(3, SMALL).tables


def lines_of(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the lines of one file, header first."""
    cells = frame.astype(object).where(frame.notna(), "")
    return ["\t".join(lastfm.TABLES[name].columns)] + [
        "\t".join(map(str, row)) for row in cells.itertuples(index=False)
    ]


def write(
    tables: Tables,
    edit: Callable[[str, list[str]], list[str]] = lambda name, lines: lines,
    *,
    end: str = "\r\n",
    mark: bytes = b"",
    latin: bool = False,
    last_end: bool = True,
) -> dict[str, File]:
    """Write the five files as the source does, or as one of its copies might."""
    files = {}
    for name, table in lastfm.TABLES.items():
        raw = []
        for line in edit(name, lines_of(name, tables[name])):
            as_latin = latin and not any(ord(c) > 255 for c in line)
            raw.append(line.encode("latin-1" if as_latin else "utf-8"))
        data = mark + end.encode().join(raw) + (end.encode() if last_end else b"")
        files[table.file] = File(f"here/{table.file}", data)
    return files
