"""Stamps: what an execution by the book wrote, with a digest of every file, so that nothing else is taken for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FIELDS = {"inputs", "parameters", "seconds", "cells", "outputs"}


def stamp_path(folder: Path, chapter: str) -> Path:
    """Return where the record of the last complete execution of a chapter lies in the folder of a build."""
    return folder / "executed" / f"{chapter}.json"


def digests(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return a digest of files by their paths below a folder."""
    return {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(paths)}


def read_stamp(folder: Path, chapter: str) -> dict[str, Any] | None:
    """Return the record of the last complete execution, None if there is none; its files may have changed since."""
    try:
        stamp = json.loads(stamp_path(folder, chapter).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and set(stamp) >= FIELDS else None


def changed_outputs(folder: Path, stamp: Mapping[str, Any]) -> list[str]:
    """Return the files of an execution that are gone or not as it left them, by their paths below the folder."""
    return [name for name, digest in stamp["outputs"].items() if _digest(folder / name) != digest]


def stamped(folder: Path) -> dict[str, list[Path]]:
    """Return the chapters whose results are as an execution of the book left them, with their files, in order."""
    found = {}
    for path in sorted((folder / "executed").glob("*.json")):
        stamp = read_stamp(folder, path.stem)
        if stamp is not None and not changed_outputs(folder, stamp):
            found[path.stem] = [folder / name for name in stamp["outputs"]]
    return found


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
