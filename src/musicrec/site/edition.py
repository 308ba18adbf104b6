"""The edition of the book about playlists: what stands where only listeners could tell something."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat

from musicrec.files import write_text
from musicrec.scores.records import Score
from musicrec.site.notebooks import Chapter, Run, toc_files

LISTENERS_ONLY = ("map.md", "try.md")  # pages that are made of listeners' artists
ELSEWHERE = (
    "belongs to the edition about listeners, and this copy of the book is about playlists. `make book` makes the other."
)


def stage(source: Path, root: Path, chapters: Sequence[Chapter]) -> None:
    """Write the chapters and pages that this edition leaves out: a heading, and where they are."""
    ours = {chapter.name for chapter in chapters}
    for file in toc_files(root):
        if file.startswith("notebooks/") and (name := Path(file).name) not in ours:
            stored = json.loads((root / f"{file}.ipynb").read_text(encoding="utf-8"))
            text = f"{_heading(stored['cells'], name)}\n\nThis chapter {ELSEWHERE}"
            notebook = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_markdown_cell(text, id="left-out")],
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            )
            write_text(source / f"{file}.ipynb", nbformat.writes(notebook) + "\n")
    for page in LISTENERS_ONLY:
        if (path := source / page).exists():
            heading = path.read_text(encoding="utf-8").splitlines()[0]
            write_text(path, f"{heading}\n\nThis page {ELSEWHERE}\n")


def _heading(cells: Sequence[dict[str, object]], name: str) -> str:
    """Return the first heading of a notebook."""
    for cell in cells:
        source = cell["source"]
        lines = ("".join(source) if isinstance(source, list) else str(source)).splitlines()
        if cell["cell_type"] == "markdown" and lines and lines[0].startswith("# "):
            return lines[0]
    return f"# {name}"


def opening(run: Run, scores: Iterable[Score]) -> str:
    """Return what the first page opens with: which playlists these are, and how many reported figures came out."""
    about = run.data.provenance
    reported = [score for score in scores if score.reported is not None]
    text = f"This copy is the edition about **playlists**: {about.version}. Their source: {about.source}. "
    if run.label:
        text += f"It is made of **{run.label}**. "
    met = sum(score.status in ("reproduced", "close") for score in reported)
    if any(score.comparable for score in reported):
        text += f"Reported figures that are reproduced or close: {met} of {len(reported)}."
    else:
        text += f"Beside {len(reported)} reported figures stand ours; none of them counts as reproduced on these data."
    return text + " The chapters that need listeners are left out: `make book` makes the edition that has them.\n"


def doors(chapters: Sequence[Chapter]) -> str:
    """Return where to go from the first page of this edition."""
    first = chapters[0].name
    return (
        f"- {{doc}}`The chapters </notebooks/{first}>`: what two originals did with playlists, run again on a sample "
        "of yours, beside what they reported.\n"
        "- {doc}`/rerun`: other playlists, a larger sample, another seed, and the edition about listeners.\n"
        "- {doc}`/glossary`: the words.\n"
    )
