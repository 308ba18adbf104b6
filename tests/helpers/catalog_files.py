"""Files for the tests of the catalogue, and what it keeps of them."""

from __future__ import annotations

from pathlib import Path

from musicrec.catalog.base import Catalog

HOSTILE = ['"', "'); DROP TABLE datasets; --", "=cmd()", "<script>alert(1)</script>", "a\nb", "ä, б, 音", "\\", "%s{}"]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(catalog: Catalog, name: str) -> list[tuple[str | None, ...]]:
    """Every row as text."""
    return [row for batch in catalog._batches(catalog.show(name)) for row in batch]
