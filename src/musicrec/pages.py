"""Pages no one types: the reproduction table, the leaderboards and the provenance page, as MyST Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from musicrec.chapters import Chapter, Run
from musicrec.datasets.dataset import Dataset
from musicrec.scores import ORIGINALS, Score, leaderboard, reproduction

TITLES = {
    "spotifier": "SPOTIFIER! (2018)",
    "playlist-nncf": "Spotify Playlists Recommender (2018)",
    "lastfm-mf": "Recommender Systems Assignment (2021)",
    "genre-lightfm": "Managing ML Data and Models for Spotify Music Recommendation (2021)",
    "two-stage": "Creating AI-Enabled Systems, final project (undated)",
}
PROTOCOLS = {"listeners": "ndcg@10", "listeners+valid": "ndcg@10", "continuation": "ndcg@500"}  # with their headline
MARKS = {"reproduced": "✓ reproduced", "differs": "✗ differs", "not-applicable": "– not comparable"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a Markdown table; `right` are the columns to align to the right."""
    right = set(right)
    rule = ["---:" if i in right else "---" for i in range(len(header))]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (header, rule, *rows)]
    return "\n".join(lines) + "\n"


def number(value: float, like: float | None = None) -> str:
    """Write a number with as many decimals as another one, by default with four; above a million with none.

    Examples
    --------
    >>> number(745.2434, like=745.24), number(92834.0, like=92834.0), number(0.18721), number(-5.1e7, like=0.25)
    ('745.24', '92,834', '0.1872', '-51,000,000')
    """
    if like is None:
        return f"{value:,.4f}"
    if abs(value) >= 1e6 and value != like:
        return f"{value:,.0f}"
    mantissa, _, exponent = repr(float(like)).partition("e")
    decimals = 0 if float(like).is_integer() else len(mantissa.partition(".")[2]) - int(exponent or 0)
    return f"{value:,.{max(decimals, 0)}f}"


def state_page(run: Run) -> str:
    """Return the sentence that says which data this copy of the book is about."""
    about = run.data.provenance
    if not run.data.simulated:
        text = f"This copy was made on real data: {about.source}."
    else:
        text = "This copy was made on **simulated data**: invented listeners, not real ones."
        text += f" The reason: {_reason(about.fallback)}." if about.fallback else ""
    if run.quick:
        text += " It is a **quick run**: training was shortened, so scores are lower than they could be."
    return text + " {doc}`/provenance` has the details.\n"


def _reason(fallback: str) -> str:
    """Return why simulated data stand in, without where they were looked for: paths of one machine are no news."""
    return fallback.partition(":")[0].rstrip(". ")


def reproduction_page(scores: Sequence[Score]) -> str:
    """Return the table of originals and, folded below it, every figure they reported."""
    rows = reproduction(scores)
    if not rows:
        return "No chapter of this build reproduces a reported figure.\n"
    summary, parts = [], []
    for key in ORIGINALS:
        mine = [row for row in rows if row["key"] == key]
        if not mine:
            continue
        counts = [sum(row["status"] == status for row in mine) for status in MARKS]
        summary.append([TITLES[key], f"`{key}`", str(len(mine)), *map(str, counts)])
        notes = list(dict.fromkeys(row["note"] for row in mine if row["note"]))
        figures = table(
            ["figure", "reported", "here", "result", "95 % interval", "tolerance"],
            [_reproduction_row(row, notes) for row in mine],
            right=(1, 2, 4, 5),
        )
        figures += "\n" + "".join(f"{place}. {note}\n" for place, note in enumerate(notes, start=1))
        parts.append(f":::{{dropdown}} {TITLES[key]}: every figure ({len(mine)})\n\n{figures}\n:::\n")
    head = ["original", "key", "figures", "✓ reproduced", "✗ differ", "– not comparable"]
    return table(head, summary, right=(2, 3, 4, 5)) + "\n" + "\n".join(parts)


def _reproduction_row(row: dict[str, Any], notes: Sequence[str]) -> list[str]:
    """Return the cells of one figure; its note, which many figures share, stands below the table under a number."""
    reported = row["reported"]
    here = number(row["reproduced"], like=reported)
    if row["status"] == "differs" and here == number(reported, like=reported):
        here = repr(row["reproduced"])  # the difference is in decimals the original did not print
    interval = "" if row["low"] is None else f"{number(row['low'], reported)} to {number(row['high'], reported)}"
    tolerance = f"±{row['tolerance']:.3g}" if row["tolerance"] else "exact"
    if row["status"] == "not-applicable":
        tolerance = ""
    result = MARKS[row["status"]] + (f" [{notes.index(row['note']) + 1}]" if row["note"] else "")
    no_break = result.replace(" ", "\N{NO-BREAK SPACE}")
    return [row["quantity"], number(reported, like=reported), here, no_break, interval, tolerance]


