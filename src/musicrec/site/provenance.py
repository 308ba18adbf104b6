"""The provenance page: data, chapters, machine, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from musicrec.datasets.dataset import Dataset
from musicrec.hardware import machine
from musicrec.site.notebooks import Chapter, Run
from musicrec.site.pages import fallback_reason, table


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
        table(["machine", "in this build"], [[name, text] for name, text in machine().items()]),
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
        ["found", about.found + (f", because {fallback_reason(about.fallback)}" if about.fallback else "")],
        ["users × items", shape],
        *([f"table `{name}`", f"{len(frame):,} rows"] for name, frame in data.tables.items()),
        ["fingerprint", f"`{about.fingerprint}`"],
        *(["note", note] for note in about.notes),
    ]
    return f"### `{data.name}`\n\n" + table(["about the data", "in this build"], rows)


def _chapter_table(chapters: Sequence[Chapter], run: Run, root: Path) -> str:
    from musicrec.site.staleness import why_stale

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
