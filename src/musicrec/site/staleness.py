"""Which results of a chapter are out of date."""

from __future__ import annotations

import json
from pathlib import Path

from musicrec.code_digest import code_closure, digest
from musicrec.scores.stamps import changed_outputs, read_stamp
from musicrec.site.notebooks import BookError, Chapter, Run, find_chapters


def python_cells(path: Path) -> list[str]:
    """Return the code cells of a notebook without the lines only IPython understands."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return ["\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in s.split("\n")) for s in sources]


def inputs(chapter: Chapter, run: Run, root: Path) -> dict[str, str]:
    """Return a digest of everything a chapter's result depends on, by what it is."""
    sources = python_cells(chapter.path)
    try:
        code = code_closure(sources)
    except SyntaxError as error:
        raise BookError(f"{chapter.path}: a cell is not valid Python ({error.msg}: {error.text})") from error
    # A chapter that does not mention songs or playlists does not depend on them; code in src is given its data.
    words = {"mpd": '"mpd"', **({run.songs.name: "songs"} if run.songs else {}), run.data.name: ""}
    data = [d for d in run.datasets if any(words[d.name] in source for source in sources)]
    notebook = json.loads(chapter.path.read_text(encoding="utf-8"))
    cells = [
        [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])] for cell in notebook["cells"]
    ]
    digests = {
        "notebook": digest(json.dumps(cells)),
        "code": digest(*code),
        "data": digest(*(f"{d.name} {d.provenance.fingerprint}" for d in data)),
        "parameters": digest(json.dumps(run.parameters, sort_keys=True)),
        "environment": digest((root / "requirements.lock").read_text(encoding="utf-8")),
    }
    if chapter.reads_scores:
        others = [other for other in find_chapters(root, chapter.folder, edition=run.edition) if not other.reads_scores]
        stamps = [(other.name, stamp["outputs"]) for other in others if (stamp := other.stamp())]
        digests["scores"] = digest(
            json.dumps([(name, {p: d for p, d in files.items() if p.startswith("scores/")}) for name, files in stamps])
        )
    return digests


def why_stale(chapter: Chapter, run: Run, root: Path) -> str:
    """Say why a chapter must be executed: what changed, "never executed", or "" when it is up to date."""
    stamp = read_stamp(chapter.folder, chapter.name)
    if stamp is None:
        return "never executed"
    if foreign := changed_outputs(chapter.folder, stamp):
        return f"not as the book wrote it: {', '.join(foreign)}"
    now = inputs(chapter, run, root)
    changed = [name for name in now if stamp["inputs"].get(name) != now[name]]
    return f"changed: {', '.join(changed)}" if changed else ""