def leaderboard_page(scores: Sequence[Score], run: Run) -> str:
    """Return one table per shared protocol, best system first; only what this run's data and mode measured."""
    scores = [s for s in scores if s.simulated == run.data.simulated and s.quick == run.quick]
    parts = []
    for protocol, headline in PROTOCOLS.items():
        mine = [s for s in scores if s.protocol == protocol]
        if not any(s.metric == headline for s in mine):
            continue
        board = leaderboard(mine, headline, protocol)
        metrics = [headline, *(m for m in board.columns if m != headline)]
        exact = {s.system: s for s in mine if s.metric == headline}
        rows = []
        for system, values in board.iterrows():
            score = exact.get(str(system))
            interval = "" if score is None or score.low is None else f"{score.low:.4f} to {score.high:.4f}"
            chapter = f" ({{doc}}`{score.chapter[:2]} </notebooks/{score.chapter}>`)" if score else ""
            cells = ["" if v != v else number(v) for v in values[metrics]]
            rows.append([f"`{system}`{chapter}", cells[0], interval, *cells[1:]])
        names = ", ".join(sorted({s.dataset for s in mine}))
        caption = f"Protocol `{protocol}` on `{names}`" + (f": **{run.label}**" if run.label else "")
        header = ["system (chapter)", headline, "95 % interval", *metrics[1:]]
        parts.append(f"{caption}\n\n{table(header, rows, right=range(1, len(header)))}")
    return "\n".join(parts) or "No chapter of this build measured a system under a shared protocol.\n"


def provenance_page(run: Run, chapters: Sequence[Chapter], root: Path) -> str:
    """Return the page that says what this build was made from, with what, on what, and how long it took."""
    parts = ["# Provenance", _PROVENANCE_INTRO, "## Data"]
    parts += [_data_table(data) for data in run.datasets]
    parts += ["## Chapters", _chapter_table(chapters, run, root)]
    parts += [
        "## Code",
        table(
            ["code", "in this build"], [["revision", git_revision(root)], ["musicrec", metadata.version("musicrec")]]
        ),
    ]
    parts += [
        "## Machine",
        table(["machine", "in this build"], machine()),
        "## Versions",
        table(["package", "version"], versions()),
    ]
    return "\n\n".join(parts) + "\n"


_PROVENANCE_INTRO = (
    "What this copy of the book was made from. `requirements.lock` pins every package with its hash; the table below "
    "shows the ones the code calls itself. A fingerprint is the first 16 hexadecimal digits of a SHA-256 over the "
    "parsed tables: the same values give the same fingerprint, whatever the line ends or the order of download."
)


def _data_table(data: Dataset) -> str:
    about = data.provenance
    source = f"[{about.source}]({about.url})" if about.url else about.source
    cited = f" {{cite:p}}`{about.citation}`" if about.citation else ""
    shape = f"{data.interactions.n_users:,} × {data.interactions.n_items:,}, {len(data.interactions):,} interactions"
    rows = [
        ["source", source + cited],
        ["version", about.version],
        ["licence", about.licence],
        ["real or simulated", "**simulated**" if about.simulated else "real"],
        ["found", about.found + (f", because {_reason(about.fallback)}" if about.fallback else "")],
        ["users × items", shape],
        *([f"table `{name}`", f"{len(frame):,} rows"] for name, frame in data.tables.items()),
        ["fingerprint", f"`{about.fingerprint}`"],
        *(["note", note] for note in about.notes),
    ]
    return f"### `{data.name}`\n\n" + table(["about the data", "in this build"], rows)


def _chapter_table(chapters: Sequence[Chapter], run: Run, root: Path) -> str:
    from musicrec.chapters import why_stale

    rows, total = [], 0.0
    for chapter in chapters:
        stamp = chapter.stamp()
        state = why_stale(chapter, run, root) or "up to date"
        link = f"{{doc}}`/notebooks/{chapter.name}`"
        if stamp is None:
            rows.append([link, "", "", state])
            continue
        total += stamp["seconds"]
        settings = ", ".join(f"{name}={value}" for name, value in stamp["parameters"].items())
        rows.append([link, str(stamp["cells"]), f"{stamp['seconds']:.1f}", f"{state}; {settings}"])
    rows.append(["all", "", f"{total:.1f}", "quick run" if run.quick else "full run"])
    return table(["chapter", "cells", "seconds", "state and parameters"], rows, right=(1, 2))


def git_revision(root: Path) -> str:
    """Return the revision of the sources and whether they were changed since."""
    revision = _git(root, "rev-parse", "HEAD")
    if not revision:
        return "not known (not a git checkout)"
    return f"`{revision}`" + (" with uncommitted changes" if _git(root, "status", "--porcelain") else "")


def _git(root: Path, *arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def machine() -> list[list[str]]:
    """Return what the book was made on: system, processor, cores, memory."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (OSError, StopIteration, ValueError, AttributeError):
        memory = "not known"
    system = f"{platform.system()} {platform.machine()}"
    return [["system", system], ["processor", processor], ["cores", str(os.cpu_count())], ["memory", memory]]


def versions() -> list[list[str]]:
    """Return the versions of Python and of the packages the project asks for."""
    names = {line.partition(";")[0].strip() for line in metadata.requires("musicrec") or () if "extra ==" not in line}
    rows = [["Python", platform.python_version()]]
    for requirement in sorted(names, key=str.lower):
        name = "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]
        try:
            rows.append([name, metadata.version(name)])
        except metadata.PackageNotFoundError:
            continue  # the variant for another platform
    return rows


def repository(root: Path) -> tuple[str, str] | None:
    """Return the address and the branch of the GitHub repository the book comes from, None when there is none."""
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    branch = os.environ.get("GITHUB_REF_NAME") or _git(root, "rev-parse", "--abbrev-ref", "HEAD")
    branch = "main" if branch in ("", "HEAD") else branch
    if name := os.environ.get("GITHUB_REPOSITORY"):
        return f"{server}/{name}", branch
    remote = _git(root, "remote", "get-url", "origin")
    _, found, name = remote.replace("git@github.com:", "https://github.com/").partition("https://github.com/")
    return (f"https://github.com/{name.removesuffix('.git')}", branch) if found else None
