"""Publish: put pages and executed notebooks together and build the site from them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from musicrec.files import write_text
from musicrec.page.artist_map import MIME
from musicrec.progress import Progress
from musicrec.scores.records import read_scores
from musicrec.scores.release import read_release
from musicrec.site import board, edition, map_page, newcomers, reference, try_page
from musicrec.site.access import open_to_all
from musicrec.site.architecture import floors_page, flow_page
from musicrec.site.checks import check_notebook, check_page
from musicrec.site.compact import compact
from musicrec.site.downloads import offer
from musicrec.site.execution import execute_all
from musicrec.site.findings import doors, findings_page
from musicrec.site.heads import describe
from musicrec.site.lighten import lighten
from musicrec.site.notebooks import KERNEL, BookError, Chapter, Run, find_chapters, toc_files
from musicrec.site.pages import leaderboard_page, reproduction_page, state_page
from musicrec.site.provenance import provenance_page, repository
from musicrec.site.results import build_folder
from musicrec.site.search import make_searchable
from musicrec.site.staleness import why_stale
from musicrec.site.systems import systems_page

# What of book/ goes to the site as it is: folders for the pages that ask for them, and a page for wrong addresses. What
# lies in `_static`, or in any folder of `html_static_path`, Jupyter Book would add to every page.
AS_THEY_ARE = ("vendor", "scripts", "404.html")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Site:
    """What was built, or found unchanged."""

    index: Path
    pages: int
    figures: int
    rebuilt: bool


def make_book(root: Path, run: Run, progress: Progress, say: Say, only: str | None = None, *, jobs: int = 1) -> Site:
    """Execute what is out of date (all chapters or one), `jobs` chapters at a time, and build the site.

    Raises
    ------
    BookError
        When a notebook fails, a page has an error or a figure is lost; the site of the last good build stays.
    """
    execute_all(find_chapters(root, run.folder, only, run.edition), run, root, progress, jobs)
    return build_site(root, run, say)


def build_site(root: Path, run: Run, say: Say) -> Site:
    """Build the site of a build from the pages, the executed notebooks and the scores; nothing is done if none changed.

    Raises
    ------
    BookError
        When a page has an error or a figure is lost; the site of the last good build stays.
    BusyError
        When another process builds the same site.
    """
    with build_folder(run, built=True) as folder:
        chapters = find_chapters(root, folder, edition=run.edition)
        done = [chapter for chapter in chapters if chapter.stamp()]
        figures = 0
        for chapter in done:
            found, warnings = check_notebook(chapter)
            figures += len(found)
            for warning in warnings:
                say(warning)
        source, html = folder / "source", folder / "html"
        stage(root, source, run, chapters)
        digest = _digest_folder(source)
        pages = len(toc_files(root))
        built_from = html / ".built-from"
        if built_from.exists() and built_from.read_text() == digest and (html / "index.html").exists():
            return Site(html / "index.html", pages, figures, rebuilt=False)
        say("building the pages …")
        _replace_site(source, html, done, digest)
        return Site(html / "index.html", pages, figures, rebuilt=True)


def _replace_site(source: Path, html: Path, done: Sequence[Chapter], digest: str) -> None:
    """Build the pages beside the old ones, check them, and put them in their place."""
    for left in html.parent.glob(".site-*"):  # by a build that was killed: nobody else holds this folder
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=html.parent) as work:
        new = _sphinx(source, Path(work))
        for part in filter(Path.exists, (source / name for name in AS_THEY_ARE)):
            (shutil.copytree if part.is_dir() else shutil.copy)(part, new / part.name)
        offer(new, done)
        lighten(new)
        describe(new)
        open_to_all(new)
        make_searchable(new)
        compact(new)
        for chapter in done:
            check_page(chapter, new / "notebooks" / f"{chapter.name}.html")
        write_text(new / ".built-from", digest)
        old = Path(work) / "old"
        if html.exists():
            html.replace(old)
        new.replace(html)


def stage(root: Path, source: Path, run: Run, chapters: Sequence[Chapter]) -> None:
    """Write the whole source of the site to a folder, replacing what was there.

    Scores that are not as an execution of the book left them are not shown, nor those of chapters that are gone.

    The pages of `book/` come to lie at its root, its `static` becomes `_static`, the notebooks are the executed
    ones, and the generated pages lie in `generated` for others to include; pages of their own are `provenance` and
    those of the API reference.
    """
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(root / "book", source, ignore=shutil.ignore_patterns("static"))
    shutil.copytree(root / "book" / "static", source / "_static")
    shutil.copy(root / "_toc.yml", source)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    write_text(source / "_config.yml", yaml.safe_dump(run_config(config, run, root), sort_keys=True))

    names = {chapter.name for chapter in chapters}
    scores = [score for score in read_scores(run.folder) if score.chapter in names]
    released = read_release(root / "results")
    generated = {
        "generated/state.md": state_page(run),
        "generated/findings.md": edition.opening(run, scores)
        if run.edition
        else findings_page(scores, run, released, names),
        "generated/reproduction.md": reproduction_page(scores, run, released),
        "generated/leaderboard.md": leaderboard_page(scores, run, released),
        "generated/systems.md": systems_page(),
        "generated/floors.md": floors_page(),
        "generated/flow.md": flow_page(),
        "provenance.md": provenance_page(run, chapters, root),
    }
    contents = toc_files(root)
    generated["generated/doors.md"] = edition.doors(chapters) if run.edition else doors(contents)
    if f"{reference.FOLDER}/index" in contents:
        generated |= reference.pages()
    for place, text in generated.items():
        write_text(source / place, text)
    compared = board.stage(source, run.folder, scores, run.data)
    if run.edition:
        edition.stage(source, root, chapters)
    if "map" in contents and not run.edition:
        map_page.stage(source, [chapter for chapter in chapters if chapter.stamp()])
    if "try" in contents and not run.edition:
        write_text(source / "generated" / "newcomers.md", newcomers.curve_page(scores))
        try_page.stage(source, run.data, run.songs, run.seed)
    for chapter in chapters:
        more = compared if chapter.name == board.CHAPTER else ""
        write_text(source / "notebooks" / chapter.path.name, _staged_notebook(chapter, run, root, more))


def run_config(config: dict[str, Any], run: Run, root: Path) -> dict[str, Any]:
    """Return the settings of the book with what only a run knows: banner, repository."""
    config = json.loads(json.dumps(config))
    if banner := banner_text(run):
        config["html"]["announcement"] = banner
    if known := repository(root):
        url, branch = known
        config["repository"] = {"url": url, "branch": branch, "path_to_book": ""}
        config["html"] |= {"use_repository_button": True, "use_issues_button": True}
        config["launch_buttons"] |= {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
    return config


def banner_text(run: Run) -> str:
    """Return what every page must say about its numbers, "" when they are the real thing."""
    texts = []
    if run.data.simulated:
        who = run.edition or "listeners"
        texts.append(f"<strong>Simulated data.</strong> Every score on these pages is about invented {who}.")
    elif run.edition and not run.data.provenance.originals:
        texts.append("These are not the playlists of the originals: no reported figure counts as reproduced.")
    if run.quick:
        texts.append(
            "<strong>Quick run.</strong> Training was shortened for a first look; scores are lower than they can be."
        )
    return " ".join(texts)


def _staged_notebook(chapter: Chapter, run: Run, root: Path, compared: str = "") -> str:
    stale = why_stale(chapter, run, root)
    path = chapter.executed if chapter.stamp() else chapter.path
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    notebook["metadata"].setdefault("kernelspec", KERNEL)
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", ())):
        output.get("data", {}).pop(MIME, None)  # the map has its own page
    if compared:
        place = next((n for n, cell in enumerate(notebook["cells"]) if cell.get("id") == board.BEFORE), -1)
        shown = {"cell_type": "markdown", "id": "board", "metadata": {}, "source": compared}
        notebook["cells"].insert(place, shown)
    if not stale:
        return json.dumps(notebook)
    what = "has not been executed in this build" if path == chapter.path else f"is older than the rest ({stale})"
    note = f":::{{warning}}\nThis chapter {what}. `musicrec book --only {chapter.name[:2]}` brings it up to date.\n:::"
    notebook["cells"].insert(1, {"cell_type": "markdown", "id": "state", "metadata": {}, "source": note})
    return json.dumps(notebook)


def _digest_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _sphinx(source: Path, work: Path) -> Path:
    """Build the pages into a new folder, a warning being an error, and return where they are."""
    code = "from jupyter_book.cli.main import main; main()"
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "build",
            str(source),
            "--path-output",
            str(work),
            "-W",
            "-n",
            "--keep-going",
            "-q",
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if re.search("WARNING|ERROR|Error|error", line)]
        raise BookError("the pages could not be built:\n" + "\n".join(lines or result.stderr.splitlines()[-20:]))
    return work / "_build" / "html"
