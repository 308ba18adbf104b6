"""The page of the map of artists: its data, taken from the executed chapter that drew them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from musicrec.files import write_text
from musicrec.page.artist_map import MIME
from musicrec.site.notebooks import Chapter
from musicrec.site.packing import UNPACK, version, write_packed

FILES = ("artist_map.css", "names.js", UNPACK, "artist_map.js")  # of book/scripts
VARIABLE = "musicrecMap"
MISSING = "The chapter about the map draws it; it has not been executed in this build.\n"


def map_of(chapter: Chapter) -> dict[str, Any] | None:
    """Return the data of the map that an executed chapter shows, None if there is none."""
    notebook = json.loads(chapter.executed.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                found: dict[str, Any] = output["data"][MIME]
                return found
    return None


def stage(source: Path, chapters: Sequence[Chapter]) -> None:
    """Write the data below the staged source of the site, and the piece of the page that loads them.

    Parameters
    ----------
    source : Path
        The staged source, with the pages of `book/` at its root.
    chapters : sequence of Chapter
        Those that have been executed.
    """
    found = next((data for data in map(map_of, chapters) if data), None)
    write_text(source / "generated" / "map.md", MISSING if found is None else piece(source, found))


def piece(source: Path, data: dict[str, Any]) -> str:
    """Write the data of the map, and return the piece of the page that loads them."""
    place = write_packed(source, "map", VARIABLE, data)
    mark = version(source, FILES)
    scripts = ["vendor/d3/d3.min.js", place, *(f"scripts/{name}?v={mark}" for name in FILES if name.endswith(".js"))]
    return (
        "```{raw} html\n"
        f'<link rel="stylesheet" href="scripts/artist_map.css?v={mark}">\n'
        '<div class="artist-map"><p class="artist-map-missing">The interactive map needs JavaScript. The chapter has '
        "the same map as a figure, and a table of its neighbourhoods with their best known artists.</p></div>\n"
        + "".join(f'<script defer src="{script}"></script>\n' for script in scripts)
        + "```\n"
    )
